// The TLB against known answers of an independent simulator, closed forms, and bounds (docs/translation.md). Streams
// begin with empty caches.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import {
  type BankGeometry,
  DEFAULT_TLB,
  type Policy,
  type TlbGeometry,
} from "../../src/core/tlb.js";
import { lruMisses, optimalMisses, stackDistances } from "./bounds.js";
import { STREAM_NAMES, type StreamName, streamOf } from "./streams.js";

const BASE = 0x1000_0000_0000; // at a 512 GiB border, so that sets and tags are those of the page numbers
const PAGE = 4096;
const core = new Core("work");

const bank = (
  holds: BankGeometry["holds"],
  sets: number,
  ways: number,
  policy: Policy = "lru",
  hash?: number,
): BankGeometry => ({ holds, sets, ways, policy, ...(hash === undefined ? {} : { hash }) });

const machine = (...banks: BankGeometry[]): TlbGeometry => ({ ...DEFAULT_TLB, banks });
const words = (pages: readonly number[]) =>
  BigUint64Array.from(pages, (v) => BigInt(BASE) + BigInt(v) * 4096n);

/** Counts of a stream on a machine that has just been emptied. */
function counts(geometry: TlbGeometry, pages: readonly number[]) {
  core.reset({}, geometry);
  const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED | abi.MAP_NORESERVE;
  core.run([{ op: abi.OP_MMAP, addr: BASE, len: 2 ** 41, prot: abi.PROT_READ, flags }]);
  core.access(words(Array.from(new Set(pages))));
  core.run([{ op: abi.OP_FORK, flags: 0 }]); // flushes the parent
  core.clearCounters();
  expect(core.access(words(pages))).toBe(pages.length);
  expect(core.check()).toBe(0);
  const c = core.counters();
  expect(c["page.faults"]).toBe(0);
  expect(c["tlb.l1Hits"] + c["tlb.l2Hits"] + c["tlb.misses"]).toBe(pages.length);
  return {
    l1: c["tlb.l2Hits"] + c["tlb.misses"],
    walks: c["page.walks"],
    steps: c["page.walkSteps"],
  };
}

/** Misses of one level alone. */
function misses(
  pages: readonly number[],
  sets: number,
  ways: number,
  policy: Policy,
  hash?: number,
) {
  return counts(machine(bank(["l1-4K"], sets, ways, policy, hash)), pages).walks;
}

/** Misses for U256, U2048, HOT, WIDE. */
type Row = [
  sets: number,
  ways: number,
  policy: Policy,
  hash: number | undefined,
  answers: number[],
];
const FULLY: [capacity: number, answers: number[]][] = [
  [16, [93730, 198465, 162041, 174864]],
  [48, [81242, 195382, 91854, 131793]],
  [64, [74951, 193765, 62264, 114854]],
  [72, [71819, 193020, 50143, 107504]],
  [96, [62416, 190692, 28937, 90952]],
  [256, [256, 174980, 23571, 69007]],
  [1536, [256, 50808, 16117, 41471]],
  [2048, [256, 2048, 13235, 34637]],
  [3072, [256, 2048, 8112, 28152]],
];
const ROWS: Row[] = [
  [1, 16, "lru", undefined, FULLY[0]?.[1] ?? []],
  [1, 64, "lru", undefined, FULLY[2]?.[1] ?? []],
  [1, 72, "lru", undefined, FULLY[3]?.[1] ?? []],
  [1, 96, "lru", undefined, FULLY[4]?.[1] ?? []],
  [16, 4, "lru", undefined, [74873, 193798, 58723, 112497]],
  [16, 6, "lru", undefined, [62416, 190651, 30893, 90947]],
  [16, 4, "plru", undefined, [74929, 193798, 59960, 113236]],
  [16, 8, "plru", undefined, [49944, 187557, 27473, 82025]],
  [1, 64, "fifo", undefined, [74937, 193773, 78493, 127822]],
  [128, 12, "lru", undefined, [256, 50854, 16133, 41230]],
  [128, 12, "lru", 7, [256, 50873, 16152, 41316]],
  [128, 16, "lru", undefined, [256, 2048, 13318, 34674]],
  [128, 12, "grouped-plru", 7, [256, 51006, 16090, 41556]],
  [128, 12, "grouped-plru", undefined, [256, 50851, 16170, 41505]],
];
const FLAT: StreamName[] = ["U256", "U2048", "HOT", "WIDE"];

