// Generators. Each is a function of its parameters and of random numbers, and nothing else; drivers and
// protocols see the very same operations. bench/workloads says which workloads are made with them.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import {
  ANONYMOUS,
  AREA,
  background,
  filesOf,
  type Generator,
  operationCount,
  PAGE,
  READ_WRITE,
  restOfProcess,
  share,
  sharing,
} from "./generator-parts.js";
import { MIXES } from "./mixes.js";
import { choice, integer } from "./parameters.js";
import { TOUCHING } from "./touching.js";

const append: Generator = {
  id: "append",
  does: "maps files piece by piece, each piece at the end of the one before or a gap after it",
  parameters: [
    operationCount,
    integer("pages", "pages of one mapping", { low: 1, high: 1024 }),
    integer("gap", "pages left free between two pieces", { low: 0, high: 1024 }),
    integer("files", "files mapped in turn", { low: 1, high: 64 }),
    share,
    background,
  ],
  build(values) {
    const pages = Number(values.pages);
    const files = Number(values.files);
    const stride = (pages + Number(values.gap)) * PAGE;
    const operations = Array.from({ length: Number(values.ops) }, (_, i): Operation => {
      const file = i % files;
      const piece = Math.floor(i / files);
      return {
        op: abi.OP_MMAP,
        // 64 GiB a file; a hint, as a program that extends its own mapping gives it
        addr: AREA + file * 2 ** 36 + piece * stride,
        len: pages * PAGE,
        prot: READ_WRITE,
        flags: sharing(values),
        file: file + 1,
        pgoff: piece * pages,
      };
    });
    return { setup: restOfProcess(values), operations, files: filesOf(files) };
  },
};

const overlap: Generator = {
  id: "overlap",
  does: "MAP_FIXED at random over one region, with unmapped holes: overlaps, splits and merges",
  parameters: [
    operationCount,
    integer("region", "pages of the region", { low: 64, high: 1 << 18 }),
    integer("pages", "longest mapping in pages", { low: 1, high: 64 }),
    integer("files", "files to choose from", { low: 1, high: 64 }),
    integer("unmap", "share of munmap in per cent", { low: 0, high: 90 }),
    share,
    background,
  ],
  build(values, random) {
    const region = Number(values.region);
    const files = Number(values.files);
    const step = (): Operation => {
      const pages = random.between(1, Number(values.pages));
      const first = random.below(region - pages + 1);
      const range = { addr: AREA + first * PAGE, len: pages * PAGE };
      if (random.below(100) < Number(values.unmap)) return { op: abi.OP_MUNMAP, ...range };
      return {
        op: abi.OP_MMAP,
        ...range,
        prot: READ_WRITE,
        flags: sharing(values) | abi.MAP_FIXED,
        file: random.between(1, files),
        // offset follows address, so that pieces of one file that meet can merge
        pgoff: first,
      };
    };
    // long enough for the region to be in its steady state when timing starts
    const settle = Math.ceil((region / Number(values.pages)) * 16);
    return {
      setup: [...restOfProcess(values), ...Array.from({ length: settle }, step)],
      operations: Array.from({ length: Number(values.ops) }, step),
      files: filesOf(files),
    };
  },
};

const protect: Generator = {
  id: "protect",
  does: "mprotect at random inside one file mapping: splits and merges without any hook",
  parameters: [
    operationCount,
    integer("region", "pages of the mapping", { low: 64, high: 1 << 16 }),
    integer("pages", "longest range in pages", { low: 1, high: 64 }),
    share,
    background,
  ],
  build(values, random) {
    const region = Number(values.region);
    const step = (): Operation => {
      const pages = random.between(1, Number(values.pages));
      return {
        op: abi.OP_MPROTECT,
        addr: AREA + random.below(region - pages + 1) * PAGE,
        len: pages * PAGE,
        prot: random.below(2) === 0 ? abi.PROT_READ : READ_WRITE,
      };
    };
    const mapping: Operation = {
      op: abi.OP_MMAP,
      addr: AREA,
      len: region * PAGE,
      prot: READ_WRITE,
      flags: sharing(values) | abi.MAP_FIXED,
      file: 1,
      pgoff: 0,
    };
    const settle = Math.ceil((region / Number(values.pages)) * 8);
    return {
      setup: [...restOfProcess(values), mapping, ...Array.from({ length: settle }, step)],
      operations: Array.from({ length: Number(values.ops) }, step),
      files: filesOf(1),
    };
  },
};

