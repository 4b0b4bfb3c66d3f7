// Replays in words, for a terminal.

import { printable } from "../printable.js";
import type { Colors } from "../render/colors.js";
import { integer, number } from "../render/format.js";
import { type Check, comparesNothing, disagrees, type Score } from "./check.js";
import type { Summary } from "./summary.js";

const WIDTH = 24;

function row(label: string, text: string): string {
  return `  ${label.padEnd(WIDTH)}${text}`;
}

/** A check as lines: scores, layouts, and the first difference of each kind. */
export function checkText({ report, differences }: Check, colors: Colors): string {
  const wrong = disagrees(report);
  const agrees = comparesNothing(report) ? "○ nothing recorded to compare with" : "● agrees";
  const mark = wrong ? colors.yellow("▲ mismatch") : agrees;
  const lines = [
    `${colors.bold(printable(report.file))}: ${integer(report.operations)} operations, ${mark}`,
  ];
  const score = (label: string, { same, total }: Score) => {
    const text = `${same}/${total}`;
    lines.push(row(label, same === total ? text : colors.yellow(text)));
  };
  if (comparesNothing(report)) return `${lines[0]}\n`;
  score("results", report.results);
  score("addresses placed", report.placed);
  score("VMA counts", report.vmaCounts);
  const layout = (label: string, of: { coverage: boolean; exact: boolean }) => {
    const coverage = of.coverage ? "same coverage" : colors.yellow("other coverage");
    lines.push(row(label, `${coverage}, ${of.exact ? "same VMAs" : "other VMA boundaries"}`));
  };
  for (const checkpoint of report.checkpoints)
    layout(`layout after ${checkpoint.after}`, checkpoint);
  if (report.final) layout("final layout", report.final);
  else lines.push(row("final layout", "none recorded"));
  if (differences.length > 0) lines.push("  first differences:");
  for (const difference of differences) lines.push(`    ${printable(difference)}`);
  return `${lines.join("\n")}\n`;
}

/** A summary as lines; the layout too when asked for. */
export function summaryText(summary: Summary, withLayout: boolean, colors: Colors): string {
  const { final, failed, operations } = summary;
  const errors = Object.entries(failed).map(([name, times]) => `${integer(times)} ${name}`);
  const under = printable(`${summary.protocol}, driver ${summary.driver}, touch ${summary.touch}`);
  const lines = [
    `${colors.bold(printable(summary.file))}: ${integer(operations)} operations (${under})`,
    row("failed calls", errors.length === 0 ? "none" : errors.join(", ")),
    row("VMAs", integer(final.vmas)),
    row(
      "maple tree",
      `height ${final.treeHeight}, leaves ${final.treeLeaves}, inner nodes ${final.treeInner}`,
    ),
    row("page-table pages", integer(final.pageTablePages)),
    row("committed pages", integer(final.committedPages)),
    row(
      "predicted kernel time",
      `${number(summary.predicted.ns)} ns per operation ± ${number(summary.predicted.relativeError * 100)} %`,
    ),
    colors.dim("  work per operation"),
  ];
  for (const [name, value] of Object.entries(summary.work)) {
    if (value > 0) lines.push(row(`  ${name}`, number(value)));
  }
  if (withLayout) lines.push(colors.dim("  layout"), ...summary.layout.map((line) => `  ${line}`));
  return `${lines.join("\n")}\n`;
}
