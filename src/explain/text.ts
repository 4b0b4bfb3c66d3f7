// An explained mmap for a terminal: one column a protocol, one row a step, the step's work below it.

import Table from "cli-table3";
import * as abi from "../core/abi.js";
import type { Colors } from "../render/colors.js";
import { number } from "../render/format.js";
import { errnoText } from "../replay/errno.js";
import { align, type Explained, type ExplainedRun, type ExplainedStep } from "./explain.js";
import { type ExplainedState, NOTHING, stateText } from "./state.js";

/** Widths: the whole fits 100 columns for two protocols. */
const WIDTH = 100;
const LEAST_COLUMN = 36;

/** The explanation as text; more protocols than fit side by side follow below one another. */
export function explainedText(explained: Explained, colors: Colors): string {
  const beside = Math.max(1, Math.floor(WIDTH / LEAST_COLUMN));
  const lines = [colors.bold(callText(explained)), ""];
  for (let i = 0; i < explained.runs.length; i += beside) {
    lines.push(tableOf(explained.runs.slice(i, i + beside), colors), "");
  }
  return `${lines.join("\n").replace(/ +$/gm, "").trimEnd()}\n`;
}

/** The call in one line. */
export function callText({ workload, driver, call, calls, operation }: Explained): string {
  const { addr = 0, len = 0, file = 0, pgoff = 0 } = operation;
  const prot = Number(operation.prot ?? 0);
  const access = `${prot & abi.PROT_READ ? "r" : "-"}${prot & abi.PROT_WRITE ? "w" : "-"}`;
  const where = `0x${addr.toString(16)}, ${Number(len) / 4096} pages, ${access}`;
  const what = file ? `file ${file} from page ${pgoff}` : "no file";
  return `mmap(${where}, ${flagsText(Number(operation.flags ?? 0))}, ${what}): call ${call} of ${calls} in ${workload}, driver ${driver}`;
}

/** The map flags that generators and traces use. */
const FLAGS = {
  SHARED: abi.MAP_SHARED,
  PRIVATE: abi.MAP_PRIVATE,
  FIXED: abi.MAP_FIXED,
  ANONYMOUS: abi.MAP_ANONYMOUS,
};

function flagsText(flags: number): string {
  const names = Object.entries(FLAGS).filter(([, bit]) => flags & bit);
  return names.map(([name]) => name).join("|");
}

function tableOf(runs: readonly ExplainedRun[], colors: Colors): string {
  const width = Math.floor((WIDTH - 3 * (runs.length - 1)) / runs.length);
  const table = new Table({
    head: runs.map(({ protocol }) => colors.bold(protocol)),
    colWidths: runs.map(() => width),
    wordWrap: true,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 1 },
    chars: { ...NO_LINES, middle: "│ " },
  });
  table.push(runs.map(({ before }) => colors.dim(["before", ...indented(before)].join("\n"))));
  const before: ExplainedState[] = runs.map(() => NOTHING);
  for (const row of align(runs.map(({ steps }) => steps))) {
    const cells = row.map((step, column) => {
      if (!step) return "";
      const text = stepText(step, before[column] ?? NOTHING, width - 3, colors);
      before[column] = step.state;
      return text;
    });
    table.push(cells);
  }
  table.push(runs.map((run) => colors.bold(`returns ${resultText(run.result)}`)));
  table.push(runs.map(({ predicted }) => predictedText(predicted)));
  table.push(runs.map(({ after }) => colors.dim(["after", ...indented(after)].join("\n"))));
  return table.toString();
}

const NO_LINES = Object.fromEntries(
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid"
    .split(" ")
    .map((name) => [name, ""]),
);

function indented(layout: readonly string[]): string[] {
  return layout.length > 0 ? layout.map((line) => `  ${line}`) : ["  nothing"];
}

/** What a real kernel is expected to take, and for what. */
export function predictedText({
  ns,
  relativeError,
  entryNs,
  largest,
}: ExplainedRun["predicted"]): string {
  const dearest = largest.map((one) => `${one.term} ${number(one.ns)}`).join(", ");
  return (
    `predicted ${number(ns)} ns ± ${number(relativeError * 100)} % on a real kernel: ` +
    `entry and exit ${number(entryNs)}, ${dearest}`
  );
}

/** An address or an error's name. */
export function resultText(result: number): string {
  return result >= 0 ? `0x${result.toString(16)}` : errnoText(result);
}

function stepText(
  step: ExplainedStep,
  before: ExplainedState,
  width: number,
  colors: Colors,
): string {
  const lines = [headingOf(step, colors)];
  if (step.hook) {
    const here = linesOf([`here: ${stateText(before)[0]}`, ...stateText(before).slice(1)], width);
    lines.push(...here.map((line) => colors.cyan(`  ${line}`)));
  }
  for (const { side, text } of step.sides) lines.push(colors.magenta(`  ${side}: ${text}`));
  const changed = linesOf(stateText(step.state, before), width - 2);
  lines.push(...changed.map((line, i) => colors.green(`  ${i === 0 ? "→" : " "} ${line}`)));
  lines.push(...linesOf(workText(step), width).map((line) => colors.dim(`  ${line}`)));
  return lines.join("\n");
}

function headingOf(step: ExplainedStep, colors: Colors): string {
  if (step.unwinding) return colors.yellow(`↩ ${step.title}`);
  return step.hook ? colors.bold(`▶ ${step.title}`) : `• ${step.title}`;
}

/** What a step counted: `maple.nodeReads ×3`. */
export function workText(step: ExplainedStep): string[] {
  return Object.entries(step.work).map(([name, n]) => (n === 1 ? name : `${name} ×${n}`));
}

/** Items in as many lines as it takes. */
export function linesOf(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + item.length + 2 <= width) {
      lines[lines.length - 1] = `${last}, ${item}`;
    } else {
      lines.push(item);
    }
  }
  return lines;
}
