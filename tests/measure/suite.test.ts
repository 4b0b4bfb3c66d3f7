// The whole way from a scenario to its record, on the real builds. Expected counts are those of one mmap
// call as the kernel's sources give them for each release.

import { beforeAll, describe, expect, test } from "vitest";
import { parseScenario } from "../../src/catalogue/scenario.js";
import type { ScenarioGroup } from "../../src/catalogue/suites.js";
import type { EventName } from "../../src/core/abi.js";
import { readCosts } from "../../src/estimate/costs.js";
import { ratioOf } from "../../src/judge/verdict.js";
import { logRatios } from "../../src/measure/rounds.js";
import { measureSuite, type SuiteOptions, type SuiteResult } from "../../src/measure/suite.js";
import { readModel } from "../../src/predict/model.js";
import { resultsSchema, type ScenarioRecord } from "../../src/record/schema.js";
import { timesText } from "../../src/record/times.js";
import { median } from "../../src/stats/median.js";

const OLD = "mmap@6.15";
const NEW = "mmap_prepare@7.3";
const SAME_KERNEL = "mmap@7.3";

function group(
  workload: string,
  driver: string,
  query: string,
  protocols = [OLD, NEW],
): ScenarioGroup {
  const scenarios = protocols.map((p) =>
    parseScenario(`${workload}/${driver}/${p}${query && `?${query}`}`),
  );
  return { workload, driver, scenarios };
}

function measure(
  groups: ScenarioGroup[],
  options: Partial<SuiteOptions> = {},
): Promise<SuiteResult> {
  return measureSuite(groups, {
    seed: 1,
    baseline: OLD,
    rounds: 0,
    budget: 30,
    costs: readCosts(),
    model: readModel(),
    progress: () => {},
    pause: async () => {},
    ...options,
  });
}

/** Events in all, not per operation. */
function total(record: ScenarioRecord | undefined, event: EventName): number {
  return Math.round((record?.work[event] ?? 0) * (record?.operations ?? 0));
}

function find({ scenarios }: SuiteResult, start: string): ScenarioRecord {
  const record = scenarios.find(({ id }) => id.startsWith(start));
  if (!record) throw new Error(`no ${start}`);
  return record;
}

describe("work", () => {
  const ops = 400;
  const appendQuery = `ops=${ops}&files=8&background=10`;
  let result: SuiteResult;
  beforeAll(async () => {
    const three = [OLD, NEW, SAME_KERNEL];
    result = await measure([
      group("append-merge", "vmops-only", appendQuery, three),
      group("append-merge", "hint-or-dump-flag", appendQuery, three),
      group("append-merge", "pfnmap-lazy", appendQuery, three),
      group("append-never", "vmops-only", appendQuery, three),
      group("failing-storm", "always-reject", "ops=60&pages=8&background=10"),
      group("failing-storm", "pfnmap-eager-full", "ops=60&pages=32&background=10&fail-after=16"),
      group("holes-overlap", "vmops-only", "ops=300&region=512"),
    ]);
  });

  test("a .mmap hook is skipped when the first merge succeeds, .mmap_prepare always runs", () => {
    expect(total(find(result, `append-merge/vmops-only/${OLD}`), "hook.calls")).toBe(8);
    expect(total(find(result, `append-merge/vmops-only/${SAME_KERNEL}`), "hook.calls")).toBe(8);
    expect(total(find(result, `append-merge/vmops-only/${NEW}`), "hook.calls")).toBe(ops);
    for (const protocol of [OLD, NEW, SAME_KERNEL]) {
      expect(find(result, `append-merge/vmops-only/${protocol}`).final.vmas).toBe(10 + 8);
    }
  });

  test("a flag set by the hook: second merge in 6.15, first in prepare, none at all in .mmap of 7.3", () => {
    const of = (protocol: string) => find(result, `append-merge/hint-or-dump-flag/${protocol}`);
    expect(total(of(OLD), "merge.secondMerged")).toBe(ops - 8);
    expect(total(of(OLD), "vma.allocated")).toBe(ops);
    expect(total(of(OLD), "vma.freed")).toBe(ops - 8);
    expect(of(OLD).final.vmas).toBe(18);
    expect(total(of(NEW), "merge.secondAttempts")).toBe(0);
    expect(total(of(NEW), "vma.allocated")).toBe(8);
    expect(of(NEW).final.vmas).toBe(18);
    expect(total(of(SAME_KERNEL), "merge.secondAttempts")).toBe(0);
    expect(of(SAME_KERNEL).final.vmas).toBe(10 + ops);
  });

  test("special mappings never merge, whatever the protocol", () => {
    for (const protocol of [OLD, NEW, SAME_KERNEL]) {
      const record = find(result, `append-merge/pfnmap-lazy/${protocol}`);
      expect(total(record, "merge.merged")).toBe(0);
      expect(record.final.vmas).toBe(10 + ops);
    }
  });

  test("with a page between the pieces nothing merges", () => {
    const record = find(result, `append-never/vmops-only/${NEW}`);
    expect(total(record, "merge.merged")).toBe(0);
    expect(record.final.vmas).toBe(10 + ops);
  });

  test("a failing MAP_FIXED leaves a hole in both; only 6.15 leaks the charge of what it replaced", () => {
    const old = find(result, `failing-storm/always-reject/${OLD}`);
    const now = find(result, `failing-storm/always-reject/${NEW}`);
    for (const record of [old, now]) {
      expect(total(record, "hook.failures")).toBe(60);
      expect(total(record, "unwind.holes")).toBe(60);
      expect(record.final.vmas).toBe(10);
    }
    expect(old.final.committedPages - now.final.committedPages).toBe(60 * 8);
    expect(total(old, "vma.allocated")).toBe(60);
    expect(total(now, "vma.allocated")).toBe(0);
  });

  test("a remap that fails late: prepare has inserted a VMA by then and takes it out again", () => {
    const now = find(result, `failing-storm/pfnmap-eager-full/${NEW}`);
    expect(total(now, "page.ptesSet")).toBe(60 * 16);
    expect(total(now, "vma.allocated")).toBe(60);
    expect(total(now, "vma.freed")).toBe(2 * 60); // the new one and the one it replaced
    expect(now.final.vmas).toBe(10);
  });

  test("is the same for the same seed and the same in the comparison", async () => {
    const groups = [group("holes-overlap", "vmops-only", "ops=300&region=512")];
    const again = await measure(groups);
    const first = find(result, "holes-overlap/vmops-only/mmap@6.15");
    expect(again.scenarios[0]!.work).toEqual(first.work);
    expect(again.scenarios[0]!.final).toEqual(first.final);
    const { work, final, timeRatio, verdict } = again.comparisons[0]!;
    expect(work["maple.nodeReads"]![0]).toBe(first.work["maple.nodeReads"]);
    expect(final.vmas[0]).toBe(first.final.vmas);
    expect([timeRatio, verdict]).toEqual([null, null]);
    const other = await measure(groups, { seed: 2 });
    expect(other.scenarios[0]!.work).not.toEqual(first.work);
  });
});

