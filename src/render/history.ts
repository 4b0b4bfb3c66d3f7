// The history for a terminal: one line a scenario, with its course and where its level changed.

import type { Series, Step } from "../judge/history.js";
import { printable } from "../printable.js";
import type { HistoryEntry } from "../record/history.js";
import type { Colors } from "./colors.js";

const BARS = "▁▂▃▄▅▆▇█";
/** Values that a sparkline shows: the newest ones. */
const SHOWN = 32;

export function historyReport(
  entries: readonly HistoryEntry[],
  series: readonly Series[],
  colors: Colors,
): string {
  const [first, last] = [entries[0]!, entries.at(-1)!];
  const width = Math.max(...series.map(({ id }) => printable(id).length));
  const lines = [
    `${entries.length} ${entries.length === 1 ? "commit" : "commits"}, ${day(first.date)} to ${day(last.date)}, against ${short(last.reference.commit)}`,
    "",
  ];
  for (const { id, points, steps } of series) {
    const ratios = points.map(({ ratio }) => ratio);
    const now = ratios.at(-1)!.toFixed(3);
    lines.push(`${printable(id).padEnd(width)}  ${now}  ${sparkline(ratios)}`);
    for (const step of steps) lines.push(stepLine(step, colors));
  }
  lines.push("", colors.bold(finding(series)));
  return lines.join("\n");
}

/** `2 of 26 scenarios changed level`, or that none did. */
export function finding(series: readonly Series[]): string {
  const changed = series.filter(({ steps }) => steps.length > 0).length;
  return changed === 0
    ? `no change of level in ${series.length} scenarios`
    : `${changed} of ${series.length} scenarios changed their level`;
}

function stepLine({ commit, date, ratio, p }: Step, colors: Colors): string {
  const change = (ratio - 1) * 100;
  const mark = change > 0 ? "▲" : "◆";
  const size = `${change > 0 ? "+" : ""}${change.toFixed(1)} %`;
  const line = `  ${mark} ${size} from ${short(commit)} of ${day(date)} (p ${p.toExponential(0)})`;
  return change > 0 ? colors.red(line) : line;
}

/** The newest values, lowest to highest. A range under 2 % is drawn as if it were 2 %, so that noise looks small. */
export function sparkline(values: readonly number[]): string {
  const shown = values.slice(-SHOWN).map(Math.log);
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const range = Math.max(high - low, Math.log1p(0.02));
  const floor = (low + high - range) / 2;
  return shown
    .map(
      (value) =>
        BARS[Math.min(BARS.length - 1, Math.floor(((value - floor) / range) * BARS.length))],
    )
    .join("");
}

const short = (commit: string) => commit.slice(0, 10);
const day = (date: string) => date.slice(0, 10);
