// The library interface.

import { describe, expect, test } from "vitest";
import { runScenario, UsageError } from "../../src/index.js";

const ID = "append-merge/hint-or-dump-flag/mmap@6.15?ops=256";

describe("runScenario", () => {
  test("gives work, estimate and layout of a scenario", async () => {
    const found = await runScenario(ID);
    expect(found.id).toBe(ID);
    expect(found.operations).toBe(256);
    // the hook sets a flag: every merge waits for the second attempt
    expect(found.work["merge.secondMerged"]).toBeGreaterThan(0.9);
    expect(found.layout).toHaveLength(found.final.vmas);
    expect(found.estimate.cycles).toBeGreaterThan(found.estimate.low);
    expect(found.time).toBeNull();
  });

  test("translates addresses as the processor asked for does: here other CPUs are told without interrupts", async () => {
    const id = "touch-threads/vmops-only/mmap_prepare@7.3?ops=64";
    const [skylake, zen] = await Promise.all([
      runScenario(id, { tlb: "skylake-sp" }),
      runScenario(id, { tlb: "zen5" }),
    ]);
    expect(skylake.work["maple.nodeReads"]).toBe(zen.work["maple.nodeReads"]);
    expect(skylake.work["tlb.broadcasts"]).toBe(0);
    expect(zen.work["tlb.broadcasts"]).toBeGreaterThan(0);
  });

  test("measures time when asked to", async () => {
    const { time } = await runScenario(ID, { milliseconds: 20 });
    expect(time?.rounds).toBeGreaterThan(0);
    expect(time?.low).toBeLessThanOrEqual(time?.median ?? 0);
  });

  test.each([
    ["an unknown protocol", "append-merge/vmops-only/mmap@5.0", {}],
    ["a pair that never was", "append-merge/vmops-only/mmap_prepare@6.15", {}],
    ["an unknown processor", ID, { tlb: "pentium" }],
  ])("refuses %s", async (_, id, options) => {
    await expect(runScenario(id, options)).rejects.toThrow(UsageError);
  });
});
