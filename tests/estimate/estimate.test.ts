// Estimated cycles: a table of weights, checked; weighted sums, and what their ranges allow to say.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tlbArgument } from "../../src/catalogue/tlb-file.js";
import { EVENTS } from "../../src/core/abi.js";
import { UsageError } from "../../src/errors.js";
import {
  type Costs,
  costsJsonSchema,
  costsOf,
  DEFAULT_COSTS,
  readCosts,
} from "../../src/estimate/costs.js";
import { difference, estimate } from "../../src/estimate/estimate.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-costs-"));
afterAll(() => rmSync(folder, { recursive: true }));

const term = (event: string, cycles: number, low: number, high: number, group = "vma") => ({
  group,
  name: event,
  events: [event],
  cycles,
  low,
  high,
  basis: "estimate",
  source: "a test",
});
function table(...terms: ReturnType<typeof term>[]): Costs {
  return {
    schema: "vmabench/costs@1",
    id: "test",
    title: "of a test",
    leavesOut: [],
    terms,
  } as Costs;
}

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(costsJsonSchema()).toMatchFileSnapshot("../../schemas/costs.schema.json");
});

describe("the table that ships", () => {
  const costs = readCosts();

  test("has a weight for every event that stands for work of its own", () => {
    const priced = new Set(costs.terms.flatMap(({ events }) => events as string[]));
    const unpriced = Object.keys(EVENTS).filter((name) => !priced.has(name));
    // kinds, causes and results of what is priced under another name
    expect(unpriced.sort()).toEqual(
      [
        "account.failures",
        "hook.allocations",
        "hook.failures",
        "hook.lateFailures",
        "maple.appends",
        "maple.exactFits",
        "maple.newRoots",
        "maple.nodeStores",
        "maple.rebalances",
        "maple.reservations",
        "maple.rootStores",
        "maple.sideNodes",
        "maple.sideStores",
        "maple.slotStores",
        "maple.spanningStores",
        "maple.splits",
        "maple.stores",
        "merge.attempts",
        "merge.corruptions",
        "merge.merged",
        "merge.secondAttempts",
        "merge.secondMerged",
        "page.hugeSplits",
        "tlb.flushesSkipped",
        "tlb.l1Hits",
        "tlb.misses",
        "tlb.pscHits",
        "unwind.aborts",
        "unwind.holes",
        "unwind.reattached",
        "unwind.steps",
        "vma.expanded",
        "vma.shrunk",
        "vma.split",
      ].sort(),
    );
  });

  test("takes a processor's own figure for an L2 hit, and one price for a walk step", () => {
    const price = (tlb: string, event: string) =>
      costsOf(costs, tlbArgument(tlb)).terms.find(({ events }) => events.includes(event as never));
    expect(price("skylake-sp", "tlb.l2Hits")?.cycles).toBe(9);
    expect(price("zen4", "tlb.l2Hits")?.cycles).toBe(7);
    expect(price("zen4", "page.walkSteps")?.cycles).toBe(15);
    expect(price("examples/tlb/small-core.yaml", "page.walkSteps")).toBeUndefined();
  });
});

describe("an estimate", () => {
  test("weighs events, by group, per operation", () => {
    const costs = table(term("vma.allocated", 180, 120, 400), term("file.gets", 0.5, 0, 1, "file"));
    const found = estimate(costs, { "vma.allocated": 3, "file.gets": 10, "tlb.misses": 7 }, 10);
    expect(found).toEqual({ cycles: 54.5, low: 36, high: 121, byGroup: { vma: 54, file: 0.5 } });
  });

  test("leaves out groups without events", () => {
    expect(estimate(table(term("vma.freed", 1, 1, 1)), {}, 1).byGroup).toEqual({});
  });
});

describe("a difference", () => {
  const costs = table(term("vma.allocated", 180, 120, 400), term("hook.calls", 30, 5, 50, "hook"));
  const side = (vmas: number, calls: number, operations = 1) => ({
    totals: { "vma.allocated": vmas, "hook.calls": calls },
    operations,
  });

  test("has one sign when one side does more of everything", () => {
    expect(difference(costs, side(1, 1), side(2, 3))).toEqual({ cycles: 240, low: 130, high: 500 });
    expect(difference(costs, side(2, 3), side(1, 1))).toEqual({
      cycles: -240,
      low: -500,
      high: -130,
    });
  });

  test("has two when it depends on what costs what", () => {
    const { low, high } = difference(costs, side(0, 10), side(1, 0));
    expect(low).toBe(120 - 500);
    expect(high).toBe(400 - 50);
  });

  test("of equal work is none, however many operations each side counted", () => {
    expect(difference(costs, side(2, 4, 2), side(3, 6, 3))).toEqual({ cycles: 0, low: 0, high: 0 });
  });
});

describe("a table is refused", () => {
  const shipped = JSON.parse(readFileSync(DEFAULT_COSTS, "utf8"));
  const changed = (change: (costs: typeof shipped) => void) => {
    const copy = structuredClone(shipped);
    change(copy);
    const path = join(folder, "costs.json");
    writeFileSync(path, JSON.stringify(copy, null, 2));
    return path;
  };

  test.each([
    [
      "with an event that is none",
      (c: typeof shipped) => c.terms[0].events.push("vma.eaten"),
      /vma\.eaten|terms/,
    ],
    [
      "with a cost outside its range",
      (c: typeof shipped) => (c.terms[0].low = 31),
      /terms.*at least low/,
    ],
    ["with hundredths", (c: typeof shipped) => (c.terms[0].cycles = 30.05), /costs\.json:\d+/],
    ["with a negative cost", (c: typeof shipped) => (c.terms[0].low = -1), /costs\.json:\d+/],
    [
      "of another version",
      (c: typeof shipped) => (c.schema = "vmabench/costs@2"),
      /costs\.json:\d+/,
    ],
  ])("%s, with the place", (_, change, message) => {
    const path = changed(change);
    expect(() => readCosts(path)).toThrow(UsageError);
    expect(() => readCosts(path)).toThrow(message);
  });
});
