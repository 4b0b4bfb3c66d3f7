// The core's page tables against a naive one: after random calls and accesses the same pages with the same
// rights, the same number of tables at every level. And what cannot be told apart from counting: 2 MiB pages,
// five levels, whole tables moved.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import { pageTables } from "../../src/core/pages.js";
import { type Area, NaiveTables } from "../model/tables.js";

const PAGE = 4096;
const BASE = 0x1000_0000_0000; // a 512 GiB border
const TWO_MIB = 512; //          pages
const GIB = 512 * 512; //        pages
const RW = abi.PROT_READ | abi.PROT_WRITE;
const PRIVATE = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;
const DONTNEED = 4;
const HUGEPAGE = 14;
const OPS = abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES;
const core = new Core("checking");

function reset(levels: 4 | 5 = 4): void {
  core.reset({ profile: abi.PROFILE_7_3, levels, thpEnabled: abi.THP_MADVISE });
  core.setDriver(0, { ops: OPS });
  core.setFile(1, { mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE });
}

function run(operation: Operation): number {
  const [result] = core.run([operation]);
  expect(core.check(), JSON.stringify(operation)).toBe(0);
  return result?.value ?? Number.NaN;
}

const at = (page: number) => BASE + page * PAGE;
const range = (from: number, pages: number) => ({ addr: at(from), len: pages * PAGE });
const map = (from: number, pages: number, how: { file?: number; flags?: number } = {}) =>
  run({
    op: abi.OP_MMAP,
    ...range(from, pages),
    prot: RW,
    flags: (how.flags ?? PRIVATE) + (how.file ? 0 : abi.MAP_ANONYMOUS),
    file: how.file ?? 0,
    pgoff: how.file ? from : 0,
  });
const touch = (from: number, pages: number, write = true) =>
  run({ op: abi.OP_TOUCH, ...range(from, pages), flags: write ? 1 : 0 });
const advise = (from: number, pages: number, advice: number) =>
  run({ op: abi.OP_MADVISE, ...range(from, pages), prot: advice });

type Step =
  | { kind: "map"; from: number; pages: number; what: "anonymous" | "private" | "shared" }
  | { kind: "unmap" | "protect" | "unprotect" | "discard"; from: number; pages: number }
  | { kind: "touch"; from: number; pages: number; write: boolean }
  | { kind: "fork" };

/** Places around the borders of tables of every level. */
const from = fc
  .tuple(
    fc.constantFrom(0, TWO_MIB, 2 * TWO_MIB, GIB, GIB + TWO_MIB),
    fc.integer({ min: -40, max: 40 }),
  )
  .map(([border, off]) => Math.max(0, border + off));
const pages = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(TWO_MIB, TWO_MIB + 3, GIB));
const few = fc.integer({ min: 1, max: 30 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("map" as const),
      from,
      pages,
      what: fc.constantFrom("anonymous", "anonymous", "private", "shared"),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom("unmap", "unmap", "protect", "unprotect", "discard"),
      from,
      pages,
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("touch" as const),
      from,
      pages: few,
      write: fc.boolean(),
    }),
    weight: 8,
  },
  { arbitrary: fc.constant({ kind: "fork" as const }), weight: 1 },
);

/** Mappings and pages at every border, so that there is something to take away. */
const START: Step[] = [0, TWO_MIB, GIB].flatMap((border) => [
  { kind: "map", from: Math.max(0, border - 20), pages: 40, what: "anonymous" },
  { kind: "touch", from: border, pages: 3, write: true },
]);

/** The parts of VMAs in a range. */
function parts(layout: readonly Area[], start: number, end: number): Area[] {
  return layout
    .filter((vma) => vma.start < end && vma.end > start)
    .map((vma) => ({ ...vma, start: Math.max(vma.start, start), end: Math.min(vma.end, end) }));
}

/** What the range's VMAs leave behind when they go. */
function unmapIn(naive: NaiveTables, layout: readonly Area[], start: number, end: number): void {
  const gone = parts(layout, start, end);
  if (gone.length === 0) return;
  const floor = Math.max(0, ...parts(layout, 0, start).map((vma) => vma.end));
  const above = parts(layout, end, Number.MAX_SAFE_INTEGER).map((vma) => vma.start);
  naive.unmap(gone, floor, above.length > 0 ? Math.min(...above) : 0);
}

