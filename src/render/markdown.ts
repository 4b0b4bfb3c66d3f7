// report.md, which is a pull request's comment and a job's summary as well: the verdict, what changed, the
// charts, and everything else folded. Always short enough for a comment, whatever the suite's size.

import type { ComparisonRecord, Results } from "../record/schema.js";
import { bounded, fixed, type Section } from "./bounded.js";
import {
  ESTIMATE_NOTE,
  ESTIMATE_TITLE,
  estimateGroups,
  estimateRows,
  groupChange,
} from "./estimate.js";
import { change, integer, interval, number } from "./format.js";
import { cell, folded, picture, table } from "./markdown-parts.js";
import { PREDICTED_TITLE, predictedNote, predictedRows } from "./predict.js";
import { reproduce } from "./reproduce.js";
import { eventPair, findings, pageColumns, pageRows, type Row, rowsOf, sumPair } from "./rows.js";
import { MARKS, textChart } from "./text-chart.js";

/** What a report needs to know of a chart: text alternative and files, light and dark. */
export interface ChartLink {
  title: string;
  alt: string;
  light: string;
  dark: string;
}

/** GitHub takes 65 536 characters. */
const MOST_CHARACTERS = 60_000;
/** Rows of the table that everybody reads, and lines of the text chart. */
const MOST_CHANGES = 30;
const MOST_LINES = 24;
const MOST_COMMAND = 2000;

/** The report as markdown. The same text for the same result. */
export function markdownReport(results: Results, charts: readonly ChartLink[]): string {
  const [first, ...others] = charts;
  const compared = results.comparisons.length > 0;
  return bounded(
    [
      fixed("# vmabench report"),
      fixed(
        ...findings(results).flatMap((finding, i) => [
          ...(i > 0 ? [""] : []),
          `**${cell(finding)}**`,
        ]),
      ),
      ...(compared ? [changedSection(results)] : []),
      ...(first ? [fixed(...picture(first))] : []),
      ...textSection(results),
      ...(others.length > 0
        ? [
            folded(
              `${others.length} more charts`,
              others.flatMap((chart) => [...picture(chart), ""]),
            ),
          ]
        : []),
      compared ? allSection(results) : scenarioSection(results),
      ...pageSection(results),
      ...estimateSection(results),
      ...predictedSection(results),
      ...(compared ? [workSection(results)] : []),
      folded("How to read this", howToRead(results)),
      folded("Where it comes from, and how to get it again", provenance(results)),
    ],
    MOST_CHARACTERS,
  );
}

const HEAD = [
  "workload",
  "driver",
  "compared",
  "verdict",
  "time ratio",
  "2nd merges",
  "VMAs left",
  "unwind steps",
];

function comparisonCells({ workload, driver, comparison }: Row): string[] {
  const { verdict, timeRatio } = comparison;
  return [
    workload,
    driver,
    `${comparison.candidate} / ${comparison.baseline}`,
    verdict ? `${MARKS[verdict]} ${verdict}` : "not timed",
    timeRatio ? interval(timeRatio) : "–",
    change(eventPair(comparison, "merge.secondMerged")),
    change(comparison.final.vmas, integer),
    change(eventPair(comparison, "unwind.steps")),
  ];
}

/** Slower or faster, another layout, or other merging and unwinding. */
function hasChanged({ comparison }: Row): boolean {
  const { verdict, final } = comparison;
  const differs = ([base, candidate]: [number, number]) => number(base) !== number(candidate);
  return (
    verdict === "slower" ||
    verdict === "faster" ||
    final.vmas[0] !== final.vmas[1] ||
    differs(eventPair(comparison, "merge.secondMerged")) ||
    differs(eventPair(comparison, "unwind.steps"))
  );
}

/** What a reader wants first: other layouts, then what costs more, then what costs less. */
function weight({ comparison }: Row): number {
  const { verdict, final, timeRatio } = comparison;
  const layout = final.vmas[0] !== final.vmas[1] ? 100 : 0;
  const order = { slower: 50, faster: 25, unclear: 1, same: 0 };
  return layout + (verdict ? order[verdict] : 0) + Math.abs(Math.log(timeRatio?.ratio ?? 1));
}

function changedSection(results: Results): Section {
  const changed = rowsOf(results)
    .filter(hasChanged)
    .sort((a, b) => weight(b) - weight(a));
  const rest = results.comparisons.length - changed.length;
  if (changed.length === 0) return fixed("Nothing changed that is told apart from noise.");
  const [head, rule, ...rows] = table(HEAD, 4, changed.slice(0, MOST_CHANGES).map(comparisonCells));
  const left = changed.length - rows.length;
  const tail = [
    ...(left > 0 ? [`... and ${left} more that changed.`] : []),
    ...(rest > 0 ? [`${rest} of ${results.comparisons.length} comparisons show no change.`] : []),
  ];
  return {
    head: [head!, rule!],
    rows,
    tail: tail.length > 0 ? ["", tail.join(" ")] : [],
  };
}

function textSection(results: Results): Section[] {
  const lines = textChart(results, MOST_LINES);
  if (lines.length === 0) return [];
  const more = results.comparisons.length > MOST_LINES ? `, the ${MOST_LINES} farthest from 1` : "";
  return [
    folded(`The chart as text${more}`, [
      "```",
      ...lines.map((line) => line.replaceAll("`", "'")),
      "```",
    ]),
  ];
}

