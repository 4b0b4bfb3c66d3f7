// report.md: the verdict, the table, the charts, and how to read them.

import type { ComparisonRecord, Results } from "../record/schema.js";
import {
  ESTIMATE_NOTE,
  ESTIMATE_TITLE,
  estimateGroups,
  estimateRows,
  groupChange,
} from "./estimate.js";
import { change, integer, interval, number } from "./format.js";
import { PREDICTED_TITLE, predictedNote, predictedRows } from "./predict.js";
import { eventPair, findings, pageColumns, pageRows, rowsOf, sumPair } from "./rows.js";

/** What a report needs to know of a chart: its text alternative and where it lies. */
export interface ChartLink {
  file: string;
  alt: string;
}

/** The report as markdown, charts linked by file name. The same text for the same result. */
export function markdownReport(results: Results, charts: readonly ChartLink[]): string {
  const sections = [
    "# vmabench report",
    findings(results)
      .map((finding) => `**${finding}**`)
      .join("\n\n"),
    results.comparisons.length > 0 ? comparisonTable(results) : scenarioTable(results),
    ...charts.map(({ file, alt }) => `![${alt}](${file})`),
    pageSection(results),
    estimateSection(results),
    predictedSection(results),
    results.comparisons.length > 0 ? workSection(results) : "",
    howToRead(results),
    provenance(results),
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

/** A table whose columns are numbers from `numbersFrom` on. */
export function markdownTable(
  head: readonly string[],
  numbersFrom: number,
  rows: readonly string[][],
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  const rule = head.map((_, i) => (i < numbersFrom ? "---" : "--:"));
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("|", "\\|");
}

function comparisonTable(results: Results): string {
  const rows = rowsOf(results).map(({ workload, driver, comparison }) => [
    workload,
    driver,
    `${comparison.candidate} / ${comparison.baseline}`,
    comparison.verdict ?? "not timed",
    comparison.timeRatio ? interval(comparison.timeRatio) : "–",
    change(eventPair(comparison, "merge.secondMerged")),
    change(comparison.final.vmas, integer),
    change(eventPair(comparison, "unwind.steps")),
  ]);
  const head = [
    "workload",
    "driver",
    "compared",
    "verdict",
    "time ratio",
    "2nd merges",
    "VMAs left",
  ];
  return markdownTable([...head, "unwind steps"], 4, rows);
}

function scenarioTable(results: Results): string {
  const rows = results.scenarios.map(({ id, time, work, final }) => [
    id,
    time ? `${number(time.median)} [${number(time.low)}, ${number(time.high)}]` : "–",
    number(work["hook.calls"] ?? 0),
    integer(final.vmas),
  ]);
  return markdownTable(["scenario", "ns per operation", "hook calls", "VMAs left"], 1, rows);
}

/** What page tables and TLB did where memory was used. */
function pageSection(results: Results): string {
  const columns = pageColumns(results);
  const rows = pageRows(results).map(({ workload, driver, comparison }) => [
    workload,
    driver,
    `${comparison.candidate} / ${comparison.baseline}`,
    ...columns.map(({ events }) => change(sumPair(comparison, events))),
  ]);
  if (rows.length === 0) return "";
  const head = ["workload", "driver", "compared", ...columns.map(({ title }) => title)];
  return `## Pages and TLB, per operation\n\n${markdownTable(head, 3, rows)}`;
}

/** What the work might come to on a processor, by group. */
function predictedSection(results: Results): string {
  const rows = predictedRows(results).map(
    ({ workload, driver, comparison, nanoseconds, ratio, band }) => [
      workload,
      driver,
      `${comparison.candidate} / ${comparison.baseline}`,
      nanoseconds,
      ratio,
      band,
    ],
  );
  if (rows.length === 0) return "";
  const head = ["workload", "driver", "compared", "ns", "ratio", "band"];
  const title = `${PREDICTED_TITLE[0]?.toUpperCase()}${PREDICTED_TITLE.slice(1)}`;
  return `## ${title}\n\nA prediction: ${predictedNote(results)}.\n\n${markdownTable(head, 3, rows)}`;
}

function estimateSection(results: Results): string {
  const groups = estimateGroups(results);
  const rows = estimateRows(results).map((row) => [
    row.workload,
    row.driver,
    `${row.comparison.candidate} / ${row.comparison.baseline}`,
    row.cycles,
    row.difference,
    ...groups.map((group) => groupChange(results, row, group)),
  ]);
  if (rows.length === 0) return "";
  const head = ["workload", "driver", "compared", "cycles", "difference", ...groups];
  const title = `${ESTIMATE_TITLE[0]?.toUpperCase()}${ESTIMATE_TITLE.slice(1)}`;
  return `## ${title}\n\nAn estimate: ${ESTIMATE_NOTE}.\n\n${markdownTable(head, 3, rows)}`;
}

/** For each comparison the counters that moved, largest change first. */
function workSection(results: Results): string {
  const items = rowsOf(results).map(({ workload, driver, comparison }) => {
    const moved = movedCounters(comparison).map(([name, pair]) => `${name} ${change(pair)}`);
    const text = moved.length > 0 ? moved.join(", ") : "nothing";
    return `- ${workload} / ${driver} (${comparison.candidate}): ${text}`;
  });
  return ["## What the work counters say changed", "", ...items].join("\n");
}

const MOST_COUNTERS = 8;

function movedCounters(comparison: ComparisonRecord): [string, [number, number]][] {
  return (Object.entries(comparison.work) as [string, [number, number]][])
    .filter(([, [base, candidate]]) => number(base) !== number(candidate))
    .sort(([, a], [, b]) => Math.abs(b[1] - b[0]) - Math.abs(a[1] - a[0]))
    .slice(0, MOST_COUNTERS);
}

function howToRead(results: Results): string {
  const effect = Number(results.settings.minimumEffect ?? 0.03) * 100;
  const timed = results.comparisons.some((comparison) => comparison.timeRatio !== null);
  const lines = [
    "## How to read this",
    "",
    "- *Work* is counted exactly and is the same on every machine: events per operation, baseline → candidate.",
    "- *VMAs left* is the layout after the last operation; fewer is cheaper for everything that follows.",
    "- *2nd merges* are those that only succeeded after the hook had run; *unwind steps* are single things undone after a failure.",
  ];
  if (timed) {
    lines.push(
      "- *Time ratio* is candidate / baseline of the WebAssembly model, the median over paired rounds with " +
        "its 95 % interval in brackets. It compares two protocols in one model; it is not a kernel's time.",
      `- *faster* and *slower*: the interval lies more than ${effect} % away from 1, and still does after ` +
        `correction for the number of comparisons; *same*: it lies within ${effect} %; *unclear*: neither.`,
    );
  }
  return lines.join("\n");
}

function provenance({ tool, environment, settings }: Results): string {
  const load = environment.loadAverage.map((value) => value.toFixed(2)).join(" ");
  return [
    "## Where it comes from",
    "",
    `- ${tool.name} ${tool.version}, commit ${tool.commit ?? "unknown"}, core ${tool.coreSha256.slice(0, 16)}`,
    `- suite ${settings.suite}, seed ${settings.seed}, rounds ${settings.rounds}`,
    `- Node.js ${environment.node}, V8 ${environment.v8}, ${environment.os}, kernel ${environment.kernelRelease}`,
    `- ${environment.cpu}, ${environment.cores} cores, load ${load}${environment.ci ? `, CI: ${environment.ci}` : ""}`,
  ].join("\n");
}
