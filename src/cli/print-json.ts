// The one document of `--json`.

/** Beyond what JSON escapes itself: C1 controls, separators, direction marks, tag characters (two code units each). */
const OBEYED =
  /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

/** Prints a document. A terminal obeys nothing in it, and whoever parses it gets the very texts. */
export function printJson(document: unknown): void {
  process.stdout.write(`${safeJson(JSON.stringify(document, null, 2))}\n`);
}

/** JSON that says the same without characters that a terminal would obey. */
export function safeJson(json: string): string {
  return json.replace(OBEYED, (text) =>
    [...Array(text.length).keys()]
      .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
