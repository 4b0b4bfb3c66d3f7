// What `--driver` and `--workload` take: the name of something in the catalogue, or a file that describes one.

import { splitQuery } from "./parameters.js";

export interface FileArgument {
  path: string;
  /** The parameters behind it: `FILE?name=value&...`. */
  query: Record<string, string>;
}

/** The file that an argument names; null for a name of the catalogue, which has neither a folder nor an ending. */
export function fileArgument(text: string): FileArgument | null {
  const [, path, query] = /^(.+?\.(?:ya?ml|json))(\?.*)?$/is.exec(text) ?? [];
  if (path !== undefined) return { path, query: query ? splitQuery(query).query : {} };
  return text.includes("/") ? { path: text, query: {} } : null;
}
