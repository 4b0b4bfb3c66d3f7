// Pieces of markdown that show names from anywhere without becoming markup.

import { printable } from "../printable.js";
import type { Section } from "./bounded.js";
import type { ChartLink } from "./markdown.js";

/** Not the narrow space inside numbers. */
const BLANKS = /[ \t\r\n\f\v\u2028\u2029]+/g;
const LONGEST_CELL = 160;
const LONGEST_ATTRIBUTE = 800;

/** Text that stays text: no markup, no table cell's end, no address that becomes a link, nobody's name called. */
export function cell(text: string): string {
  const short = text.length > LONGEST_CELL * 3 ? `${text.slice(0, LONGEST_CELL * 3)}…` : text;
  return printable(short.replace(BLANKS, " "))
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[|`\\*~]|(?<!\w)_|_(?!\w)/g, "\\$&")
    .replace(/\]([([:])/g, "]\\$1")
    .replace(/^(\d*)([-+>.)]|#{1,6}|\[[ x]\])(?= |$)/i, "$1\\$2") // a block of its own inside a list's item
    .replace(/#(?=\d)|(?<!\w)@|@(?=[\w.-]*\.[\w-]*[a-z])/gi, `$&${APART}`)
    .replace(/:\/\//g, "&#58;//")
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}&#46;`);
}

/** A zero-width space: names, mail addresses and numbers of issues are looked for in what is shown, not in the source. */
const APART = "&#8203;";

/** An attribute's value, in double quotes; long ones are cut. */
export function attribute(text: string): string {
  return printable(text.slice(0, LONGEST_ATTRIBUTE).replace(BLANKS, " "))
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/"/g, "&quot;");
}

/** Lines of a table: head, rule, rows. */
export function table(
  head: readonly string[],
  numbersFrom: number,
  rows: readonly string[][],
): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text) => cell(text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text)).join(" | ")} |`;
  const rule = head.map((_, i) => (i < numbersFrom ? "---" : "--:"));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)];
}

/** Lines that a reader opens. */
export function folded(summary: string, lines: readonly string[]): Section {
  return {
    head: ["<details>", `<summary>${attribute(summary)}</summary>`, "", ...lines],
    rows: [],
    tail: ["", "</details>"],
  };
}

/** A chart, light or dark as the reader's screen is. */
export function picture({ light, dark, alt }: ChartLink): string[] {
  return [
    "<picture>",
    `<source media="(prefers-color-scheme: dark)" srcset="${attribute(dark)}">`,
    `<img alt="${attribute(alt)}" src="${attribute(light)}" width="960">`,
    "</picture>",
  ];
}
