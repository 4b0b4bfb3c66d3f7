// The cores of this machine: threads that execute jobs.

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Tinypool } from "tinypool";
import { MachineError } from "../errors.js";
import { pointOf } from "./exclude.js";
import { failedLine, type JobResult } from "./execute.js";
import { gridOf } from "./grid.js";
import type { Job } from "./jobs.js";
import type { SweepPlan } from "./plan.js";
import type { Task, TaskResult } from "./thread.js";

export interface Pool {
  /** Executes a job. Whatever goes wrong with it is in its result; MachineError when there are no threads. */
  run(sweep: string, plan: SweepPlan, job: Job): Promise<TaskResult>;
  /** Ends the threads, also in the middle of a job. */
  end(): Promise<void>;
}

/** As many threads as this process may use processors. */
export function defaultWorkers(): number {
  return availableParallelism();
}

/** A pool of threads, each with a core of its own that stays warm. */
export function startPool(workers: number): Pool {
  const threads = new Tinypool({
    filename: threadFile().href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  const waiting = new Set<(reason: Error) => void>();
  // a thread has died without a job; those that die while they start are not replaced
  threads.on("error", ({ message }: Error) => {
    if (threads.threads.length > 0) return;
    for (const fail of waiting) fail(new MachineError(`no thread stays alive: ${message}`));
  });
  const runIn = (task: Task) =>
    new Promise<TaskResult>((resolve, reject) => {
      waiting.add(reject);
      threads
        .run(task)
        .then(resolve, reject)
        .finally(() => waiting.delete(reject));
    });
  return {
    async run(sweep, plan, job) {
      const task: Task = { sweep, plan, job };
      let reason = "";
      for (let attempt = 0; attempt <= plan.retries; attempt++) {
        try {
          return await runIn(task);
        } catch (error) {
          if (error instanceof MachineError) throw error;
          reason = (error as Error).message; // the thread is gone; the pool starts another
        }
      }
      return { ...failedJob(plan, job, `the worker ended: ${reason}`), worker: 0 };
    },
    end: () => threads.destroy(),
  };
}

/** A job of which every scenario failed alike. */
export function failedJob(plan: SweepPlan, { job, points }: Job, error: string): JobResult {
  const grid = gridOf(plan);
  const lines = points
    .map((number) => pointOf(plan, grid, number))
    .flatMap((point) => point.protocols.map((p) => failedLine(plan, point, p, error)));
  const texts = lines.map((line) => JSON.stringify(line));
  return { job, lines: texts, times: [], failed: lines.length };
}

/** The thread's code: compiled, also when the tests run from the sources. */
function threadFile(): URL {
  const beside = new URL("./thread.js", import.meta.url);
  return existsSync(beside) ? beside : new URL("../../dist/sweep/thread.js", import.meta.url);
}
