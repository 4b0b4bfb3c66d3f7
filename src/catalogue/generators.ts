// Generated workloads. Each is a function of its parameters and a seed, and nothing else; drivers and
// protocols see the very same operations.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import {
  ANONYMOUS,
  AREA,
  type Built,
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
import { choice, integer, type Parameters } from "./parameters.js";
import { Random } from "./random.js";
import { TOUCHING } from "./touching.js";

/** Each file is mapped piece by piece, every piece at the end of the one before (or a gap after it). */
function append(values: Parameters, gapPages: number): Built {
  const pages = Number(values.pages);
  const files = Number(values.files);
  const operations: Operation[] = [];
  for (let i = 0; i < Number(values.ops); i++) {
    const file = i % files;
    const piece = Math.floor(i / files);
    operations.push({
      op: abi.OP_MMAP,
      // 64 GiB a file; a hint, as a program that extends its own mapping gives it
      addr: AREA + file * 2 ** 36 + piece * (pages + gapPages) * PAGE,
      len: pages * PAGE,
      prot: READ_WRITE,
      flags: sharing(values),
      file: file + 1,
      pgoff: piece * pages,
    });
  }
  return { setup: restOfProcess(values), operations, files: filesOf(files) };
}

const appendParameters = [
  operationCount(16_384),
  integer("pages", "pages of one mapping", { low: 1, high: 1024, default: 4 }),
  integer("files", "files mapped in turn", { low: 1, high: 64, default: 8 }),
  share,
  background,
];

const appendMerge: Generator = {
  id: "append-merge",
  title: "files mapped piece by piece, each piece where it could merge with the one before",
  parameters: appendParameters,
  build: (values) => append(values, 0),
};

const appendNever: Generator = {
  id: "append-never",
  title: "files mapped piece by piece with a page between the pieces: nothing can merge",
  parameters: appendParameters,
  build: (values) => append(values, 1),
};

const holesOverlap: Generator = {
  id: "holes-overlap",
  title: "MAP_FIXED at random over one region, with unmapped holes: overlaps, splits and merges",
  parameters: [
    operationCount(16_384),
    integer("region", "pages of the region", { low: 64, high: 1 << 18, default: 4096 }),
    integer("pages", "longest mapping in pages", { low: 1, high: 64, default: 32 }),
    integer("files", "files to choose from", { low: 1, high: 64, default: 4 }),
    integer("unmap", "share of munmap in per cent", { low: 0, high: 90, default: 25 }),
    share,
    background,
  ],
  build(values, seed) {
    const random = new Random(seed, "holes-overlap");
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

const mprotectChurn: Generator = {
  id: "mprotect-churn",
  title: "mprotect at random inside one file mapping: splits and merges without any hook",
  parameters: [
    operationCount(16_384),
    integer("region", "pages of the mapping", { low: 64, high: 1 << 16, default: 2048 }),
    integer("pages", "longest range in pages", { low: 1, high: 64, default: 16 }),
    share,
    background,
  ],
  build(values, seed) {
    const random = new Random(seed, "mprotect-churn");
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

/** A file mapped and unmapped at a random place between `vmas` VMAs that stand apart. */
function tree(vmas: number): Generator {
  const stride = 16; //  pages from one VMA of the tree to the next: 4 mapped, 12 free
  const id = `tree-${vmas}`;
  return {
    id,
    title: `map and unmap at random among ${vmas} VMAs`,
    parameters: [
      operationCount(16_384),
      integer("pages", "pages of the mapping that comes and goes", { low: 1, high: 8, default: 4 }),
      integer("among", "VMAs that it comes and goes between, from the lowest up", {
        low: 1,
        high: vmas,
        default: vmas,
      }),
      share,
    ],
    build(values, seed) {
      const random = new Random(seed, id);
      const len = Number(values.pages) * PAGE;
      const setup: Operation[] = Array.from({ length: vmas }, (_, i) => ({
        op: abi.OP_MMAP,
        addr: AREA + i * stride * PAGE,
        len: 4 * PAGE,
        prot: abi.PROT_READ,
        flags: ANONYMOUS,
      }));
      const among = Number(values.among);
      const operations: Operation[] = [];
      while (operations.length < Number(values.ops)) {
        const addr = AREA + (random.below(among) * stride + 6) * PAGE;
        operations.push(
          {
            op: abi.OP_MMAP,
            addr,
            len,
            prot: READ_WRITE,
            flags: sharing(values) | abi.MAP_FIXED,
            file: 1,
            pgoff: random.below(1 << 20),
          },
          { op: abi.OP_MUNMAP, addr, len },
        );
      }
      return { setup, operations, files: filesOf(1) };
    },
  };
}

const failingStorm: Generator = {
  id: "failing-storm",
  title:
    "MAP_FIXED over written anonymous memory by a driver that fails: what unwinding costs and loses",
  parameters: [
    integer("ops", "ranges, one call each", { low: 1, high: 16_384, default: 2048 }),
    integer("pages", "pages of a range", { low: 1, high: 256, default: 32 }),
    choice("share", "how the failing mapping is asked for", ["private", "shared"]),
    background,
  ],
  build(values, seed) {
    const random = new Random(seed, "failing-storm");
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

/** Every generated workload. */
export const GENERATORS: readonly Generator[] = [
  appendMerge,
  appendNever,
  holesOverlap,
  mprotectChurn,
  tree(1000),
  tree(10_000),
  tree(60_000),
  failingStorm,
  ...TOUCHING,
  ...MIXES,
];
