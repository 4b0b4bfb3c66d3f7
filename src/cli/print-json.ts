// The one document of `--json`.

import { OBEYED_IN_JSON } from "../printable.js";

/** Prints a document. A terminal obeys nothing in it, and whoever parses it gets the very texts. */
export function printJson(document: unknown): void {
  process.stdout.write(`${safeJson(JSON.stringify(document, null, 2))}\n`);
}

/** JSON that says the same without characters that a terminal would obey. */
export function safeJson(json: string): string {
  // code unit by code unit, as JSON writes what lies beyond 16 bits
  return json.replace(OBEYED_IN_JSON, (text) =>
    [...Array(text.length).keys()]
      .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
