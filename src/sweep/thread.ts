// A worker thread: one warm core. Started by src/sweep/pool.ts.

import { workerId } from "tinypool";
import { Executor, type JobResult } from "./execute.js";
import type { Job } from "./jobs.js";
import { enterPlan, type SweepPlan } from "./plan.js";

export interface Task {
  /** Stands for the plan: the same id, the same plan. */
  sweep: string;
  plan: SweepPlan;
  job: Job;
}

export interface TaskResult extends JobResult {
  /** The thread's number, from 1. */
  worker: number;
}

let current: { sweep: string; executor: Executor } | null = null;

export default async function execute({ sweep, plan, job }: Task): Promise<TaskResult> {
  if (current?.sweep !== sweep) {
    enterPlan(plan);
    current = { sweep, executor: new Executor(plan) };
  }
  return { ...(await current.executor.run(job)), worker: workerId ?? 1 };
}
