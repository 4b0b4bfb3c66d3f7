// The forest plot in characters, for places that show no pictures.
//
//   append-merge / hint-or-dump-flag   0.652  ─◆─          │
//   append-merge / vmops-only          1.035               │  ▲

import type { Results } from "../record/schema.js";
import { candidatesOf, rowLabel, rowsOf, type Verdict } from "./rows.js";

export const MARKS: Readonly<Record<Verdict, string>> = {
  slower: "▲",
  faster: "◆",
  same: "●",
  unclear: "✕",
};

const COLUMNS = 45;
const LONGEST_LABEL = 56;

/** One line a comparison, slowest on top, at most `most` of them; empty where nothing was timed. */
export function textChart(results: Results, most: number): string[] {
  const candidates = candidatesOf(results);
  const rows = rowsOf(results)
    .flatMap((row) => {
      const { timeRatio, verdict } = row.comparison;
      return timeRatio && verdict
        ? [{ label: short(rowLabel(row, candidates.length)), verdict, ...timeRatio }]
        : [];
    })
    .sort((a, b) => Math.abs(Math.log(b.ratio)) - Math.abs(Math.log(a.ratio)))
    .slice(0, most)
    .sort((a, b) => b.ratio - a.ratio);
  if (rows.length === 0) return [];
  const low = Math.log(Math.min(0.9, ...rows.map((row) => row.low)));
  const high = Math.log(Math.max(1.1, ...rows.map((row) => row.high)));
  const column = (ratio: number) =>
    Math.round(((Math.log(ratio) - low) / (high - low)) * (COLUMNS - 1));
  const width = Math.max(...rows.map(({ label }) => label.length));
  const lines = rows.map(({ label, ratio, low: from, high: to, verdict }) => {
    const cells = Array.from({ length: COLUMNS }, () => " ");
    for (let i = column(from); i <= column(to); i++) cells[i] = "─";
    cells[column(1)] = cells[column(1)] === " " ? "│" : "┼";
    cells[column(ratio)] = MARKS[verdict];
    return `${label.padEnd(width)}  ${ratio.toFixed(3)}  ${cells.join("").trimEnd()}`;
  });
  const ends = `${Math.exp(low).toFixed(2)}${" ".repeat(COLUMNS - 8)}${Math.exp(high).toFixed(2)}`;
  return [...lines, `${" ".repeat(width)}         ${ends}`];
}

function short(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
}
