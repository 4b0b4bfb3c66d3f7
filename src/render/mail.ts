// A result for a mailing list: ASCII in 72 columns, base and new side by side, nothing that needs a picture.

import wrapAnsi from "wrap-ansi";
import { printable } from "../printable.js";
import type { ComparisonRecord, Results, ScenarioRecord } from "../record/schema.js";
import { runWords, shellLines } from "./command.js";
import { number } from "./format.js";
import { candidatesOf, findings, type Row, rowsOf } from "./rows.js";

export const MAIL_COLUMNS = 72;
/** Columns of a line's label; the rest is numbers. */
const LABEL = 29;
/** Counters shown for a comparison: those that moved most. */
const COUNTERS = 5;

/** The whole text, with a line end at its end. The same for the same result. */
export function mailReport(results: Results): string {
  const compared = results.comparisons.length > 0;
  const paragraphs = [
    findings(results).flatMap((finding) => wrapped(finding)),
    ...(compared ? candidatesOf(results).flatMap((id) => sections(results, id)) : [alone(results)]),
    environmentLines(results),
    ["To reproduce:", "", ...shellLines(runWords(results), MAIL_COLUMNS - 4).map(indented(4))],
  ];
  return `${paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join("\n"))
    .join("\n\n")}\n`;
}

function sections(results: Results, candidate: string): string[][] {
  const rows = rowsOf(results).filter((row) => row.comparison.candidate === candidate);
  const bases = [...new Set(rows.map(({ comparison }) => comparison.baseline))].join(", ");
  return [wrapped(`base: ${bases}   new: ${candidate}`), timeLines(results, rows), workLines(rows)];
}

// ---- time

function timeLines(results: Results, rows: readonly Row[]): string[] {
  const timed = rows.filter(({ comparison }) => comparison.timeRatio !== null);
  if (timed.length === 0) return ["Time was not measured."];
  const scenarioOf = finder(results);
  return [
    line("Time, ns per operation", ["base", "new", "change", "+/-", "verdict"]),
    ...byDriver(timed, ({ workload, comparison }) => {
      const { ratio, low, high } = comparison.timeRatio as NonNullable<
        ComparisonRecord["timeRatio"]
      >;
      const [base, next] = [comparison.baseline, comparison.candidate].map((protocol) =>
        scenarioOf(comparison, protocol),
      );
      const spread = Math.max(high - ratio, ratio - low) * 100;
      return [
        line(`  ${workload}`, [
          nanoseconds(base),
          nanoseconds(next),
          percent(ratio),
          spread < 1000 ? `${spread.toFixed(1)}%` : ">999%",
          comparison.verdict ?? "-",
        ]),
      ];
    }),
    "",
    ...wrapped(
      "change: median over paired rounds of new / base; +/-: the farther end of its 95 % interval. The times " +
        "are a WebAssembly model's, not a kernel's.",
    ),
  ];
}

type Finder = (comparison: ComparisonRecord, protocol: string) => ScenarioRecord | undefined;

function finder({ scenarios }: Results): Finder {
  const key = (workload: string, driver: string, params: object, protocol: string) =>
    JSON.stringify([workload, driver, Object.entries(params).sort(), protocol]);
  const all = new Map(scenarios.map((s) => [key(s.workload, s.driver, s.params, s.protocol), s]));
  return ({ workload, driver, params }, protocol) =>
    all.get(key(workload, driver, params, protocol));
}

function nanoseconds(scenario: ScenarioRecord | undefined): string {
  return scenario?.time ? short(scenario.time.median) : "-";
}

/** A number in at most so many columns: an exponent where it would not fit. */
function short(value: number, columns = WIDTHS[0] as number): string {
  const text = number(value);
  return text.length <= columns ? text : value.toExponential(0);
}

/** `+7.1%`; a factor from a hundredfold on. */
function percent(ratio: number): string {
  if (ratio >= 100) return `x${short(ratio, 6)}`;
  const change = (ratio - 1) * 100;
  return `${change < 0 ? "" : "+"}${change.toFixed(1)}%`;
}

// ---- work

/** What the comparison is about: shown before other counters. */
const FIRST = ["unwind.steps", "merge.secondMerged"];

