// The properties that the kernel's own tests of mm/vma.c assert (tools/testing/vma, 7.3), under their names but
// through whole calls, as a program would cause them. Their vma_flags_* tests are about a type of flag sets that
// the core does not have: here flags are one 64-bit word. What those tests lack is tested in failures.test.ts
// (hook errors, aborts, accounting), eras.test.ts (.mmap_prepare, actions, compat) and examples.test.ts (limits).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Pages } from "./pages.js";

const OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const CLOSE = OPS | abi.OPS_CLOSE;
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;
const GUARD_INSTALL = 102;
const FIRST_PAGE = 0x1000_0000_0000;
const R = abi.PROT_READ;
const RW = abi.PROT_READ | abi.PROT_WRITE;

const fresh = (driver = { ops: OPS }) => new Pages("mmap@7.3").driver(0, driver).file(1);
const file = (pgoff: number) => ({ file: 1, pgoff, flags: SHARED });

function vmas(space: Pages) {
  return space.core.layout();
}

/** Ids of the VMA objects, in address order. */
function objects(space: Pages): number[] {
  return vmas(space).map(({ id }) => id);
}

function guard(space: Pages, from: number): void {
  const result = space.run({
    op: abi.OP_MADVISE,
    addr: FIRST_PAGE + from * 4096,
    len: 4096,
    prot: GUARD_INSTALL,
  });
  expect(result).toBe(0);
}

const isSticky = (flags: number) => Math.floor(flags / abi.VM_MAYBE_GUARD) % 2 === 1;
const BOTH = [false, true];

test("simple_merge: a page between two equal VMAs makes one, from the left start to the right end", () => {
  const space = fresh();
  space.map(0, 1, file(0));
  space.map(2, 3, file(2));
  const [left] = objects(space);
  space.map(1, 2, file(1));
  expect(space.draw()).toBe("0..3f1");
  expect(space.offsets()).toEqual([0]);
  expect(objects(space)).toEqual([left]);
});

test("simple_modify: the middle of three pages splits in three, the object is the middle", () => {
  const space = fresh();
  space.map(0, 3, file(0));
  const [object] = objects(space);
  space.protect(1, 2, R);
  expect(space.draw()).toBe("0..1f1 1..2f1 2..3f1");
  expect(space.offsets()).toEqual([0, 1, 2]);
  expect(objects(space)[1]).toBe(object);
});

test("simple_expand: growing a lone VMA upwards changes its end and nothing else", () => {
  const space = fresh();
  space.map(0, 1);
  const [before] = vmas(space);
  space.remap(0, 1, 3, 0);
  const [after] = vmas(space);
  expect(after).toEqual({ ...before, end: FIRST_PAGE + 3 * 4096 });
});

test("simple_shrink: cutting off the top changes the end and nothing else", () => {
  const space = fresh();
  space.map(0, 3, file(0));
  const [before] = vmas(space);
  space.unmap(1, 3);
  // the object is the part that went: munmap splits it off upwards
  const id = expect.any(Number);
  expect(vmas(space)).toEqual([{ ...before, id, end: FIRST_PAGE + 4096 }]);
});

describe("merge_new", () => {
  const sides = BOTH.flatMap((left) => BOTH.map((right) => ({ left, right })));

  test.each(sides)("with sticky bits left: $left, right: $right", ({ left, right }) => {
    const space = fresh();
    space.map(0, 3);
    space.map(6, 9);
    if (left) guard(space, 1);
    if (right) guard(space, 7);
    // a guard needs an anon_vma; two of their own would keep the sides apart
    const joined = !(left && right);
    const [first, last] = objects(space);

    space.map(20, 21);
    expect(space.count, "nobody near").toBe(3);
    space.map(3, 4);
    expect(space.draw(), "left").toBe("0..4 6..9 20..21");
    space.map(5, 6);
    expect(space.draw(), "right").toBe("0..4 5..9 20..21");
    expect(space.offsets()).toEqual([0, 5, 20]);
    expect(objects(space).slice(0, 2), "the neighbours survive").toEqual([first, last]);
    space.map(4, 5);
    expect(space.draw(), "both").toBe(joined ? "0..9 20..21" : "0..5 5..9 20..21");
    expect(vmas(space)[0]?.anonVma !== 0, "the anon_vma stays").toBe(left || right);
    expect(isSticky(vmas(space)[0]?.flags ?? 0)).toBe(left || right);
  });

  test("`close` does no harm to a survivor", () => {
    const space = fresh({ ops: CLOSE });
    space.map(0, 3, file(0));
    space.map(3, 5, file(3));
    expect(space.draw()).toBe("0..5f1");
  });
});

