// A result as the text of its file: indented for people, but a list of numbers is one line.

import type { Results } from "./schema.js";

const LIST_OF_NUMBERS = /\[\n *([\d.eE+-]+(?:,\n *[\d.eE+-]+)*)\n *\]/g;

/** The document that results.json holds and `--json` prints, without a line's end. */
export function resultsText(results: Results): string {
  return JSON.stringify(results, null, 1).replace(
    LIST_OF_NUMBERS,
    (_, numbers: string) => `[${numbers.replace(/,\n */g, ", ")}]`,
  );
}
