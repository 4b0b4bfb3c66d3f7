// The comparison on a terminal: one line a scenario, grouped by driver.

import Table from "cli-table3";
import type { ComparisonRecord, Results } from "../record/schema.js";
import type { Colors } from "./colors.js";
import { ESTIMATE_NOTE, ESTIMATE_TITLE, estimateRows } from "./estimate.js";
import { change, integer, interval, number } from "./format.js";
import { PREDICTED_TITLE, predictedNote, predictedRows } from "./predict.js";
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

/** Symbols that read the same without colour, and the colour they get. */
const MARKS: Readonly<Record<Verdict, string>> = {
  slower: "▲ slower",
  faster: "◆ faster",
  same: "● same",
  unclear: "✕ unclear",
};

/** The findings and the table, for a terminal. `colors` decides whether there is any colour. */
export function terminalReport(results: Results, colors: Colors): string {
  const lines = findings(results).map((finding) => colors.bold(finding));
  if (results.comparisons.length > 0) lines.push("", comparisonTable(results, colors));
  else lines.push(scenarioTable(results, colors));
  lines.push(colors.dim(legend(results)));
  if (pageRows(results).length > 0) lines.push("", pageTable(results, colors));
  if (estimateRows(results).length > 0) lines.push("", estimateTable(results, colors));
  if (predictedRows(results).length > 0) lines.push("", predictedTable(results, colors));
  return lines.join("\n").replace(/ +$/gm, "");
}

function legend(results: Results): string {
  if (results.comparisons.length === 0) return "per operation, counted exactly";
  const counted = "2nd merges and unwind steps are per operation, baseline → candidate";
  const timed = results.comparisons.some((comparison) => comparison.timeRatio !== null);
  return timed ? `time: candidate / baseline with its 95 % interval; ${counted}` : counted;
}

function newTable(head: string[], numbersFrom: number, colors: Colors): Table.Table {
  return new Table({
    head: head.map((text) => colors.dim(text)),
    colAligns: head.map((_, i) => (i < numbersFrom ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: Object.fromEntries(
      "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
        .split(" ")
        .map((name) => [name, ""]),
    ),
  });
}

function comparisonTable(results: Results, colors: Colors): string {
  const severalCandidates = candidatesOf(results).length > 1;
  const head = ["", ...(severalCandidates ? ["candidate"] : []), "verdict", "time", "2nd merges"];
  head.push("VMAs left", "unwind steps");
  const labels = severalCandidates ? 3 : 2;
  const table = newTable(head, labels, colors);
  let driver = "";
  for (const row of rowsOf(results)) {
    if (row.driver !== driver) {
      driver = row.driver;
      table.push([{ content: colors.bold(driver), colSpan: head.length }]);
    }
    table.push(comparisonCells(row, severalCandidates, colors));
  }
  return table.toString();
}

/** Pages and TLB, for workloads that use their memory. */
function pageTable(results: Results, colors: Colors): string {
  const columns = pageColumns(results);
  const several = candidatesOf(results).length > 1;
  const labels = ["pages and TLB, per operation", ...(several ? ["candidate"] : [])];
  const table = newTable([...labels, ...columns.map(({ title }) => title)], labels.length, colors);
  let driver = "";
  for (const row of pageRows(results)) {
    if (row.driver !== driver) {
      driver = row.driver;
      table.push([{ content: colors.bold(driver), colSpan: labels.length + columns.length }]);
    }
    table.push([
      `  ${row.workload}`,
      ...(several ? [row.comparison.candidate] : []),
      ...columns.map(({ events }) => change(sumPair(row.comparison, events))),
    ]);
  }
  return table.toString();
}

/** Weighted counts: what the difference in work might come to on a real processor. */
function predictedTable(results: Results, colors: Colors): string {
  const several = candidatesOf(results).length > 1;
  const labels = [PREDICTED_TITLE, ...(several ? ["candidate"] : [])];
  const head = [...labels, "baseline → candidate", "ratio", "band"];
  const table = newTable(head, labels.length, colors);
  let driver = "";
  for (const row of predictedRows(results)) {
    if (row.driver !== driver) {
      driver = row.driver;
      table.push([{ content: colors.bold(driver), colSpan: head.length }]);
    }
    table.push([
      `  ${row.workload}`,
      ...(several ? [row.comparison.candidate] : []),
      row.nanoseconds,
      row.ratio,
      row.band,
    ]);
  }
  return `${table.toString()}\n${colors.dim(predictedNote(results))}`;
}

function estimateTable(results: Results, colors: Colors): string {
  const several = candidatesOf(results).length > 1;
  const labels = [ESTIMATE_TITLE, ...(several ? ["candidate"] : [])];
  const head = [...labels, "baseline → candidate", "difference", "where"];
  const table = newTable(head, labels.length, colors);
  let driver = "";
  for (const row of estimateRows(results)) {
    if (row.driver !== driver) {
      driver = row.driver;
      table.push([{ content: colors.bold(driver), colSpan: head.length }]);
    }
    table.push([
      `  ${row.workload}`,
      ...(several ? [row.comparison.candidate] : []),
      row.cycles,
      row.difference,
      { content: row.groups, hAlign: "left" },
    ]);
  }
  return `${table.toString()}\n${colors.dim(ESTIMATE_NOTE)}`;
}

function comparisonCells(row: Row, severalCandidates: boolean, colors: Colors): string[] {
  const { comparison } = row;
  return [
    `  ${row.workload}`,
    ...(severalCandidates ? [comparison.candidate] : []),
    verdictText(comparison.verdict, colors),
    comparison.timeRatio ? interval(comparison.timeRatio) : "not timed",
    change(eventPair(comparison, "merge.secondMerged")),
    emphasised(comparison.final.vmas, colors),
    change(eventPair(comparison, "unwind.steps")),
  ];
}

function emphasised(vmas: [number, number], colors: Colors): string {
  const text = change(vmas, integer);
  return vmas[0] === vmas[1] ? text : colors.bold(text);
}

function verdictText(verdict: ComparisonRecord["verdict"], colors: Colors): string {
  if (verdict === null) return "–";
  const mark = MARKS[verdict];
  if (verdict === "slower") return colors.yellow(mark);
  if (verdict === "faster") return colors.blue(mark);
  return verdict === "unclear" ? colors.magenta(mark) : mark;
}

/** Without anything to compare: each scenario by itself. */
function scenarioTable(results: Results, colors: Colors): string {
  const head = ["scenario", "ns/op", "hook calls", "2nd merges", "VMAs left"];
  const table = newTable(head, 1, colors);
  for (const scenario of results.scenarios) {
    const { time } = scenario;
    table.push([
      scenario.id,
      time ? `${number(time.median)} [${number(time.low)}, ${number(time.high)}]` : "not timed",
      number(scenario.work["hook.calls"] ?? 0),
      number(scenario.work["merge.secondMerged"] ?? 0),
      integer(scenario.final.vmas),
    ]);
  }
  return table.toString();
}