describe("vma_merge_special_flags", () => {
  const { VM_IO, VM_DONTEXPAND, VM_PFNMAP, VM_MIXEDMAP, VM_SPECIAL } = abi;
  const flags = { VM_IO, VM_DONTEXPAND, VM_PFNMAP, VM_MIXEDMAP };

  test("there are these four", () => {
    const all = Object.values(flags).reduce((sum, bit) => sum + bit, 0);
    expect(all).toBe(VM_SPECIAL);
  });

  test.each(Object.entries(flags))("%s: no new range, no existing one", (_, bit) => {
    const space = new Pages("mmap_prepare@7.3").driver(0, { ops: OPS, flagsSet: bit }).file(1);
    space.map(0, 3, file(0));
    space.map(3, 4, file(3));
    expect(space.draw()).toBe("0..3f1 3..4f1");
    space.protect(3, 4, R);
    space.protect(3, 4, RW);
    expect(space.draw()).toBe("0..3f1 3..4f1");
  });
});

describe("vma_merge_with_close", () => {
  test("a new range between: the right one stays for its `close`", () => {
    const space = fresh({ ops: CLOSE });
    space.map(0, 3, file(0));
    space.map(5, 9, file(5));
    space.map(3, 5, file(3));
    expect(space.draw()).toBe("0..5f1 5..9f1");
  });

  test.each([
    ["left", [0, 3], undefined],
    ["right", undefined, [5, 9]],
    ["both", [0, 3], [5, 9]],
  ] as const)("a changed VMA with `close` does not vanish: %s", (_, left, right) => {
    const space = fresh({ ops: CLOSE });
    if (left) space.map(...left, file(left[0]));
    space.map(3, 5, { ...file(3), prot: R });
    if (right) space.map(...right, file(right[0]));
    const before = space.draw();
    space.protect(3, 5, RW);
    expect(space.draw()).toBe(before);
  });

  test("a changed VMA between: merges left when only the right one has `close`", () => {
    const space = fresh();
    space.map(0, 3, file(0));
    space.map(3, 5, { ...file(3), prot: R });
    space.core.setDriver(0, { ops: CLOSE });
    space.map(5, 9, file(5));
    space.protect(3, 5, RW);
    expect(space.draw()).toBe("0..5f1 5..9f1");
  });
});

test("vma_merge_new_with_close: both neighbours have it: the left grows, the right stays", () => {
  const space = fresh({ ops: CLOSE });
  space.map(0, 2, file(0));
  space.map(5, 7, file(5));
  space.map(2, 5, file(2));
  expect(space.draw()).toBe("0..5f1 5..7f1");
  expect(space.count).toBe(2);
});

describe("merge_existing", () => {
  const combinations = BOTH.flatMap((left) =>
    BOTH.flatMap((middle) => BOTH.map((right) => ({ left, middle, right }))),
  );

  /** Three VMAs, the middle read-only; those named carry a guard, all of one anon_vma as splits make them. */
  function three(sticky: { left: boolean; middle: boolean; right: boolean }): Pages {
    const space = fresh();
    space.map(0, 9);
    space.write(0, 9);
    space.protect(3, 6, R);
    const bits = [sticky.left, sticky.middle, sticky.right];
    bits.forEach((wanted, i) => {
      if (wanted) guard(space, 3 * i + 1);
    });
    return space;
  }

  test.each(combinations)("$left $middle $right", (sticky) => {
    const cases = [
      // the range that becomes writable again; what stands then; which object survives (0 left, 1 middle, 2 right)
      { range: [4, 6], layout: "0..3 3..4 4..9", survivor: 2, merged: ["middle", "right"] },
      { range: [3, 5], layout: "0..5 5..6 6..9", survivor: 0, merged: ["left", "middle"] },
      { range: [3, 6], layout: "0..9", survivor: 0, merged: ["left", "middle", "right"] },
    ] as const;
    for (const { range, layout, survivor, merged } of cases) {
      const space = three(sticky);
      const object = objects(space)[survivor];
      space.protect(range[0], range[1], RW);
      expect(space.draw()).toBe(layout);
      const found = vmas(space).find(({ id }) => id === object);
      expect(found, "the survivor").toBeDefined();
      const expected = merged.some((name) => sticky[name]);
      expect(isSticky(found?.flags ?? 0)).toBe(expected);
      expect(space.offsets()).toEqual(vmas(space).map((v) => (v.start - FIRST_PAGE) / 4096));
    }
  });

  test("with only one neighbour, whole and in part", () => {
    for (const [range, layout] of [
      [[3, 6], "0..6"],
      [[3, 5], "0..5 5..6"],
    ] as const) {
      const space = fresh();
      space.map(0, 6);
      space.write(0, 6);
      space.protect(3, 6, R);
      space.protect(range[0], range[1], RW);
      expect(space.draw()).toBe(layout);
    }
  });

  test("a range inside never merges", () => {
    const space = three({ left: false, middle: false, right: false });
    space.protect(4, 5, RW);
    expect(space.draw()).toBe("0..3 3..4 4..5 5..6 6..9");
  });
});

