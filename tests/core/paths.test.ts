// What whole calls cost in the maple tree, against what the kernel's own code was measured to do in user space
// (docs/model.md, "Whole calls"): means over calls at random places of randomly built trees.
//
// The kernel's figures are means over one random tree each; ours are over several, so they need not be equal.
// Its unmap figures request nodes twice (in user space the first, non-blocking attempt always fails) and count
// the side tree apart.

import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import * as abi from "../../src/core/abi.js";
import { Core, type Counters } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";

const PAGE = 4096;
const BASE = 0x1000_0000_0000;
const SIZE = 4; //    pages of a VMA
const STRIDE = 16; // pages from one to the next
const RW = abi.PROT_READ | abi.PROT_WRITE;
const ANONYMOUS = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_ANONYMOUS;
const core = new Core("work");

const at = (index: number, page = 0) => BASE + (index * STRIDE + page) * PAGE;
const map = (addr: number, pages: number): Operation => ({
  op: abi.OP_MMAP,
  addr,
  len: pages * PAGE,
  prot: RW,
  flags: ANONYMOUS,
});

/** `count` VMAs with holes between them, made in random order. */
function build(count: number, random: Random): void {
  core.reset({ profile: abi.PROFILE_7_3 });
  core.run(random.shuffle(Array.from({ length: count }, (_, i) => map(at(i), SIZE))));
}

interface Mean {
  per: (event: keyof Counters) => number;
  /** Nodes requested by the call that requested most. */
  largest: number;
}

function mean(count: number, call: (index: number) => Operation): Mean {
  const random = new Random(1, `paths ${count}`);
  const [trees, calls] = count === 100 ? [40, 100] : [8, 250];
  const sums: Partial<Counters> = {};
  let largest = 0;
  for (let tree = 0; tree < trees; tree++) {
    build(count, random);
    const built = core.snapshot();
    for (let i = 0; i < calls; i++) {
      core.restore(built);
      core.clearCounters();
      core.run([call(random.below(count))]);
      const counters = core.counters();
      for (const [name, n] of Object.entries(counters) as [keyof Counters, number][]) {
        sums[name] = (sums[name] ?? 0) + n;
      }
      largest = Math.max(largest, counters["maple.nodesReserved"]);
    }
  }
  return { per: (event) => (sums[event] ?? 0) / (trees * calls), largest };
}

/** Within 20 % of the kernel's figure. */
function near(mine: number, kernel: number, what: string): void {
  expect(mine, what).toBeGreaterThan(kernel * 0.8);
  expect(mine, what).toBeLessThan(kernel * 1.2);
}

const CALLS = {
  mmap: (i: number) => map(at(i, 8), 2),
  split: (i: number) => ({ op: abi.OP_MPROTECT, addr: at(i, 2), len: 2 * PAGE, prot: 1 }),
  grow: (i: number) => map(at(i, SIZE), 1),
  unmap: (i: number) => ({ op: abi.OP_MUNMAP, addr: at(i), len: SIZE * PAGE }),
};

describe.each([
  {
    count: 100,
    height: 3,
    mmap: { requested: 3.31, largest: 7, pops: 1.77, moved: 18.9 },
    split: { requested: 2.92, pops: 1.65, moved: 19.6 },
    grow: { writeReads: 2.61, requested: 1.2, pops: 0.38 },
    unmap: { requested: 4.52, largest: 10, pops: 1.32, moved: 14.3 },
  },
  {
    count: 1000,
    height: 4,
    mmap: { requested: 4.24, largest: 9, pops: 1.91, moved: undefined },
    split: { requested: undefined, pops: 1.72, moved: undefined },
    grow: { writeReads: 3.08, requested: undefined, pops: 0.57 },
    unmap: { requested: 5.45, largest: 13, pops: 1.44, moved: undefined },
  },
])("$count VMAs with holes", ({ count, height, ...kernel }) => {
  test("a tree of the kernel's height", () => {
    build(count, new Random(2, "height"));
    expect(core.shape().height).toBe(height);
  });

  test("a lookup reads one node a level", () => {
    build(count, new Random(3, "lookup"));
    core.run([{ op: abi.OP_TOUCH, addr: at(7), len: 1, flags: 0 }]); // fault: the tables are there now
    core.clearCounters();
    core.run([{ op: abi.OP_STACK_GROW, addr: at(7) }]);
    expect(core.counters()["maple.nodeReads"]).toBe(height);
  });

  test("so does the search for an empty area from the top", () => {
    const { per } = mean(count, () => ({ ...map(0, 1), flags: ANONYMOUS & ~abi.MAP_FIXED }));
    expect(per("maple.gapWalkReads")).toBe(height);
  });

  test("mmap of a VMA of its own", () => {
    const { per, largest } = mean(count, CALLS.mmap);
    expect(per("maple.writeWalkReads")).toBe(2); // a leaf each for reservation and store
    expect(largest).toBe(kernel.mmap.largest);
    near(per("maple.nodesReserved"), kernel.mmap.requested, "requested");
    near(per("maple.nodesAllocated"), kernel.mmap.pops, "pops");
    if (kernel.mmap.moved) near(per("maple.slotsMoved"), kernel.mmap.moved, "moved");
  });

  test("a split", () => {
    const { per } = mean(count, CALLS.split);
    expect(per("maple.writeWalkReads")).toBe(2);
    if (kernel.split.requested) {
      near(per("maple.nodesReserved"), kernel.split.requested, "requested");
    }
    near(per("maple.nodesAllocated"), kernel.split.pops, "pops");
    if (kernel.split.moved) near(per("maple.slotsMoved"), kernel.split.moved, "moved");
  });

  test("a merge that grows the VMA below by a page", () => {
    const { per } = mean(count, CALLS.grow);
    near(per("maple.writeWalkReads"), kernel.grow.writeReads, "write-walk reads");
    if (kernel.grow.requested) {
      expect(per("maple.nodesReserved")).toBeCloseTo(kernel.grow.requested, 0);
    }
    expect(Math.abs(per("maple.nodesAllocated") - kernel.grow.pops)).toBeLessThan(0.12);
  });

  test("munmap of one VMA", () => {
    const { per, largest } = mean(count, CALLS.unmap);
    expect(largest).toBe(kernel.unmap.largest);
    near(2 * per("maple.nodesReserved"), kernel.unmap.requested, "requested");
    near(per("maple.nodesAllocated"), kernel.unmap.pops, "pops");
    if (kernel.unmap.moved) near(per("maple.slotsMoved"), kernel.unmap.moved, "moved");
  });
});

test("munmap of four VMAs at once, of 100", () => {
  const { per } = mean(100, (i) => ({
    op: abi.OP_MUNMAP,
    addr: at(Math.min(i, 96)),
    len: (3 * STRIDE + SIZE) * PAGE,
  }));
  expect(per("maple.sideNodes")).toBe(1);
  near(per("maple.nodesAllocated") - 1, 2.4, "pops");
  near(per("maple.slotsMoved"), 22.8, "moved");
  near(2 * (per("maple.nodesReserved") - 1), 14.1, "requested");
});
