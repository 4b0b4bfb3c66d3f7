// Records for the runner as bytes, and what it wrote into them.

import type { Word } from "../core/operation.js";
import {
  DATA_SIZE,
  END,
  RECORD_ARGUMENTS,
  RECORD_EXPECTED,
  RECORD_SIZE,
  RECORD_TICKS,
  RECORD_VALUE,
  RECORDS_LIMIT,
} from "./code.js";

/** One thing to do: a system call, or what code.ts names. */
export interface Step {
  number: number | bigint;
  args: readonly Word[];
  /** Where a mmap must end up for what follows; absent or 0: anywhere. */
  expected?: number;
}

/** What came back, step by step. */
export interface Outcome {
  /** Addresses, counts or -errno. */
  values: Float64Array;
  /** Of the time-stamp counter; 0 where a step was not reached. */
  ticks: Float64Array;
  /** Steps begun and ended. */
  done: number;
  /** mmaps that the kernel placed elsewhere than expected: their ticks are those of the call with MAP_FIXED. */
  elsewhere: number[];
  /** The page of data, as the calls left it. */
  data: Buffer;
}

export const MOST_STEPS = Math.floor((RECORDS_LIMIT - DATA_SIZE) / RECORD_SIZE) - 1;
const TWO_32 = 2 ** 32;

/** The bytes of all steps, the end included, after a page of data. RangeError for more than MOST_STEPS. */
export function encodeSteps(steps: readonly Step[], data: Buffer = Buffer.alloc(0)): Buffer {
  if (steps.length > MOST_STEPS) throw new RangeError(`the runner takes ${MOST_STEPS} steps`);
  const bytes = Buffer.alloc(DATA_SIZE + (steps.length + 1) * RECORD_SIZE);
  data.copy(bytes);
  steps.forEach(({ number, args, expected = 0 }, i) => {
    const at = recordAt(i);
    setWord(bytes, at, number);
    args.forEach((word, k) => {
      setWord(bytes, at + RECORD_ARGUMENTS + 8 * k, word);
    });
    setWord(bytes, at + RECORD_EXPECTED, expected);
  });
  setWord(bytes, recordAt(steps.length), END);
  return bytes;
}

/** What the runner wrote into the bytes of `encodeSteps`. */
export function decodeOutcome(bytes: Buffer, steps: readonly Step[]): Outcome {
  const values = new Float64Array(steps.length);
  const ticks = new Float64Array(steps.length);
  const elsewhere: number[] = [];
  let done = 0;
  steps.forEach(({ expected = 0 }, i) => {
    const at = recordAt(i);
    values[i] = getWord(bytes, at + RECORD_VALUE);
    ticks[i] = getWord(bytes, at + RECORD_TICKS);
    if (ticks[i] === 0) return;
    done = i + 1;
    if (getWord(bytes, at + RECORD_EXPECTED) !== expected) elsewhere.push(i);
  });
  return { values, ticks, done, elsewhere, data: bytes.subarray(0, DATA_SIZE) };
}

const recordAt = (index: number) => DATA_SIZE + index * RECORD_SIZE;

function setWord(bytes: Buffer, at: number, word: Word): void {
  if (typeof word === "bigint") bytes.writeBigUInt64LE(BigInt.asUintN(64, word), at);
  else if (word < 0) bytes.writeBigInt64LE(BigInt(word), at);
  else {
    bytes.writeUInt32LE(word % TWO_32, at);
    bytes.writeUInt32LE(Math.floor(word / TWO_32), at + 4);
  }
}

function getWord(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readInt32LE(at + 4) * TWO_32;
}
