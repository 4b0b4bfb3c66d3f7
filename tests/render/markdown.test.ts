// report.md: what a pull request's reader sees.

import { describe, expect, test } from "vitest";
import type { Results } from "../../src/record/schema.js";
import { picturesOf } from "../../src/render/charts/index.js";
import { markdownReport } from "../../src/render/markdown.js";
import { chartLinks } from "../../src/render/report.js";
import { reproduce } from "../../src/render/reproduce.js";
import { textChart } from "../../src/render/text-chart.js";
import { richResults } from "./rich.js";

const LIMIT = 60_000;
const markdown = (results = richResults()) =>
  markdownReport(results, chartLinks(picturesOf(results)));

/** A result with that many comparisons, each name as long as the catalogue allows. */
function large(count: number): Results {
  const results = richResults();
  const { scenarios, comparisons } = results;
  const name = (i: number) => `workload-${i}-${"x".repeat(50)}`;
  return {
    ...results,
    scenarios: Array.from({ length: 2 * count }, (_, i) => ({
      ...scenarios[i % scenarios.length]!,
      workload: name(i >> 1),
      id: `${name(i >> 1)}/vmops-only/${i % 2 === 0 ? "mmap@6.15" : "mmap_prepare@7.3"}`,
    })),
    comparisons: Array.from({ length: count }, (_, i) => ({
      ...comparisons[i % comparisons.length]!,
      workload: name(i),
    })),
  };
}

describe("the markdown report", () => {
  test("begins with the verdict, then what changed", () => {
    const lines = markdown().split("\n");
    expect(lines[2]).toMatch(/^\*\*mmap_prepare@7\.3 against mmap@6\.15: 1 slower/);
    expect(lines[4]).toMatch(/^\| workload \| driver/);
    // another layout is worth more than time, more than less time
    expect(lines.slice(6, 8).join()).toMatch(/failing-storm.*✕ unclear.*2\u202f168 → 120/);
    expect(markdown()).toMatch(/2 of 10 comparisons show no change\./);
  });

  test("shows every chart light and dark, with what it says for those who do not see it", () => {
    const text = markdown();
    for (const { name, alt } of picturesOf(richResults())) {
      expect(text).toContain(`srcset="charts/${name}-dark.png"`);
      expect(text).toContain(`alt="${alt}" src="charts/${name}.png"`);
    }
  });

  test("folds what few will read", () => {
    const text = markdown();
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
    const open = text.split("<details>")[0]!;
    expect(open.length).toBeLessThan(3000);
    expect(open).not.toContain("maple.nodeReads");
  });

  test("names the counters that moved", () => {
    expect(markdown()).toMatch(/append-merge \/ hint-or-dump-flag .*maple\.nodeReads 9 → 6/);
    expect(markdown()).toMatch(/append-never \/ vmops-only \(mmap_prepare@7\.3\): nothing/);
  });

  test.each([1, 60, 5000])("stays below 60 000 characters with %d comparisons", (count) => {
    const text = markdown(large(count));
    expect(text.length).toBeLessThan(LIMIT);
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
    if (count === 5000) {
      expect(text.length).toBeGreaterThan(LIMIT / 2);
      expect(text).toMatch(/and \d+ more that changed/);
      expect(text).toContain("Where it comes from");
    }
  });

  test("stays below 60 000 characters without comparisons", () => {
    expect(markdown({ ...large(5000), comparisons: [] }).length).toBeLessThan(LIMIT);
  });

  test("names become no markup and call nobody", () => {
    const results = richResults();
    results.comparisons[0]!.driver = "<script>|`[x](y) @someone\n# head";
    results.environment.cpu = "<img src=x> @all";
    const text = markdown(results).replace(/^```\n[^`]*\n```$/gm, ""); // code is shown as it is
    expect(text).not.toMatch(/<script|<img src=x|\n# head|[^\w]@(someone|all)/);
    expect(text).toContain("&lt;script>\\|\\`[x]\\(y) @&#8203;someone # head");
  });
});

test("the chart in characters has the slowest on top and 1 in one column", () => {
  const lines = textChart(richResults(), 50);
  expect(lines[0]).toMatch(/failing-storm.* 1\.400 .*✕/);
  expect(lines.at(-2)).toMatch(/hint-or-dump-flag .* 0\.460 .*◆/);
  const one = lines.map((line) => line.search(/[│┼]/)).filter((at) => at >= 0);
  expect(new Set(one).size).toBe(1);
  expect(textChart(richResults(), 3)).toHaveLength(4);
});

describe("the command that measures again", () => {
  const settings = { baseline: "mmap@6.15", candidates: ["mmap_prepare@7.3"] };
  const results = { ...richResults() };
  Object.assign(results.settings, settings);

  test("names suite, protocols and seed", () => {
    expect(reproduce(results)).toBe(
      "npx vmabench run --suite quick --baseline mmap@6.15 --candidate mmap_prepare@7.3 --seed 1",
    );
  });

  test("names scenarios, quoted for a shell", () => {
    expect(reproduce(results, ["a/b/mmap@6.15?fail-after=16"])).toContain(
      " --filter 'a/b/mmap@6.15?fail-after=16' ",
    );
    expect(reproduce(results, ["it's"])).toContain("--filter 'it'\\''s'");
  });

  test("names the files of a run without a suite", () => {
    const own = structuredClone(results);
    Object.assign(own.settings, {
      suite: "selection",
      drivers: ["my driver.yaml"],
      workOnly: true,
    });
    expect(reproduce(own)).toMatch(/run --driver 'my driver\.yaml' --baseline .* --work-only$/);
  });
});
