// Estimated cycles as plain data: the terminal and the markdown report show the same rows. They are weighted counts, not
// measurements, and both say so.

import type { ComparisonRecord, Results, ScenarioRecord } from "../record/schema.js";
import { change, integer, number } from "./format.js";
import { type Row, rowsOf } from "./rows.js";

type Groups = Readonly<Record<string, number>>;

export interface EstimateRow extends Row {
  /** Baseline → candidate, cycles per operation. */
  cycles: string;
  /** Candidate less baseline, and what the ranges of the costs allow. */
  difference: string;
  /** Groups that differ, most first: `vma −290, file −38`. */
  groups: string;
  /** Cycles of every group that costs anything. */
  byGroup: { before: Groups; after: Groups };
}

export const ESTIMATE_TITLE = "estimated cycles, per operation";
export const ESTIMATE_NOTE =
  "events weighted by a table of costs, not measured; in brackets what the ranges of the costs allow";

/** A row for each comparison that has estimates on both sides. */
export function estimateRows(results: Results): EstimateRow[] {
  const byKey = new Map(results.scenarios.map((scenario) => [scenarioKey(scenario), scenario]));
  return rowsOf(results).flatMap((row) => {
    const { comparison } = row;
    const base = byKey.get(scenarioKey({ ...comparison, protocol: comparison.baseline }));
    const candidate = byKey.get(scenarioKey({ ...comparison, protocol: comparison.candidate }));
    const before = base?.predicted.cycles;
    const after = candidate?.predicted.cycles;
    if (before == null || after == null || !comparison.estimate) return [];
    const byGroup = {
      before: base?.predicted.byGroup ?? {},
      after: candidate?.predicted.byGroup ?? {},
    };
    return [
      {
        ...row,
        cycles: change([before, after], cycles),
        difference: differenceText(comparison.estimate),
        groups: groupsText(byGroup),
        byGroup,
      },
    ];
  });
}

/** What tells a scenario from all others of a result. */
export function scenarioKey({
  workload,
  driver,
  protocol,
  params,
}: Pick<ScenarioRecord, "workload" | "driver" | "protocol" | "params">) {
  return JSON.stringify([workload, driver, protocol, params]);
}

/** `−310 [−720, −190]`; `±` stands before what is cheaper or dearer depending on the costs. */
function differenceText({ cycles, low, high }: NonNullable<ComparisonRecord["estimate"]>): string {
  if (cycles === 0 && low === 0 && high === 0) return "none";
  const undecided = low < 0 && high > 0 ? "± " : "";
  return `${undecided}${signed(cycles)} [${signed(low)}, ${signed(high)}]`;
}

const cycles = (value: number) => (value < 1000 ? number(value) : integer(value));

const MOST_GROUPS = 3;

function groupsText({ before, after }: EstimateRow["byGroup"]): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .map((name) => ({ name, by: (after[name] ?? 0) - (before[name] ?? 0) }))
    .filter(({ by }) => number(Math.abs(by)) !== "0")
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .slice(0, MOST_GROUPS)
    .map(({ name, by }) => `${name} ${signed(by)}`)
    .join(", ");
}

function signed(value: number): string {
  const text = number(Math.abs(value));
  if (text === "0") return "0";
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** Groups that cost anything in any scenario, in the order of the cost table. */
export function estimateGroups(results: Results): string[] {
  return [
    ...new Set(results.scenarios.flatMap(({ predicted }) => Object.keys(predicted.byGroup ?? {}))),
  ];
}

/** Estimated cycles of a group on both sides, as text. */
export function groupChange({ byGroup: { before, after } }: EstimateRow, group: string): string {
  return change([before[group] ?? 0, after[group] ?? 0], cycles);
}