function perform(naive: NaiveTables, step: Step): void {
  const before = core.layout();
  if (step.kind === "fork") {
    run({ op: abi.OP_FORK, flags: 1 });
    naive.fork(before);
    return;
  }
  const start = at(step.from);
  const end = at(step.from + step.pages);
  switch (step.kind) {
    case "map":
      map(step.from, step.pages, {
        file: step.what === "anonymous" ? 0 : 1,
        flags: step.what === "shared" ? abi.MAP_FIXED | abi.MAP_SHARED : PRIVATE,
      });
      unmapIn(naive, before, start, end);
      break;
    case "unmap":
      run({ op: abi.OP_MUNMAP, ...range(step.from, step.pages) });
      unmapIn(naive, before, start, end);
      break;
    case "protect":
    case "unprotect": {
      const prot = step.kind === "protect" ? abi.PROT_READ : RW;
      run({ op: abi.OP_MPROTECT, ...range(step.from, step.pages), prot });
      // a gap ends the call; what stood before it has changed
      let reached = start;
      for (const part of parts(before, start, end)) {
        if (part.start > reached) break;
        const now = core.layout().find((v) => v.start <= part.start && part.start < v.end) as Area;
        if (now.flags !== part.flags) naive.protect(now, part.start, part.end);
        reached = part.end;
      }
      break;
    }
    case "discard":
      advise(step.from, step.pages, DONTNEED);
      for (const part of parts(before, start, end)) naive.discard(part.start, part.end);
      break;
    case "touch":
      for (let page = start; page < end; page += PAGE) {
        const vma = before.find((v) => v.start <= page && page < v.end);
        const allowed = vma && (step.write ? Math.floor(vma.flags / 2) % 2 === 1 : true);
        run({ op: abi.OP_TOUCH, addr: page, len: PAGE, flags: step.write ? 1 : 0 });
        if (!allowed) break;
        naive.touch(vma, page, step.write);
      }
      break;
  }
}

function shownCore() {
  const { pages, tables } = pageTables(core);
  const lines = pages.map(({ addr, writable, special, frame }) => {
    const kind = special ? "zero" : frame >= FIRST_ANONYMOUS ? "own" : "file";
    return `${(addr - BASE) / PAGE} ${kind} ${writable ? "rw" : "r"}`;
  });
  return { pages: lines, tables };
}

const FIRST_ANONYMOUS = 0x1000000000;

function shownNaive(naive: NaiveTables) {
  const lines = [...naive.pages]
    .sort(([a], [b]) => a - b)
    .map(
      ([addr, { kind, writable }]) => `${(addr - BASE) / PAGE} ${kind} ${writable ? "rw" : "r"}`,
    );
  return { pages: lines, tables: naive.tables.map((level) => level.size) };
}

test("random calls and accesses", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 50 }), (steps) => {
      reset();
      const naive = new NaiveTables();
      for (const one of [...START, ...steps]) {
        perform(naive, one);
        expect(shownCore(), JSON.stringify(one)).toEqual(shownNaive(naive));
        expect(core.pageTablePages()).toBe(
          naive.tables.reduce((sum, level) => sum + level.size, 0),
        );
      }
    }),
    {
      numRuns: Number(process.env.VMABENCH_RUNS ?? 300),
      seed: Number(process.env.VMABENCH_SEED ?? 7),
    },
  );
});

describe("2 MiB pages", () => {
  const huge = () => pageTables(core).pages.filter(({ size }) => size > PAGE);

  /** 4 MiB of anonymous memory that wants them. */
  function wanting(): void {
    reset();
    map(0, 2 * TWO_MIB);
    advise(0, 2 * TWO_MIB, HUGEPAGE);
    core.clearCounters();
  }

  test("a write makes one, with a table set aside for the day it is split", () => {
    wanting();
    expect(touch(5, 1)).toBe(1);
    expect(huge()).toHaveLength(1);
    const counters = core.counters();
    expect(counters["page.faults"]).toBe(1);
    expect(counters["page.framesAllocated"]).toBe(512);
    expect(counters["page.tablesAllocated"], "PUD, PMD, and the one set aside").toBe(3);
    expect(touch(6, 500), "no further fault").toBe(500);
    expect(core.counters()["page.faults"]).toBe(1);
  });

  test("a read maps the page of zeroes, and a write replaces it", () => {
    wanting();
    touch(5, 1, false);
    expect(huge()[0]).toMatchObject({ special: true, writable: false });
    expect(core.layout()[0]?.anonVma, "the VMA has its anon_vma by now").not.toBe(0);
    touch(5, 1);
    expect(huge()[0]).toMatchObject({ special: false, writable: true });
  });

  test("nothing of the kind where the VMA ends short, or did not ask", () => {
    reset();
    map(1, TWO_MIB + 300);
    advise(1, TWO_MIB + 300, HUGEPAGE);
    touch(TWO_MIB + 5, 1);
    expect(huge(), "2 MiB to 4 MiB is not all inside").toEqual([]);
    map(GIB, TWO_MIB);
    touch(GIB, 1);
    expect(huge()).toEqual([]);
  });

  test.each([
    ["munmap", () => run({ op: abi.OP_MUNMAP, ...range(10, 5) }), 507],
    ["mprotect", () => run({ op: abi.OP_MPROTECT, ...range(10, 5), prot: 1 }), 512],
    ["madvise", () => advise(10, 5, DONTNEED), 507],
  ])("%s of a part splits it", (_, act, left) => {
    wanting();
    touch(0, 1);
    act();
    expect(huge()).toEqual([]);
    expect(pageTables(core).pages).toHaveLength(left);
    expect(core.counters()["page.hugeSplits"]).toBe(1);
    run({ op: abi.OP_MUNMAP, ...range(0, 2 * TWO_MIB) });
    expect(core.pageTablePages()).toBe(0);
    const { "page.framesAllocated": taken, "page.framesFreed": freed } = core.counters();
    expect(freed).toBe(taken);
  });

  test("munmap of all of it is one entry, one flush", () => {
    wanting();
    touch(0, 1);
    touch(TWO_MIB, 1);
    core.clearCounters();
    run({ op: abi.OP_MUNMAP, ...range(0, 2 * TWO_MIB) });
    const counters = core.counters();
    expect(counters["page.hugeCleared"]).toBe(2);
    expect(counters["page.ptesCleared"]).toBe(0);
    expect(counters["page.framesFreed"]).toBe(1024);
    expect(core.pageTablePages()).toBe(0);
  });

  test("mremap moves it whole between 2 MiB borders, else in parts", () => {
    const move = (to: number) =>
      run({
        op: abi.OP_MREMAP,
        ...range(0, 2 * TWO_MIB),
        prot: 2 * TWO_MIB * PAGE,
        flags: abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED,
        pgoff: at(to),
      });
    wanting();
    touch(0, 1);
    move(GIB);
    expect(huge().map(({ addr }) => addr)).toEqual([at(GIB)]);
    wanting();
    touch(0, 1);
    move(GIB + 3);
    expect(huge()).toEqual([]);
    expect(pageTables(core).pages).toHaveLength(512);
  });

  test("fork shares it, and either side's write finds it read-only first", () => {
    wanting();
    touch(0, 1);
    run({ op: abi.OP_FORK, flags: 1 });
    expect(huge()[0]).toMatchObject({ writable: false, accessed: false });
    touch(0, 1);
    expect(huge()[0]).toMatchObject({ writable: true });
    run({ op: abi.OP_EXIT });
    expect(core.pageTablePages()).toBe(0);
  });
});

