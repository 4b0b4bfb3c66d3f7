// What one mmap costs under each protocol, in counted work: the table of docs/protocols.md, row by row.

import { describe, expect, test } from "vitest";
import { parseProtocol, whyNoPtes } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import { Pages, PROTOCOL_IDS, protocols } from "./pages.js";

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
function costOf(protocol: string, driver: DriverRecord, options: { pgoff: number }): Row {
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

/** Row of every protocol, by how its kernel goes about it. */
function each(rows: { protocols: readonly string[]; row: Row }[], cost: (p: string) => Row): void {
  const cases = rows.flatMap(({ protocols, row }) => protocols.map((id) => ({ id, row })));
  test.each(cases)("$id", ({ id, row }) => expect(cost(id)).toEqual(row));
}

// What sets the protocols apart in this table.
const BEFORE_INSERTION = ["mmap@6.12"]; //        second merge of a VMA that is not in the tree
const AFTER_INSERTION = ["mmap@6.15", "mmap@rfc"]; // second merge of one that is
const ONE_MERGE = protocols("mmap", "6.16");
const MMAP = protocols("mmap");
const PREPARE = [...protocols("mmap_prepare"), "mmap_proto@rfc"];
const BOTH = ["mmap_proto+mmap@rfc"]; //          .mmap_proto, and .mmap for a VMA of its own
const COMPAT = protocols("compat"); //            an inner .mmap_prepare, called where .mmap is
const without = (ids: readonly string[], id: string) => ids.filter((other) => other !== id);

const own = (hook: number) => row([hook, 1, 0], [1, 0], [1, 1], [1, 0], [1, 0], 1);
const merged = (hook: number) => row([hook, 1, 0], [0, 0], [1, 1], [1, 1], [0, 0], 0);

test("the groups below hold every protocol", () => {
  expect([...MMAP, ...PREPARE, ...BOTH, ...COMPAT].sort()).toEqual([...PROTOCOL_IDS].sort());
});

describe("the hook changes nothing, nobody fits", () => {
  const rows = [
    { protocols: [...MMAP, ...PREPARE, ...COMPAT], row: own(1) },
    { protocols: BOTH, row: own(2) },
  ];
  each(rows, (protocol) => costOf(protocol, { ops: OPS }, { pgoff: 100 }));
});

describe("the hook changes nothing, the VMA below fits: .mmap is not even called", () => {
  const rows = [
    { protocols: [...MMAP, ...COMPAT], row: merged(0) },
    { protocols: [...PREPARE, ...BOTH], row: merged(1) },
  ];
  each(rows, (protocol) => costOf(protocol, { ops: OPS }, { pgoff: 10 }));
});

describe("the hook's flag makes it fit", () => {
  const second = [1, 2, 1] as [number, number, number];
  const rows = [
    { protocols: ["mmap@6.11"], row: row(second, [1, 1], [1, 1], [1, 1], [1, 1], 0) },
    { protocols: BEFORE_INSERTION, row: row(second, [1, 1], [2, 1], [1, 1], [1, 1], 0) },
    { protocols: AFTER_INSERTION, row: row(second, [1, 1], [2, 2], [2, 2], [1, 1], 0) },
    { protocols: [...ONE_MERGE, ...COMPAT], row: own(1) },
    { protocols: [...PREPARE, ...BOTH], row: merged(1) },
  ];
  const driver = { ops: OPS, flagsSet: abi.VM_DONTDUMP };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

describe("the hook sets a flag that forbids merging", () => {
  const special = (hook: number, attempts: number) =>
    row([hook, attempts, 0], [1, 0], [1, 1], [1, 0], [1, 0], 1);
  const rows = [
    { protocols: [...MMAP, ...COMPAT], row: special(1, 1) },
    { protocols: PREPARE, row: special(1, 0) },
    { protocols: BOTH, row: special(2, 0) },
  ];
  const driver = { ops: OPS, flagsSet: abi.VM_PFNMAP };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

/** A hook that fails: the VMA with nodes held (or, up to 6.11, without) comes and goes. */
const failed = (reservations: number) =>
  row([1, 1, 0], [1, 1], [reservations, 0], [0, 0], [1, 1], 0);

describe("the hook fails at once", () => {
  const nothing = row([1, 0, 0], [0, 0], [0, 0], [0, 0], [0, 0], 0);
  const rows = [
    { protocols: ["mmap@6.11"], row: failed(0) },
    { protocols: [...without(MMAP, "mmap@6.11"), ...COMPAT], row: failed(1) },
    { protocols: [...PREPARE, ...BOTH], row: nothing },
  ];
  const driver = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.ENOMEM };
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));
});

const WITH_PTES = PROTOCOL_IDS.filter((id) => whyNoPtes(parseProtocol(id)) === null);

describe("the driver fails after some PTEs", () => {
  const driver = {
    ops: abi.OPS_INSTALLED,
    flagsSet: abi.VM_REMAP_FLAGS,
    eager: abi.EAGER_REMAP_PFN,
    failPoint: abi.HOOK_FAILS_AFTER_PTES,
    failAfter: 7,
    errno: abi.ENOMEM,
  };
  const rows = [
    { protocols: ["mmap@6.11"], row: failed(0) },
    { protocols: [...without(MMAP, "mmap@6.11"), ...protocols("compat", "7.0")], row: failed(1) },
    { protocols: BOTH, row: row([2, 0, 0], [1, 1], [1, 0], [0, 0], [1, 1], 0) },
    // with an action: created in full, and unmapped in full
    {
      protocols: protocols("mmap_prepare", "7.0"),
      row: row([1, 0, 0], [1, 1], [1, 2], [1, 1], [1, 1], 0),
    },
  ];
  each(rows, (protocol) => costOf(protocol, driver, { pgoff: 10 }));

  // a failing PFN remap takes its own part back, pages inserted one by one are left to the unwinding
  const kinds = { remapped: abi.EAGER_REMAP_PFN, inserted: abi.EAGER_INSERT_PAGES };
  const cases = WITH_PTES.flatMap((id) =>
    Object.entries(kinds).map(([kind, eager]) => ({ id, kind, eager })),
  );

  test.each(cases)("$id: every PTE $kind is cleared, every table freed", ({ id, eager }) => {
    const space = new Pages(id).driver(0, { ...driver, flagsSet: 0, eager }).file(1);
    space.map(20, 30, { file: 1, flags: SHARED });
    const counters = space.core.counters();
    expect(counters["page.ptesSet"]).toBe(7);
    expect(counters["page.ptesCleared"]).toBe(7);
    expect(counters["page.tablesAllocated"]).toBe(3);
    expect(space.core.pageTablePages()).toBe(0);
  });
});

describe("a failure under MAP_FIXED leaves a hole", () => {
  const early = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.ENOMEM };
  const late = {
    ops: abi.OPS_INSTALLED,
    eager: abi.EAGER_REMAP_PFN,
    failPoint: abi.HOOK_FAILS_AFTER_PTES,
    failAfter: 2,
    errno: abi.ENOMEM,
  };
  const cases = [
    ...PROTOCOL_IDS.map((protocol) => ({ protocol, when: "early", driver: early })),
    ...WITH_PTES.map((protocol) => ({ protocol, when: "late", driver: late })),
  ];
  test.each(cases)("$protocol, $when", ({ protocol, driver }) => {
    const space = new Pages(protocol).driver(0, driver).file(1);
    space.map(10, 40);
    expect(space.map(20, 30, { file: 1, flags: SHARED })).toBe(-abi.ENOMEM);
    expect(space.draw()).toBe("10..20 30..40");
    // up to 6.11 the old mapping is unmapped before anything can fail: no unwinding leaves the hole
    expect(space.core.counters()["unwind.holes"]).toBe(protocol === "mmap@6.11" ? 0 : 1);
  });
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
    // two splits, and one store that replaces all three; up to 6.11 first one that leaves nothing there
    expect(c["maple.stores"]).toBe(protocol === "mmap@6.11" ? 4 : 3);
    expect(c["vma.freed"]).toBe(3);
    expect(c["hook.calls"]).toBe(BOTH.includes(protocol) ? 2 : 1);
  });
});

