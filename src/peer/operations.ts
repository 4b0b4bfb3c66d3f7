// Operations for the peer: mmap, munmap and mprotect, as text that its program reads.

import type { BuiltWorkload } from "../catalogue/workloads.js";
import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import { UsageError } from "../errors.js";
import { type OpsCall, type OpsName, type OpsTrace, printOps } from "../trace/ops.js";

/** Operations that only touch pages: the kernel's VMA code has none, so both sides go without. */
const OF_PAGES: readonly number[] = [abi.OP_TOUCH, abi.OP_STREAM, abi.OP_CPU];

/** The workload without accesses to memory, and how many those were. */
export function withoutPages(built: BuiltWorkload): { built: BuiltWorkload; dropped: number } {
  const kept = (list: Operation[]) => list.filter(({ op }) => !OF_PAGES.includes(op));
  const rest = { ...built, setup: kept(built.setup), operations: kept(built.operations) };
  const count = (b: BuiltWorkload) => b.setup.length + b.operations.length;
  return { built: rest, dropped: count(built) - count(rest) };
}

/** The operation trace of a workload. UsageError, naming the workload, for calls that the peer does not have. */
export function operationText(built: BuiltWorkload, name: string): string {
  const calls = [...built.setup, ...built.operations].map((operation) => callOf(operation, name));
  const trace: OpsTrace = { format: "ops", file: name, calls, mark: built.setup.length };
  return printOps(trace);
}

function callOf(o: Operation, workload: string): OpsCall {
  const word = (value: Word | undefined) => value ?? 0;
  const range = [word(o.addr), word(o.len)];
  const call = (name: OpsName, args: (Word | null)[]) => ({ line: 0, name, args });
  switch (o.op) {
    case abi.OP_MMAP:
      return call("mmap", [...range, word(o.prot), word(o.flags), o.file || null, word(o.pgoff)]);
    case abi.OP_MUNMAP:
      return call("munmap", range);
    case abi.OP_MPROTECT:
      return call("mprotect", [...range, word(o.prot)]);
    default:
      throw new UsageError(
        `workload ${workload}: peer executes mmap, munmap and mprotect, and this has other calls`,
      );
  }
}
