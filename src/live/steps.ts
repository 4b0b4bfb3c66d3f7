// A step of an episode: one memory call or a run of accesses. It is an operation of the core, perhaps under a
// limit; here it becomes the system calls of the child, and lines of an operation trace.

import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import { type OpsName, opsLine } from "../trace/ops.js";
import { hexText } from "../trace/words.js";
import { PR_SET_VMA, PR_SET_VMA_ANON_NAME, SYS } from "./libc.js";
import type { Accesses, Limit, SystemCall } from "./messages.js";

export interface Step {
  operation: Operation;
  limit?: Limit;
}

export const PAGE = 4096;
const NO_FILE = 0xffffffffffffffffn;
/** MADV_GUARD_INSTALL; always followed by MADV_GUARD_REMOVE, so that no access meets a guard. */
export const GUARD_INSTALL = 102;
export const GUARD_REMOVE = 103;
/** Flags of a mapping that is nothing special. */
export const SIMPLEST_MAP = abi.MAP_PRIVATE | abi.MAP_FIXED | abi.MAP_ANONYMOUS;
/** Texts of PR_SET_VMA_ANON_NAME by name id; id 0 takes a name away. */
const NAMES = ["", "first", "second"];
/** Most pages of a run of accesses. */
const ACCESS_PAGES = 64;

/** What the child does for a step; each of them gives one answer. */
export function kernelCalls({ operation }: Step): (SystemCall | Accesses)[] {
  const { op, addr = 0, len = 0, prot = 0, flags = 0, pgoff = 0, file = 0 } = operation;
  switch (op) {
    case abi.OP_MMAP: {
      const offset = typeof pgoff === "bigint" ? pgoff * BigInt(PAGE) : pgoff * PAGE;
      const call = { number: SYS.mmap, args: [addr, len, prot, flags, NO_FILE, offset] };
      return [file === 0 ? call : { ...call, file: file - 1 }];
    }
    case abi.OP_MUNMAP:
      return [{ number: SYS.munmap, args: [addr, len] }];
    case abi.OP_MPROTECT:
      return [{ number: SYS.mprotect, args: [addr, len, prot] }];
    case abi.OP_MREMAP:
      return [{ number: SYS.mremap, args: [addr, len, prot, flags, pgoff] }];
    case abi.OP_MADVISE: {
      const calls = [{ number: SYS.madvise, args: [addr, len, prot] }];
      if (prot === GUARD_INSTALL) {
        calls.push({ number: SYS.madvise, args: [addr, len, GUARD_REMOVE] });
      }
      return calls;
    }
    case abi.OP_MLOCK:
      return [
        flags === 0
          ? { number: SYS.mlock, args: [addr, len] }
          : { number: SYS.mlock2, args: [addr, len, flags] },
      ];
    case abi.OP_MUNLOCK:
      return [{ number: SYS.munlock, args: [addr, len] }];
    case abi.OP_MSEAL:
      return [{ number: SYS.mseal, args: [addr, len, 0] }];
    case abi.OP_SET_NAME: {
      const args = [PR_SET_VMA, PR_SET_VMA_ANON_NAME, addr, len];
      const text = NAMES[Number(prot)];
      return [text ? { number: SYS.prctl, args, text } : { number: SYS.prctl, args }];
    }
    case abi.OP_TOUCH:
      return [{ addr: Number(addr), pages: pagesOf(operation), write: flags !== 0 }];
    default:
      throw new Error(`operation ${op} is no system call`);
  }
}

/** The core's operations of a step, one for each answer of the child. */
export function modelOperations({ operation }: Step): Operation[] {
  const guard = operation.op === abi.OP_MADVISE && operation.prot === GUARD_INSTALL;
  return guard ? [operation, { ...operation, prot: GUARD_REMOVE }] : [operation];
}

/** Pages of an operation's range. */
export function pagesOf({ addr = 0, len = 0 }: Operation): number {
  const start = Math.floor(Number(addr) / PAGE);
  return Math.min(ACCESS_PAGES, Math.ceil((Number(addr) + Number(len)) / PAGE) - start);
}

const FORMS: Readonly<Record<number, (o: Operation) => [OpsName, ...(Word | null | undefined)[]]>> =
  {
    [abi.OP_MMAP]: (o) => ["mmap", o.addr, o.len, o.prot, o.flags, o.file || null, o.pgoff],
    [abi.OP_MUNMAP]: (o) => ["munmap", o.addr, o.len],
    [abi.OP_MPROTECT]: (o) => ["mprotect", o.addr, o.len, o.prot],
    [abi.OP_MREMAP]: (o) => ["mremap", o.addr, o.len, o.prot, o.flags, o.pgoff],
    [abi.OP_TOUCH]: (o) => ["touch", o.addr, o.len, o.flags],
    [abi.OP_MADVISE]: (o) => ["madvise", o.addr, o.len, o.prot],
    [abi.OP_MLOCK]: (o) => ["mlock", o.addr, o.len, o.flags],
    [abi.OP_MUNLOCK]: (o) => ["munlock", o.addr, o.len],
    [abi.OP_MSEAL]: (o) => ["mseal", o.addr, o.len],
  };

/** The line of an operation trace; for what such a trace cannot say, a comment. */
export function operationLine(operation: Operation): string {
  const form = FORMS[operation.op];
  if (!form) {
    const { addr = 0, len = 0, prot = 0 } = operation;
    const name = JSON.stringify(NAMES[Number(prot)]);
    return `# prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ${hexText(addr)}, ${hexText(len)}, ${name})`;
  }
  const [name, ...args] = form(operation);
  return opsLine({ line: 0, name, args: args.map((value) => (value === undefined ? 0 : value)) });
}