describe("time", () => {
  test("comes with interval, rounds and verdict, and the record fits the schema", async () => {
    const { scenarios, comparisons } = await measure(
      [group("append-merge", "hint-or-dump-flag", "ops=600"), group("trace-xz", "vmops-only", "")],
      { rounds: 30 },
    );
    for (const scenario of scenarios) {
      resultsSchema.shape.scenarios.element.parse(scenario);
      const { time } = scenario;
      expect(time!.low).toBeLessThanOrEqual(time!.median);
      expect(time!.high).toBeGreaterThanOrEqual(time!.median);
      expect(time!.rounds).toBeGreaterThan(1);
    }
    for (const comparison of comparisons) {
      resultsSchema.shape.comparisons.element.parse(comparison);
      expect(comparison.timeRatio!.low).toBeLessThanOrEqual(comparison.timeRatio!.high);
      expect(comparison.verdict).not.toBeNull();
    }
    // a trace is one batch
    const trace = scenarios.find(({ workload }) => workload === "trace-xz")!;
    expect(trace.time!.operationsPerBatch).toBe(trace.operations);
  });

  test("is worked out from raw times that are kept in order", async () => {
    const { scenarios, comparisons, times } = await measure(
      [
        group("append-merge", "vmops-only", "ops=600"),
        group("tree-1000", "vmops-only", "ops=400", [NEW]),
      ],
      { rounds: 30 },
    );
    expect(times.map(({ id }) => id)).toEqual(scenarios.map(({ id }) => id));
    for (const [i, { nanoseconds }] of times.entries()) {
      expect(nanoseconds).toHaveLength(scenarios[i]!.time!.rounds);
      expect(median(nanoseconds)).toBe(scenarios[i]!.time!.median);
    }
    const [base, candidate] = times.map(({ nanoseconds }) => Float64Array.from(nanoseconds));
    expect(ratioOf(logRatios(base!, candidate!))).toEqual(comparisons[0]!.timeRatio);
    const text = JSON.parse(timesText(1, times));
    expect(text.scenarios[0].nanoseconds[0]).toBeCloseTo(times[0]!.nanoseconds[0]!, 3);
  });

  test("of empty operations is the suite's own: they do no work, and any call costs many times that", async () => {
    const groups = [group("empty", "vmops-only", ""), group("append-merge", "vmops-only", "")];
    const { scenarios } = await measure(groups, { rounds: 30 });
    const [own, , call] = scenarios;
    expect(Object.values(own!.work).every((count) => count === 0)).toBe(true);
    expect(own!.final.vmas).toBe(0);
    expect(call!.time!.median).toBeGreaterThan(3 * own!.time!.median);
  });

  test("a scenario without a partner is timed alone and compared with nothing", async () => {
    const { scenarios, comparisons } = await measure(
      [group("tree-1000", "vmops-only", "ops=400", [NEW])],
      { rounds: 30 },
    );
    expect(scenarios[0]!.time!.median).toBeGreaterThan(0);
    expect(comparisons).toEqual([]);
  });
});
