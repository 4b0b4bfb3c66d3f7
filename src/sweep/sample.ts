// Some points of a grid instead of all: at random, or as a Latin hypercube. The same seed, the same points.

import { Random } from "../catalogue/random.js";
import { pointOf } from "./exclude.js";
import type { Block, Grid } from "./grid.js";
import type { SweepPlan } from "./plan.js";

/** Draws for each point wanted, before it is taken that there are no more. */
const DRAWS = 50;
/** A sample of a larger part of the grid than one in so many is drawn from a list of all points. */
const PART = 8;

/** Numbers of the points to run in ascending order; null for all. Points without a scenario are never among them. */
export function samplePoints(plan: SweepPlan, grid: Grid): Float64Array | null {
  const { sample } = plan;
  if (!sample) return null;
  const drawn =
    sample.random === undefined
      ? latinHypercube(plan, grid, sample["latin-hypercube"] as number, sample.seed)
      : atRandom(plan, grid, sample.random, sample.seed);
  return Float64Array.from(drawn).sort();
}

/** Whether anything of a point is run. */
function runs(plan: SweepPlan, grid: Grid, number: number): boolean {
  return pointOf(plan, grid, number).protocols.length > 0;
}

/** So many different points, each as likely as any other; fewer where the grid has no more. */
function atRandom(plan: SweepPlan, grid: Grid, wanted: number, seed: number): Set<number> {
  const random = new Random(seed, "sweep sample");
  if (grid.points <= PART * wanted)
    return new Set(random.shuffle(all(plan, grid)).slice(0, wanted));
  const found = new Set<number>();
  for (let draw = 0; found.size < wanted && draw < wanted * DRAWS; draw++) {
    const number = below(random, grid.points);
    if (!found.has(number) && runs(plan, grid, number)) found.add(number);
  }
  if (found.size === wanted) return found;
  // little of the grid is left: it is looked for
  for (let number = 0; found.size < wanted && number < grid.points; number++) {
    if (runs(plan, grid, number)) found.add(number);
  }
  return found;
}

/** Every point that runs. */
function all(plan: SweepPlan, grid: Grid): number[] {
  const numbers: number[] = [];
  for (let number = 0; number < grid.points; number++) {
    if (runs(plan, grid, number)) numbers.push(number);
  }
  return numbers;
}

/** A uniform integer in [0, limit), also beyond 2^32. */
function below(random: Random, limit: number): number {
  return limit <= 2 ** 32 ? random.below(limit) : Math.floor(fraction(random) * limit);
}

/** A uniform number in [0, 1) of 53 bits. */
function fraction(random: Random): number {
  return ((random.next() >>> 5) * 2 ** 26 + (random.next() >>> 6)) / 2 ** 53;
}

/**
 * So many draws, in which every axis is cut into as many equal strata and each stratum is drawn once (McKay,
 * Beckman, Conover 1979). Draws that fall on the same point, or on one that is left out, count once or not at all.
 */
function latinHypercube(plan: SweepPlan, grid: Grid, draws: number, seed: number): Set<number> {
  const strata = new Map<string, Uint32Array>();
  const random = new Random(seed, "sweep strata");
  const names = [
    "block",
    ...new Set(grid.blocks.flatMap(({ parameters }) => parameters.map(({ name }) => name))),
    "seed",
    "tlb",
    "driver",
  ];
  for (const name of names) {
    const order = Uint32Array.from({ length: draws }, (_, i) => i);
    for (let i = draws - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    strata.set(name, order);
  }
  const found = new Set<number>();
  for (let draw = 0; draw < draws; draw++) {
    const places = new Map<string, number>();
    for (const [name, order] of strata) {
      places.set(name, ((order[draw] as number) + fraction(random)) / draws);
    }
    const digit = (name: string, length: number) =>
      Math.min(length - 1, Math.floor((places.get(name) as number) * length));
    const block = grid.blocks[digit("block", grid.blocks.length)] as Block;
    const number = pointAt(block, digit);
    if (!found.has(number) && runs(plan, grid, number)) found.add(number);
  }
  return found;
}

/** The number of the point with these digits (src/sweep/grid.ts has their order). */
function pointAt(block: Block, digit: (name: string, length: number) => number): number {
  const { parameters, seeds, tlbs, variants, first } = block;
  let number = 0;
  for (const { name, length } of parameters) number = number * length + digit(name, length);
  number = number * seeds.length + digit("seed", seeds.length);
  number = number * tlbs.length + digit("tlb", tlbs.length);
  return first + number * variants.length + digit("driver", variants.length);
}
