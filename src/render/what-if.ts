// A recorded program beside itself with another driver, for a terminal: one column for each.

import type { EventName } from "../core/abi.js";
import { printable } from "../printable.js";
import type { WhatIf, WhatIfRun } from "../replay/what-if.js";
import type { Colors } from "./colors.js";
import { integer, number } from "./format.js";

interface Row {
  title: string;
  /** Rows of nothing but zeros are left out. */
  optional: boolean;
  cell(run: WhatIfRun): string;
}

const LABEL = 27;
/** With four columns, a line has 99. */
const COLUMN = 18;

const LAYOUT: readonly Row[] = [
  fact("VMAs at the end", ({ vmas }) => integer(vmas.left)),
  fact("most VMAs at a time", ({ vmas }) => integer(vmas.most)),
  fact("maple nodes at the end", ({ final }) => integer(final.treeLeaves + final.treeInner)),
  fact("page-table pages", ({ final }) => integer(final.pageTablePages), true),
  fact("committed pages", ({ final }) => integer(final.committedPages)),
  fact("failed calls", ({ failed }) => integer(total(failed)), true),
  fact("calls that end otherwise", ({ otherResults }) => integer(otherResults), true),
];

const WORK: readonly Row[] = [
  events("maple nodes read", "maple.nodeReads"),
  events("maple nodes written", "maple.nodeWrites"),
  events("maple nodes reserved", "maple.nodesReserved"),
  events("maple slots moved", "maple.slotsMoved"),
  events("VMAs allocated", "vma.allocated"),
  events("VMAs split", "vma.split"),
  events("merge attempts", "merge.attempts"),
  events("merged", "merge.merged"),
  events("second merge attempts", "merge.secondAttempts"),
  events("second merged", "merge.secondMerged"),
  events("hook calls", "hook.calls"),
  events("hook failures", "hook.failures"),
  events("file gets and puts", "file.gets", "file.puts"),
  events("rmap inserts and removes", "file.rmapInserts", "file.rmapRemoves"),
  events("charges and uncharges", "account.charges", "account.uncharges"),
  events("unwind steps", "unwind.steps"),
  events("page faults", "page.faults"),
  events("PTEs set", "page.ptesSet", "page.hugeSet"),
  events("PTEs cleared", "page.ptesCleared", "page.hugeCleared"),
  events("TLB flushes", "tlb.singleFlushes", "tlb.fullFlushes"),
  events("TLB misses", "tlb.misses"),
];

const PREDICTED: readonly Row[] = [
  fact("  ns per operation", ({ predicted }) => number(predicted.ns)),
  fact("  band of each", ({ predicted }) => `± ${number(predicted.relativeError * 100)} %`),
];

function fact(title: string, cell: (run: WhatIfRun) => string, optional = false): Row {
  return { title, optional, cell };
}

function events(title: string, ...names: EventName[]): Row {
  const cell = ({ work }: WhatIfRun) =>
    number(names.reduce((sum, name) => sum + (work[name] ?? 0), 0));
  return { title: `  ${title}`, optional: true, cell };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The table. What differs from the first column with the driver is bold in the others. */
export function whatIfText(result: WhatIf, colors: Colors): string {
  const all = [result.recorded, ...result.runs];
  const head = (cells: string[], bold = false) =>
    lineOf("", cells, (text, i) => (bold && i > 0 ? colors.bold(text) : colors.dim(text)));
  const rows = (list: readonly Row[]) =>
    list
      .map((row) => ({ title: row.title, row, cells: all.map((run) => row.cell(run)) }))
      .filter(({ row, cells }) => !row.optional || cells.some((cell) => cell !== "0"))
      .map(({ title, cells }) =>
        lineOf(title, cells, (text, i) =>
          i > 1 && cells[i] !== cells[1] ? colors.bold(text) : text,
        ),
      );
  return [
    `${colors.bold(printable(result.file))}: ${integer(result.operations)} operations, touch ${result.touch}`,
    "",
    head(["as recorded", ...result.runs.map(() => "what if")]),
    head(
      all.map(({ driver }) => short(driver)),
      true,
    ),
    head(all.map(({ protocol }) => protocol)),
    ...rows(LAYOUT),
    colors.dim("work per operation"),
    ...rows(WORK),
    colors.dim("predicted for a real kernel"),
    ...PREDICTED.map(({ title, cell }) => lineOf(title, all.map(cell), (text) => text)),
    ...timeRows(result, colors),
    ...failures(result),
    "",
  ].join("\n");
}

/** A cell's colour goes around its text only: the padding is counted without it. */
function lineOf(title: string, cells: string[], paint: (text: string, i: number) => string) {
  const painted = cells.map((cell, i) => " ".repeat(COLUMN - cell.length) + paint(cell, i));
  return title.padEnd(LABEL) + painted.join("");
}

function short(text: string): string {
  return text.length < COLUMN ? text : `${text.slice(0, COLUMN - 3)}…`;
}

function timeRows({ recorded, runs, timeRatios }: WhatIf, colors: Colors): string[] {
  const times = [recorded, ...runs].map(({ time }) => time);
  if (times.some((time) => time === null)) return [];
  const plain = (text: string) => text;
  const ratio = (of: (one: WhatIf["timeRatios"][number]) => string) => [
    "",
    "1",
    ...timeRatios.map(of),
  ];
  const rows = [
    colors.dim("time of the model"),
    lineOf(
      "  ns per operation",
      times.map((time) => number(time?.median ?? 0)),
      plain,
    ),
  ];
  if (timeRatios.length === 0) return rows;
  return [
    ...rows,
    lineOf(
      `  against ${runs[0]?.protocol}`,
      ratio((one) => one.ratio.toFixed(3)),
      plain,
    ),
    lineOf(
      "  95 % interval",
      ["", "", ...timeRatios.map(({ low, high }) => `${low.toFixed(3)}–${high.toFixed(3)}`)],
      plain,
    ),
  ];
}

/** Which errors the driver's runs end in, and what that means for the answer. */
function failures({ runs }: WhatIf): string[] {
  const lines = runs.flatMap(({ protocol, failed }) => {
    const errors = Object.entries(failed).map(([name, times]) => `${integer(times)} ${name}`);
    return errors.length === 0 ? [] : [`failed under ${protocol}: ${errors.join(", ")}`];
  });
  if (runs.some(({ otherResults }) => otherResults > 0)) {
    lines.push(
      "Calls end otherwise than in the recording: from there on a real program might do other things.",
    );
  }
  return lines.length === 0 ? [] : ["", ...lines];
}
