// The comparison on a terminal: one line a scenario, grouped by driver, within the terminal's width.

import wrapAnsi from "wrap-ansi";
import { printable } from "../printable.js";
import type { ComparisonRecord, Results, ScenarioRecord } from "../record/schema.js";
import { type Colors, paint } from "./colors.js";
import { ESTIMATE_NOTE, ESTIMATE_TITLE, type EstimateRow, estimateRows } from "./estimate.js";
import { change, integer, interval, number } from "./format.js";
import { type Column, type FittedTable, fittedTable, type Group, type Layout } from "./layout.js";
import { type PredictedRow, predictedNote, predictedRows } from "./predict.js";
import {
  candidatesOf,
  eventPair,
  findings,
  pageColumns,
  pageRows,
  type Row,
  rowsOf,
  sumPair,
  type Verdict,
} from "./rows.js";
import { SPARK_WIDTH, sparkline } from "./spark.js";
import { PIPE_COLUMNS } from "./width.js";

/** Symbols that read the same without colour. */
const MARKS: Readonly<Record<Verdict, string>> = {
  slower: "▲ slower",
  faster: "◆ faster",
  same: "● same",
  unclear: "✕ unclear",
};

export interface TerminalOptions {
  /** Columns of the terminal. */
  columns?: number;
  /** ln(candidate / baseline) of every round, for comparisons in the order of the result. */
  logRatios?: readonly (Float64Array | null)[];
}

/** The findings and the table, for a terminal. `colors` decides whether there is any colour. */
export function terminalReport(
  results: Results,
  colors: Colors,
  { columns = PIPE_COLUMNS, logRatios = [] }: TerminalOptions = {},
): string {
  const wrapped = (text: string) => wrapAnsi(text, columns, { hard: true });
  const compared = results.comparisons.length > 0;
  const table = compared
    ? comparisonTable(results, logRatios, columns, colors)
    : fittedTable(SCENARIOS, [{ title: null, rows: results.scenarios }], columns, colors);
  const found = findings(results).map((finding) => colors.bold(wrapped(printable(finding))));
  const pages = pageTable(results, columns, colors);
  const costs = costTable(results, columns, colors);
  const lines = [
    ...(found.length > 0 ? [...found, ""] : []),
    table.text,
    colors.dim(
      wrapped(compared ? legend(table.titles, results) : "per operation, counted exactly"),
    ),
    ...(pages === "" ? [] : ["", pages]),
    ...(costs === "" ? [] : ["", costs]),
  ];
  return lines.join("\n").replace(/ +$/gm, "");
}

/** What the columns that are shown mean. */
function legend(titles: readonly string[], results: Results): string {
  const timed = results.comparisons.some((comparison) => comparison.timeRatio !== null);
  const counted = titles.filter((title) => title === MERGES || title === UNWIND);
  const parts = [
    ...(timed ? ["time: candidate / baseline [95 % interval]"] : []),
    ...(titles.includes(ROUNDS) ? ["rounds: how often a round gave which ratio, low to high"] : []),
    ...(counted.length > 0 ? [`${counted.join(", ")}: per operation, baseline → candidate`] : []),
  ];
  return parts.join("; ");
}

const ROUNDS = "rounds";
const MERGES = "2nd merges";
const UNWIND = "unwind";

// ---- comparisons

/** Narrower and narrower: what is given up first is what the other columns say best without. */
function comparisonTable(
  results: Results,
  logRatios: NonNullable<TerminalOptions["logRatios"]>,
  width: number,
  colors: Colors,
): FittedTable {
  const ratiosOf = new Map(results.comparisons.map((c, i) => [c, logRatios[i] ?? null]));
  const names = labels(results, "");
  const verdict = left<Row>("verdict", ({ comparison }) => verdictText(comparison.verdict, colors));
  const time = right<Row>("time", ({ comparison: { timeRatio } }) =>
    timeRatio ? interval(timeRatio) : "not timed",
  );
  const ratio = right<Row>("time", ({ comparison: { timeRatio } }) =>
    timeRatio ? timeRatio.ratio.toFixed(3) : "–",
  );
  const rounds = left<Row>(ROUNDS, ({ comparison }) => {
    const values = ratiosOf.get(comparison);
    return values ? sparkline(values) : " ".repeat(SPARK_WIDTH);
  });
  const merges = events(MERGES, "merge.secondMerged");
  const vmas = right<Row>("VMAs left", ({ comparison }) =>
    emphasised(comparison.final.vmas, colors),
  );
  const unwind = events(UNWIND, "unwind.steps");
  const drawn = [...ratiosOf.values()].some((values) => values !== null) ? [rounds] : [];
  const layouts: Layout<Row>[] = [
    { columns: [...names, verdict, time, ...drawn, merges, vmas, unwind], least: null },
    { columns: [...names, verdict, time, merges, vmas, unwind], least: null },
    { columns: [...names, verdict, time, merges, vmas, unwind], least: 26 },
    { columns: [...names, verdict, time, merges, vmas], least: 22 },
    { columns: [...names, verdict, time, vmas], least: 22 },
    { columns: [...names, verdict, ratio, vmas], least: 20 },
    { columns: [...names, verdict, ratio], least: 10 },
  ];
  return fittedTable(layouts, byDriver(rowsOf(results)), width, colors);
}

