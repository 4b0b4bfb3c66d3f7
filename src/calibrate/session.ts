// Microbenchmarks on the kernel: those that share the number of other VMAs, one after the other in one process.

import type { Random } from "../catalogue/random.js";
import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import { MachineError } from "../errors.js";
import { NUMBERS, stepOf } from "../runner/calls.js";
import { DATA_AT, NOTHING } from "../runner/code.js";
import type { Step } from "../runner/records.js";
import { DEFAULT_BRK } from "../runner/runner.js";
import { median } from "../stats/median.js";
import { type Action, isDisturbing, PAGE, unmap, WINDOW, WINDOW_SIZE } from "./bench.js";
import { type Machine, runOptions } from "./machine.js";
import { type Modelled, otherVmas } from "./model.js";

/** What one process measured. Nanoseconds of one timed action, the measuring taken off. */
export interface Measured {
  /** By observation, over the bodies of the process. */
  times: Map<string, number>;
  /** Answers that were not the model's: by benchmark, the first in words. */
  differences: Map<string, string>;
  /** A system call that does nothing, the reading of the counter taken off. */
  nullCall: number;
  /** Reading the counter. */
  reading: number;
}

/** A body longer than this is seldom left alone by other processes: then the shortest counts. Nanoseconds. */
const UNDISTURBED = 300_000;
const RLIMIT_AS = 9;
const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** Name of an observation. */
export function observationId({ bench }: Modelled, as: string): string {
  return `${bench.id} @${bench.others}: ${as}`;
}

/** What a step belongs to: a timed action of a body. */
interface Mark {
  step: number;
  modelled: Modelled;
  /** Which of its episodes. */
  turn: number;
  /** Index of the action in the body. */
  action: number;
}

/**
 * Runs benchmarks in a fresh process. Their episodes come in a random order: a loop over one call would find every branch
 * predicted and every line in the nearest cache, as no program does. Those that disturb come last.
 */
export async function measureSession(
  machine: Machine,
  session: readonly Modelled[],
  random: Random,
): Promise<Measured> {
  const script = new Script();
  script.plain({ number: NUMBERS.socket, args: [AF_UNIX, SOCK_DGRAM, 0] });
  script.operations(otherVmas(session[0]?.bench.others ?? 0));
  const episodes = session.flatMap((modelled) =>
    Array.from({ length: modelled.bench.repeats }, (_, turn) => ({ modelled, turn })),
  );
  const order = random.shuffle(episodes);
  for (const last of [false, true]) {
    for (const { modelled, turn } of order) {
      if (isDisturbing(modelled.bench) === last) script.episode(modelled, turn);
    }
  }
  const run = await machine.runner(script.steps, runOptions(machine));
  if (run.signal !== null) {
    const mark = script.marks.find(({ step }) => step >= run.done);
    throw new MachineError(`the runner ended with ${run.signal} near ${mark?.modelled.bench.id}`);
  }
  const nanoseconds = run.ticks.map((ticks) => ticks * machine.nanosecondsPerTick);
  const timesAt = (after: number) =>
    script.trials.map((step) => nanoseconds[step + after] as number);
  const reading = median(timesAt(0));
  const nullCall = median(timesAt(1)) - reading;
  const overhead = { reading, call: reading + nullCall };
  return {
    times: timesOf(script.marks, nanoseconds, overhead),
    differences: differencesOf(script.marks, run.values),
    nullCall,
    reading,
  };
}

class Script {
  readonly steps: Step[] = [];
  readonly marks: Mark[] = [];
  /** Steps that read the counter and do nothing; a system call that does nothing follows each. */
  readonly trials: number[] = [];

  plain(...steps: Step[]): void {
    this.steps.push(...steps);
  }

  operations(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const step = stepOf(operation);
      if (step) this.plain(step);
    }
  }

  /** One body of a benchmark, what it needs before it, and everything as it was again. */
  episode(modelled: Modelled, turn: number): void {
    const { bench } = modelled;
    this.operations(bench.setup);
    if (bench.limitAs) this.limit(0);
    this.body(modelled, turn);
    if (bench.limitAs) this.limit(16);
    this.operations([unmap(WINDOW, WINDOW_SIZE / PAGE), { op: abi.OP_BRK, addr: DEFAULT_BRK }]);
    this.trials.push(this.steps.length);
    this.plain({ number: NOTHING, args: [] }, { number: NUMBERS.getppid, args: [] });
  }

  private body(modelled: Modelled, turn: number): void {
    modelled.body.forEach(({ operation, stride }, action) => {
      const step = stepOf(operation, stride);
      if (!step) throw new Error(`operation ${operation.op} is nothing for a benchmark`);
      this.marks.push({ step: this.steps.length, modelled, turn, action });
      this.plain(step);
      if (operation.op === abi.OP_FORK) this.plain({ number: NUMBERS.wait4, args: [-1n, 0, 0, 0] });
    });
  }

  /** Sets RLIMIT_AS from the page of data. */
  private limit(at: number): void {
    this.plain({ number: NUMBERS.prlimit, args: [0, RLIMIT_AS, DATA_AT + at, 0] });
  }
}

/** Median over bodies of the mean over the actions of an observation; of long bodies the shortest. */
function timesOf(
  marks: readonly Mark[],
  nanoseconds: Float64Array,
  overhead: { reading: number; call: number },
): Map<string, number> {
  const sums = new Map<string, { sum: number; times: number }[]>();
  for (const { step, modelled, turn, action } of marks) {
    const { as, operation } = modelled.body[action] as Action;
    if (as === null) continue;
    const id = observationId(modelled, as);
    const bodies = sums.get(id) ?? [];
    sums.set(id, bodies);
    bodies[turn] ??= { sum: 0, times: 0 };
    const entry = bodies[turn] as { sum: number; times: number };
    entry.sum += timeOf(operation, nanoseconds, step, overhead);
    entry.times++;
  }
  return new Map(
    [...sums].map(([id, bodies]) => {
      const means = bodies.map(({ sum, times }) => sum / times);
      const isLong = median(bodies.map(({ sum }) => sum)) > UNDISTURBED;
      return [id, isLong ? Math.min(...means) : median(means)];
    }),
  );
}

function timeOf(
  { op }: Operation,
  nanoseconds: Float64Array,
  step: number,
  { reading, call }: { reading: number; call: number },
): number {
  const time = nanoseconds[step] as number;
  if (op === abi.OP_TOUCH) return time - reading;
  if (op !== abi.OP_FORK) return time - call;
  return time + (nanoseconds[step + 1] as number) - 2 * call; // until the child is gone
}

function differencesOf(marks: readonly Mark[], values: Float64Array): Map<string, string> {
  const differences = new Map<string, string>();
  for (const { step, modelled, action } of marks) {
    const { op } = (modelled.body[action] as Action).operation;
    if (op === abi.OP_TOUCH || op === abi.OP_FORK) continue;
    const [kernel, model] = [values[step] as number, modelled.values[action] as number];
    const key = `${modelled.bench.id} @${modelled.bench.others}`;
    if (kernel === model || differences.has(key)) continue;
    differences.set(key, `operation ${action + 1} of the body: kernel ${kernel}, model ${model}`);
  }
  return differences;
}
