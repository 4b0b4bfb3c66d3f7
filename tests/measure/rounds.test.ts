import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseScenario } from "../../src/catalogue/scenario.js";
import { ratioOf, verdicts } from "../../src/judge/verdict.js";
import { settle, timeAlone } from "../../src/measure/alone.js";
import { logRatios, timeRounds } from "../../src/measure/rounds.js";
import { BuildsDisagree, cut, Stage } from "../../src/measure/stage.js";
import { checksum } from "../../src/measure/work.js";
import { median } from "../../src/stats/median.js";
import { FakeClock, type FakeCost, type FakeLog, fakeCore } from "./fake.js";

const OPERATIONS = 2000;
const scenarios = ["mmap@6.15", "mmap_prepare@7.3"].map((protocol) =>
  parseScenario(`append-merge/vmops-only/${protocol}?ops=${OPERATIONS}`),
);
const right = checksum(
  Array.from({ length: OPERATIONS }, (_, i) => ({ value: i, vmas: 1, status: 0 })),
);

let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
  clock.install();
});
afterEach(() => vi.restoreAllMocks());

async function timed(costs: [FakeCost, FakeCost], checksums = [right, right]) {
  const log: FakeLog = [];
  const cores = costs.map((cost, i) => fakeCore(clock, cost, log, i));
  const built = await scenarios[0]!.workload.build(1);
  const options = { seed: 1, rounds: 100, budget: 1000, pause: async () => {}, checksums };
  const result = await timeRounds(scenarios, built, cores, options);
  return { ...result, log, ratios: logRatios(result.times[0]!, result.times[1]!) };
}

describe("paired rounds", () => {
  test("find the ratio of two costs", async () => {
    const cost = { baseline: 400, candidate: 500 };
    const { ratios, times, operationsPerBatch } = await timed([cost, cost]);
    expect(ratioOf(ratios).ratio).toBeCloseTo(1.25, 3);
    expect(median(times[0]!)).toBeCloseTo(400, -1);
    expect(times[0]!.length).toBeGreaterThanOrEqual(100);
    // 70 us at 450 ns
    expect(operationsPerBatch).toBeGreaterThan(120);
    expect(operationsPerBatch).toBeLessThan(200);
  });

  test("see nothing of a machine that slows down for longer than a round", async () => {
    const machine = (ms: number) => (Math.floor(ms / 7) % 2 === 0 ? 1 : 3);
    const cost = { baseline: 400, candidate: 400, machine };
    const { ratios } = await timed([cost, cost]);
    expect(verdicts([ratios])).toEqual(["same"]);
  });

  test("change places, so that a core in a bad place falls on both sides", async () => {
    const cost = { baseline: 400, candidate: 400 };
    const { ratios, log } = await timed([cost, { ...cost, place: 1.1 }]);
    expect(Math.abs(median(ratios))).toBeLessThan(Math.log(1.1) + 1e-9);
    expect(verdicts([ratios])).toEqual(["unclear"]); // and never slower or faster
    for (const side of ["baseline", "candidate"] as const) {
      expect(new Set(log.filter((e) => e.side === side).map((e) => e.core)).size).toBe(2);
    }
  });

  test("give every variant the same batches, in an order that changes", async () => {
    const cost = { baseline: 300, candidate: 600 };
    const { log, operationsPerBatch } = await timed([cost, cost]);
    const rounds = log.slice(-2 * Math.round(OPERATIONS / operationsPerBatch)); // the last pass
    const orders = new Set<string>();
    for (let i = 0; i < rounds.length; i += 2) {
      const [a, b] = [rounds[i]!, rounds[i + 1]!];
      expect([a.first, a.count]).toEqual([b.first, b.count]);
      expect(Math.abs(a.count - operationsPerBatch)).toBeLessThanOrEqual(1);
      orders.add(a.side + b.side);
    }
    expect(orders).toEqual(new Set(["baselinecandidate", "candidatebaseline"]));
  });

  test("refuse to time builds that answer differently", async () => {
    const cost = { baseline: 300, candidate: 300 };
    await expect(timed([cost, cost], [right, right + 1])).rejects.toThrow(BuildsDisagree);
  });
});

describe("one scenario alone", () => {
  async function stage(cost: FakeCost): Promise<Stage> {
    const built = await scenarios[0]!.workload.build(1);
    return new Stage(fakeCore(clock, cost, [], 0), scenarios[0]!, built);
  }

  test("is timed per operation", async () => {
    const time = timeAlone(await stage({ baseline: 250, candidate: 1 }), 200, 5);
    expect(time.median).toBeCloseTo(250, 0);
    expect(time.operationsPerBatch).toBe(200);
    expect(time.rounds).toBeGreaterThan(20);
    expect(time.low).toBeLessThanOrEqual(time.median);
    expect(time.high).toBeGreaterThanOrEqual(time.median);
  });

  test("settles only after it stopped getting faster", async () => {
    const start = clock.milliseconds;
    // slow code for 30 ms, then fast code
    const machine = (ms: number) => (ms - start < 30 ? 4 - (ms - start) / 10 : 1);
    expect(settle(await stage({ baseline: 250, candidate: 1, machine }))).toBeCloseTo(250, 0);
  });
});

describe("cutting a pass", () => {
  test("leaves nothing out and makes batches of nearly one size", () => {
    for (const [operations, perBatch] of [
      [1000, 100],
      [1001, 100],
      [7, 3],
      [5, 100],
      [16384, 137],
    ] as const) {
      const marks = cut(operations, perBatch);
      expect(marks[0]).toBe(0);
      expect(marks.at(-1)).toBe(operations);
      const sizes = marks.slice(1).map((mark, i) => mark - marks[i]!);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });
});

test("a checksum notices a changed value, in either half, and a changed order", () => {
  const one = { value: 0x7fff00001000, vmas: 3, status: 0 };
  const two = { value: -12, vmas: 4, status: 0 };
  const sum = checksum([one, two]);
  expect(checksum([one, two])).toBe(sum);
  expect(checksum([two, one])).not.toBe(sum);
  expect(checksum([{ ...one, value: one.value + 2 ** 33 }, two])).not.toBe(sum);
  expect(checksum([one, { ...two, value: -13 }])).not.toBe(sum);
  expect(checksum([one, { ...two, vmas: 5 }])).not.toBe(sum);
});
