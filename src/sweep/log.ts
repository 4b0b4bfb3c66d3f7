// The log of a sweep under way, and the result made of it. A finished job is appended in one piece: its lines, then a
// mark. Whatever stops the sweep, everything before the last whole mark stands.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { UsageError } from "../errors.js";
import type { JobResult } from "./execute.js";

/** Ends a job's lines in the log. */
interface Mark {
  job: number;
  scenarios: number;
  failed: number;
}

const MARK = '{"job":';

/** Where a job's lines lie. */
interface Stretch {
  at: number;
  bytes: number;
}

export class Log {
  private readonly file: number;
  private readonly stretches = new Map<number, Stretch>();
  private end = 0;
  scenarios = 0;
  failed = 0;

  /** Opens a log, a new one where there is none. What was cut off in the middle is taken away. */
  constructor(readonly path: string) {
    try {
      this.file = openSync(path, "a+");
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${(error as Error).message}`);
    }
    this.recover();
  }

  /** Jobs done. */
  get jobs(): number {
    return this.stretches.size;
  }

  has(job: number): boolean {
    return this.stretches.has(job);
  }

  /** Appends a job's result. False for a job that is there already: nothing is written twice. */
  append({ job, lines, failed }: JobResult): boolean {
    if (this.has(job)) return false;
    const mark: Mark = { job, scenarios: lines.length, failed };
    const text = lines.map((line) => `${line}\n`).join("");
    const bytes = Buffer.byteLength(text);
    const block = Buffer.from(`${text}${JSON.stringify(mark)}\n`);
    for (let done = 0; done < block.length; ) done += writeSync(this.file, block, done);
    this.count(mark, { at: this.end, bytes });
    this.end += block.length;
    return true;
  }

  private count({ job, scenarios, failed }: Mark, stretch: Stretch): void {
    this.stretches.set(job, stretch);
    this.scenarios += scenarios;
    this.failed += failed;
  }

  private recover(): void {
    for (const { text, at, next } of linesOf(this.file)) {
      if (!text.startsWith(MARK)) continue;
      const mark = parsed(text);
      if (!mark) break;
      if (!this.has(mark.job)) this.count(mark, { at: this.end, bytes: at - this.end });
      this.end = next;
    }
    if (fstatSync(this.file).size > this.end) ftruncateSync(this.file, this.end);
  }

  /** Writes the lines of all jobs in the order of the jobs, aside and renamed. The log stays. */
  writeOrdered(path: string): void {
    const aside = `${path}.${process.pid}.new`;
    const to = openSync(aside, "w");
    try {
      const buffer = Buffer.alloc(1 << 20);
      for (const job of Float64Array.from(this.stretches.keys()).sort()) {
        let { at, bytes } = this.stretches.get(job) as Stretch;
        while (bytes > 0) {
          const count = readSync(this.file, buffer, 0, Math.min(bytes, buffer.length), at);
          if (count === 0) throw new Error(`${this.path}: cut off while it was read`);
          for (let done = 0; done < count; ) done += writeSync(to, buffer, done, count - done);
          at += count;
          bytes -= count;
        }
      }
      fsyncSync(to);
      renameSync(aside, path);
    } finally {
      closeSync(to);
      rmSync(aside, { force: true });
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

function parsed(text: string): Mark | null {
  try {
    return JSON.parse(text) as Mark;
  } catch {
    return null;
  }
}

interface Line {
  text: string;
  at: number;
  /** Where the line after it begins. */
  next: number;
}

/** The whole lines of a file, from its beginning; what follows the last line feed is none. */
export function* linesOf(file: number): Generator<Line> {
  const buffer = Buffer.alloc(1 << 20);
  let rest = Buffer.alloc(0);
  let at = 0;
  for (let place = 0; ; ) {
    const count = readSync(file, buffer, 0, buffer.length, place);
    if (count === 0) return;
    place += count;
    const bytes = Buffer.concat([rest, buffer.subarray(0, count)]);
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      const next = at + to + 1 - from;
      yield { text: bytes.toString("utf8", from, to), at, next };
      at = next;
      from = to + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
  }
}
