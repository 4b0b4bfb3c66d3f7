// Page tables: how many there are, when they go, what leaves the TLB.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Pages } from "./pages.js";

const GIB = 2 ** 18; //     pages
const TWO_MIB = 512; //     pages
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;
const LAZY = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;
const FILE_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES;

function fresh(): Pages {
  return new Pages("mmap_prepare@7.3").driver(0, { ops: FILE_OPS }).file(1);
}

describe("tables for n written pages in a row, from a 512 GiB border", () => {
  test.each([1, 33, 512, 513, 3000])("%i", (n) => {
    const space = fresh();
    space.map(0, n);
    space.write(0, n);
    const tables = Math.ceil(n / 512) + Math.ceil(n / GIB) + 1;
    const c = space.core.counters();
    expect(c["page.faults"]).toBe(n);
    expect(c["page.ptesSet"]).toBe(n);
    expect(c["page.tablesAllocated"]).toBe(tables);
    expect(space.core.pageTablePages()).toBe(tables);
    space.core.clearCounters();
    space.unmap(0, n);
    const after = space.core.counters();
    expect(after["page.ptesCleared"]).toBe(n);
    expect(after["page.framesFreed"]).toBe(n);
    expect(after["page.tablesFreed"]).toBe(tables);
    expect(space.core.pageTablePages()).toBe(0);
    // 33 single pages, or everything
    expect(after["tlb.singleFlushes"]).toBe(n <= 33 ? n : 0);
    expect(after["tlb.fullFlushes"]).toBe(n <= 33 ? 0 : 1);
  });
});

describe("tables for k pages far apart", () => {
  test.each([
    ["2 MiB", TWO_MIB, (k: number) => k + 1 + 1],
    ["1 GiB", GIB, (k: number) => 2 * k + 1],
  ])("one every %s", (_, step, tables) => {
    const k = 7;
    const space = fresh();
    space.map(0, k * step, { flags: LAZY });
    for (let i = 0; i < k; i++) space.write(i * step, i * step + 1);
    expect(space.core.pageTablePages()).toBe(tables(k));
    space.unmap(0, k * step);
    expect(space.core.pageTablePages()).toBe(0);
  });
});

test("a table goes only when nothing mapped remains in its span", () => {
  const space = fresh();
  space.map(0, 100);
  space.map(200, 300, { prot: abi.PROT_READ });
  space.write(0, 100);
  space.unmap(0, 100);
  expect(space.core.pageTablePages(), "a neighbour in the same 2 MiB").toBe(3);
  space.unmap(200, 300);
  // the neighbour had no pages; its unmapping frees the tables all the same
  expect(space.core.pageTablePages()).toBe(0);
});

test("freeing the tables of a lone small mapping behind a border flushes everything", () => {
  const space = fresh();
  space.map(TWO_MIB, TWO_MIB + 3);
  space.write(TWO_MIB, TWO_MIB + 3);
  space.core.clearCounters();
  space.unmap(TWO_MIB, TWO_MIB + 3);
  // the freed upper tables are recorded at the start of their spans: 515 pages
  expect(space.core.counters()["tlb.fullFlushes"]).toBe(1);
});

