import { describe, expect, test } from "vitest";
import { currentEntries, seriesOf } from "../../src/judge/history.js";
import { historyChart } from "../../src/render/charts/history.js";
import { colorsFor } from "../../src/render/colors.js";
import { historyReport, sparkline } from "../../src/render/history.js";
import { historyOf } from "./series.js";

const steady = () => 1;
const entries = historyOf(60, {
  "steady/a/b": steady,
  "stepped/a/b": (i) => (i < 30 ? 1 : 1.04),
  "creeping/a/b": (i) => 1 + 0.012 * Math.floor(i / 10),
  "late/a/b": (i) => (i < 40 ? null : 1),
});

describe("a history", () => {
  const series = seriesOf(entries);
  const of = (id: string) => series.find((one) => one.id === id)!;

  test("shows a step where it happened, with its size", () => {
    const [step, ...more] = of("stepped/a/b").steps;
    expect(more).toEqual([]);
    expect([step!.at, step!.commit]).toEqual([30, entries[30]!.commit]);
    expect(step!.ratio).toBeCloseTo(1.04, 2);
  });

  test("shows drift that passes every gate: six steps of 1.2 %", () => {
    const { steps } = of("creeping/a/b");
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps.every(({ ratio }) => ratio > 1)).toBe(true);
  });

  test("shows nothing where nothing happened", () => {
    expect(of("steady/a/b").steps).toEqual([]);
    expect(of("late/a/b")).toMatchObject({ steps: [] });
    expect(of("late/a/b").points).toHaveLength(20);
  });

  test("has what changed most on top, and ends with a count", () => {
    const lines = historyReport(entries, series, colorsFor({})).split("\n");
    expect(lines[0]).toContain("60 commits, 2026-01-01 to 2026-03-01");
    expect(lines[2]).toMatch(/^stepped/);
    expect(lines[3]).toMatch(/^ {2}▲ \+4\.\d % from 000000/);
    expect(lines.at(-1)).toBe("2 of 4 scenarios changed their level");
  });

  test("begins anew with a new reference", () => {
    const [old, fresh] = [historyOf(3, { a: steady }), historyOf(2, { a: steady })];
    for (const entry of fresh) entry.reference.commit = "f".repeat(40);
    expect(currentEntries([...old, ...fresh])).toEqual(fresh);
  });

  test("is drawn from two commits on, the same bytes each time", () => {
    const commits = entries.map(({ commit }) => commit);
    const png = historyChart(series, commits)!;
    expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
    expect(historyChart(series, commits)).toEqual(png);
    expect(historyChart(series, commits.slice(0, 1))).toBeNull();
  });
});

describe("a sparkline", () => {
  test("goes from the lowest to the highest value", () => {
    expect(sparkline([1, 1.05, 1.1])).toBe("▁▅█");
  });

  test("draws noise small, and only the newest values", () => {
    expect(new Set(sparkline([1, 1.002, 0.999]))).toEqual(new Set("▄▅"));
    expect(sparkline(Array.from({ length: 100 }, () => 1))).toHaveLength(32);
  });
});
