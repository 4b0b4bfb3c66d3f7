import { describe, expect, test } from "vitest";
import { type Choice, chosenRows, EVERYTHING } from "../../src/page/rows.js";
import { picturesOf } from "../../src/render/charts/index.js";
import { pageData } from "../../src/render/page/data.js";
import { richResults } from "../render/rich.js";

const data = pageData(richResults(), picturesOf(richResults()));
const names = (choice: Partial<Choice>) =>
  chosenRows(data, { ...EVERYTHING, ...choice }).map(
    ({ workload, driver }) => `${workload}/${driver}`,
  );

describe("rows", () => {
  test("stand worst first when nothing is chosen", () => {
    const all = names({});
    expect(all).toHaveLength(10);
    expect(all[0]).toBe("failing-storm?fail-after=16/pfnmap-eager-full");
    expect(all.at(-1)).toBe("append-merge/hint-or-dump-flag");
  });

  test("are filtered by every part, all of them together", () => {
    expect(names({ driver: "hint-or-dump-flag" })).toEqual(["append-merge/hint-or-dump-flag"]);
    expect(names({ workload: "append-merge", verdict: "slower" })).toEqual([
      "append-merge/vmops-only",
    ]);
    expect(names({ workload: "touch-failing-hook" })).toHaveLength(3);
    expect(names({ protocol: "mmap@6.15" })).toEqual([]);
    expect(names({ text: "VMOPS tree-1" })).toHaveLength(2);
  });

  test("are sorted by work, by second merges, by name, both ways", () => {
    expect(names({ sort: "work", descending: false })[0]).toBe("append-merge/hint-or-dump-flag");
    expect(names({ sort: "merges" })[0]).toBe("append-merge/hint-or-dump-flag");
    expect(names({ sort: "vmas" })[0]).toMatch(/^failing-storm/);
    const up = names({ sort: "workload", descending: false });
    expect(up[0]).toMatch(/^append-merge/);
    expect(names({ sort: "workload", descending: true })[0]).toMatch(/^tree-60000/);
  });
});

test("a scenario without a partner is a row of its own", () => {
  const results = richResults();
  results.comparisons = results.comparisons.slice(0, 1);
  const { rows } = pageData(results, []);
  expect(rows).toHaveLength(1 + results.scenarios.length - 2);
  expect(rows[1]).toMatchObject({ baseline: null, ratio: null, verdict: null });
});