function allSection(results: Results): Section {
  const rows = rowsOf(results).map(comparisonCells);
  return foldedTable(`All ${integer(rows.length)} comparisons`, HEAD, 4, rows);
}

function scenarioSection(results: Results): Section {
  const rows = results.scenarios.map(({ id, time, work, final }) => [
    id,
    time ? `${number(time.median)} [${number(time.low)}, ${number(time.high)}]` : "–",
    number(work["hook.calls"] ?? 0),
    integer(final.vmas),
  ]);
  const [head, rule, ...lines] = table(
    ["scenario", "ns per operation", "hook calls", "VMAs left"],
    1,
    rows,
  );
  return { head: [head!, rule!], rows: lines, tail: [] };
}

/** What page tables and TLB did where memory was used. */
function pageSection(results: Results): Section[] {
  const columns = pageColumns(results);
  const rows = pageRows(results).map(({ workload, driver, comparison }) => [
    workload,
    driver,
    `${comparison.candidate} / ${comparison.baseline}`,
    ...columns.map(({ events }) => change(sumPair(comparison, events))),
  ]);
  if (rows.length === 0) return [];
  const head = ["workload", "driver", "compared", ...columns.map(({ title }) => title)];
  return [foldedTable("Pages and TLB, per operation", head, 3, rows)];
}

function foldedTable(
  summary: string,
  head: string[],
  numbersFrom: number,
  cells: string[][],
): Section {
  const [names, rule, ...rows] = table(head, numbersFrom, cells);
  const { head: open, tail } = folded(summary, []);
  return { head: [...open, names!, rule!], rows, tail };
}

/** What the work might come to on a processor, by group. */
function estimateSection(results: Results): Section[] {
  const groups = estimateGroups(results);
  const rows = estimateRows(results).map((row) => [
    row.workload,
    row.driver,
    `${row.comparison.candidate} / ${row.comparison.baseline}`,
    row.cycles,
    row.difference,
    ...groups.map((group) => groupChange(row, group)),
  ]);
  if (rows.length === 0) return [];
  const head = ["workload", "driver", "compared", "cycles", "difference", ...groups];
  const title = `${ESTIMATE_TITLE[0]?.toUpperCase()}${ESTIMATE_TITLE.slice(1)}`;
  const section = foldedTable(title, head, 3, rows);
  return [{ ...section, tail: ["", `An estimate: ${ESTIMATE_NOTE}.`, ...section.tail] }];
}

/** What a fitted model predicts for a real kernel. */
function predictedSection(results: Results): Section[] {
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
  if (rows.length === 0) return [];
  const head = ["workload", "driver", "compared", "ns", "ratio", "band"];
  const title = `${PREDICTED_TITLE[0]?.toUpperCase()}${PREDICTED_TITLE.slice(1)}`;
  const section = foldedTable(title, head, 3, rows);
  return [
    { ...section, tail: ["", `A prediction: ${cell(predictedNote(results))}.`, ...section.tail] },
  ];
}

/** For each comparison the counters that moved, largest change first. */
function workSection(results: Results): Section {
  const rows = rowsOf(results).map(({ workload, driver, comparison }) => {
    const moved = movedCounters(comparison).map(([name, pair]) => `${name} ${change(pair)}`);
    const text = moved.length > 0 ? moved.join(", ") : "nothing";
    return `- ${cell(`${workload} / ${driver} (${comparison.candidate}): ${text}`)}`;
  });
  const { head, tail } = folded("What the work counters say changed", []);
  return { head, rows, tail };
}

const MOST_COUNTERS = 8;

function movedCounters(comparison: ComparisonRecord): [string, [number, number]][] {
  return (Object.entries(comparison.work) as [string, [number, number]][])
    .filter(([, [base, candidate]]) => number(base) !== number(candidate))
    .sort(([, a], [, b]) => Math.abs(b[1] - b[0]) - Math.abs(a[1] - a[0]))
    .slice(0, MOST_COUNTERS);
}

function howToRead(results: Results): string[] {
  const effect = Number(results.settings.minimumEffect ?? 0.03) * 100;
  const timed = results.comparisons.some((comparison) => comparison.timeRatio !== null);
  const lines = [
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
  return lines;
}

function provenance(results: Results): string[] {
  const { tool, environment, settings } = results;
  const load = environment.loadAverage.map((value) => value.toFixed(2)).join(" ");
  return [
    `- ${cell(`${tool.name} ${tool.version}`)}, commit ${cell(tool.commit ?? "unknown")}, core ${tool.coreSha256.slice(0, 16)}`,
    `- suite ${cell(settings.suite)}, seed ${settings.seed}, rounds ${settings.rounds}`,
    `- Node.js ${cell(environment.node)}, V8 ${cell(environment.v8)}, ${cell(environment.os)}, kernel ${cell(environment.kernelRelease)}`,
    `- ${cell(environment.cpu)}, ${environment.cores} cores, load ${load}${environment.ci ? `, CI: ${cell(environment.ci)}` : ""}`,
    "",
    "```",
    reproduce(results).slice(0, MOST_COMMAND).replaceAll("`", "'"),
    "```",
  ];
}
