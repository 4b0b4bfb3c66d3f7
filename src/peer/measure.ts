// The model and the kernel's own code, or two kernel trees, on the same operations in the same moments: in every
// round each contender executes one stretch once, in an order drawn anew, and what is compared is the ratio
// inside the round. A sitting is so many rounds of the same processes. Where a process happens to have its memory
// makes up to 5 % of its speed for as long as it lives, so there are several sittings, and their spread is the
// uncertainty.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../catalogue/random.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { latinSquare } from "../measure/pairs.js";
import { cut } from "../measure/stage.js";
import {
  type Contender,
  modelContender,
  nativeContender,
  PEER_HOOKS,
  type PeerHook,
  type Side,
} from "./contender.js";
import { operationText, withoutPages } from "./operations.js";
import type { PeerGroup } from "./plan.js";

export interface MeasureOptions {
  /** Program built with the tree that times are divided by. */
  base: string;
  /** Program built with another tree; null: the model is compared. */
  other: string | null;
  /** Rounds in all sittings together; every sitting has at least one pass. */
  rounds: number;
  seed: number;
  /** For operation files. */
  folder: string;
}

export interface GroupTimes {
  group: PeerGroup;
  operations: number;
  /** Accesses to memory left out: neither side has pages. */
  dropped: number;
  rounds: number;
  /** Nanoseconds per operation in every round of every sitting. */
  sittings: SittingTimes[];
  /** The first difference of results or final layouts; null where there is none. */
  difference: string | null;
}

export type SittingTimes = Record<PeerHook, Record<Side, Float64Array>>;

/** So many that the range of their medians is an interval of more than 95 %. */
const SITTINGS = 6;
/** Length of a stretch: whoever has its turn finds the caches full of the others' data at first. */
const STRETCH_NANOSECONDS = 3e6;

/** Times one group. PeerFailed when a tree's code ends on its own. */
export async function timeGroup(group: PeerGroup, options: MeasureOptions): Promise<GroupTimes> {
  const { built, dropped } = withoutPages(await group.workload.build(options.seed));
  const operations = built.operations.length;
  const sittings: SittingTimes[] = [];
  let difference: string | null = null;
  let marks: number[] | null = null;
  for (let sitting = 0; sitting < SITTINGS; sitting++) {
    const contenders: Contender[] = [];
    try {
      await startAll(contenders, group, built, options);
      const first = await firstPass(contenders, operations);
      difference ??= first.difference;
      marks ??= cut(operations, STRETCH_NANOSECONDS / first.slowest);
      const random = new Random(options.seed, `peer ${sitting}`);
      sittings.push(await timeRounds(contenders, marks, random, options.rounds / SITTINGS));
    } finally {
      for (const contender of contenders) contender.stop();
    }
  }
  const rounds = sittings.reduce((sum, { mmap }) => sum + mmap.base.length, 0);
  return { group, operations, dropped, rounds, sittings, difference };
}

async function startAll(
  contenders: Contender[],
  group: PeerGroup,
  built: BuiltWorkload,
  { base, other, folder }: MeasureOptions,
): Promise<void> {
  const path = join(folder, "operations.ops");
  writeFileSync(path, operationText(built, group.workload.id));
  for (const hook of PEER_HOOKS) {
    contenders.push(await nativeContender(group, path, hook, base, "base"));
    contenders.push(
      other === null
        ? modelContender(group, built, hook)
        : await nativeContender(group, path, hook, other, "other"),
    );
  }
}

/** A pass of each, which also warms them: what they answer and leave behind, and nanoseconds of the slowest. */
async function firstPass(
  contenders: readonly Contender[],
  operations: number,
): Promise<{ difference: string | null; slowest: number }> {
  let difference: string | null = null;
  let slowest = 1;
  for (const hook of PEER_HOOKS) {
    const outcomes = [];
    for (const contender of contenders.filter((c) => c.hook === hook)) {
      for (let pass = 0; pass < 3; pass++) {
        await contender.rewind();
        slowest = Math.max(slowest, (await contender.time(0, operations)) / operations);
      }
      outcomes.push({ contender, ...(await contender.outcome()) });
    }
    const [a, b] = outcomes as [(typeof outcomes)[0], (typeof outcomes)[0]];
    const line = a.layout.findIndex((text, i) => text !== b.layout[i]);
    if (line >= 0 || a.layout.length !== b.layout.length) {
      const at = line >= 0 ? line : a.layout.length;
      difference ??=
        `${hook}: VMA ${at + 1} is "${a.layout[at] ?? "not there"}" in ${a.contender.name}, ` +
        `"${b.layout[at] ?? "not there"}" in ${b.contender.name}`;
    } else if (a.checksum !== b.checksum) {
      difference ??= `${hook}: the layouts are the same, but calls have answered differently`;
    }
  }
  return { difference, slowest };
}

async function timeRounds(
  contenders: readonly Contender[],
  marks: readonly number[],
  random: Random,
  rounds: number,
): Promise<SittingTimes> {
  const times: number[][] = contenders.map(() => []);
  const stretches = marks.length - 1;
  let orders: number[][] = [];
  // whole passes: every stretch of the workload weighs the same
  for (let round = 0; round < rounds || round % stretches !== 0; round++) {
    const stretch = round % stretches;
    if (stretch === 0) for (const contender of contenders) await contender.rewind();
    if (orders.length === 0) orders = latinSquare(contenders.length, random);
    const first = marks[stretch] as number;
    const count = (marks[stretch + 1] as number) - first;
    for (const i of orders.pop() as number[]) {
      times[i]?.push((await (contenders[i] as Contender).time(first, count)) / count);
    }
  }
  const of = (hook: PeerHook, side: Side) =>
    Float64Array.from(times[contenders.findIndex((c) => c.hook === hook && c.side === side)] ?? []);
  const both = (hook: PeerHook) => ({ base: of(hook, "base"), other: of(hook, "other") });
  return { mmap: both("mmap"), mmap_prepare: both("mmap_prepare") };
}
