// Operations of the core as steps of the runner.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import { SYS } from "../live/libc.js";
import { kernelCalls } from "../live/steps.js";
import { NOTHING, READ, WRITE } from "./code.js";
import type { Step } from "./records.js";
import { FIRST_FILE } from "./runner.js";

const PAGE = 4096;
/** System calls that only the runner makes, x86-64. */
export const NUMBERS = {
  open: 2,
  brk: 12,
  nanosleep: 35,
  getppid: 110,
  socket: 41,
  fork: 57,
  wait4: 61,
  mlockall: 151,
  munlockall: 152,
  clockGettime: 228,
  prlimit: 302,
} as const;

/**
 * What the runner does for an operation; null for what it cannot do: VMAs that only exec makes, the growth of a stack,
 * names, guards. `stride`: bytes between the accesses of OP_TOUCH.
 */
export function stepOf(operation: Operation, stride = PAGE): Step | null {
  const { op, addr = 0, len = 0, flags = 0, prot = 0 } = operation;
  switch (op) {
    case abi.OP_NOP:
      return { number: NOTHING, args: [] };
    case abi.OP_TOUCH: {
      const pages = Math.ceil(Number(len) / PAGE);
      return pages === 0 ? null : { number: flags ? WRITE : READ, args: [addr, stride, pages] };
    }
    case abi.OP_BRK:
      return { number: NUMBERS.brk, args: [addr] };
    case abi.OP_FORK:
      return flags ? null : { number: NUMBERS.fork, args: [] };
    case abi.OP_MLOCKALL:
      return { number: NUMBERS.mlockall, args: [flags] };
    case abi.OP_MUNLOCKALL:
      return { number: NUMBERS.munlockall, args: [] };
    case abi.OP_MADVISE:
      return { number: SYS.madvise, args: [addr, len, prot] };
    case abi.OP_MMAP:
    case abi.OP_MUNMAP:
    case abi.OP_MPROTECT:
    case abi.OP_MREMAP:
    case abi.OP_MLOCK:
    case abi.OP_MUNLOCK:
    case abi.OP_MSEAL:
      return systemCall(operation);
    default:
      return null;
  }
}

function systemCall(operation: Operation): Step {
  const call = kernelCalls({ operation })[0] as {
    number: number;
    args: Step["args"];
    file?: number;
  };
  const { number, args, file } = call;
  if (file === undefined) return { number, args };
  return { number, args: args.map((word, i) => (i === 4 ? FIRST_FILE + file : word)) };
}
