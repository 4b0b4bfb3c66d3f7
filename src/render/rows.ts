// What the reports say about a result, as plain data: the terminal table, the markdown report and the
// charts show the same rows.

import { queryText } from "../catalogue/parameters.js";
import type { EventName } from "../core/abi.js";
import type { ComparisonRecord, Results } from "../record/schema.js";

export type Verdict = NonNullable<ComparisonRecord["verdict"]>;

export interface Row {
  driver: string;
  /** With its parameters. */
  workload: string;
  comparison: ComparisonRecord;
}

/** Comparisons ordered by driver as they first appear, then as they ran. */
export function rowsOf(results: Results): Row[] {
  const rows = results.comparisons.map((comparison) => ({
    driver: comparison.driver,
    workload: comparison.workload + queryText(comparison.params),
    comparison,
  }));
  const drivers = [...new Set(rows.map((row) => row.driver))];
  return drivers.flatMap((driver) => rows.filter((row) => row.driver === driver));
}

/** `WORKLOAD / DRIVER`, and the candidate where there are several. */
export function rowLabel(row: Row, candidates: number): string {
  const label = `${row.workload} / ${row.driver}`;
  return candidates > 1 ? `${label} (${row.comparison.candidate})` : label;
}

/** The candidates compared, in the order of the comparisons. */
export function candidatesOf(results: Results): string[] {
  return [...new Set(results.comparisons.map((comparison) => comparison.candidate))];
}

const ORDER: readonly Verdict[] = ["slower", "faster", "same", "unclear"];

/** `2 slower, 6 faster, 5 same, 1 unclear of 14`; empty where nothing was timed. */
export function verdictCounts(comparisons: readonly ComparisonRecord[]): string {
  const judged = comparisons.filter((comparison) => comparison.verdict !== null);
  if (judged.length === 0) return "";
  const counts = ORDER.map((verdict) => {
    const count = judged.filter((comparison) => comparison.verdict === verdict).length;
    return { verdict, count };
  }).filter(({ count }) => count > 0);
  return `${counts.map(({ verdict, count }) => `${count} ${verdict}`).join(", ")} of ${judged.length}`;
}

/** One sentence for each candidate: what time says, and what the layout says. */
export function findings(results: Results): string[] {
  return candidatesOf(results).map((candidate) => {
    const all = results.comparisons.filter((comparison) => comparison.candidate === candidate);
    const baseline = [...new Set(all.map((comparison) => comparison.baseline))].join(", ");
    const times = verdictCounts(all);
    const head = `${candidate} against ${baseline}: ${times || `work of ${all.length} scenarios`}`;
    return `${head}. ${layoutFinding(all)}`;
  });
}

function layoutFinding(comparisons: readonly ComparisonRecord[]): string {
  const fewer = comparisons.filter(({ final }) => final.vmas[1] < final.vmas[0]).length;
  const more = comparisons.filter(({ final }) => final.vmas[1] > final.vmas[0]).length;
  if (fewer + more === 0) return "The same number of VMAs is left everywhere.";
  const parts = [];
  if (more > 0) parts.push(`more VMAs in ${more}`);
  if (fewer > 0) parts.push(`fewer VMAs in ${fewer}`);
  return `It leaves ${parts.join(", ")} of ${comparisons.length}.`;
}

/** What page tables and TLB did, a column each: the sum of its events per operation. */
const PAGE_COLUMNS: readonly { title: string; events: readonly EventName[] }[] = [
  { title: "faults", events: ["page.faults"] },
  { title: "PTEs set", events: ["page.ptesSet", "page.hugeSet"] },
  { title: "cleared", events: ["page.ptesCleared", "page.hugeCleared"] },
  { title: "tables", events: ["page.tablesAllocated"] },
  { title: "flushes", events: ["tlb.singleFlushes", "tlb.fullFlushes"] },
  { title: "TLB misses", events: ["tlb.misses"] },
  { title: "walk steps", events: ["page.walkSteps"] },
  { title: "CPUs told", events: ["tlb.ipis", "tlb.broadcasts"] },
];

/** The columns that have something to say about a result. */
export function pageColumns(results: Results): typeof PAGE_COLUMNS {
  return PAGE_COLUMNS.filter(({ events }) =>
    results.comparisons.some((comparison) => sumPair(comparison, events).some((n) => n > 0)),
  );
}

/** Rows whose operations used memory: only they have pages to speak of. */
export function pageRows(results: Results): Row[] {
  return rowsOf(results).filter(({ comparison }) =>
    PAGE_COLUMNS.some(({ events }) => sumPair(comparison, events).some((count) => count > 0)),
  );
}

/** Counts of several events on both sides. */
export function sumPair(
  comparison: ComparisonRecord,
  events: readonly EventName[],
): [number, number] {
  const pairs = events.map((name) => eventPair(comparison, name));
  return [sum(pairs.map(([base]) => base)), sum(pairs.map(([, candidate]) => candidate))];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/** An event's count on both sides, 0 where a file does not have it. */
export function eventPair(
  comparison: ComparisonRecord,
  name: keyof ComparisonRecord["work"],
): [number, number] {
  return comparison.work[name] ?? [0, 0];
}
