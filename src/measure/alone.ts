// One scenario by itself, through tinybench: warm-up, calibration, and the time of scenarios that have
// nothing to be compared with. tinybench runs its tasks one after the other, so a difference between two
// of these times proves little on a busy machine; comparisons are the business of rounds.ts.

import { Bench } from "tinybench";
import { type MedianInterval, medianInterval } from "../stats/median.js";
import { clock } from "./machine.js";
import { cut, type Stage } from "./stage.js";

export interface AloneTime extends MedianInterval {
  /** Nanoseconds per operation of each batch, in order: tinybench keeps them sorted, and drift would not show. */
  samples: Float64Array;
  /** Batches timed. */
  rounds: number;
  operationsPerBatch: number;
}

/** Nanoseconds per operation over about `milliseconds` of batches of `perBatch` operations. */
export function timeAlone(stage: Stage, perBatch: number, milliseconds: number): AloneTime {
  const marks = cut(stage.operations, perBatch);
  const batches = marks.length - 1;
  let next = 0;
  const samples: number[] = [];
  // The loop is inside WebAssembly; tinybench gets what one operation took, and for its own budget what
  // the whole call cost, the rewind included.
  const batch = () => {
    const start = performance.now();
    if (next === 0) stage.rewind();
    const first = marks[next] as number;
    const count = (marks[next + 1] as number) - first;
    const elapsed = stage.time(first, count);
    next = (next + 1) % batches;
    samples.push((elapsed * 1e6) / count);
    return {
      overriddenDuration: elapsed / count,
      overriddenIterationCost: performance.now() - start,
    };
  };
  const bench = new Bench({
    time: milliseconds,
    iterations: 8,
    warmup: false,
    throws: true,
    now: () => performance.now(),
  });
  bench.add(stage.scenario.id, batch, { async: false });
  bench.runSync();
  const result = bench.tasks[0]?.result;
  if (result?.state !== "completed") throw new Error(`${stage.scenario.id} could not be timed`);
  return {
    ...medianInterval(samples),
    samples: Float64Array.from(samples),
    rounds: samples.length,
    operationsPerBatch: Math.round(stage.operations / batches),
  };
}

/** Length of an epoch: short enough to fall between two pre-emptions, and so many ticks of the clock at least. */
const EPOCH_MILLISECONDS = 0.07;
const EPOCH_TICKS = 2000;
let epoch: number | null = null;

/** Milliseconds of an epoch on this machine: 0.07 unless its clock is coarse. */
function epochMilliseconds(): number {
  epoch ??= Math.max(EPOCH_MILLISECONDS, EPOCH_TICKS * clock().tick * 1e-6);
  return epoch;
}

const SETTLED = 0.95;
const MOST_BLOCKS = 20;
const BLOCK_MILLISECONDS = 8;

/**
 * Warms a scenario with many short calls until a block of them is no more than 5 % faster than the one
 * before (at most 20 blocks): V8 replaces a function's first code only between calls, and nobody knows
 * after how many. Returns nanoseconds per operation of the last block.
 */
export function settle(stage: Stage): number {
  let perBatch = stage.scenario.workload.shape === "whole" ? stage.operations : 64;
  let before = Number.POSITIVE_INFINITY;
  for (let block = 0; block < MOST_BLOCKS; block++) {
    const now = timeAlone(stage, perBatch, BLOCK_MILLISECONDS).median;
    if (now > before * SETTLED) return now;
    before = now;
    perBatch = batchOf(stage, now);
  }
  return before;
}

/** Operations in a batch of one epoch, given nanoseconds per operation. */
export function batchOf(stage: Stage, nanoseconds: number): number {
  if (stage.scenario.workload.shape === "whole") return stage.operations;
  const fitting = Math.round((epochMilliseconds() * 1e6) / Math.max(nanoseconds, 0.1));
  return Math.min(stage.operations, Math.max(16, fitting));
}
