// Which rows are shown, and in which order: pure functions of the data and what the reader chose.

import { integer, number } from "../render/format.js";
import type { PageData, PageRow, PageScenario } from "./data.js";

export interface Choice {
  /** Words that a row has to contain, in any order. */
  text: string;
  /** Empty: all. */
  workload: string;
  driver: string;
  protocol: string;
  verdict: string;
  sort: SortKey;
  descending: boolean;
}

export type SortKey =
  | "workload"
  | "driver"
  | "protocol"
  | "ratio"
  | "work"
  | "merges"
  | "vmas"
  | "unwind";

export const EVERYTHING: Choice = {
  text: "",
  workload: "",
  driver: "",
  protocol: "",
  verdict: "",
  sort: "ratio",
  descending: true,
};

/** Rows that the choice lets through, sorted; equal ones stay in their order. */
export function chosenRows(data: PageData, choice: Choice): PageRow[] {
  const words = choice.text.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = data.rows.filter((row) => {
    const { protocol } = data.scenarios[row.candidate]!;
    if (choice.workload && workloadName(row) !== choice.workload) return false;
    if (choice.driver && row.driver !== choice.driver) return false;
    if (choice.protocol && protocol !== choice.protocol) return false;
    if (choice.verdict && row.verdict !== choice.verdict) return false;
    const text = `${row.workload} ${row.driver} ${protocol}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const value = (row: PageRow) => sortValue(data, row, choice.sort);
  const sign = choice.descending ? -1 : 1;
  return kept
    .map((row) => ({ row, value: value(row) }))
    .sort((a, b) => sign * compared(a.value, b.value))
    .map(({ row }) => row);
}

function compared(a: string | number, b: string | number): number {
  if (typeof a === "string" || typeof b === "string") {
    const [left, right] = [String(a), String(b)];
    return left < right ? -1 : Number(left > right);
  }
  return a - b;
}

function sortValue(data: PageData, row: PageRow, key: SortKey): string | number {
  const { base, candidate } = sidesOf(data, row);
  const difference = (of: (scenario: PageScenario) => number) =>
    base ? Math.abs(of(candidate) - of(base)) : of(candidate);
  switch (key) {
    case "workload":
      return row.workload;
    case "driver":
      return row.driver;
    case "protocol":
      return candidate.protocol;
    case "ratio":
      return row.ratio?.ratio ?? candidate.time?.median ?? 0;
    case "work":
      return relativeWork(data, base, candidate);
    case "merges":
      return difference((scenario) => eventOf(data, scenario, "merge.secondMerged"));
    case "vmas":
      return difference(({ vmas }) => vmas) * 1e9 + candidate.vmas;
    case "unwind":
      return difference((scenario) => eventOf(data, scenario, "unwind.steps"));
  }
}

/** Candidate's work as a multiple of the baseline's; by itself, the events. */
function relativeWork(data: PageData, base: PageScenario | null, candidate: PageScenario): number {
  const [before, after] = [base && totalWork(data, base), totalWork(data, candidate)];
  if (before === null) return after;
  return before > 0 ? after / before : after + 1;
}

export function sidesOf(
  data: PageData,
  row: PageRow,
): { base: PageScenario | null; candidate: PageScenario } {
  const base = row.baseline === null ? null : data.scenarios[row.baseline]!;
  return { base, candidate: data.scenarios[row.candidate]! };
}

/** Without its parameters. */
export function workloadName({ workload }: PageRow): string {
  return workload.split("?")[0]!;
}

/** Events per operation of one name. */
export function eventOf(data: PageData, scenario: PageScenario, name: string): number {
  return eventAt(scenario, data.events.indexOf(name));
}

export function eventAt({ work }: PageScenario, index: number): number {
  for (let i = 0; i < work.length; i += 2) if (work[i] === index) return work[i + 1]!;
  return 0;
}

export function groupWork(scenario: PageScenario, events: readonly number[]): number {
  return events.reduce((sum, event) => sum + eventAt(scenario, event), 0);
}

export function totalWork(data: PageData, scenario: PageScenario): number {
  return data.groups.reduce((sum, { events }) => sum + groupWork(scenario, events), 0);
}

/** `before → after` of a count per operation, or one number where both are the same. */
export function changeText(base: number | null, candidate: number, whole = false): string {
  const format = whole ? integer : number;
  const after = format(candidate);
  if (base === null) return after;
  const before = format(base);
  return before === after ? after : `${before} → ${after}`;
}