describe("faults", () => {
  test("reads of a file map 16 pages around", () => {
    const space = fresh();
    space.map(0, 160, { file: 1, flags: SHARED });
    expect(space.read(0, 160)).toBe(160);
    const c = space.core.counters();
    expect(c["page.faults"]).toBe(10);
    expect(c["page.ptesSet"]).toBe(160);
    expect(c["page.framesAllocated"]).toBe(0);
  });

  test.each([2 ** 36, 2 ** 40, 2 ** 47, 2 ** 51 - 100])(
    "pages at offset %i of a file are a file's pages too",
    (pgoff) => {
      const space = fresh();
      space.map(0, 32, { file: 1, flags: SHARED, pgoff });
      expect([space.read(0, 16), space.write(0, 32)]).toEqual([16, 32]);
      space.map(100, 132, { file: 1, pgoff });
      expect([space.read(100, 132), space.write(100, 104)]).toEqual([32, 4]);
      // only what was copied is the process's own
      expect(space.core.counters()["page.framesAllocated"]).toBe(4);
      space.unmap(0, 132);
      expect(space.core.counters()["page.framesFreed"]).toBe(4);
    },
  );

  test("reading untouched memory maps the zero page, writing it then copies", () => {
    const space = fresh();
    space.map(0, 4);
    space.read(0, 4);
    expect(space.core.counters()["page.framesAllocated"]).toBe(0);
    expect(space.core.layout()[0]?.anonVma).toBe(0);
    space.write(0, 4);
    expect(space.core.counters()["page.framesAllocated"]).toBe(4);
    expect(space.core.layout()[0]?.anonVma).not.toBe(0);
    expect(space.core.counters()["page.faults"]).toBe(8);
  });

  test("a write to a private mapping of inserted pages copies, also where none is left", () => {
    const space = fresh()
      .driver(1, { ops: FILE_OPS, eager: abi.EAGER_INSERT_PAGES })
      .file(2, { driver: 1 });
    space.map(0, 2, { flags: abi.MAP_FIXED | abi.MAP_PRIVATE, file: 2 });
    space.write(0, 1);
    space.run({
      op: abi.OP_MADVISE,
      addr: space.core.layout()[0]!.start + 4096,
      len: 4096,
      prot: 4,
    });
    space.write(1, 2);
    expect(space.core.counters()["page.framesAllocated"]).toBe(2);
    expect(space.core.layout()[0]?.anonVma).not.toBe(0);
    expect(space.core.check()).toBe(0);
  });

  test("an access that is not allowed ends with a signal", () => {
    const space = fresh();
    space.map(0, 4, { prot: abi.PROT_READ });
    expect(space.write(0, 4)).toBe(-abi.EFAULT);
    expect(space.read(3, 5), "beyond the mapping").toBe(-abi.EFAULT);
    space.protect(0, 4, 0);
    expect(space.read(0, 1)).toBe(-abi.EFAULT);
  });

  test("taking a right away flushes, giving one does not", () => {
    const space = fresh();
    space.map(0, 8);
    space.write(0, 8);
    space.core.clearCounters();
    space.protect(0, 8, abi.PROT_READ);
    expect(space.core.counters()["tlb.singleFlushes"]).toBe(8);
    space.core.clearCounters();
    space.protect(0, 8, abi.PROT_READ | abi.PROT_WRITE);
    expect(space.core.counters()["tlb.singleFlushes"]).toBe(0);
    expect(space.write(0, 8)).toBe(8);
    expect(space.core.counters()["page.faults"], "pages of its own are writable at once").toBe(0);
  });
});

describe("mremap takes the pages along", () => {
  test.each([
    ["page by page", 3, 20],
    ["table by table", 0, 2 * TWO_MIB],
  ])("%s", (_, from, length) => {
    const space = fresh();
    space.map(from, from + length);
    space.write(from, from + length);
    const faults = space.core.counters()["page.faults"];
    const target = 4 * GIB + from;
    const flags = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;
    expect(space.remap(from, from + length, length, flags, target)).toBe(target);
    expect(space.read(target, target + length)).toBe(length);
    expect(space.core.counters()["page.faults"]).toBe(faults);
    space.unmap(target, target + length);
    expect(space.core.pageTablePages()).toBe(0);
  });
});

test("MADV_DONTNEED drops pages, not the mapping", () => {
  const space = fresh();
  space.map(0, 8);
  space.write(0, 8);
  const { start, end } = space.core.layout()[0]!;
  space.run({ op: abi.OP_MADVISE, addr: start, len: end - start, prot: 4 });
  expect(space.draw()).toBe("0..8");
  expect(space.core.counters()["page.framesFreed"]).toBe(8);
});