/** Counters that differ, largest change first, and the VMAs left. */
function workLines(rows: readonly Row[]): string[] {
  const differing = rows.filter(({ comparison }) => moved(comparison).length > 0);
  if (differing.length === 0) return ["Work is the same to the last event everywhere."];
  const lines = byDriver(differing, ({ workload, comparison }) => {
    const all = moved(comparison);
    const shown = all.slice(0, COUNTERS).map(([name, [base, next]]) => {
      const change = base === 0 ? "new" : percent(next / base);
      return line(`    ${name}`, [short(base), short(next), change, "", ""]);
    });
    const rest = all.length - shown.length;
    return [
      ...label(`  ${workload}`),
      ...shown,
      ...(rest > 0 ? [`    and ${rest} more ${rest === 1 ? "counter" : "counters"}`] : []),
    ];
  });
  const same = rows.length - differing.length;
  return [
    line("Work, events per operation", ["base", "new", "change", "", ""]),
    ...lines,
    ...(same > 0 ? ["", `The same in the other ${same}.`] : []),
  ];
}

function moved({ work, final }: ComparisonRecord): [string, [number, number]][] {
  const differs = ([base, next]: [number, number]) => number(base) !== number(next);
  const counters = (Object.entries(work) as [string, [number, number]][])
    .filter(([, pair]) => differs(pair))
    .sort(
      ([nameA, a], [nameB, b]) =>
        FIRST.indexOf(nameB) - FIRST.indexOf(nameA) ||
        Math.abs(b[1] - b[0]) - Math.abs(a[1] - a[0]),
    );
  return [...(differs(final.vmas) ? [["VMAs left", final.vmas] as const] : []), ...counters].map(
    ([name, pair]) => [name, [pair[0], pair[1]]],
  );
}

/** Without anything to compare: each scenario by itself. */
function alone({ scenarios }: Results): string[] {
  return [
    line("Scenario", ["ns/op", "VMAs", "hooks/op", "", ""]),
    ...scenarios.map(({ id, time, final, work }) =>
      line(id, [
        time ? short(time.median) : "-",
        short(final.vmas),
        short(work["hook.calls"] ?? 0, 8),
        "",
        "",
      ]),
    ),
  ].flatMap((text) => text.split("\n"));
}

// ---- lines

/** Lines of rows under a line with their driver. */
function byDriver(rows: readonly Row[], lines: (row: Row) => string[]): string[] {
  const drivers = [...new Set(rows.map(({ driver }) => driver))];
  return drivers
    .flatMap((driver) => [
      ...label(driver),
      ...rows.filter((row) => row.driver === driver).flatMap(lines),
    ])
    .flatMap((text) => text.split("\n"));
}

/** Widths of: base, new, change, spread, verdict; a blank before each. */
const WIDTHS = [9, 9, 8, 6, 7];

/** Label and numbers; a label that is too long has lines of its own above them. */
function line(text: string, cells: readonly string[]): string {
  const numbers = cells
    .map((cell, i) => (i === 4 ? cell : cell.padStart(WIDTHS[i] as number)))
    .join(" ");
  const lines = label(text);
  const last = lines.at(-1) as string;
  if (last.length < LABEL) return [...lines.slice(0, -1), last.padEnd(LABEL) + numbers].join("\n");
  return [...lines, " ".repeat(LABEL) + numbers].join("\n");
}

/** A label in lines that fit, continued two columns further in. */
function label(text: string): string[] {
  const indent = text.length - text.trimStart().length;
  return wrapped(text.trimStart(), MAIL_COLUMNS - indent - 2).map((part, i) =>
    indented(i === 0 ? indent : indent + 2)(part),
  );
}

function environmentLines({ tool, environment, settings }: Results): string[] {
  const gibibytes = Math.round(environment.memoryBytes / 2 ** 30);
  return [
    "Environment:",
    ...[
      `${tool.name} ${tool.version}, commit ${tool.commit ?? "unknown"}`,
      `suite ${settings.suite}, seed ${settings.seed}, rounds ${settings.rounds}`,
      `Node.js ${environment.node}, V8 ${environment.v8}, ${environment.os}`,
      `kernel ${environment.kernelRelease}`,
      `${environment.cpu}, ${environment.cores} cores, ${gibibytes} GiB` +
        `${environment.ci ? `, CI: ${environment.ci}` : ""}`,
    ].flatMap(label),
  ];
}

/** ASCII in lines of at most `width` columns; a word that is longer is cut. */
function wrapped(text: string, width = MAIL_COLUMNS): string[] {
  return wrapAnsi(ascii(text), width, { hard: true, trim: false })
    .split("\n")
    .map((part) => part.trim());
}

/** Every other character than ASCII's as an escape: mail is read in any font and coding. */
function ascii(text: string): string {
  return printable(text).replace(/[^ -~]/gu, (c) => {
    const digits = (c.codePointAt(0) as number).toString(16);
    return c.length > 1 ? `\\u{${digits}}` : `\\u${digits.padStart(4, "0")}`;
  });
}

const indented = (columns: number) => (text: string) => " ".repeat(columns) + text;
