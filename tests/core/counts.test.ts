// What one mmap costs under each protocol, in counted work: the table of docs/model.md, row by row.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import { Pages, PROTOCOL_IDS, type ProtocolId } from "./pages.js";

const OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;

/** hook calls, attempts, second attempts, VMAs +/-, reservations, stores, rmap +/-, file +/-, map_count change. */
interface Row {
  hook: number;
  attempts: number;
  second: number;
  vmas: [number, number];
  reservations: number;
  stores: number;
  rmap: [number, number];
  file: [number, number];
  mapCount: number;
}

function row(
  [hook, attempts, second]: [number, number, number],
  vmas: [number, number],
  [reservations, stores]: [number, number],
  rmap: [number, number],
  file: [number, number],
  mapCount: number,
): Row {
  return { hook, attempts, second, vmas, reservations, stores, rmap, file, mapCount };
}

/** One mmap of pages 20..30, above a mapping of the same file at 10..20 made the same way. */
function costOf(protocol: ProtocolId, driver: DriverRecord, options: { pgoff: number }): Row {
  const space = new Pages(protocol).driver(0, driver).file(1);
  if (driver.failPoint) space.map(10, 20);
  else space.map(10, 20, { file: 1, pgoff: 0, flags: SHARED });
  const before = space.count;
  space.core.clearCounters();
  space.map(20, 30, { file: 1, pgoff: options.pgoff, flags: SHARED });
  const c = space.core.counters();
  return {
    hook: c["hook.calls"],
    attempts: c["merge.attempts"],
    second: c["merge.secondAttempts"],
    vmas: [c["vma.allocated"], c["vma.freed"]],
    reservations: c["maple.reservations"],
    stores: c["maple.stores"],
    rmap: [c["file.rmapInserts"], c["file.rmapRemoves"]],
    file: [c["file.gets"], c["file.puts"]],
    mapCount: space.count - before,
  };
}

function each(rows: Record<ProtocolId, Row>, cost: (protocol: ProtocolId) => Row): void {
  test.each(PROTOCOL_IDS)("%s", (protocol) => expect(cost(protocol)).toEqual(rows[protocol]));
}

const own = (hook: number) => row([hook, 1, 0], [1, 0], [1, 1], [1, 0], [1, 0], 1);

describe("the hook changes nothing, nobody fits", () => {
  const rows = { "mmap@6.15": own(1), "mmap@7.3": own(1), "mmap_prepare@7.3": own(1) };
  each(rows, (protocol) => costOf(protocol, { ops: OPS }, { pgoff: 100 }));
});

describe("the hook changes nothing, the VMA below fits: .mmap is not even called", () => {
  const merged = (hook: number) => row([hook, 1, 0], [0, 0], [1, 1], [1, 1], [0, 0], 0);
  const rows = { "mmap@6.15": merged(0), "mmap@7.3": merged(0), "mmap_prepare@7.3": merged(1) };
  each(rows, (protocol) => costOf(protocol, { ops: OPS }, { pgoff: 10 }));
});

