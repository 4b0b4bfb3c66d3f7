// A gate's verdicts for a terminal: what changed in work first, exactly, then time, worst on top.

import type { ScenarioVerdict } from "../judge/gate.js";
import type { GateOutcome } from "../judge/outcome.js";
import { isRise, type WorkChange } from "../judge/work.js";
import { printable } from "../printable.js";
import type { GateRecord } from "../record/gate.js";
import type { Colors } from "./colors.js";
import { interval } from "./format.js";

export const MARKS = {
  slower: "▲ slower",
  faster: "◆ faster",
  same: "● same",
  undecided: "✕ undecided",
} as const;

/** Lines of changes a reader gets before the rest is only counted. */
const SHOWN = 20;

/** `  SCENARIO  EVENT  BASE → HEAD (+1.2 %)`, grouped by scenario. */
export function workLines(changes: readonly WorkChange[], colors: Colors): string[] {
  const lines: string[] = [];
  let id = "";
  for (const change of changes.slice(0, SHOWN)) {
    if (change.id !== id) {
      id = change.id;
      lines.push(colors.bold(printable(id)));
    }
    const text = `  ${printable(change.measure).padEnd(24)} ${change.base ?? "none"} → ${change.head ?? "none"}${percent(change)}`;
    const reason = change.accepted ? ` accepted: ${printable(change.accepted.reason)}` : "";
    lines.push(isRise(change) && !change.accepted ? colors.red(text) : text + colors.dim(reason));
  }
  if (changes.length > SHOWN) lines.push(`  and ${changes.length - SHOWN} more changes`);
  return lines;
}

function percent({ base, head }: WorkChange): string {
  if (typeof base !== "number" || typeof head !== "number" || base === 0) return "";
  const change = (head / base - 1) * 100;
  return ` (${change > 0 ? "+" : ""}${change.toFixed(Math.abs(change) < 1 ? 2 : 1)} %)`;
}

/** The whole report of a run or a replay. */
export function gateReport(record: GateRecord, outcome: GateOutcome, colors: Colors): string {
  const lines = [
    printable(`${record.head.name} against ${record.base.name}`),
    workSummary(record, outcome),
    ...workLines(outcome.work, colors),
  ];
  for (const id of record.work.notInBase) lines.push(`  ${printable(id)}: the base cannot run it`);
  if (outcome.times.length > 0 && record.processes.length > 0) {
    lines.push(
      "",
      ...timeLines(record, outcome.times, colors),
      colors.dim(timeLegend(record, outcome)),
    );
  }
  lines.push("", endLine(outcome, colors));
  return lines.join("\n");
}

/** `gate passed: ...`, or what else it did. */
export function endLine(outcome: Pick<GateOutcome, "exitCode" | "reason">, colors: Colors): string {
  const words = { 0: "passed", 1: "failed", 3: "inconclusive", 4: "failed" } as const;
  const text = `gate ${words[outcome.exitCode]}: ${printable(outcome.reason)}`;
  return outcome.exitCode === 0 ? colors.bold(text) : colors.bold(colors.red(text));
}

function workSummary(record: GateRecord, outcome: GateOutcome): string {
  const { compared, scenarios } = record.work;
  if (!compared) return "work: not compared, a core came without a work build";
  const count = outcome.work.length;
  return count === 0
    ? `work: equal to the last digit in ${scenarios} scenarios`
    : `work: ${count} ${count === 1 ? "count differs" : "counts differ"}, ${outcome.failing.length} not allowed`;
}

function timeLines(
  record: GateRecord,
  times: readonly ScenarioVerdict[],
  colors: Colors,
): string[] {
  const width = Math.max(...record.timed.map((id) => printable(id).length));
  return [...times]
    .sort((a, b) => b.ratio.median - a.ratio.median)
    .map(({ id, verdict, ratio, control, processes }) => {
      const text = interval({ ratio: ratio.median, low: ratio.low, high: ratio.high });
      const line = `${printable(id).padEnd(width)}  ${MARKS[verdict].padEnd(11)}  ${text}  ${control.median.toFixed(3)}  ${processes}`;
      return verdict === "slower" ? colors.red(line) : line;
    });
}

function timeLegend(record: GateRecord, { controlBeyond }: GateOutcome): string {
  const share = `${(controlBeyond * 100).toFixed(1)} %`;
  return (
    "time: head / base, median of processes with its interval; the control, a copy of the base; processes. " +
    `Limit ${record.settings.maxSlowdown} %, ${share} of the control beyond it`
  );
}
