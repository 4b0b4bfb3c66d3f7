// Variants of one scenario, timed in rounds: each round executes one stretch of the operations once on every
// variant. Their order comes from random Latin squares, so that in every few rounds each variant has stood at
// each place equally often: going first costs something.

import type { Random } from "../catalogue/random.js";
import { batchOf, settle } from "./alone.js";
import { cut, type Stage } from "./stage.js";

/** Operations of an epoch, from the speed of one variant: other counts for each would bias the ratio. */
export function calibrate(stage: Stage): number {
  return batchOf(stage, settle(stage));
}

/** Passes before anything is timed. The code is final from its first call under --no-liftoff; caches are not. */
const WARM_PASSES = 2;

/** For each variant, nanoseconds of each of `rounds` epochs of about `perBatch` operations, in order. */
export function timeVariants(
  stages: readonly Stage[],
  random: Random,
  perBatch: number,
  rounds: number,
): number[][] {
  const first = stages[0]!;
  const marks = cut(first.operations, perBatch);
  const batches = marks.length - 1;
  const anyOrder = () => random.shuffle([...stages]);
  for (const stage of anyOrder()) {
    for (let pass = 0; pass < WARM_PASSES; pass++) {
      stage.rewind();
      stage.time(0, stage.operations);
    }
  }
  const times: number[][] = stages.map(() => []);
  let orders: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const batch = round % batches;
    // whoever is rewound last finds its memory in the caches
    if (batch === 0) for (const stage of anyOrder()) stage.rewind();
    if (orders.length === 0) orders = latinSquare(stages.length, random);
    const from = marks[batch]!;
    const count = marks[batch + 1]! - from;
    for (const variant of orders.pop()!) {
      times[variant]!.push(Math.round(stages[variant]!.time(from, count) * 1e6));
    }
  }
  return times;
}

/** Orders of `n` variants in which each stands at each place once; two variants give AB, BA or BA, AB. */
export function latinSquare(n: number, random: Random): number[][] {
  const names = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const places = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const turn = random.below(2) === 0 ? 1 : n - 1; // the square, or its mirror image
  return places.map((row) => names.map((_, column) => names[(row + turn * column) % n]!));
}
