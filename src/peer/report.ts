// What a run found: ratios with their intervals, as a document and as text.

import Table from "cli-table3";
import { driverText } from "../catalogue/drivers.js";
import { workloadText } from "../catalogue/workloads.js";
import { type Ratio, ratioOf } from "../judge/verdict.js";
import { logRatios } from "../measure/rounds.js";
import { printable } from "../printable.js";
import type { Colors } from "../render/colors.js";
import { interval, number } from "../render/format.js";
import { median, medianInterval } from "../stats/median.js";
import { PEER_HOOKS, type PeerHook, type Side } from "./contender.js";
import type { GroupTimes, SittingTimes } from "./measure.js";
import type { KernelTree } from "./tree.js";

export interface TimeOf {
  median: number;
  low: number;
  high: number;
}

export interface GroupRecord {
  workload: string;
  driver: string;
  operations: number;
  droppedAccesses: number;
  rounds: number;
  /** Nanoseconds per operation, `base` the kernel's code, `other` the model or the other tree. */
  times: Record<PeerHook, Record<Side, TimeOf>>;
  /** other / base */
  ratio: Record<PeerHook, Ratio>;
  /** .mmap / .mmap_prepare on each side */
  hookRatio: Record<Side, Ratio>;
  /** Results and final layout are the same on both sides; else the first difference. */
  difference: string | null;
}

export interface PeerReport {
  kernel: KernelTree;
  /** Null: the model was compared. */
  against: KernelTree | null;
  compiler: string;
  flags: readonly string[];
  /** The CPU that everything was timed on; null: wherever the machine put it. */
  cpu: number | null;
  groups: GroupRecord[];
  summary: { medianRatio: number; highestRatio: number; differences: number };
}

/** The record of one group. Medians of sittings, and the interval that their spread gives. */
export function groupRecord({ group, sittings, ...rest }: GroupTimes): GroupRecord {
  const time = (pick: Pick): TimeOf => {
    const { median: middle, low, high } = medianInterval(sittings.map((s) => median(pick(s))));
    return { median: middle, low, high };
  };
  const ratio = (over: Pick, under: Pick): Ratio =>
    ratioOf(Float64Array.from(sittings, (s) => median(logRatios(under(s), over(s)))));
  const of =
    (hook: PeerHook, side: Side): Pick =>
    (sitting) =>
      sitting[hook][side];
  const both = <T>(make: (hook: PeerHook) => T) => ({
    mmap: make("mmap"),
    mmap_prepare: make("mmap_prepare"),
  });
  return {
    workload: workloadText(group.workload),
    driver: driverText(group.driver),
    operations: rest.operations,
    droppedAccesses: rest.dropped,
    rounds: rest.rounds,
    times: both((hook) => ({ base: time(of(hook, "base")), other: time(of(hook, "other")) })),
    ratio: both((hook) => ratio(of(hook, "other"), of(hook, "base"))),
    hookRatio: {
      base: ratio(of("mmap", "base"), of("mmap_prepare", "base")),
      other: ratio(of("mmap", "other"), of("mmap_prepare", "other")),
    },
    difference: rest.difference,
  };
}

type Pick = (sitting: SittingTimes) => Float64Array;

/** Over all groups and hooks. */
export function summaryOf(groups: readonly GroupRecord[]): PeerReport["summary"] {
  const ratios = groups.flatMap(({ ratio }) => PEER_HOOKS.map((hook) => ratio[hook].ratio));
  return {
    medianRatio: median(ratios),
    highestRatio: Math.max(...ratios),
    differences: groups.filter(({ difference }) => difference !== null).length,
  };
}

/** For a terminal: a line a workload and hook. */
export function peerText(report: PeerReport, colors: Colors): string {
  const { kernel, against, compiler, flags, groups, summary } = report;
  const [base, other] = against ? [nameOf(kernel), nameOf(against)] : ["kernel's code", "model"];
  const head = [
    "",
    "hook",
    `${base}, ns`,
    `${other}, ns`,
    `${other} / ${base}`,
    `.mmap / .mmap_prepare`,
  ];
  const table = newTable(head, colors);
  let driver = "";
  for (const group of groups) {
    if (group.driver !== driver) {
      driver = group.driver;
      table.push([{ content: colors.bold(driver), colSpan: head.length }]);
    }
    table.push(...rows(group));
  }
  const what = against
    ? `${other} (${printable(against.path)}) against ${base} (${printable(kernel.path)})`
    : `the model against mm/vma.c and lib/maple_tree.c of ${nameOf(kernel)}`;
  const lines = [
    colors.bold(
      `${what}: median ratio ${summary.medianRatio.toFixed(3)}, highest ${summary.highestRatio.toFixed(3)}`,
    ),
    "",
    table.toString(),
    colors.dim(
      `ratios of paired rounds, medians of six sittings with their range; ${printable(compiler)}, ${flags[0]}`,
    ),
  ];
  if (groups.some((group) => group.droppedAccesses > 0)) {
    lines.push(
      colors.dim(
        "accesses to memory are left out on both sides: the kernel's VMA code has no pages",
      ),
    );
  }
  const differing = groups.filter((group) => group.difference !== null);
  lines.push(
    differing.length === 0
      ? "results and final layouts: the same everywhere"
      : "results or final layouts differ:",
    ...differing.map(
      (group) => `  ${printable(`${group.workload}/${group.driver}: ${group.difference}`)}`,
    ),
  );
  return `${lines.join("\n").replace(/ +$/gm, "")}\n`;
}

function nameOf({ version, path }: KernelTree): string {
  return version ?? path;
}

function rows(group: GroupRecord): string[][] {
  const ratios = `${group.hookRatio.other.ratio.toFixed(3)} / ${group.hookRatio.base.ratio.toFixed(3)}`;
  return PEER_HOOKS.map((hook, i) => [
    i === 0 ? `  ${group.workload}` : "",
    `.${hook}`,
    number(group.times[hook].base.median),
    number(group.times[hook].other.median),
    interval(group.ratio[hook]),
    i === 0 ? ratios : "",
  ]);
}

function newTable(head: string[], colors: Colors): Table.Table {
  return new Table({
    head: head.map((text) => colors.dim(text)),
    colAligns: head.map((_, i) => (i < 2 ? "left" : "right")),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: Object.fromEntries(
      "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle"
        .split(" ")
        .map((name) => [name, ""]),
    ),
  });
}