describe("anon_vma_non_mergeable: neighbours of two anon_vmas", () => {
  test("a new range joins the left one only", () => {
    const space = fresh();
    space.map(0, 3);
    space.write(0, 3);
    space.map(6, 9);
    space.write(6, 9);
    const right = vmas(space)[1];
    space.map(3, 6);
    expect(space.draw()).toBe("0..6 6..9");
    expect(vmas(space)[1], "the right one is untouched").toEqual(right);
  });

  test("so does a changed one", () => {
    const space = fresh();
    space.map(0, 3);
    space.write(0, 3);
    space.map(6, 9);
    space.write(6, 9);
    space.map(3, 6, { prot: R });
    space.protect(3, 6, RW);
    expect(space.draw()).toBe("0..6 6..9");
  });
});

test("written memory that comes to fit a written neighbour with another anon_vma stays apart", () => {
  const space = fresh();
  const advise = (advice: number) =>
    space.run({ op: abi.OP_MADVISE, addr: FIRST_PAGE + 3 * 4096, len: 3 * 4096, prot: advice });
  space.map(0, 6);
  advise(16 /* DONTDUMP */);
  space.write(0, 6);
  advise(17 /* DODUMP */);
  expect(space.draw()).toBe("0..3 3..6");
});

describe("dup_anon_vma: the survivor takes over the anon_vma", () => {
  const anonVmas = (space: Pages) => vmas(space).map(({ anonVma }) => anonVma);

  test("of the right one, when a new range joins both", () => {
    const space = fresh();
    space.map(0, 3);
    space.map(6, 9);
    space.write(6, 9);
    const [, own] = anonVmas(space);
    space.map(3, 6);
    expect(space.draw()).toBe("0..9");
    expect(anonVmas(space)).toEqual([own]);
  });

  test.each([
    ["of the right one", [false, false, true], [3, 6]],
    ["of the changed one, into the left", [false, true, false], [3, 6]],
    ["of the changed one, in part, into the left", [false, true, false], [3, 5]],
    ["of the changed one, in part, into the right", [false, true, false], [4, 6]],
  ] as const)("%s", (_, written, range) => {
    const space = fresh();
    // charges do not depend on what is written
    const flags = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;
    space.map(0, 3, { flags });
    space.map(3, 6, { flags, prot: abi.PROT_READ | abi.PROT_WRITE | abi.PROT_EXEC });
    space.map(6, 9, { flags });
    written.forEach((wanted, i) => {
      if (wanted) space.write(3 * i, 3 * i + 3);
    });
    const own = Math.max(...anonVmas(space));
    expect(own).toBeGreaterThan(0);
    space.protect(range[0], range[1], RW);
    const survivor = vmas(space).find(({ start, end }) => {
      const [from, to] = range;
      return start <= FIRST_PAGE + from * 4096 && end >= FIRST_PAGE + to * 4096;
    });
    expect(survivor?.end).toBeGreaterThan((survivor?.start ?? 0) + 3 * 4096);
    expect(survivor?.anonVma).toBe(own);
  });
});

describe("vmi_prealloc_fail: without memory for the tree nothing merges, and no anon_vma is left behind", () => {
  test("a changed range", () => {
    const space = fresh();
    const flags = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;
    space.map(0, 3, { flags });
    space.map(3, 6, { flags, prot: 7 });
    space.write(3, 6);
    const before = vmas(space);
    for (let at = 1; ; at++) {
      const result = space.run({
        op: abi.OP_MPROTECT,
        addr: FIRST_PAGE + 3 * 4096,
        len: 3 * 4096,
        prot: RW,
        fail: abi.FAIL_ALLOCATION,
        at,
      });
      if (!space.core.failureReached()) break;
      expect(result).toBe(-abi.ENOMEM);
      expect(vmas(space)).toEqual(before);
    }
    expect(space.draw()).toBe("0..6");
  });

  test("a new one stays by itself", () => {
    const space = fresh();
    space.map(0, 3);
    space.map(6, 9);
    space.write(6, 9);
    const own = vmas(space)[1]?.anonVma;
    let failures = 0;
    for (let at = 1; ; at++) {
      space.map(3, 6, { fail: abi.FAIL_ALLOCATION, at });
      if (!space.core.failureReached()) break;
      failures++;
      // the first two: the chain entry of the anon_vma taken over, the tree's nodes
      expect(vmas(space).map(({ anonVma }) => anonVma)).toEqual(at <= 2 ? [0, 0, own] : [own]);
      space.unmap(3, 6);
    }
    expect(failures).toBeGreaterThanOrEqual(1);
  });
});

