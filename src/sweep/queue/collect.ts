// The collector: puts a sweep's jobs into the queue, few at a time, and writes down what workers have done.

import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Jobs } from "../jobs.js";
import type { Done } from "../local.js";
import type { Log } from "../log.js";
import { planId } from "../plan.js";
import { failedJob } from "../pool.js";
import { connect } from "./connection.js";
import {
  decodeResult,
  jobName,
  KEPT,
  keysOf,
  type QueuedJob,
  type SentResult,
  WINDOW,
} from "./wire.js";

/** Milliseconds between looks at the results when there were none. */
const PAUSE = 40;
/** Milliseconds after which what is not done is put into the queue again; what is there still stays one. */
const RECONCILE = 3000;
/** Results taken at once. */
const TAKEN = 64;
/** Milliseconds without a result after which the user is told that nobody works. */
const SILENCE = 30_000;

export interface CollectOptions {
  url: string;
  queue: string;
  onDone: (done: Done) => void;
  say: (text: string) => void;
}

/** Has a sweep's missing jobs done by the workers of a queue. MachineError when there is no Redis to use. */
export async function collect(jobs: Jobs, log: Log, options: CollectOptions): Promise<void> {
  const redis = await connect(options.url, options.say);
  const queue = new Queue<QueuedJob>(options.queue, {
    connection: redis as never,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: false },
    streams: { events: { maxLen: 100 } }, // nobody reads them
  });
  queue.on("error", () => {}); // the connection says it
  try {
    await new Collector(jobs, log, redis, queue, options).run();
  } finally {
    await queue.close();
    redis.disconnect();
  }
}

class Collector {
  private readonly sweep: string;
  private readonly keys: { plan: string; results: string };
  /** Jobs in the queue, and how often each has failed there. */
  private readonly outstanding = new Map<number, number>();
  private next = 0;

  constructor(
    private readonly jobs: Jobs,
    private readonly log: Log,
    private readonly redis: Redis,
    private readonly queue: Queue<QueuedJob>,
    private readonly options: CollectOptions,
  ) {
    this.sweep = planId(jobs.plan);
    this.keys = keysOf(options.queue, this.sweep);
  }

  async run(): Promise<void> {
    await this.sendPlan();
    let reconciled = performance.now();
    let heard = reconciled;
    while (this.log.jobs < this.jobs.count) {
      await this.fill();
      const now = performance.now();
      if ((await this.take()) > 0) {
        heard = now;
        continue;
      }
      if (now - reconciled > RECONCILE) {
        await this.reconcile();
        reconciled = now;
      }
      if (now - heard > SILENCE) {
        this.options.say(
          "no result for half a minute; is there a worker (vmabench worker --queue)?",
        );
        heard = now;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    await this.redis.del(this.keys.plan, this.keys.results);
  }

  private async sendPlan(): Promise<void> {
    await this.redis.set(this.keys.plan, JSON.stringify(this.jobs.plan), "EX", KEPT);
  }

  /** Keeps the queue filled, and never longer than the window. */
  private async fill(): Promise<void> {
    if (this.outstanding.size > WINDOW / 2) return;
    const fresh: number[] = [];
    while (this.outstanding.size < WINDOW && this.next < this.jobs.count) {
      const job = this.next++;
      if (this.log.has(job)) continue;
      this.outstanding.set(job, 0);
      fresh.push(job);
    }
    await this.enqueue(fresh);
  }

  private async enqueue(numbers: readonly number[]): Promise<void> {
    if (numbers.length === 0) return;
    const { core } = this.jobs.plan;
    await this.queue.addBulk(
      numbers.map((number) => ({
        name: this.jobs.plan.sweep,
        data: { sweep: this.sweep, core, ...this.jobs.at(number) },
        opts: { jobId: jobName(this.sweep, number) },
      })),
    );
  }

  /** Writes down results, and only then takes them from Redis. How many there were. */
  private async take(): Promise<number> {
    const sent = await this.redis.lrangeBuffer(this.keys.results, 0, TAKEN - 1);
    for (const bytes of sent) this.write(decodeResult(bytes));
    if (sent.length > 0) await this.redis.ltrim(this.keys.results, sent.length, -1);
    return sent.length;
  }

  private write({ worker, ...result }: SentResult): void {
    this.outstanding.delete(result.job);
    if (!this.log.append(result)) return;
    this.options.onDone({ worker, scenarios: result.lines.length, failed: result.failed });
  }

  /** Puts back what Redis has forgotten: it may have lost its last second when it was restarted. */
  private async reconcile(): Promise<void> {
    await this.sendPlan();
    await this.giveUp();
    const missing = await this.missing();
    // a job that is gone because it is done has left its result before
    while ((await this.take()) > 0);
    await this.enqueue(missing.filter((job) => this.outstanding.has(job)));
  }

  /** Jobs that should be in the queue and are not. */
  private async missing(): Promise<number[]> {
    const numbers = [...this.outstanding.keys()];
    const asked = this.redis.pipeline();
    for (const job of numbers) asked.exists(this.queue.toKey(jobName(this.sweep, job)));
    const answers = (await asked.exec()) ?? [];
    return numbers.filter((_, i) => answers[i]?.[1] === 0);
  }

  /** Jobs that failed in the queue, not in a scenario: their workers died, or could not begin. */
  private async giveUp(): Promise<void> {
    for (const failed of await this.queue.getFailed(0, WINDOW)) {
      if (!failed || failed.data.sweep !== this.sweep) continue;
      const { job } = failed.data;
      const times = (this.outstanding.get(job) ?? 0) + 1;
      await failed.remove();
      if (!this.outstanding.has(job)) continue;
      this.outstanding.set(job, times);
      if (times <= this.jobs.plan.retries) continue;
      const reason = failed.failedReason || "no reason given";
      this.write({ ...failedJob(this.jobs.plan, this.jobs.at(job), reason), worker: "none" });
    }
  }
}
