// The log of a sweep under way, and the results made of it. A finished job is appended in one piece: its lines, its
// times, then a mark. Whatever stops the sweep, everything before the last whole mark stands.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { MachineError } from "../errors.js";
import { cannotWrite, writeAside } from "../record/file.js";
import type { JobResult } from "./execute.js";

/** Ends a job's lines in the log. */
interface Mark {
  job: number;
  scenarios: number;
  failed: number;
  /** Bytes of its times, which follow its lines. */
  times: number;
}

const MARK = '{"job":';

/** Where a job's lines lie. */
interface Stretch {
  at: number;
  /** Of lines and times together. */
  bytes: number;
  times: number;
}

/** What of the jobs is written to a file: their scenarios, or their times. */
export type Part = "scenarios" | "times";

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
      throw cannotWrite(path, error);
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
  append({ job, lines, times, failed }: JobResult): boolean {
    if (this.has(job)) return false;
    const [text, timed] = [joined(lines), joined(times)];
    const mark = { job, scenarios: lines.length, failed, times: Buffer.byteLength(timed) };
    const block = Buffer.from(`${text}${timed}${JSON.stringify(mark)}\n`);
    try {
      for (let done = 0; done < block.length; ) done += writeSync(this.file, block, done);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    const bytes = Buffer.byteLength(text) + mark.times;
    this.count(mark, { at: this.end, bytes, times: mark.times });
    this.end += block.length;
    this.checkAlone();
    return true;
  }

  /** Two sweeps that write one log would not know where the other's lines lie. */
  private checkAlone(): void {
    if (fstatSync(this.file).size === this.end) return;
    throw new MachineError(
      `${this.path}: another process writes to it too; end one of both, then --resume`,
    );
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
      if (!this.has(mark.job)) {
        const { times } = mark;
        this.count(mark, { at: this.end, bytes: at - this.end, times });
      }
      this.end = next;
    }
    if (fstatSync(this.file).size > this.end) ftruncateSync(this.file, this.end);
  }

  /** Writes a part of all jobs in the order of the jobs, aside and renamed. The log stays. */
  writeOrdered(path: string, part: Part): void {
    this.checkAlone();
    try {
      writeAside(path, (aside) => this.copyOrdered(aside, part));
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  private copyOrdered(path: string, part: Part): void {
    const to = openSync(path, "wx");
    try {
      const buffer = Buffer.alloc(1 << 20);
      for (const job of Float64Array.from(this.stretches.keys()).sort()) {
        const stretch = this.stretches.get(job) as Stretch;
        const lines = stretch.bytes - stretch.times;
        let at = part === "scenarios" ? stretch.at : stretch.at + lines;
        let bytes = part === "scenarios" ? lines : stretch.times;
        while (bytes > 0) {
          const count = readSync(this.file, buffer, 0, Math.min(bytes, buffer.length), at);
          if (count === 0) throw new Error(`${this.path}: cut off while it was read`);
          for (let done = 0; done < count; ) done += writeSync(to, buffer, done, count - done);
          at += count;
          bytes -= count;
        }
      }
      fsyncSync(to);
    } finally {
      closeSync(to);
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
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
