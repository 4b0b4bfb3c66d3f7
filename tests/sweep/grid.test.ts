// Points, counts and samples of a grid.

import { expect, test } from "vitest";
import { pointOf } from "../../src/sweep/exclude.js";
import { jobsOf } from "../../src/sweep/jobs.js";
import { sweepJsonSchema } from "../../src/sweep/spec.js";
import { planOf, testFolder } from "./plan.js";

const folder = testFolder();

const MIXED = `
sweep: mixed
workloads: [append-merge, failing-storm, "holes-overlap?unmap=0", trace-xz]
drivers: [vmops-only, pfnmap-eager-full, "hint-or-dump-flag?set=DONTCOPY"]
protocols: [mmap@6.15, mmap_prepare@6.16, mmap_prepare@7.3]
tlbs: [ideal, skylake-sp]
seeds: { from: 1, to: 9, step: 4 }
parameters:
  ops: { from: 16, to: 128, log: 4 }
  unmap: [25, 50]
  fail-after: [1, 2]
  errno: [ENOMEM, EINVAL]
`;
const EXCLUDES = `
exclude:
  - { workload: append-*, seed: [1, 9] }
  - { driver: "pfnmap*", parameters: { ops: [16, 32], errno: EINVAL } }
  - { protocol: mmap@6.15, tlb: skylake-sp }
  - { parameters: { unmap: 0, seed: 1 } }
  - { workload: "{trace-xz,failing-storm}", protocol: mmap_prepare@7.3, seed: 5 }
`;

/** Every scenario of a spec, one text each. */
function walk(text: string): string[] {
  const { plan, grid, count, at } = jobsOf(planOf(folder, text));
  return Array.from({ length: count }, (_, job) => at(job).points)
    .flat()
    .map((number) => pointOf(plan, grid, number))
    .flatMap(({ workload, driver, tlb, seed, protocols }) =>
      protocols.map((protocol) => [workload, driver, protocol, tlb, seed].join(" ")),
    );
}

test.each([
  ["without exclusions", MIXED],
  ["with exclusions", MIXED + EXCLUDES],
  [
    "with further points",
    `${MIXED}\ninclude: [{ workload: trace-perl, driver: vmops-only, seed: 7 }]`,
  ],
])("a grid %s has as many scenarios as are counted, each once", (_, text) => {
  const { tally } = jobsOf(planOf(folder, text));
  const all = walk(text);
  expect(new Set(all).size).toBe(all.length);
  expect(tally.scenarios).toBe(all.length);
});

test("what is run, excluded and refused is the whole grid", () => {
  const { tally, grid } = jobsOf(planOf(folder, MIXED + EXCLUDES));
  const refused = tally.refused.reduce((sum, { scenarios }) => sum + scenarios, 0);
  expect(tally.excluded).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(tally.scenarios + tally.excluded + refused).toBe(3 * grid.points);
  expect(tally.refused.map(({ reason }) => reason).join()).toContain("only since 7.0");
});

test("a parameter that neither workload nor driver has counts once", () => {
  const text = `
sweep: s
workloads: [trace-xz, append-never]
drivers: [vmops-only]
parameters: { ops: [16, 32, 64] }
`;
  expect(walk(text).filter((scenario) => scenario.startsWith("trace-xz"))).toHaveLength(2);
  expect(walk(text).filter((scenario) => scenario.startsWith("append-never"))).toHaveLength(6);
});

test("a hundred million points are not written out", () => {
  const text = `
sweep: large
workloads: [append-merge]
drivers: [vmops-only]
seeds: { from: 0, to: 99999999 }
exclude: [{ protocol: mmap@6.15, tlb: skylake-sp }]
`;
  const before = process.memoryUsage().heapUsed;
  const jobs = jobsOf(planOf(folder, text));
  expect(jobs.tally.scenarios).toBe(2e8);
  const last = jobs.at(jobs.count - 1).points.at(-1) as number;
  expect(pointOf(jobs.plan, jobs.grid, last).seed).toBe(99_999_999);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 ** 25);
});

test("a random sample is of the size asked for, of different points, and the same for the same seed", () => {
  const sampled = (seed: number) =>
    walk(`${MIXED + EXCLUDES}sample: { random: 50, seed: ${seed} }`);
  const points = new Set(sampled(1).map((text) => text.replace(/ mmap\S+/, "")));
  expect(points.size).toBe(50);
  expect(sampled(1)).toEqual(sampled(1));
  expect(sampled(1)).not.toEqual(sampled(2));
  const everything = new Set(walk(MIXED + EXCLUDES));
  expect(sampled(2).every((scenario) => everything.has(scenario))).toBe(true);
});

test("a sample larger than the grid is the grid", () => {
  expect(walk(`${MIXED + EXCLUDES}sample: { random: 100000 }`)).toEqual(walk(MIXED + EXCLUDES));
});

test("a Latin hypercube has every stratum of every axis once", () => {
  const text = `
sweep: cube
workloads: [append-merge]
drivers: [vmops-only]
protocols: [mmap@6.15]
seeds: { from: 0, to: 999 }
parameters: { ops: { from: 1, to: 400 }, background: { from: 100, to: 149 } }
sample: { latin-hypercube: 50, seed: 3 }
`;
  const all = walk(text);
  expect(all).toHaveLength(50);
  const seeds = all.map((scenario) => Math.floor(Number(scenario.split(" ").at(-1)) / 20));
  expect(new Set(seeds).size).toBe(50);
  const parameter = (name: string) =>
    all.map((scenario) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(scenario)?.[1]));
  expect(new Set(parameter("ops").map((ops) => Math.floor((ops - 1) / 8))).size).toBe(50);
});

test.each([
  [
    "sweep: s\nworkloads: [nothing]\ndrivers: [vmops-only]",
    /spec\.yaml:2: .*no workload "nothing"/,
  ],
  [
    "sweep: s\nworkloads: [trace-xz]\ndrivers: [vmops-only]\nprotocols: [mmap_prepare@6.15]",
    /:4: .*never existed/,
  ],
  [
    "sweep: s\nworkloads: [trace-xz]\ndrivers: [vmops-only]\nparameters: { ops: [1] }",
    /:4: .*a parameter that a workload or a driver/,
  ],
  [
    "sweep: s\nworkloads: [append-merge]\ndrivers: [vmops-only]\nparameters:\n  ops: [0, many]",
    /:5: .*integer/,
  ],
  [
    "sweep: s\nworkloads: [append-merge, append-merge]\ndrivers: [vmops-only]",
    /:2: .*each entry once/,
  ],
  [
    "sweep: s\nworkloads: [trace-xz]\ndrivers: [vmops-only]\nseeds: { from: 3, to: 1 }",
    /:4: .*range/,
  ],
  [
    "sweep: s\nworkloads: [trace-xz]\ndrivers: [vmops-only]\nsample: { seed: 1 }",
    /:4: .*random or latin-hypercube/,
  ],
  ["sweep: s\nworkloads: [trace-xz]\ndrivers: [vmops-only]\ntlbs: [toaster]", /:4: .*toaster/],
])("a wrong spec is named with file and line: %#", (text, message) => {
  expect(() => planOf(folder, text)).toThrow(message);
});

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(sweepJsonSchema()).toMatchFileSnapshot("../../schemas/sweep.schema.json");
});
