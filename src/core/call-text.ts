// An operation in one line, for people: `mmap(0x7ffff7ee5000, 464 KiB, r-x, private fixed, libm.so.6 + 64 KiB)`.

import * as abi from "./abi.js";
import type { Operation, Word } from "./operation.js";

const PAGE = Number(abi.PAGE_SIZE);

/** The call, files by name: `names[n - 1]` is that of file id n, where it is known. */
export function callText(operation: Operation, names: readonly (string | null)[] = []): string {
  const { op, addr = 0, len = 0, prot = 0, flags = 0, pgoff = 0 } = operation;
  const range = `${hex(addr)}, ${size(len)}`;
  switch (op) {
    case abi.OP_MMAP: {
      const file = operation.file ? `, ${fileText(operation, names)}` : "";
      return `mmap(${Number(addr) === 0 ? "anywhere" : hex(addr)}, ${size(len)}, ${access(prot)}, ${mapping(flags)}${file})`;
    }
    case abi.OP_MUNMAP:
      return `munmap(${range})`;
    case abi.OP_MPROTECT:
      return `mprotect(${range}, ${access(prot)})`;
    case abi.OP_MREMAP:
      return `mremap(${range} to ${size(prot)}${Number(flags) & abi.MREMAP_FIXED ? ` at ${hex(pgoff)}` : ""})`;
    case abi.OP_BRK:
      return Number(addr) === 0 ? "brk(0)" : `brk(${hex(addr)})`;
    case abi.OP_MADVISE:
      return `madvise(${range}, ${Number(prot)})`;
    case abi.OP_TOUCH:
      return `touch(${range}, ${Number(flags) & 1 ? "write" : "read"})`;
    case abi.OP_STACK_GROW:
      return `stack grows to ${hex(addr)}`;
    default:
      return NAMES[op] ?? `operation ${op}`;
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [abi.OP_MLOCK]: "mlock",
  [abi.OP_MUNLOCK]: "munlock",
  [abi.OP_MLOCKALL]: "mlockall",
  [abi.OP_MUNLOCKALL]: "munlockall",
  [abi.OP_FORK]: "fork",
  [abi.OP_EXIT]: "exit",
  [abi.OP_SET_NAME]: "prctl(PR_SET_VMA)",
  [abi.OP_NOP]: "a call that changes nothing here",
  [abi.OP_MSEAL]: "mseal",
  [abi.OP_CPU]: "runs on another CPU",
  [abi.OP_STREAM]: "a stream of accesses",
};

function hex(word: Word): string {
  return `0x${word.toString(16)}`;
}

/** `464 KiB`: the largest unit that divides it. */
function size(word: Word): string {
  const bytes = Number(word);
  if (bytes === 0 || bytes % 1024 !== 0) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value} ${units[unit]}`;
}

function access(word: Word): string {
  const prot = Number(word);
  return [prot & 1 ? "r" : "-", prot & 2 ? "w" : "-", prot & 4 ? "x" : "-"].join("");
}

function mapping(word: Word): string {
  const flags = Number(word);
  const words = [flags & abi.MAP_PRIVATE ? "private" : "shared"];
  if (flags & abi.MAP_ANONYMOUS) words.push("anonymous");
  if (flags & abi.MAP_FIXED) words.push("fixed");
  return words.join(" ");
}

function fileText({ file = 0, pgoff = 0 }: Operation, names: readonly (string | null)[]): string {
  const name = names[file - 1];
  const short = name ? name.slice(name.lastIndexOf("/") + 1) : `file ${file}`;
  return Number(pgoff) === 0 ? short : `${short} + ${size(Number(pgoff) * PAGE)}`;
}
