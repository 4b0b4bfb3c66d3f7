// A worker: takes jobs from a queue until it is told to stop.

import { hostname } from "node:os";
import { type Job as BullJob, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { MachineError } from "../../errors.js";
import { type SweepPlan, workCoreHash } from "../plan.js";
import { type Pool, startPool } from "../pool.js";
import { connect, withoutSecrets } from "./connection.js";
import {
  DEATHS_MOST,
  encodeResult,
  KEPT,
  keysOf,
  LOCK,
  type QueuedJob,
  STALLED_CHECK,
} from "./wire.js";

export interface WorkOptions {
  url: string;
  queue: string;
  /** Threads. */
  workers: number;
  /** Seconds without a job after which the worker ends; never when absent. */
  idle?: number | undefined;
  onDone: (scenarios: number) => void;
  say: (text: string) => void;
  /** Ends the worker after the jobs it has. */
  signal: AbortSignal;
}

/** Milliseconds until the first attempt to end an idle worker. */
const LOOK = 200;

/**
 * Works until `signal`, or until there was nothing to do for `idle` seconds. MachineError when there is no Redis to
 * use, or when a sweep needs another core than the one here: that job is back in the queue then.
 */
export async function work(options: WorkOptions): Promise<void> {
  const redis = await connect(options.url, options.say);
  const pool = startPool(options.workers);
  const bench = new Bench(redis, pool, options);
  const worker = new Worker<QueuedJob>(options.queue, (job, token) => bench.process(job, token), {
    connection: redis as never,
    concurrency: options.workers,
    lockDuration: LOCK,
    stalledInterval: STALLED_CHECK,
    maxStalledCount: DEATHS_MOST,
    drainDelay: 1,
  });
  let lastError = "";
  worker.on("error", (error) => {
    // the connection says what it says; BullMQ tells of jobs that another worker has taken over
    lastError = withoutSecrets(error.message, options.url);
    if (process.env.VMABENCH_DEBUG === "1") options.say(lastError);
  });
  try {
    await bench.ended();
  } finally {
    await worker.close();
    await pool.end();
    redis.disconnect();
  }
  if (bench.refused) throw new MachineError(bench.refused);
}

/** The jobs of one worker. */
class Bench {
  private readonly core = workCoreHash();
  private readonly name = `${hostname()}-${process.pid}`;
  private readonly plans = new Map<string, SweepPlan>();
  private running = 0;
  private lastJob = performance.now();
  /** Why this worker cannot go on. */
  refused: string | null = null;

  constructor(
    private readonly redis: Redis,
    private readonly pool: Pool,
    private readonly options: WorkOptions,
  ) {}

  async process(job: BullJob<QueuedJob>, token?: string): Promise<void> {
    const { sweep, core, ...rest } = job.data;
    if (core !== this.core) return this.refuse(job, token);
    this.running++;
    try {
      const plan = await this.planOf(sweep);
      const done = await this.pool.run(sweep, plan, rest);
      const { results } = keysOf(this.options.queue, sweep);
      await this.redis.rpush(results, encodeResult({ ...done, worker: this.name }));
      await this.redis.expire(results, KEPT);
      this.options.onDone(done.lines.length);
    } finally {
      this.running--;
      this.lastJob = performance.now();
    }
  }

  /** Another core might count otherwise: the job goes back for somebody else, and this worker ends. */
  private async refuse(job: BullJob<QueuedJob>, token?: string): Promise<never> {
    this.refused =
      `sweep "${job.name}" needs the core ${job.data.core.slice(0, 16)}, here it is ${this.core.slice(0, 16)}: ` +
      "its job is back in the queue; install the version of vmabench that the sweep was started with";
    await job.moveToWait(token);
    throw new WaitingError();
  }

  private async planOf(sweep: string): Promise<SweepPlan> {
    const known = this.plans.get(sweep);
    if (known) return known;
    const text = await this.redis.get(keysOf(this.options.queue, sweep).plan);
    if (text === null) throw new Error(`the plan of sweep ${sweep} is not in Redis`);
    // no file of this machine is opened because a queue says so
    const plan: SweepPlan = { ...(JSON.parse(text) as SweepPlan), workloadFiles: [] };
    this.plans.clear(); // one is enough: sweeps come one after the other
    this.plans.set(sweep, plan);
    return plan;
  }

  /** Resolves when there is a reason to end. */
  async ended(): Promise<void> {
    const { signal, idle } = this.options;
    while (!signal.aborted && this.refused === null) {
      await new Promise((resolve) => setTimeout(resolve, LOOK));
      const quiet = this.running === 0 ? (performance.now() - this.lastJob) / 1000 : 0;
      if (idle !== undefined && quiet > idle) return;
    }
  }
}
