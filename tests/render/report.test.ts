import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { change, integer, interval, number } from "../../src/render/format.js";
import { reportFiles } from "../../src/render/report.js";
import { findings } from "../../src/render/rows.js";
import { terminalReport } from "../../src/render/table.js";
import { sampleResults } from "./fixture.js";

const plain = picocolors.createColors(false);
const markdown = (results = sampleResults()) => reportFiles(results).get("report.md") as string;

describe("numbers", () => {
  test("have three significant digits and no exponent", () => {
    expect([0, 0.01234, 1.2345, 12.345, 123.45, 12345].map(number)).toEqual([
      "0",
      "0.0123",
      "1.23",
      "12.3",
      "123",
      "12345",
    ]);
    expect(number(1)).toBe("1");
    expect(number(100)).toBe("100");
    expect(number(1e-9)).toBe("0");
  });

  test("are grouped by three", () => {
    expect(integer(999)).toBe("999");
    expect(integer(1234567)).toBe("1\u202f234\u202f567");
  });

  test("change is one number where nothing changed", () => {
    expect(change([1, 1])).toBe("1");
    expect(change([2, 0])).toBe("2 → 0");
    expect(interval({ ratio: 1.0612, low: 1.0349, high: 1.09 })).toBe("1.061 [1.035, 1.090]");
  });
});

describe("the findings", () => {
  test("count verdicts and layouts", () => {
    expect(findings(sampleResults())).toEqual([
      "mmap_prepare@7.3 against mmap@6.15: 1 slower, 3 faster, 2 same, 1 unclear of 7. " +
        "It leaves fewer VMAs in 1 of 7.",
    ]);
  });

  test("claim nothing about time where nothing was timed", () => {
    const results = sampleResults();
    for (const comparison of results.comparisons) {
      comparison.timeRatio = null;
      comparison.verdict = null;
    }
    expect(findings(results)[0]).toMatch(/: work of 7 scenarios\. It leaves/);
    expect(terminalReport(results, plain)).not.toMatch(/faster|slower/);
    expect(markdown(results)).not.toMatch(/faster|slower/);
  });
});

describe("the terminal table", () => {
  test("has one line a comparison under its driver, with verdict, interval and layout", () => {
    const text = terminalReport(sampleResults(), plain);
    expect(text).toMatch(
      /hint-or-dump-flag\n {2}append-merge +◆ faster +0\.460 \[0\.440, 0\.480\] +1 → 0 +128/,
    );
    expect(text).toMatch(/failing-storm\?fail-after=16 +✕ unclear .* 2\u202f168 → 120 +5 → 9/);
    expect(text.split("\n").length).toBeLessThan(21);
  });

  test("has no escape codes without colour, and some with", () => {
    const code = String.fromCharCode(27);
    expect(terminalReport(sampleResults(), plain)).not.toContain(code);
    expect(terminalReport(sampleResults(), picocolors.createColors(true))).toContain(code);
  });

  test("lists scenarios where there is nothing to compare", () => {
    const results = { ...sampleResults(), comparisons: [] };
    expect(terminalReport(results, plain)).toMatch(
      /append-merge\/vmops-only\/mmap@6\.15 +310 \[307, 316\]/,
    );
  });
});

describe("the markdown report", () => {
  test("starts with the verdict and links every chart it comes with", () => {
    const files = reportFiles(sampleResults());
    const text = files.get("report.md") as string;
    expect(text.split("\n")[2]).toMatch(/^\*\*mmap_prepare@7\.3 against mmap@6\.15: 1 slower/);
    const charts = [...files.keys()].filter((name) => name.endsWith(".png"));
    expect(charts).toHaveLength(4);
    for (const chart of charts) expect(text).toContain(`](${chart})`);
  });

  test("names the counters that moved", () => {
    expect(markdown()).toMatch(/append-merge \/ hint-or-dump-flag .*maple\.nodeReads 9 → 6/);
    expect(markdown()).toMatch(/append-never \/ vmops-only \(mmap_prepare@7\.3\): nothing/);
  });
});

test("the same result gives the same bytes", () => {
  const [one, two] = [reportFiles(sampleResults()), reportFiles(sampleResults())];
  expect([...one.keys()]).toEqual([...two.keys()]);
  for (const [name, contents] of one) {
    expect(
      Buffer.from(contents as Uint8Array).equals(Buffer.from(two.get(name) as Uint8Array)),
    ).toBe(true);
  }
});
