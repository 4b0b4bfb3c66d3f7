// What collector and workers say to each other through Redis.
//
//   the queue (BullMQ)        jobs: which points of which sweep, for which core
//   KEY:SWEEP:plan            the sweep's plan, once
//   KEY:SWEEP:results         a list: what workers have done, until the collector has written it down
//
// A result is pushed before its job counts as done, and taken from the list after it is written: whoever dies in
// between leaves it there twice, never not at all. The log drops the second.

import { gunzipSync, gzipSync } from "node:zlib";
import type { JobResult } from "../execute.js";
import type { Job } from "../jobs.js";

export const DEFAULT_QUEUE = "vmabench";

/** A job as it stands in the queue. */
export interface QueuedJob extends Job {
  sweep: string;
  /** SHA-256 of the core that has to do it. */
  core: string;
}

/** A job's result on its way to the collector. */
export interface SentResult extends JobResult {
  /** Host and process, for the progress display only. */
  worker: string;
}

/** Jobs that lie in Redis at once, waiting or under way. */
export const WINDOW = 256;

/** Milliseconds: a worker that says nothing for so long is taken for dead, and how often that is looked for. */
export const LOCK = 6000;
export const STALLED_CHECK = 3000;
/** A job whose worker died more often has failed: it may be what kills them. */
export const DEATHS_MOST = 4;

/** Seconds that plan and results stay when nobody collects. */
export const KEPT = 14 * 24 * 3600;

export function keysOf(queue: string, sweep: string): { plan: string; results: string } {
  const key = `vmabench:${queue}:${sweep}`;
  return { plan: `${key}:plan`, results: `${key}:results` };
}

/** The same job has the same name: it is in the queue once. */
export function jobName(sweep: string, job: number): string {
  return `${sweep}-${job}`;
}

export function encodeResult(result: SentResult): Buffer {
  return gzipSync(JSON.stringify(result), { level: 1 });
}

export function decodeResult(bytes: Buffer): SentResult {
  return JSON.parse(gunzipSync(bytes).toString()) as SentResult;
}
