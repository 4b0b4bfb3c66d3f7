// Variants of one scenario, timed in rounds: each round executes one stretch of the operations once on every
// variant. Their order comes from random Latin squares, so that in every few rounds each variant has stood at
// each place equally often: going first costs something.

import type { Random } from "../catalogue/random.js";
import { batchOf, settle } from "./alone.js";
import { cut, type Stage } from "./stage.js";

export interface PairTimes {
  operationsPerBatch: number;
  /** For each variant, nanoseconds of every round's epoch, in order. */
  times: number[][];
}

/**
 * Times variants against each other for `rounds` rounds. All get the stretches that suit the first one: other
 * counts for each would bias the ratio.
 */
export function timeVariants(stages: readonly Stage[], random: Random, rounds: number): PairTimes {
  const settled = stages.map(settle);
  const first = stages[0]!;
  const marks = cut(first.operations, batchOf(first, settled[0]!));
  const batches = marks.length - 1;
  const times: number[][] = stages.map(() => []);
  let orders: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const batch = round % batches;
    if (batch === 0) for (const stage of stages) stage.rewind();
    if (orders.length === 0) orders = latinSquare(stages.length, random);
    const from = marks[batch]!;
    const count = marks[batch + 1]! - from;
    for (const variant of orders.pop()!) {
      times[variant]!.push(Math.round(stages[variant]!.time(from, count) * 1e6));
    }
  }
  return { times, operationsPerBatch: Math.round(first.operations / batches) };
}

/** Orders of `n` variants in which each stands at each place once; two variants give AB, BA or BA, AB. */
export function latinSquare(n: number, random: Random): number[][] {
  const names = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const places = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const turn = random.below(2) === 0 ? 1 : n - 1; // the square, or its mirror image
  return places.map((row) => names.map((_, column) => names[(row + turn * column) % n]!));
}
