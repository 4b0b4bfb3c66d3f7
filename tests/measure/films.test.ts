// What a result keeps of a scenario's life: samples, and the layout call by call.

import { beforeAll, describe, expect, test } from "vitest";
import { parseScenario } from "../../src/catalogue/scenario.js";
import { tlbArgument } from "../../src/catalogue/tlb-file.js";
import { Core } from "../../src/core/core.js";
import { totalWork } from "../../src/core/work-groups.js";
import { readCosts } from "../../src/estimate/costs.js";
import { filmOf } from "../../src/measure/film.js";
import { measureSuite, type SuiteResult } from "../../src/measure/suite.js";
import { readModel } from "../../src/predict/model.js";
import type { FilmRecord, FilmVma, LayoutChange } from "../../src/record/schema.js";
import { resultsText } from "../../src/record/text.js";
import { sampleResults } from "../render/fixture.js";

const OLD = "mmap@6.15";
const NEW = "mmap@7.3"; // no second merge: layouts part

const group = (workload: string, driver: string, query = "") => ({
  workload,
  driver,
  scenarios: [OLD, NEW].map((protocol) =>
    parseScenario(`${workload}/${driver}/${protocol}${query}`),
  ),
});

/** The VMAs that a film shows at its end, under the baseline and the candidate. */
function lastLayouts(film: FilmRecord): [FilmVma[], FilmVma[]] {
  const after = (vmas: FilmVma[], { gone, came }: LayoutChange) => [
    ...vmas.filter(([start]) => !gone.includes(start)),
    ...came,
  ];
  const none = { gone: [], came: [] };
  let [base, candidate] = [film.initial, film.initial];
  for (const { change = none, candidate: own = change } of film.steps) {
    base = after(base, change);
    candidate = after(candidate, own);
  }
  return [base, candidate];
}

describe("a run", () => {
  let result: SuiteResult;
  beforeAll(async () => {
    result = await measureSuite(
      [
        group("append-merge", "hint-or-dump-flag", "?background=10&files=2&ops=300"),
        group("trace-python3", "vmops-only"),
        group("trace-python3", "hint-or-dump-flag"),
      ],
      {
        seed: 1,
        costs: readCosts(),
        model: readModel(),
        baseline: OLD,
        rounds: 8,
        budget: 5,
        progress: () => {},
        pause: async () => {},
      },
    );
  });

  test("keeps VMAs and nodes at moments from the first to the last operation", () => {
    for (const { life, operations, final } of result.scenarios) {
      expect(life!.after[0]).toBe(0);
      expect(life!.after.at(-1)).toBe(operations);
      expect(life!.vmas.at(-1)).toBe(final.vmas);
      expect(life!.nodes.at(-1)).toBe(final.treeLeaves + final.treeInner);
      expect(life!.vmas).toHaveLength(life!.after.length);
      expect(life!.after.length).toBeLessThanOrEqual(48);
    }
  });

  test("keeps times of batches, around their median", () => {
    const { batches = [], median } = result.scenarios[0]!.time!;
    expect(batches.length).toBeGreaterThan(4);
    expect(Math.min(...batches)).toBeLessThanOrEqual(median);
    expect(Math.max(...batches)).toBeGreaterThanOrEqual(median * 0.999);
  });

  test("films one driver of each workload, stories first, the one that differs most", () => {
    expect(result.films.map(({ workload, driver }) => `${workload}/${driver}`)).toEqual([
      "trace-python3/hint-or-dump-flag",
      "append-merge/hint-or-dump-flag",
    ]);
  });

  test("a film's changes lead from the first layout to the last, under both protocols", () => {
    for (const film of result.films) {
      const final = film.protocols.map(
        (protocol) =>
          result.scenarios.find(
            (s) =>
              s.workload === film.workload && s.driver === film.driver && s.protocol === protocol,
          )!.final.vmas,
      );
      const [base, candidate] = lastLayouts(film);
      expect([base.length, candidate.length]).toEqual(final);
    }
    // without a second merge nothing of append-merge merges
    const [base, candidate] = lastLayouts(result.films[1]!);
    expect(base.length).toBeLessThan(candidate.length);
  });

  test("names files as the recording does", () => {
    const [film] = result.films;
    expect(film!.files[0]).toBe("/usr/bin/python3.11");
    expect(film!.steps.some(({ call }) => /^mmap\(.*libm\.so\.6/.test(call))).toBe(true);
    expect(film!.steps.some(({ secondMerges }) => (secondMerges?.[0] ?? 0) > 0)).toBe(true);
  });
});

test("a layout too large to show is not filmed", async () => {
  const { scenarios } = group("tree-1000", "vmops-only");
  const [one, two] = [scenarios[0]!, scenarios[1]!];
  expect(filmOf(new Core("work"), [one, two], await one.workload.build(1))).toBeNull();
});

test("a result's text keeps a list of numbers on one line, and is the same document", () => {
  const results = sampleResults();
  results.scenarios[0]!.time!.batches = [1, 2.5, 1e-7];
  results.scenarios[0]!.workload = "[\\n 1,\\n 2 ]";
  const text = resultsText(results);
  expect(text).toContain('"batches": [1, 2.5, 1e-7]');
  expect(JSON.parse(text)).toEqual(results);
});

test.each(["ideal", "zen5"])("the steps of a film add up to the run's work on %s", async (tlb) => {
  const { films, scenarios } = await measureSuite(
    [group("touch-threads", "vmops-only", "?background=10&ops=20")],
    {
      seed: 1,
      costs: readCosts(),
      model: readModel(),
      tlb: tlbArgument(tlb),
      baseline: OLD,
      rounds: 0,
      budget: 0,
      progress: () => {},
      pause: async () => {},
    },
  );
  const { work, operations } = scenarios[0]!;
  const shown = films[0]!.steps.reduce((sum, { events: [base] }) => sum + base, 0);
  expect(shown).toBeCloseTo(totalWork(work) * operations, 6);
});
