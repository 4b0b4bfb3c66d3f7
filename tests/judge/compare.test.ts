import { describe, expect, test } from "vitest";
import { compareResults, endOf } from "../../src/judge/compare.js";
import { compareGates } from "../../src/judge/compare-gates.js";
import type { Results } from "../../src/record/schema.js";
import { sampleResults } from "../render/fixture.js";
import { recordOf } from "./records.js";

function changed(change: (results: Results) => void): Results {
  const results = sampleResults();
  change(results);
  return results;
}

function compared(head: Results, base = sampleResults()) {
  const comparison = compareResults(base, head, 0.1);
  return { ...comparison, end: endOf(comparison, false) };
}

describe("two result files", () => {
  test("of equal work and equal ratios are no regression", () => {
    const { work, time, end } = compared(sampleResults());
    expect(work).toEqual([]);
    expect(new Set(time.map(({ verdict }) => verdict))).toEqual(new Set(["same", "undecided"]));
    expect(end.exitCode).toBe(0);
  });

  test("more work is a regression, less is not, and the layout counts as work", () => {
    const more = compared(
      changed(({ scenarios }) => (scenarios[0]!.work["maple.nodeReads"] = 6.5)),
    );
    expect(more.work).toMatchObject([{ measure: "maple.nodeReads", base: 6, head: 6.5 }]);
    expect(more.end).toMatchObject({ exitCode: 1, reason: `more work: ${more.work[0]!.id}` });
    const less = compared(
      changed(({ scenarios }) => (scenarios[0]!.work["maple.nodeReads"] = 5.9)),
    );
    expect([less.work.length, less.end.exitCode]).toEqual([1, 0]);
    const layout = compared(changed(({ scenarios }) => scenarios[0]!.final.vmas++));
    expect([layout.work[0]!.measure, layout.end.exitCode]).toEqual(["final.vmas", 1]);
  });

  test("an event that only one version knows is not compared", () => {
    const head = changed(({ scenarios }) => {
      (scenarios[0]!.work as Record<string, number>)["maple.dreams"] = 1;
    });
    expect(compared(head).work).toEqual([]);
  });

  test("a candidate that lost a third against its baseline is slower, a twentieth is not", () => {
    const times = (factor: number) =>
      changed(({ comparisons }) => {
        for (const part of ["ratio", "low", "high"] as const) {
          comparisons[0]!.timeRatio![part] *= factor;
        }
      });
    const { time, end } = compared(times(4 / 3));
    expect(time[0]).toMatchObject({ verdict: "slower" });
    expect(time[0]!.id).toBe("append-merge/vmops-only/mmap_prepare@7.3 against mmap@6.15");
    expect(end.exitCode).toBe(1);
    expect(compared(times(1.05)).end.exitCode).toBe(0);
    expect(compared(times(2 / 3)).time[0]).toMatchObject({ verdict: "faster" });
  });

  test.each<[string, (results: Results) => void, RegExp]>([
    ["another seed", (r) => (r.settings.seed = 2), /^not comparable: different seeds, 1 and 2$/],
    [
      "other operations",
      (r) => (r.scenarios[3]!.operations = 7),
      /^not comparable: different operations in .*, 1000 and 7$/,
    ],
    [
      "nothing in common",
      (r) => {
        for (const s of r.scenarios) s.id += "&ops=1";
      },
      /^not comparable: no scenario is in both files$/,
    ],
    [
      "another machine",
      (r) => {
        r.environment.cpu = "Other CPU";
        r.environment.node = "22.0.0";
      },
      /^not comparable: time: different CPUs, Example CPU and Other CPU; time: different versions of Node/,
    ],
    [
      "no times",
      (r) => {
        for (const c of r.comparisons) c.timeRatio = null;
      },
      /^not comparable: time: no comparison of protocols is timed in both files$/,
    ],
  ])("%s is not comparable, and the reason is said", (_what, change, reason) => {
    const { end } = compared(changed(change));
    expect(end.exitCode).toBe(3);
    expect(end.reason).toMatch(reason);
  });

  test("another machine does not matter to work, and more work there is a regression", () => {
    const head = changed((r) => {
      r.environment.cpu = "Other CPU";
    });
    expect(endOf(compareResults(sampleResults(), head, 0.1), true).exitCode).toBe(0);
    head.scenarios[0]!.final.vmas++;
    expect(compared(head).end.exitCode).toBe(1);
  });

  test("the core may differ: that is what is compared", () => {
    const head = changed((r) => {
      r.tool.coreSha256 = "1".repeat(64);
    });
    expect(compared(head).end.exitCode).toBe(0);
  });
});

describe("two gate records with one base", () => {
  const at = (ratio: number) => recordOf([{ id: "a/b/c", head: () => ratio }]);

  test("a head that is slower than the other head is found", () => {
    const of = (one: number, other: number) => compareGates(at(one), at(other), 0.03);
    expect(of(1, 1.08).time).toMatchObject([{ id: "a/b/c", verdict: "slower" }]);
    expect(of(1.08, 1).time).toMatchObject([{ verdict: "faster" }]);
    expect(of(1.08, 1.08).time).toMatchObject([{ verdict: "same" }]);
  });

  test("counts are put together from what each record says of the base they share", () => {
    const [one, other] = [at(1), at(1)];
    const entry = { id: "a/b/c", measure: "maple.nodeReads", base: 100 };
    one.work.changes = [{ ...entry, head: 110 }];
    const { work } = compareGates(one, other, 0.03);
    expect(work).toEqual([{ ...entry, base: 110, head: 100 }]);
    other.work.changes = [{ ...entry, head: 110 }];
    expect(compareGates(one, other, 0.03).work).toEqual([]);
  });

  test("with other bases, or without times, they are not comparable", () => {
    const other = at(1);
    other.base = { ...other.base, codeSha256: "d" };
    expect(compareGates(at(1), other, 0.03).notComparable.work[0]).toMatch(/^different bases/);
    const untimed = at(1);
    untimed.processes = [];
    expect(compareGates(at(1), untimed, 0.03).notComparable.time).toEqual([
      "a core of 2026-01-31 was not timed",
    ]);
  });
});
