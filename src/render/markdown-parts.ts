// Pieces of markdown that show names from anywhere without becoming markup.

import type { Section } from "./bounded.js";
import type { ChartLink } from "./markdown.js";

/** Not the narrow space inside numbers. */
const BLANKS = /[ \t\r\n\f\v\u2028\u2029]+/g;
const LONGEST_CELL = 160;
const LONGEST_ATTRIBUTE = 800;

/** Text that stays text: no markup, no table cell's end, nobody's name called. */
export function cell(text: string): string {
  const short = text.length > LONGEST_CELL * 3 ? `${text.slice(0, LONGEST_CELL * 3)}…` : text;
  return short
    .replace(BLANKS, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[|`\\]/g, "\\$&")
    .replace(/\]([([:])/g, "]\\$1")
    .replace(/(^|[^\w])@/g, "$1&#64;");
}

/** An attribute's value, in double quotes; long ones are cut. */
export function attribute(text: string): string {
  return text
    .slice(0, LONGEST_ATTRIBUTE)
    .replace(BLANKS, " ")
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
