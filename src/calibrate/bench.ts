// What a microbenchmark is: operations that prepare, and a body of operations, some of them timed. All together are an
// episode; after it everything is unmapped again.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";

export const PAGE = 4096;
/** Where benchmarks work: half of the other VMAs lie below, half above. */
export const WINDOW = 0x280000000000;
export const WINDOW_SIZE = 0x40000000;

/** An operation of a body. */
export interface Action {
  operation: Operation;
  /** Name of the observation it belongs to; null: not timed. */
  as: string | null;
  /** Bytes between accesses of OP_TOUCH; absent: a page. */
  stride?: number;
}

export interface Bench {
  /** Such as `anon merge left`. */
  id: string;
  /** What is left out together when errors are estimated. */
  family: string;
  /** Other VMAs in the address space. */
  others: number;
  setup: readonly Operation[];
  body: readonly Action[];
  /** Episodes in one process. */
  repeats: number;
  /** Under a RLIMIT_AS that is reached. */
  limitAs?: true;
}

/** Pages that fill caches and TLBs, so that whatever comes next starts cold. */
const MANY_PAGES = 500;

/** Whether a benchmark leaves the processor in no state for others: it forks, or uses many pages. */
export function isDisturbing({ setup, body }: Bench): boolean {
  return [...setup, ...body.map(({ operation }) => operation)].some(
    ({ op, len = 0 }) =>
      op === abi.OP_FORK || (op === abi.OP_TOUCH && Number(len) >= MANY_PAGES * PAGE),
  );
}

/** Files that benchmarks map, by id. */
export const FILES = { memfd: 1, disk: 2, zero: 3, refuses: 4 } as const;

/** What is mapped. */
export interface Source {
  id: string;
  family: string;
  flags: number;
  file: number;
}

export const ANON: Source = {
  id: "anon",
  family: "map anonymous",
  flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS,
  file: 0,
};
export const DISK_PRIVATE: Source = {
  id: "file private",
  family: "map private file",
  flags: abi.MAP_PRIVATE,
  file: FILES.disk,
};
export const DISK_SHARED: Source = {
  id: "file shared",
  family: "map shared file",
  flags: abi.MAP_SHARED,
  file: FILES.disk,
};
export const MEMFD_SHARED: Source = {
  id: "memfd shared",
  family: "map memfd",
  flags: abi.MAP_SHARED,
  file: FILES.memfd,
};
export const SOURCES: readonly Source[] = [
  ANON,
  {
    id: "anon shared",
    family: "map shared anonymous",
    flags: abi.MAP_SHARED | abi.MAP_ANONYMOUS,
    file: 0,
  },
  DISK_PRIVATE,
  DISK_SHARED,
  { id: "memfd private", family: "map memfd", flags: abi.MAP_PRIVATE, file: FILES.memfd },
  MEMFD_SHARED,
  { id: "zero private", family: "map /dev/zero", flags: abi.MAP_PRIVATE, file: FILES.zero },
  { id: "zero shared", family: "map /dev/zero", flags: abi.MAP_SHARED, file: FILES.zero },
];

const READ_WRITE = abi.PROT_READ | abi.PROT_WRITE;

/** Places far enough apart that nothing at one touches anything at another. */
export function place(index: number, pages = 64): number {
  return WINDOW + index * pages * PAGE;
}

/** mmap(MAP_FIXED) of whole pages; a file from the page that fits its address, so that neighbours continue it. */
export function map(source: Source, at: number, pages: number, prot = READ_WRITE): Operation {
  const pgoff = source.file ? ((at - WINDOW) / PAGE) % 2048 : 0;
  const flags = source.flags | abi.MAP_FIXED;
  return { op: abi.OP_MMAP, addr: at, len: pages * PAGE, prot, flags, pgoff, file: source.file };
}

export function unmap(at: number, pages: number): Operation {
  return { op: abi.OP_MUNMAP, addr: at, len: pages * PAGE };
}

export function protect(at: number, pages: number, prot: number): Operation {
  return { op: abi.OP_MPROTECT, addr: at, len: pages * PAGE, prot };
}

export function touch(at: number, pages: number, write: boolean): Operation {
  return { op: abi.OP_TOUCH, addr: at, len: pages * PAGE, flags: write ? 1 : 0 };
}

/** Single pages that cannot merge with each other. */
export function separate(at: number, count: number): Operation[] {
  return Array.from({ length: count }, (_, i) =>
    map(ANON, at + i * PAGE, 1, i % 2 ? READ_WRITE : abi.PROT_READ),
  );
}

export const timed = (as: string, ...operations: Operation[]): Action[] =>
  operations.map((operation) => ({ operation, as }));

export const untimed = (...operations: Operation[]): Action[] =>
  operations.map((operation) => ({ operation, as: null }));