describe("the hook's flag makes it fit", () => {
  const rows = {
    "mmap@6.15": row([1, 2, 1], [1, 1], [2, 2], [2, 2], [1, 1], 0),
    "mmap@7.3": own(1),
    "mmap_prepare@7.3": row([1, 1, 0], [0, 0], [1, 1], [1, 1], [0, 0], 0),
  };
  const driver = { ops: OPS, flagsSet: abi.VM_DONTDUMP };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

describe("the hook sets a flag that forbids merging", () => {
  const special = (attempts: number) => row([1, attempts, 0], [1, 0], [1, 1], [1, 0], [1, 0], 1);
  const rows = { "mmap@6.15": special(1), "mmap@7.3": special(1), "mmap_prepare@7.3": special(0) };
  const driver = { ops: OPS, flagsSet: abi.VM_PFNMAP };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

describe("the hook fails at once", () => {
  const late = row([1, 1, 0], [1, 1], [1, 0], [0, 0], [1, 1], 0);
  const rows = {
    "mmap@6.15": late,
    "mmap@7.3": late,
    "mmap_prepare@7.3": row([1, 0, 0], [0, 0], [0, 0], [0, 0], [0, 0], 0),
  };
  const driver = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.ENOMEM };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

describe("the driver fails after some PTEs", () => {
  const driver = {
    ops: abi.OPS_INSTALLED,
    flagsSet: abi.VM_REMAP_FLAGS,
    eager: abi.EAGER_REMAP_PFN,
    failPoint: abi.HOOK_FAILS_AFTER_PTES,
    failAfter: 7,
    errno: abi.ENOMEM,
  };

  test.each(["mmap@6.15", "mmap@7.3"] as const)("%s", (protocol) => {
    const cost = costOf(protocol, driver, { pgoff: 10 });
    expect(cost).toEqual(row([1, 1, 0], [1, 1], [1, 0], [0, 0], [1, 1], 0));
  });

  test("mmap_prepare@7.3: created in full, and unmapped in full", () => {
    const cost = costOf("mmap_prepare@7.3", driver, { pgoff: 10 });
    expect(cost).toEqual(row([1, 0, 0], [1, 1], [1, 2], [1, 1], [1, 1], 0));
  });

  test.each(PROTOCOL_IDS)("%s: every PTE installed is cleared, every table freed", (protocol) => {
    const space = new Pages(protocol).driver(0, driver).file(1);
    space.map(20, 30, { file: 1, flags: SHARED });
    const counters = space.core.counters();
    expect(counters["page.ptesSet"]).toBe(7);
    expect(counters["page.ptesCleared"]).toBe(7);
    expect(counters["page.tablesAllocated"]).toBe(3);
    expect(space.core.pageTablePages()).toBe(0);
  });
});

test("a failure under MAP_FIXED leaves a hole, early or late", () => {
  const late = {
    ops: abi.OPS_INSTALLED,
    eager: abi.EAGER_REMAP_PFN,
    failPoint: abi.HOOK_FAILS_AFTER_PTES,
    failAfter: 2,
    errno: abi.ENOMEM,
  };
  const early = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.ENOMEM };
  for (const driver of [early, late]) {
    for (const protocol of PROTOCOL_IDS) {
      const space = new Pages(protocol).driver(0, driver).file(1);
      space.map(10, 40);
      space.map(20, 30, { file: 1, flags: SHARED });
      expect(space.draw(), protocol).toBe("10..20 30..40");
      expect(space.core.counters()["unwind.holes"], protocol).toBe(1);
    }
  }
});

describe("MAP_FIXED over three VMAs, two of them split", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const space = new Pages(protocol).driver(0, { ops: OPS }).file(1);
    space.map(10, 20);
    space.map(20, 30, { prot: abi.PROT_READ });
    space.map(30, 40);
    space.core.clearCounters();
    space.map(15, 35, { file: 1, flags: SHARED });
    expect(space.draw()).toBe("10..15 15..35f1 35..40");
    const c = space.core.counters();
    expect(c["vma.split"]).toBe(2);
    expect(c["maple.sideStores"]).toBe(3);
    expect(c["maple.sideNodes"]).toBe(1);
    expect(c["maple.stores"], "two splits, and one store that replaces all three").toBe(3);
    expect(c["vma.freed"]).toBe(3);
    expect(c["hook.calls"]).toBe(1);
  });
});

describe("thousands of touching one-page mappings of one file", () => {
  const count = 2000; // the same answer at any length
  const cases: [string, DriverRecord, ProtocolId, { vmas: number; hooks: number }][] = [
    [
      "a flag set",
      { ops: OPS, flagsSet: abi.VM_DONTDUMP },
      "mmap@7.3",
      { vmas: count, hooks: count },
    ],
    [
      "a flag set",
      { ops: OPS, flagsSet: abi.VM_DONTDUMP },
      "mmap_prepare@7.3",
      { vmas: 1, hooks: count },
    ],
    ["nothing changed", { ops: OPS }, "mmap@7.3", { vmas: 1, hooks: 1 }],
    ["nothing changed", { ops: OPS }, "mmap_prepare@7.3", { vmas: 1, hooks: count }],
  ];
  test.each(cases)("%s, %#", (_, driver, protocol, expected) => {
    const space = new Pages(protocol).driver(0, driver).file(1);
    for (let i = 0; i < count; i++) space.map(i, i + 1, { file: 1, pgoff: i, flags: SHARED });
    const hooks = space.core.counters()["hook.calls"];
    expect({ vmas: space.count, hooks }).toEqual(expected);
  });
});
