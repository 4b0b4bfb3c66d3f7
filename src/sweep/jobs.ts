// Jobs: stretches of a sweep's points, numbered. The same plan always has the same jobs.

import { pointOf, type Tally, tally } from "./exclude.js";
import { type Grid, gridOf } from "./grid.js";
import type { SweepPlan } from "./plan.js";
import { samplePoints } from "./sample.js";

/** What a worker is given. */
export interface Job {
  job: number;
  /** Numbers of its points. */
  points: number[];
}

/** All of a sweep, nothing of it written out. */
export interface Jobs {
  plan: SweepPlan;
  grid: Grid;
  count: number;
  /** Scenarios to be run, and what is left out. */
  tally: Tally;
  at(job: number): Job;
}

/** The jobs of a plan whose files are known here. */
export function jobsOf(plan: SweepPlan): Jobs {
  const grid = gridOf(plan);
  const sampled = samplePoints(plan, grid);
  const perJob = Math.max(1, Math.floor(plan.batch / plan.protocols.length));
  const points = sampled?.length ?? grid.points;
  return {
    plan,
    grid,
    count: Math.ceil(points / perJob),
    tally: sampled ? tallyOfSample(plan, grid, sampled) : tally(plan, grid),
    at(job) {
      const first = job * perJob;
      const count = Math.min(perJob, points - first);
      const numbers = Array.from({ length: count }, (_, i) => sampled?.[first + i] ?? first + i);
      return { job, points: numbers };
    },
  };
}

/** A sample has nothing to leave out: only points that run are drawn. */
function tallyOfSample(plan: SweepPlan, grid: Grid, numbers: Float64Array): Tally {
  let scenarios = 0;
  for (const number of numbers) scenarios += pointOf(plan, grid, number).protocols.length;
  return { ...tally(plan, grid), scenarios };
}
