// Result files, read back and checked.

import { parseJson, readJson } from "../input/json.js";
import { type Results, resultsSchema } from "./schema.js";

/** A result file's contents. UsageError when it cannot be read, InputError naming line, field and what was expected. */
export function readResults(path: string): Results {
  return readJson(path, resultsSchema);
}

/** The same for text in memory; `name` stands for the file. */
export function parseResults(text: string, name: string): Results {
  return parseJson(text, name, resultsSchema);
}
