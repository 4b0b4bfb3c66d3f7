// The maple tree against the known answers of the kernel's own code (docs/model.md), and its invariants.

import { describe, expect, test } from "vitest";
import { Core, type DigestOptions } from "../../src/core/core.js";

const STATE = 88172645463325252n;

interface Answer {
  mode: string;
  options: Partial<DigestOptions>;
  height: number;
  leaves: number;
  inner: number;
  entries: number;
  pops: number;
  moved: number;
  structure: string;
  answers: string;
}

const alloc = { rcu: true, range: false };
const plain = { rcu: false, range: false };
const range = { rcu: true, range: true };

function row(
  mode: string,
  options: Partial<DigestOptions>,
  shape: [number, number, number, number],
  work: [number, number],
  digests: [string, string],
): Answer {
  const [height, leaves, inner, entries] = shape;
  const [pops, moved] = work;
  const [structure, answers] = digests;
  return { mode, options, height, leaves, inner, entries, pops, moved, structure, answers };
}

const M1 = { operations: 100_000, pages: 65_536, mask: 15, full: false };
const M2 = { operations: 20_000, pages: 256, mask: 15, full: false };
const M3 = { operations: 100_000, pages: 4096, mask: 63, full: true };
const M4 = { operations: 1_000_000, pages: 1_048_576, mask: 3, full: false };
const M1_DIGESTS: [string, string] = ["a7997b4ec6f122d4", "25cee42e56a131ba"];
const M2_DIGESTS: [string, string] = ["95b1c2d06def9ec6", "7036e47041b4d850"];
const M3_DIGESTS: [string, string] = ["833efae22bc65104", "1c4ef26b3f6d6dac"];

const ANSWERS: Answer[] = [
  row(
    "M1, gaps, readers",
    { ...M1, ...alloc },
    [5, 1040, 154, 9892],
    [111236, 1206335],
    M1_DIGESTS,
  ),
  row("M1, gaps", { ...M1, ...plain }, [5, 1040, 154, 9892], [54092, 1103676], M1_DIGESTS),
  row(
    "M1, readers",
    { ...M1, ...range },
    [4, 1037, 87, 9892],
    [110349, 1309381],
    ["1d5ccf4689ab9025", "a40ac0aa1bd6a40e"],
  ),
  row("M2, gaps, readers", { ...M2, ...alloc }, [2, 4, 1, 41], [20773, 209964], M2_DIGESTS),
  row("M2, gaps", { ...M2, ...plain }, [2, 4, 1, 41], [8517, 189452], M2_DIGESTS),
  row("M3, gaps, readers", { ...M3, ...alloc }, [3, 11, 3, 110], [122290, 1324178], M3_DIGESTS),
  row("M3, gaps", { ...M3, ...plain }, [3, 11, 3, 110], [62900, 1187831], M3_DIGESTS),
  row(
    "M4, gaps, readers",
    { ...M4, ...alloc },
    [6, 38396, 5310, 351390],
    [988250, 11299596],
    ["86e9464d6cc5b4ea", "8838f18a67ed2f7c"],
  ),
];

const core = new Core("work");

function digest(options: Partial<DigestOptions>) {
  const words = core.mapleDigest({ ...M2, ...alloc, state: STATE, ...options });
  const number = (i: number) => Number(words[i]);
  const hex = (i: number) => words[i]?.toString(16).padStart(16, "0");
  const [height, leaves, inner, entries, pops, moved] = [0, 1, 2, 3, 4, 5].map(number);
  const [structure, answers] = [hex(6), hex(7)];
  const shape = { height, leaves, inner, entries, pops, moved, structure, answers };
  return { shape, number, counters: core.counters() };
}

describe("known-answer streams", () => {
  test.each(ANSWERS)("$mode", ({ mode: _, options, ...expected }) => {
    const { shape, number } = digest(options);
    expect(shape).toEqual(expected);
    expect(number(16), "broken rule").toBe(0);
  });

  test("M1 to the last detail", () => {
    const { number, counters } = digest({ ...M1, ...alloc });
    expect({
      requested: number(8),
      largest: number(9),
      gapLevels: number(10),
      parentWrites: number(11),
      stores: number(12),
      erases: number(13),
      walks: number(14),
      found: number(15),
    }).toEqual({
      requested: 202394,
      largest: 16,
      gapLevels: 29721,
      parentWrites: 203880,
      stores: 62921,
      erases: 24580,
      walks: 12499,
      found: 6250,
    });
    expect(writes(counters)).toEqual({
      root: 1,
      exact: 4656,
      spanning: 9692,
      split: 6877,
      rebalance: 482,
      node: 57144,
      slot: 8649,
      append: 0,
      newRoot: 0,
    });
  });

  test("M1 without readers writes in place", () => {
    const { number, counters } = digest({ ...M1, ...plain });
    expect(number(8)).toBe(132781);
    expect(writes(counters)).toMatchObject({ append: 1230, node: 47664, slot: 16899, split: 6877 });
  });

  test("M4 by kind of write", () => {
    const { counters } = digest({ ...M4, ...alloc });
    expect(writes(counters)).toMatchObject({
      root: 1,
      exact: 158116,
      spanning: 38476,
      split: 136163,
      rebalance: 1783,
      node: 421828,
      slot: 118188,
    });
  });
});

function writes(counters: ReturnType<Core["counters"]>) {
  return {
    root: counters["maple.rootStores"],
    exact: counters["maple.exactFits"],
    spanning: counters["maple.spanningStores"],
    split: counters["maple.splits"],
    rebalance: counters["maple.rebalances"],
    node: counters["maple.nodeStores"],
    slot: counters["maple.slotStores"],
    append: counters["maple.appends"],
    newRoot: counters["maple.newRoots"],
  };
}

describe("invariants", () => {
  const checking = new Core("checking");
  const small = { operations: 6000, pages: 512, mask: 31 };

  test.each([
    ["gaps and readers", alloc],
    ["gaps", plain],
    ["readers", range],
    ["neither", { rcu: false, range: true }],
  ])("hold after every step: %s", (_, mode) => {
    for (const full of [false, true]) {
      for (const state of [STATE, 1n, 0xdeadbeefn]) {
        const words = checking.mapleDigest({ ...small, ...mode, full, state, checked: true });
        expect(Number(words[16])).toBe(0);
      }
    }
  });

  test("readers change allocation and copying, never the shape", () => {
    for (const full of [false, true]) {
      const options = { ...small, full, range: false, state: 7n };
      const [a, b] = [true, false].map((rcu) => core.mapleDigest({ ...options, rcu }));
      expect(a?.slice(0, 4)).toEqual(b?.slice(0, 4));
      expect(a?.slice(6, 8)).toEqual(b?.slice(6, 8));
    }
  });

  test("every node taken is freed or in the tree", () => {
    const words = core.mapleDigest({ ...small, ...alloc, full: true, state: 3n });
    const counters = core.counters();
    const live = Number(words[1]) + Number(words[2]);
    expect(counters["maple.nodesAllocated"] - counters["maple.nodesFreed"]).toBe(live);
  });
});
