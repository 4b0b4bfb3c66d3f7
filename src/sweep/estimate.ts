// How long a sweep would take, from a few of its jobs.

import { Random } from "../catalogue/random.js";
import { Executor } from "./execute.js";
import type { Jobs } from "./jobs.js";

/** Milliseconds after which no further job is sampled. */
const BUDGET = 3000;
const MOST = 200;

export interface TimeEstimate {
  scenarios: number;
  /** Of one core, mean over the scenarios sampled. */
  millisecondsPerScenario: number;
}

/** Runs one point of a few jobs drawn at random, after one to warm up; null when none of them has a scenario. */
export async function estimateTime(jobs: Jobs): Promise<TimeEstimate | null> {
  if (jobs.count === 0) return null;
  const random = new Random(1, "sweep estimate");
  const executor = new Executor(jobs.plan);
  const draw = () => {
    const { job, points } = jobs.at(Math.floor((random.next() / 2 ** 32) * jobs.count));
    return { job, points: points.slice(0, Math.max(1, Math.ceil(points.length / 4))) };
  };
  await executor.run(draw());
  const began = performance.now();
  let scenarios = 0;
  for (let i = 0; i < MOST && performance.now() - began < BUDGET; i++) {
    scenarios += (await executor.run(draw())).lines.length;
  }
  const elapsed = performance.now() - began;
  return scenarios > 0 ? { scenarios, millisecondsPerScenario: elapsed / scenarios } : null;
}