describe("five levels", () => {
  test.each([1, 513, 3000])("%i pages need one table more, and a walk one step more", (n) => {
    const of = (levels: 4 | 5) => {
      reset(levels);
      map(0, n);
      core.clearCounters();
      touch(0, 1);
      const steps = core.counters()["page.walkSteps"];
      touch(0, n);
      const all = { tables: core.pageTablePages(), pages: pageTables(core, levels).pages.length };
      run({ op: abi.OP_MUNMAP, ...range(0, n) });
      return { ...all, steps, left: core.pageTablePages() };
    };
    const [four, five] = [of(4), of(5)];
    expect(five.tables).toBe(four.tables + 1);
    expect(five.pages).toBe(four.pages);
    expect(five.steps).toBeGreaterThan(four.steps);
    expect([four.left, five.left]).toEqual([0, 0]);
  });
});

describe("mremap of populated memory", () => {
  const move = (start: number, n: number, to: number) => {
    core.clearCounters();
    run({
      op: abi.OP_MREMAP,
      ...range(start, n),
      prot: n * PAGE,
      flags: abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED,
      pgoff: at(to),
    });
    return core.counters();
  };

  test("between 2 MiB borders whole tables go", () => {
    reset();
    map(0, 2 * TWO_MIB);
    touch(0, 2 * TWO_MIB);
    const counters = move(0, 2 * TWO_MIB, 4 * TWO_MIB);
    expect(counters["page.ptesSet"]).toBe(0);
    expect(pageTables(core).pages).toHaveLength(2 * TWO_MIB);
  });

  test("a start equally far behind a border, with nothing before it, is moved from the border on", () => {
    reset();
    map(7, 2 * TWO_MIB - 7);
    touch(7, 2 * TWO_MIB - 7);
    expect(move(7, 2 * TWO_MIB - 7, 4 * TWO_MIB + 7)["page.ptesSet"]).toBe(0);
    reset();
    map(0, 3, { flags: PRIVATE });
    map(7, 2 * TWO_MIB - 7);
    touch(7, 2 * TWO_MIB - 7);
    const shared = move(7, 2 * TWO_MIB - 7, 4 * TWO_MIB + 7);
    expect(shared["page.ptesSet"], "somebody else's pages are before it").toBe(TWO_MIB - 7);
  });

  test("elsewhere entry by entry", () => {
    reset();
    map(0, 600);
    touch(0, 600);
    expect(move(0, 600, 4 * TWO_MIB + 1)["page.ptesSet"]).toBe(600);
  });

  test("1 GiB at a border is one entry", () => {
    reset();
    map(0, GIB);
    touch(0, 1);
    touch(GIB - 1, 1);
    const tables = core.pageTablePages();
    const counters = move(0, GIB, 2 * GIB);
    expect(counters["page.ptesSet"]).toBe(0);
    expect(core.pageTablePages()).toBe(tables);
  });
});