describe("thousands of touching one-page mappings of one file", () => {
  const count = 2000; // the same answer at any length
  const flag = { ops: OPS, flagsSet: abi.VM_DONTDUMP };
  const nothing = { ops: OPS };
  const cases: [string, string, DriverRecord, { vmas: number; hooks: number }][] = [
    ...protocols("mmap", "6.11", "rfc").map((id) => [
      id,
      "a flag",
      flag,
      { vmas: 1, hooks: count },
    ]),
    ...ONE_MERGE.map((id) => [id, "a flag", flag, { vmas: count, hooks: count }]),
    ...PREPARE.map((id) => [id, "a flag", flag, { vmas: 1, hooks: count }]),
    ...MMAP.map((id) => [id, "nothing", nothing, { vmas: 1, hooks: 1 }]),
    ...PREPARE.map((id) => [id, "nothing", nothing, { vmas: 1, hooks: count }]),
  ] as [string, string, DriverRecord, { vmas: number; hooks: number }][];
  test.each(cases)("%s, the hook sets %s", (protocol, _, driver, expected) => {
    const space = new Pages(protocol).driver(0, driver).file(1);
    for (let i = 0; i < count; i++) space.map(i, i + 1, { file: 1, pgoff: i, flags: SHARED });
    const hooks = space.core.counters()["hook.calls"];
    expect({ vmas: space.count, hooks }).toEqual(expected);
  });
});
