// What reaches a terminal: within its width, in colours with a meaning, and never obeying a foreign name.

import picocolors from "picocolors";
import { describe, expect, test } from "vitest";
import { printable } from "../../src/printable.js";
import { timeLeft } from "../../src/render/progress.js";
import { sparkline } from "../../src/render/spark.js";
import { terminalReport } from "../../src/render/table.js";
import { columnsOf, cutMiddle, widthOf } from "../../src/render/width.js";
import { HOSTILE_NAMES, hostileResults } from "../export/hostile.js";
import { sampleResults } from "./fixture.js";

const plain = picocolors.createColors(false);
const coloured = picocolors.createColors(true);
const ESCAPE = "\u001b";
const longest = (text: string) => Math.max(...text.split("\n").map(widthOf));
const rounds = sampleResults().comparisons.map((_, i) =>
  Float64Array.from({ length: 400 }, (_, round) => Math.sin(round) * 0.01 * (i + 1)),
);

describe("the table", () => {
  test.each([60, 80, 100, 120, 200])("fits %i columns", (columns) => {
    for (const results of [sampleResults(), hostileResults()]) {
      const options = { columns, logRatios: rounds };
      expect(longest(terminalReport(results, coloured, options))).toBeLessThanOrEqual(columns);
      const alone = { ...results, comparisons: [] };
      expect(longest(terminalReport(alone, coloured, options))).toBeLessThanOrEqual(columns);
    }
  });

  test("gives up columns where there is no room, the distribution first", () => {
    const titles = (columns: number) =>
      ["rounds", "2nd merges", "unwind", "VMAs left", "verdict"].filter((title) =>
        terminalReport(sampleResults(), plain, { columns, logRatios: rounds })
          .split("\n")
          .some((line) => line.includes("verdict") && line.includes(title)),
      );
    expect(titles(120)).toEqual(["rounds", "2nd merges", "unwind", "VMAs left", "verdict"]);
    expect(titles(100)).toEqual(["2nd merges", "unwind", "VMAs left", "verdict"]);
    expect(titles(80)).toEqual(["2nd merges", "VMAs left", "verdict"]);
    expect(titles(40)).toEqual(["verdict"]);
  });

  test("explains the columns that it has, and no others", () => {
    const text = (columns: number) =>
      terminalReport(sampleResults(), plain, { columns, logRatios: rounds });
    expect(text(200)).toContain("rounds: how often");
    expect(text(80)).not.toContain("rounds: how often");
    expect(text(80)).toContain("2nd merges: per operation");
  });

  test("cuts a long name in its middle and keeps its parameter", () => {
    expect(terminalReport(sampleResults(), plain, { columns: 72 })).toMatch(
      / failing-sto…ail-after=16 /,
    );
  });

  test("has a colour for slower, faster and unclear, none for same; marks without colour", () => {
    const text = terminalReport(sampleResults(), coloured);
    for (const [color, mark] of [
      [166, "▲ slower"],
      [32, "◆ faster"],
      [133, "✕ unclear"],
    ])
      expect(text).toContain(`${ESCAPE}[38;5;${color}m${mark}${ESCAPE}[39m`);
    expect(text).not.toMatch(/m● same/);
    expect(terminalReport(sampleResults(), plain)).not.toContain(ESCAPE);
  });

  test("shows a foreign name's control characters and obeys none", () => {
    const text = terminalReport(hostileResults(), plain, { columns: 250 });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(text).toContain("\\u001b[2J");
  });
});

describe("a name", () => {
  test.each(HOSTILE_NAMES)("%j is one printable line", (name) => {
    expect(printable(name)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202e]/u);
  });

  test("that is harmless stays as it is", () => {
    for (const name of ["trace-java-hello", "größe/路径 → 1", "\u{1f600}"])
      expect(printable(name)).toBe(name);
  });

  test("is cut by what it takes on the screen", () => {
    expect(cutMiddle("abcdefghij", 10)).toBe("abcdefghij");
    expect(cutMiddle("abcdefghij", 5)).toBe("ab…ij");
    for (let width = 1; width < 12; width++)
      expect(widthOf(cutMiddle("路径路径路径路径", width))).toBeLessThanOrEqual(width);
  });
});

describe("the distribution", () => {
  test("shows two humps as two humps", () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i % 2) + (i % 10) / 100);
    expect(sparkline(values)).toMatch(/^█ {10}█$/);
  });

  test("of one value is one bar, of none is nothing", () => {
    expect(sparkline(Float64Array.of(2, 2, 2)).trim()).toBe("█");
    expect(sparkline(new Float64Array())).toBe("");
  });

  test("does not see stray rounds", () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => (i === 0 ? 1e9 : i % 12));
    expect(sparkline(values)).toMatch(/^[▁-█]{12}$/);
  });
});

test("the time left is that of the things to come, and runs down", () => {
  expect(timeLeft(0, 10, 0, 5000)).toBe("");
  expect(timeLeft(2, 10, 10_000, 0)).toBe("40 s left");
  expect(timeLeft(2, 10, 10_000, 3000)).toBe("37 s left");
  expect(timeLeft(9, 10, 9000, 2000)).toBe("almost done");
  expect(timeLeft(1, 10, 60_000, 0)).toBe("9 min left");
  expect(timeLeft(1, 11, 3_600_000, 0)).toBe("10 h left");
});

test("a pipe gets a hundred columns, a terminal its own", () => {
  expect(columnsOf({})).toBe(100);
  expect(columnsOf({ isTTY: true, columns: 80 })).toBe(80);
  expect(columnsOf({ isTTY: true, columns: 0 })).toBe(100);
});