/** Pages from one VMA of the tree to the next: 4 mapped, 12 free. */
const TREE_STRIDE = 16;

const tree: Generator = {
  id: "tree",
  does: "maps and unmaps a file at random places between VMAs that stand apart",
  parameters: [
    operationCount,
    integer("vmas", "VMAs there are", { low: 1, high: 65_000 }),
    integer("pages", "pages of the mapping that comes and goes", { low: 1, high: 8 }),
    integer("among", "of these VMAs, the lowest that it comes and goes between", {
      low: 1,
      high: 65_000,
    }),
    share,
  ],
  build(values, random) {
    const vmas = Number(values.vmas);
    const among = Math.min(vmas, Number(values.among));
    const len = Number(values.pages) * PAGE;
    const setup: Operation[] = Array.from({ length: vmas }, (_, i) => ({
      op: abi.OP_MMAP,
      addr: AREA + i * TREE_STRIDE * PAGE,
      len: 4 * PAGE,
      prot: abi.PROT_READ,
      flags: ANONYMOUS,
    }));
    const operations: Operation[] = [];
    while (operations.length < Number(values.ops)) {
      const addr = AREA + (random.below(among) * TREE_STRIDE + 6) * PAGE;
      const mapping = { op: abi.OP_MMAP, addr, len, prot: READ_WRITE, file: 1 };
      const flags = sharing(values) | abi.MAP_FIXED;
      operations.push(
        { ...mapping, flags, pgoff: random.below(1 << 20) },
        { op: abi.OP_MUNMAP, addr, len },
      );
    }
    return { setup, operations, files: filesOf(1) };
  },
};

const replaceWritten: Generator = {
  id: "replace-written",
  does: "written anonymous memory, and a file mapped over each range of it once",
  parameters: [
    integer("ops", "ranges, one call each", { low: 1, high: 16_384 }),
    integer("pages", "pages of a range", { low: 1, high: 256 }),
    choice("share", "how the failing mapping is asked for", ["private", "shared"]),
    background,
  ],
  build(values, random) {
    const len = Number(values.pages) * PAGE;
    const ranges = Array.from({ length: Number(values.ops) }, (_, i) => AREA + i * (len + PAGE));
    const setup = restOfProcess(values);
    for (const addr of ranges) {
      setup.push(
        { op: abi.OP_MMAP, addr, len, prot: READ_WRITE, flags: ANONYMOUS },
        { op: abi.OP_TOUCH, addr, len, flags: 1 },
      );
    }
    const operations = random.shuffle([...ranges]).map((addr) => ({
      op: abi.OP_MMAP,
      addr,
      len,
      prot: READ_WRITE,
      flags: (values.share === "shared" ? abi.MAP_SHARED : abi.MAP_PRIVATE) | abi.MAP_FIXED,
      file: 1,
      pgoff: 0,
    }));
    return { setup, operations, files: filesOf(1) };
  },
};

const empty: Generator = {
  id: "nothing",
  does: "operations that do nothing: what the suite itself adds to every operation",
  parameters: [operationCount],
  build: (values) => ({
    setup: [],
    operations: Array.from({ length: Number(values.ops) }, () => ({ op: abi.OP_NOP })),
    files: filesOf(1),
  }),
};

/** Every generator, by its name in workload files. */
export const GENERATORS: ReadonlyMap<string, Generator> = new Map(
  [append, overlap, protect, tree, replaceWritten, ...TOUCHING, ...MIXES, empty].map(
    (generator) => [generator.id, generator],
  ),
);
