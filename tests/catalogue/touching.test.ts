// What the workloads that use their memory are there to show.

import { describe, expect, test } from "vitest";
import { parseScenario } from "../../src/catalogue/scenario.js";
import { Core } from "../../src/core/core.js";
import { measureWork } from "../../src/measure/work.js";

const core = new Core("work");

async function workOf(id: string) {
  const scenario = parseScenario(id);
  return measureWork(core, scenario, await scenario.workload.build(1));
}

describe("a driver that fails after N PTEs", () => {
  test.each(["mmap@6.15", "mmap@7.3", "mmap_prepare@7.0", "mmap_prepare@7.3"])(
    "%s: every one of them is taken out again",
    async (protocol) => {
      const cleared = [];
      for (const n of [1, 16, 512, 4096]) {
        const id = `touch-failing-hook/pfnmap-eager-full/${protocol}?fail-after=${n}&ops=8`;
        const { work } = await workOf(id);
        expect(work["page.ptesSet"]).toBe(n);
        cleared.push(work["page.ptesCleared"]);
      }
      expect(cleared).toEqual([1, 16, 512, 4096]);
    },
  );
});

describe("more VMAs left behind", () => {
  const layout = async (protocol: string, access: string) => {
    const query = `access=${access}&ops=4096&pieces=512`;
    return workOf(`touch-layout/hint-or-dump-flag/${protocol}?${query}`);
  };

  test("reads fault more often: what is mapped around a fault ends with the VMA", async () => {
    const one = await layout("mmap_prepare@7.3", "read");
    const many = await layout("mmap@7.3", "read");
    expect(many.final.vmas).toBe(one.final.vmas + 511);
    expect(many.work["page.faults"]).toBeGreaterThan(2 * one.work["page.faults"]);
  });

  test("writes fault as often, each after a longer way down the tree", async () => {
    const one = await layout("mmap_prepare@7.3", "write");
    const many = await layout("mmap@7.3", "write");
    expect(many.work["page.faults"]).toBe(one.work["page.faults"]);
    expect(many.work["maple.nodeReads"]).toBeGreaterThan(one.work["maple.nodeReads"]);
  });
});

test("a fork copies every written page's entry and leaves none of the child behind", async () => {
  const { work, final } = await workOf(
    "touch-fork/vmops-only/mmap_prepare@7.3?ops=8&pages=600&written=0",
  );
  expect(work["page.ptesCleared"]).toBe(300); // of 600 pages, in every second operation
  expect(work["page.framesFreed"]).toBe(0);
  expect(work["page.tablesAllocated"]).toBe(work["page.tablesFreed"]);
  expect(final.vmas).toBe(137);
});