test("merge_extend: growing into a gap swallows the VMA beyond it", () => {
  const space = fresh();
  space.map(0, 1);
  space.map(4, 5);
  const [first] = objects(space);
  space.remap(0, 1, 4, 0);
  expect(space.draw()).toBe("0..5");
  expect(objects(space)).toEqual([first]);
});

test("expand_only_mode: brk grows the VMA below and looks no further", () => {
  const space = new Pages("mmap@7.3");
  const brk = 0x5555_5560_0000;
  const grow = (pages: number) => space.core.run([{ op: abi.OP_BRK, addr: brk + pages * 4096 }]);
  grow(3);
  space.core.clearCounters();
  grow(5);
  expect(space.core.layout().map(({ start, end }) => [start - brk, end - brk])).toEqual([
    [0, 5 * 4096],
  ]);
  expect(space.core.counters()["merge.merged"]).toBe(1);
  expect(space.core.counters()["vma.allocated"]).toBe(0);
});

test("mmap_region_basic: four mappings make two VMAs", () => {
  const space = fresh();
  space.map(300, 303);
  space.map(250, 253);
  space.map(303, 304);
  space.map(253, 254);
  expect(space.draw()).toBe("250..254 300..304");
  expect(space.offsets()).toEqual([250, 300]);
});

describe("copy_vma: mremap moves", () => {
  const MOVE = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;

  test("where nobody fits: a VMA of its own", () => {
    const space = fresh();
    space.map(3, 5);
    space.remap(3, 5, 2, MOVE, 20);
    expect(space.draw()).toBe("20..22");
  });

  test("beside another that fits: one VMA", () => {
    const space = fresh();
    space.map(0, 2);
    space.map(9, 11);
    space.remap(9, 11, 2, MOVE, 2);
    expect(space.draw()).toBe("0..4");
  });

  test("written memory right behind the rest of its own VMA: it keeps its offset, so it stays apart", () => {
    const space = fresh();
    space.map(0, 4);
    space.write(0, 4);
    space.remap(0, 2, 2, MOVE, 4);
    expect(space.draw()).toBe("2..4 4..6");
    expect(space.offsets()).toEqual([2, 0]);
  });

  test("unwritten memory right behind, and right before, the rest of its own VMA joins it", () => {
    const behind = fresh();
    behind.map(0, 4);
    behind.remap(0, 2, 2, MOVE, 4);
    expect(behind.draw()).toBe("2..6");
    const before = fresh();
    before.map(4, 8);
    before.remap(6, 8, 2, MOVE, 2);
    expect(before.draw()).toBe("2..6");
  });

  test("written memory beside unwritten that fits: one VMA, with the anon_vma of what moved", () => {
    const space = fresh();
    space.map(20, 30);
    space.write(20, 30);
    space.remap(20, 30, 10, MOVE, 40);
    const own = vmas(space)[0]?.anonVma;
    space.map(10, 20);
    space.remap(40, 50, 10, MOVE, 20);
    expect(space.draw()).toBe("10..30");
    expect(vmas(space)[0]?.anonVma).toBe(own);
  });

  test.each([
    ["left", 10, 30],
    ["right", 50, 30],
  ] as const)(
    "a written private file mapping beside one that continues it in the file only: %s",
    (_, beside, at) => {
      const space = fresh();
      // where the mapping ends up: 30..40, page 30 of the file; where its pages were written: elsewhere
      const from = beside < at ? beside + 10 : at + 10;
      space.map(100, 110, { file: 1, pgoff: 30 });
      space.write(100, 110);
      space.map(from, from + 10, { file: 1, pgoff: from });
      space.remap(100, 110, 10, MOVE, at);
      expect(space.count).toBe(2);
      // 6.18 has no index that could tell
      const before = new Pages("mmap@6.18").driver(0, { ops: OPS }).file(1);
      before.map(100, 110, { file: 1, pgoff: 30 });
      before.write(100, 110);
      before.map(from, from + 10, { file: 1, pgoff: from });
      before.remap(100, 110, 10, MOVE, at);
      expect(before.count).toBe(1);
    },
  );

  test("between two VMAs that fit: three become one", () => {
    const space = fresh();
    space.map(0, 2);
    space.map(4, 6);
    space.map(20, 22);
    space.remap(20, 22, 2, MOVE, 2);
    expect(space.draw()).toBe("0..6");
  });
});