describe("one level", () => {
  test.each(ROWS)("%i x %i, %s, hash %s", (sets, ways, policy, hash, answers) => {
    const found = FLAT.map((name) => misses(streamOf(name), sets, ways, policy, hash));
    expect(found).toEqual(answers);
  });

  test("LRU of every size in one pass, and the best there can be", () => {
    const found = FLAT.map((name) => stackDistances(streamOf(name)));
    for (const [capacity, answers] of FULLY) {
      expect(found.map((distances) => lruMisses(distances, capacity))).toEqual(answers);
    }
    const best = (capacity: number) => FLAT.map((name) => optimalMisses(streamOf(name), capacity));
    expect(best(64)).toEqual([40409, 154815, 25257, 67830]);
    expect(best(1536)).toEqual([256, 15340, 8515, 25427]);
  });

  test("page numbers in a circle", () => {
    const circle = (k: number) => Array.from({ length: 10_000 }, (_, i) => i % k);
    for (const [k, lru, best, sets, tree] of [
      [64, 64, 64, 64, 64],
      [65, 10_000, 220, 829, 828],
      [72, 10_000, 1184, 5584, 5576],
      [128, 10_000, 5086, 10_000, 10_000],
    ] as const) {
      const pages = circle(k);
      expect(misses(pages, 1, 64, "lru")).toBe(lru);
      expect(optimalMisses(pages, 64)).toBe(best);
      expect(misses(pages, 16, 4, "lru")).toBe(sets);
      expect(misses(pages, 16, 4, "plru")).toBe(tree);
    }
  });

  test("Belady's anomaly, and the textbook's string", () => {
    const anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    expect([3, 4].map((c) => misses(anomaly, 1, c, "fifo"))).toEqual([9, 10]);
    expect([3, 4].map((c) => misses(anomaly, 1, c, "lru"))).toEqual([10, 8]);
    expect([3, 4].map((c) => optimalMisses(anomaly, c))).toEqual([7, 6]);
    const textbook = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    expect(misses(textbook, 1, 3, "fifo")).toBe(15);
    expect(misses(textbook, 1, 3, "lru")).toBe(12);
    expect(optimalMisses(textbook, 3)).toBe(9);
  });

  test("the tree of four ways gives up 2, 1, 3, 0, 2, 1", () => {
    // pages 0-3 fill the ways, 0 is used again; after each miss the page that went is the one not hit
    const filled = [0, 1, 2, 3, 0];
    const victims: number[] = [];
    const ways = [0, 1, 2, 3];
    for (let i = 0; i < 6; i++) {
      const so = [...filled, ...Array.from({ length: i + 1 }, (_, n) => 4 + n)];
      const base = misses(so, 1, 4, "plru");
      const gone = ways.findIndex((page) => misses([...so, page], 1, 4, "plru") > base);
      victims.push(gone);
      ways[gone] = 4 + i;
    }
    expect(victims).toEqual([2, 1, 3, 0, 2, 1]);
  });

  test("no policy beats the bound, and what a smaller LRU holds a larger one holds too", () => {
    const pages = fc.array(fc.nat(40), { maxLength: 300 });
    const policies: Policy[] = ["lru", "fifo", "random", "plru"];
    fc.assert(
      fc.property(pages, fc.constantFrom(2, 4, 8, 16), (stream, capacity) => {
        const best = optimalMisses(stream, capacity);
        for (const policy of policies) {
          expect(misses(stream, 1, capacity, policy)).toBeGreaterThanOrEqual(best);
        }
        const distances = stackDistances(stream);
        expect(misses(stream, 1, capacity, "lru")).toBe(lruMisses(distances, capacity));
        expect(lruMisses(distances, capacity + 1)).toBeLessThanOrEqual(
          lruMisses(distances, capacity),
        );
        expect(optimalMisses(stream, capacity + 1)).toBeLessThanOrEqual(best);
        expect(best).toBeLessThanOrEqual(lruMisses(distances, capacity));
      }),
      { numRuns: 60 },
    );
  });
});

/** L1 misses, walks, walk steps, for U256, U2048, HOT, WIDE, DEEP. */
const structures = (...ways: [number, number, number]) => [
  bank(["pde"], 1, ways[0]),
  bank(["pdpte"], 1, ways[1]),
  bank(["pml4e"], 1, ways[2]),
];
const TWO_LEVELS: [string, TlbGeometry, [number, number, number][]][] = [
  [
    "16x4 + 128x12, 32/4/2",
    DEFAULT_TLB,
    [
      [74873, 256, 259],
      [193798, 50852, 50858],
      [58723, 16133, 16144],
      [112497, 41229, 64928],
      [198402, 181229, 486941],
    ],
  ],
  [
    "FA72 + FA3072, 64/64/64",
    machine(bank(["l1-4K"], 1, 72), bank(["l2-4K"], 1, 3072), ...structures(64, 64, 64)),
    [
      [71819, 256, 259],
      [193020, 2048, 2054],
      [50143, 8112, 8123],
      [107504, 28152, 50346],
      [198260, 125587, 188919],
    ],
  ],
  [
    "16x6 + 128x16, 32/4/2",
    machine(bank(["l1-4K"], 16, 6), bank(["l2-4K"], 128, 16), ...structures(32, 4, 2)),
    [
      [62416, 256, 259],
      [190651, 2048, 2054],
      [30893, 13318, 13329],
      [90947, 34673, 58539],
      [197601, 175066, 470440],
    ],
  ],
];

test.each(TWO_LEVELS)("two levels and structure caches: %s", (_, geometry, answers) => {
  const found = STREAM_NAMES.map((name) => counts(geometry, streamOf(name)));
  expect(found.map(({ l1, walks, steps }) => [l1, walks, steps])).toEqual(answers);
});

test("INVLPG of a page that is not there changes the structure caches only", () => {
  core.reset();
  const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED;
  const at = (page: number) => BASE + page * PAGE;
  const map = { op: abi.OP_MMAP, addr: BASE, len: 64 * PAGE, prot: 3, flags };
  const touch = (page: number) => ({ op: abi.OP_TOUCH, addr: at(page), len: PAGE, flags: 1 });
  core.run([map, ...Array.from({ length: 8 }, (_, i) => touch(i)), touch(40)]);
  core.run([{ op: abi.OP_MUNMAP, addr: at(40), len: PAGE }]);
  core.clearCounters();
  core.run(Array.from({ length: 8 }, (_, i) => touch(i)));
  expect(core.counters()).toMatchObject({ "tlb.misses": 0, "page.walks": 0 });
  core.run([touch(20)]);
  // the first walk, which faults, starts at the top: nothing is remembered of the tables
  expect(core.counters()).toMatchObject({ "page.walks": 2, "page.walkSteps": 4 + 1 });
});