const left = <R>(title: string, cell: (row: R) => string): Column<R> => ({
  title,
  align: "left",
  cell,
});
const right = <R>(title: string, cell: (row: R) => string): Column<R> => ({
  title,
  align: "right",
  cell,
});

/** Workload, and candidate where there are several. */
function labels(results: Results, title: string): Column<Row>[] {
  const several = candidatesOf(results).length > 1;
  return [
    left(title, ({ workload }) => `  ${printable(workload)}`),
    ...(several
      ? [left<Row>("candidate", ({ comparison }) => printable(comparison.candidate))]
      : []),
  ];
}

function events(title: string, name: keyof ComparisonRecord["work"]): Column<Row> {
  return right(title, ({ comparison }) => change(eventPair(comparison, name)));
}

function byDriver<R extends Row>(rows: readonly R[]): Group<R>[] {
  return [...new Set(rows.map(({ driver }) => driver))].map((driver) => ({
    title: printable(driver),
    rows: rows.filter((row) => row.driver === driver),
  }));
}

function emphasised(vmas: [number, number], colors: Colors): string {
  const text = change(vmas, integer);
  return vmas[0] === vmas[1] ? text : colors.bold(text);
}

function verdictText(verdict: ComparisonRecord["verdict"], colors: Colors): string {
  if (verdict === null) return "–";
  const mark = MARKS[verdict];
  if (verdict === "slower") return paint("orange", mark, colors);
  if (verdict === "faster") return paint("blue", mark, colors);
  return verdict === "unclear" ? paint("purple", mark, colors) : mark;
}

// ---- pages and TLB, for workloads that use their memory

function pageTable(results: Results, width: number, colors: Colors): string {
  const rows = pageRows(results);
  if (rows.length === 0) return "";
  const names = labels(results, "pages and TLB, per operation");
  const counts = pageColumns(results).map(({ title, events: summed }) =>
    right<Row>(title, ({ comparison }) => change(sumPair(comparison, summed))),
  );
  const first = (count: number): Column<Row>[] => [...names, ...counts.slice(0, count)];
  const layouts = counts.flatMap((_, i): Layout<Row>[] => {
    const columns = first(counts.length - i);
    return [
      { columns, least: null },
      { columns, least: 28 },
    ];
  });
  const narrowest = { columns: first(1), least: 10 };
  return fittedTable([...layouts, narrowest], byDriver(rows), width, colors).text;
}

// ---- what the work might come to: estimated cycles, and what a fitted model predicts

type CostRow = EstimateRow & Partial<Pick<PredictedRow, "nanoseconds" | "band">>;

function costTable(results: Results, width: number, colors: Colors): string {
  const predicted = new Map(predictedRows(results).map((row) => [row.comparison, row]));
  const rows = estimateRows(results).map((row): CostRow => {
    const { nanoseconds, band } = predicted.get(row.comparison) ?? {};
    return nanoseconds && band ? { ...row, nanoseconds, band } : row;
  });
  if (rows.length === 0) return "";
  const names: Column<CostRow>[] = labels(results, ESTIMATE_TITLE);
  const cycles = right<CostRow>("baseline → candidate", (row) => row.cycles);
  const difference = right<CostRow>("difference", (row) => row.difference);
  const groups = left<CostRow>("where", (row) => row.groups);
  const nanoseconds = right<CostRow>(PREDICTED, (row) =>
    row.nanoseconds ? `${row.nanoseconds} ${row.band}` : "–",
  );
  const last = predicted.size > 0 ? [nanoseconds] : [];
  const layouts: Layout<CostRow>[] = [
    { columns: [...names, cycles, difference, ...last, groups], least: null },
    { columns: [...names, cycles, difference, ...last], least: 26 },
    { columns: [...names, difference, ...last], least: 22 },
    { columns: [...names, difference], least: 10 },
  ];
  const table = fittedTable(layouts, byDriver(rows), width, colors);
  const notes = [ESTIMATE_NOTE];
  if (table.titles.includes(PREDICTED)) notes.push(printable(predictedNote(results)));
  const wrapped = notes.map((note) => colors.dim(wrapAnsi(note, width, { hard: true })));
  return [table.text, ...wrapped].join("\n");
}

const PREDICTED = "predicted ns";

// ---- without anything to compare: each scenario by itself

const SCENARIO = {
  id: left<ScenarioRecord>("scenario", ({ id }) => printable(id)),
  time: right<ScenarioRecord>("ns/op", ({ time }) =>
    time ? `${number(time.median)} [${number(time.low)}, ${number(time.high)}]` : "not timed",
  ),
  calls: right<ScenarioRecord>("hook calls", ({ work }) => number(work["hook.calls"] ?? 0)),
  merges: right<ScenarioRecord>("2nd merges", ({ work }) =>
    number(work["merge.secondMerged"] ?? 0),
  ),
  vmas: right<ScenarioRecord>("VMAs left", ({ final }) => integer(final.vmas)),
} as const;

const SCENARIOS: readonly Layout<ScenarioRecord>[] = [
  { columns: Object.values(SCENARIO), least: null },
  { columns: [SCENARIO.id, SCENARIO.time, SCENARIO.calls, SCENARIO.vmas], least: 40 },
  { columns: [SCENARIO.id, SCENARIO.time, SCENARIO.vmas], least: 30 },
  { columns: [SCENARIO.id, SCENARIO.time], least: 10 },
];
