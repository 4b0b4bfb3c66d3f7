// What a model is fitted to and predicts from: the events that the core counts, and the calls that were made.

import * as abi from "../core/abi.js";
import type { FileRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";

/** How often each thing happened: events by their names, calls as below. */
export type Work = Record<string, number>;

/** Kinds of calls, by operation. A call that fails counts as `call` only. */
const KINDS: Readonly<Record<number, string>> = {
  [abi.OP_MMAP]: "call.mmap",
  [abi.OP_MUNMAP]: "call.munmap",
  [abi.OP_MPROTECT]: "call.mprotect",
  [abi.OP_MREMAP]: "call.mremap",
  [abi.OP_BRK]: "call.brk",
  [abi.OP_MADVISE]: "call.madvise",
  [abi.OP_MLOCK]: "call.mlock",
  [abi.OP_MUNLOCK]: "call.mlock",
  [abi.OP_MLOCKALL]: "call.mlock",
  [abi.OP_MUNLOCKALL]: "call.mlock",
  [abi.OP_FORK]: "call.fork",
  [abi.OP_SET_NAME]: "call.prctl",
  [abi.OP_MSEAL]: "call.mseal",
};

/** Name of an operation's kind in reports: `mmap`; `access` for memory accesses; null for what is no call. */
export function kindOf({ op }: Operation): string | null {
  if (op === abi.OP_TOUCH || op === abi.OP_STREAM) return "access";
  return KINDS[op]?.slice("call.".length) ?? null;
}

/** Adds what an operation was, and came to. `mode`: FILE_MODE_* of the file that it maps. */
export function addCall(work: Work, operation: Operation, value: number, mode = 0): void {
  const { op, len = 0, flags = 0 } = operation;
  if (op === abi.OP_TOUCH) add(work, "access", Math.ceil(Number(len) / 4096));
  if (op === abi.OP_STREAM) add(work, "access", Number(operation.pgoff ?? 0));
  const kind = KINDS[op];
  if (kind === undefined) return;
  add(work, "call", 1);
  if (value < 0) return;
  add(work, kind, 1);
  if (op !== abi.OP_MMAP) return;
  const shared = (Number(flags) & abi.MAP_TYPE) !== abi.MAP_PRIVATE;
  const memory = (Number(flags) & abi.MAP_ANONYMOUS) !== 0 || (mode & abi.FILE_MODE_DEVZERO) !== 0;
  if (shared && memory) add(work, "call.memory-object", 1);
}

/** The calls among operations; `values` are what they came to, `files` what file id n at n - 1 is. */
export function callsOf(
  operations: readonly Operation[],
  values: ArrayLike<number>,
  files: readonly FileRecord[],
): Work {
  const work: Work = {};
  operations.forEach((operation, i) => {
    addCall(work, operation, values[i] as number, files[(operation.file ?? 0) - 1]?.mode);
  });
  return work;
}

/** Adds counts to others. */
export function addWork(work: Work, more: Readonly<Record<string, number>>): void {
  for (const name in more) if (more[name] !== 0) add(work, name, more[name] as number);
}

function add(work: Work, name: string, by: number): void {
  work[name] = (work[name] ?? 0) + by;
}
