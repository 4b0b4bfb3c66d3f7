// Pages: first touches, what munmap, madvise and mprotect find in the page tables, strides for the TLB.

import * as abi from "../../core/abi.js";
import {
  ANON,
  type Bench,
  DISK_PRIVATE,
  DISK_SHARED,
  MEMFD_SHARED,
  map,
  PAGE,
  place,
  protect,
  type Source,
  timed,
  touch,
  unmap,
  untimed,
} from "../bench.js";

const AT = place(0);
/** Steps in the file and pages of its mappings are limited by its size. */
const FILE_PAGES = 256;

/** Touched pages of anonymous memory, unmapped. */
function unmapTouched(pages: number, others: number): Bench {
  return {
    id: `munmap ${pages} touched`,
    family: "munmap touched pages",
    others,
    setup: [],
    body: [
      ...untimed(map(ANON, AT, Math.max(pages, 4))),
      ...(pages > 0 ? untimed(touch(AT, pages, true)) : []),
      ...timed("munmap", unmap(AT, Math.max(pages, 4))),
    ],
    repeats: pages > 10_000 ? 2 : 10,
  };
}

function firstTouch(
  id: string,
  source: Source,
  write: boolean,
  pages: number,
  others = 1000,
): Bench {
  return {
    id: `${id} ${pages}`,
    family: `first touch: ${id}`,
    others,
    setup: source.file
      ? [
          map(DISK_SHARED, AT, FILE_PAGES),
          touch(AT, FILE_PAGES, true),
          map(MEMFD_SHARED, AT, FILE_PAGES),
          touch(AT, FILE_PAGES, true),
          unmap(AT, FILE_PAGES),
        ]
      : [],
    body: [
      ...untimed(map(source, AT, pages)),
      ...timed("touch", touch(AT, pages, write)),
      ...timed("munmap", unmap(AT, pages)),
    ],
    repeats: 8,
  };
}

/** MADV_DONTNEED of memory with so many pages touched. */
function discard(pages: number, others = 1000): Bench {
  return {
    id: `discard ${pages}`,
    family: "madvise",
    others,
    setup: [map(ANON, AT, Math.max(pages, 16))],
    body: [
      ...(pages > 0 ? untimed(touch(AT, pages, true)) : []),
      ...timed("madvise", {
        op: abi.OP_MADVISE,
        addr: AT,
        len: Math.max(pages, 16) * PAGE,
        prot: 4,
      }),
    ],
    repeats: 10,
  };
}

function protectTouched(pages: number): Bench {
  return {
    id: `mprotect ${pages} touched`,
    family: "mprotect touched pages",
    others: 1000,
    setup: [map(ANON, AT, pages), touch(AT, pages, true)],
    body: [
      ...timed("to read-only", protect(AT, pages, abi.PROT_READ)),
      ...timed("to writable", protect(AT, pages, abi.PROT_READ | abi.PROT_WRITE)),
      ...timed("touch again", touch(AT, pages, true)),
    ],
    repeats: 10,
  };
}

/** MADV_DONTFORK and back: advice that changes flags, of the whole and of a part. */
function advise(pages: number): Bench {
  const advice = (prot: number) => ({ op: abi.OP_MADVISE, addr: AT, len: pages * PAGE, prot });
  return {
    id: `advise ${pages} of 16`,
    family: "madvise",
    others: 1000,
    setup: [map(ANON, AT, 16)],
    body: [...timed("madvise", advice(10)), ...timed("madvise back", advice(11))],
    repeats: 10,
  };
}

/** One load a page, each known only after the one before, and a cache line further in every page. */
function stride(pages: number): Bench {
  const populated = pages + Math.ceil(pages / 64) + 1;
  return {
    id: `stride over ${pages}`,
    family: "strides",
    others: 10,
    setup: [map(ANON, AT, populated), touch(AT, populated, true)],
    body: [null, "read", "read", "read"].map((as) => ({
      operation: touch(AT, pages, false),
      as,
      stride: PAGE + 64,
    })),
    repeats: 4,
  };
}

export function pageBenches(): Bench[] {
  return [
    ...[0, 1, 8, 64, 512, 4096].map((pages) => unmapTouched(pages, 1000)),
    unmapTouched(65_536, 10),
    ...[1, 16, 256].flatMap((pages) => [
      firstTouch("read", ANON, false, pages),
      firstTouch("write", ANON, true, pages),
      firstTouch("file read", DISK_SHARED, false, pages),
      firstTouch("memfd read", MEMFD_SHARED, false, pages),
      firstTouch("file write", MEMFD_SHARED, true, pages),
      firstTouch("private copy", DISK_PRIVATE, true, pages),
    ]),
    firstTouch("write", ANON, true, 16, 30_000),
    ...[0, 1, 64, 1024].map((pages) => discard(pages)),
    ...[0, 1].flatMap((pages) => [10, 30_000].map((others) => discard(pages, others))),
    ...[4, 16].map(advise),
    ...[1, 64, 1024].map(protectTouched),
    ...[32, 64, 512, 2048, 8192, 32_768].map(stride),
  ];
}
