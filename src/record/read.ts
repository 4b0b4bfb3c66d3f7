// Result files, read back and checked.

import { readFileSync } from "node:fs";
import { UsageError } from "../errors.js";
import { type Results, resultsSchema } from "./schema.js";

/** A result file's contents. UsageError naming file, place and what was expected. */
export function readResults(path: string): Results {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  return parseResults(text, path);
}

/** A result file's text, checked. UsageError naming `path`, place and what was expected. */
export function parseResults(text: string, path: string): Results {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`);
  }
  const parsed = resultsSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") || "document";
  throw new UsageError(`${path}: not a vmabench/results@1 file: ${place}: ${issue?.message}`);
}
