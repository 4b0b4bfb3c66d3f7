// The sample result with everything a result may hold: samples of life and batches, failing hooks, a film.

import type { FilmRecord, FilmVma, Results } from "../../src/record/schema.js";
import { sampleResults } from "./fixture.js";

export const FILE = "/usr/lib/<script>alert(1)</script>.so";

/** A fresh copy each time, so that tests may change it. */
export function richResults(): Results {
  const results = sampleResults();
  for (const ptes of [1, 512, 4096]) addFailing(results, ptes);
  for (const [i, scenario] of results.scenarios.entries()) {
    const after = Array.from({ length: 9 }, (_, k) => k * 125);
    const { vmas, treeLeaves, treeInner } = scenario.final;
    scenario.life = {
      after,
      vmas: after.map((done) => Math.round((vmas * (done + 100)) / 1100)),
      nodes: after.map(() => treeLeaves + treeInner),
    };
    const { median } = scenario.time!;
    scenario.time!.batches = Array.from(
      { length: 40 },
      (_, k) => median * (1 + (((k * 7 + i) % 40) - 20) / 400),
    );
  }
  results.films = [film()];
  return results;
}

function addFailing(results: Results, ptes: number): void {
  const of = { workload: "touch-failing-hook", params: { "fail-after": ptes } };
  const model = results.scenarios.filter(({ workload }) => workload === "failing-storm");
  const records = structuredClone(model).map((record, side) => {
    const id = `${of.workload}/${record.driver}/${record.protocol}?fail-after=${ptes}`;
    const ns = 800 + 5 * ptes + (side === 1 ? 400 : 0);
    return {
      ...record,
      ...of,
      id,
      time: { ...record.time!, median: ns, low: ns * 0.98, high: ns * 1.03 },
    };
  });
  results.scenarios.push(...records);
  const comparison = results.comparisons.find(({ workload }) => workload === "failing-storm");
  results.comparisons.push({ ...structuredClone(comparison!), ...of });
}

const READ_WRITE = 0x3;
const DONTDUMP = 0x4000000;

/** Three mappings of which the candidate fails to merge the last, and an unmap. */
function film(): FilmRecord {
  const at = (page: number) => 0x7f0000000000 + page * 4096;
  const vma = (page: number, pages: number, file = 1, flags = READ_WRITE): FilmVma => [
    at(page),
    pages,
    flags,
    file === 0 ? at(page) / 4096 : page,
    file,
  ];
  return {
    workload: "append-merge",
    driver: "hint-or-dump-flag",
    params: {},
    protocols: ["mmap@6.15", "mmap_prepare@7.3"],
    operations: 5,
    files: [FILE],
    initial: [vma(100, 8, 0), vma(200, 4, 0, 1)],
    steps: [
      {
        call: `mmap(0x7f0000000000, 16 KiB, rw-, shared, ${FILE})`,
        events: [20, 22],
        change: { gone: [], came: [vma(0, 4)] },
      },
      {
        call: `mmap(0x7f0000004000, 16 KiB, rw-, shared, ${FILE} + 16 KiB)`,
        events: [40, 21],
        secondMerges: [1, 0],
        change: { gone: [at(0)], came: [vma(0, 8)] },
        candidate: { gone: [], came: [vma(4, 4, 1, READ_WRITE + DONTDUMP)] },
      },
      { call: "brk(0)", events: [0, 0] },
      {
        call: "mmap(0x7f0000064000, 16 KiB, rw-, shared fixed)",
        events: [9, 12],
        failed: [true, true],
        unwound: [5, 6],
      },
      {
        call: "munmap(0x7f00000c8000, 16 KiB)",
        events: [8, 8],
        change: { gone: [at(200)], came: [] },
      },
    ],
  };
}
