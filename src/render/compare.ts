// Two runs side by side, for a terminal.

import type { CompareOutcome, RunComparison } from "../judge/compare.js";
import { printable } from "../printable.js";
import type { Colors } from "./colors.js";
import { interval } from "./format.js";
import { MARKS, workLines } from "./gate.js";

export function compareReport(
  comparison: RunComparison,
  end: CompareOutcome,
  colors: Colors,
): string {
  const { scenarios, onlyInBase, onlyInHead, notComparable, work, time } = comparison;
  const lines = [`${scenarios} scenarios in both ${comparison.kind}`];
  for (const [side, ids] of [["first", onlyInBase] as const, ["second", onlyInHead] as const]) {
    if (ids.length > 0) lines.push(`only in the ${side}: ${listed(ids)}`);
  }
  for (const [what, reasons] of Object.entries(notComparable)) {
    lines.push(...reasons.map((reason) => `${what} not comparable: ${printable(reason)}`));
  }
  if (notComparable.work.length === 0) {
    const count = `${work.length} ${work.length === 1 ? "count differs" : "counts differ"}`;
    lines.push(`work: ${work.length === 0 ? "equal to the last digit" : count}`);
    lines.push(
      ...workLines(
        work.map((change) => ({ ...change, accepted: null })),
        colors,
      ),
    );
  }
  if (time.length > 0) lines.push("", ...timeLines(comparison, colors));
  lines.push("", endLine(end, colors));
  return lines.join("\n");
}

/** `same: ...`, `regression: ...`, or why there is no answer. */
export function endLine({ exitCode, reason }: CompareOutcome, colors: Colors): string {
  if (exitCode === 0) return colors.bold(`no regression: ${printable(reason)}`);
  return colors.bold(colors.red(printable(exitCode === 1 ? `regression: ${reason}` : reason)));
}

function timeLines({ time, kind }: RunComparison, colors: Colors): string[] {
  const shown = time.map((change) => ({ ...change, id: printable(change.id) }));
  const width = Math.max(...shown.map(({ id }) => id.length));
  const lines = shown
    .sort((a, b) => b.ratio - a.ratio)
    .map((change) => {
      const line = `${change.id.padEnd(width)}  ${MARKS[change.verdict].padEnd(11)}  ${interval(change)}`;
      return change.verdict === "slower" ? colors.red(line) : line;
    });
  const how =
    kind === "results"
      ? "ratio of protocols, second file / first; what slows both protocols alike does not show"
      : "second head / first head, both against the same base in their own processes";
  return [...lines, colors.dim(`time: ${how}`)];
}

function listed(ids: readonly string[]): string {
  const rest = ids.length > 3 ? ` and ${ids.length - 3} more` : "";
  return ids.slice(0, 3).map(printable).join(", ") + rest;
}
