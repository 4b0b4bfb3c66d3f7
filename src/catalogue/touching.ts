// Generators that use the memory they map: here page tables and TLB have work to do.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import {
  ANONYMOUS,
  AREA,
  background,
  filesOf,
  type Generator,
  PAGE,
  READ_WRITE,
  restOfProcess,
  share,
  sharing,
} from "./generator-parts.js";
import { choice, integer } from "./parameters.js";
import { threads } from "./threads.js";

const access = choice("access", "what is done to a page", ["write", "read"]);
const DONTNEED = 4;

const mapUseUnmap: Generator = {
  id: "map-use-unmap",
  does: "a file mapped, a share of its pages used, and unmapped again",
  parameters: [
    integer("ops", "rounds of three calls", { low: 1, high: 20_000 }),
    integer("pages", "pages of a mapping", { low: 1, high: 4096 }),
    integer("used", "share of the pages used, in per cent", { low: 0, high: 100 }),
    access,
    share,
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const used = Math.round((pages * Number(values.used)) / 100);
    const operations: Operation[] = [];
    for (let i = 0; i < Number(values.ops); i++) {
      const addr = AREA + random.below(64) * 8192 * PAGE;
      const first = random.below(pages - used + 1);
      operations.push(
        {
          op: abi.OP_MMAP,
          addr,
          len: pages * PAGE,
          prot: READ_WRITE,
          flags: sharing(values) | abi.MAP_FIXED,
          file: 1,
          pgoff: random.below(1 << 20),
        },
        {
          op: abi.OP_TOUCH,
          addr: addr + first * PAGE,
          len: used * PAGE,
          flags: values.access === "write" ? 1 : 0,
        },
        { op: abi.OP_MUNMAP, addr, len: pages * PAGE },
      );
    }
    return { setup: restOfProcess(values), operations, files: filesOf(1) };
  },
};

const mapAtRandom: Generator = {
  id: "map-at-random",
  does: "one file mapped at random places, over what was mapped there before",
  parameters: [
    integer("ops", "calls", { low: 1, high: 16_384 }),
    integer("pages", "pages asked for", { low: 1, high: 16_384 }),
    background,
  ],
  build(values, random) {
    const len = Number(values.pages) * PAGE;
    const operations = Array.from({ length: Number(values.ops) }, () => ({
      op: abi.OP_MMAP,
      addr: AREA + random.below(64) * 2 * len,
      len,
      prot: READ_WRITE,
      flags: abi.MAP_SHARED | abi.MAP_FIXED,
      file: 1,
      pgoff: 0,
    }));
    return { setup: restOfProcess(values), operations, files: filesOf(1) };
  },
};

const replaceUsed: Generator = {
  id: "replace-used",
  does: "a file mapped over anonymous memory in use, and the memory made anew",
  parameters: [
    integer("ops", "rounds of three calls", { low: 1, high: 16_384 }),
    integer("pages", "pages of a range", { low: 1, high: 4096 }),
    background,
  ],
  build(values, random) {
    const len = Number(values.pages) * PAGE;
    const ranges = 64;
    const place = (i: number) => AREA + i * (len + PAGE);
    const fill = (addr: number): Operation[] => [
      { op: abi.OP_MMAP, addr, len, prot: READ_WRITE, flags: ANONYMOUS },
      { op: abi.OP_TOUCH, addr, len, flags: 1 },
    ];
    const setup = restOfProcess(values);
    for (let i = 0; i < ranges; i++) setup.push(...fill(place(i)));
    const operations: Operation[] = [];
    for (let i = 0; i < Number(values.ops); i++) {
      const addr = place(random.below(ranges));
      const flags = abi.MAP_PRIVATE | abi.MAP_FIXED;
      operations.push(
        { op: abi.OP_MMAP, addr, len, prot: READ_WRITE, flags, file: 1, pgoff: 0 },
        ...fill(addr),
      );
    }
    return { setup, operations, files: filesOf(1) };
  },
};

const fork: Generator = {
  id: "fork",
  does: "a process with written memory forks; the child exits; pages are written again",
  parameters: [
    integer("ops", "rounds of two calls", { low: 1, high: 4096 }),
    integer("pages", "written pages", { low: 1, high: 16_384 }),
    integer("written", "pages written after each fork", { low: 0, high: 16_384 }),
    integer("mappings", "file mappings besides", { low: 0, high: 1000 }),
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const written = Math.min(pages, Number(values.written));
    const setup = restOfProcess(values);
    setup.push(
      { op: abi.OP_MMAP, addr: AREA, len: pages * PAGE, prot: READ_WRITE, flags: ANONYMOUS },
      { op: abi.OP_TOUCH, addr: AREA, len: pages * PAGE, flags: 1 },
    );
    for (let i = 0; i < Number(values.mappings); i++) {
      const addr = AREA + 2 ** 36 + i * 64 * PAGE;
      const flags = abi.MAP_SHARED | abi.MAP_FIXED;
      setup.push(
        {
          op: abi.OP_MMAP,
          addr,
          len: 16 * PAGE,
          prot: READ_WRITE,
          flags,
          file: 1,
          pgoff: i * 16,
        },
        { op: abi.OP_TOUCH, addr, len: 16 * PAGE, flags: 0 },
      );
    }
    const operations: Operation[] = [];
    for (let i = 0; i < Number(values.ops); i++) {
      const first = random.below(pages - written + 1);
      operations.push(
        { op: abi.OP_FORK, flags: 0 },
        { op: abi.OP_TOUCH, addr: AREA + first * PAGE, len: written * PAGE, flags: 1 },
      );
    }
    return { setup, operations, files: filesOf(1) };
  },
};

const usePieces: Generator = {
  id: "use-pieces",
  does: "accesses all over a file that was mapped piece by piece, and pages given back",
  parameters: [
    integer("ops", "accesses, every sixteenth call a madvise", {
      low: 1,
      high: 60_000,
    }),
    integer("pieces", "mappings, each where it could merge with the one before", {
      low: 1,
      high: 20_000,
    }),
    integer("pages", "pages of a piece", { low: 1, high: 64 }),
    access,
    share,
    background,
  ],
  build(values, random) {
    const pieces = Number(values.pieces);
    const pages = Number(values.pages);
    const all = pieces * pages;
    const setup = restOfProcess(values);
    for (let i = 0; i < pieces; i++) {
      setup.push({
        op: abi.OP_MMAP,
        addr: AREA + i * pages * PAGE,
        len: pages * PAGE,
        prot: READ_WRITE,
        flags: sharing(values) | abi.MAP_FIXED,
        file: 1,
        pgoff: i * pages,
      });
    }
    const given = Math.min(64, all);
    const operations = Array.from({ length: Number(values.ops) }, (_, i): Operation => {
      if (i % 16 === 15) {
        const addr = AREA + random.below(all - given + 1) * PAGE;
        return { op: abi.OP_MADVISE, addr, len: given * PAGE, prot: DONTNEED };
      }
      const addr = AREA + random.below(all) * PAGE;
      return { op: abi.OP_TOUCH, addr, len: PAGE, flags: values.access === "write" ? 1 : 0 };
    });
    return { setup, operations, files: filesOf(1) };
  },
};

/** Every generator that uses its memory. */
export const TOUCHING: readonly Generator[] = [
  mapUseUnmap,
  mapAtRandom,
  replaceUsed,
  fork,
  usePieces,
  threads,
];
