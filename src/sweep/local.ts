// A sweep on this machine alone.

import type { Jobs } from "./jobs.js";
import type { Log } from "./log.js";
import { planId } from "./plan.js";
import { startPool } from "./pool.js";

export interface Done {
  /** Who did it: a thread's number, or a name. */
  worker: string;
  scenarios: number;
  failed: number;
}

/** Jobs under way at once, for each worker: one runs, one waits. */
const AHEAD = 2;

/** Runs the jobs that the log has not, in so many threads. No more are handed out than the threads need. */
export async function runLocal(
  jobs: Jobs,
  log: Log,
  workers: number,
  onDone: (done: Done) => void,
): Promise<void> {
  const sweep = planId(jobs.plan);
  const pool = startPool(workers);
  const running = new Set<Promise<void>>();
  const start = async (number: number) => {
    const { worker, ...result } = await pool.run(sweep, jobs.plan, jobs.at(number));
    log.append(result);
    onDone({ worker: String(worker), scenarios: result.lines.length, failed: result.failed });
  };
  try {
    for (let job = 0; job < jobs.count; job++) {
      if (log.has(job)) continue;
      const promise = start(job).finally(() => running.delete(promise));
      running.add(promise);
      if (running.size >= AHEAD * workers) await Promise.race(running);
    }
    await Promise.all(running);
  } finally {
    await pool.end(); // also when the log cannot be written
  }
}
