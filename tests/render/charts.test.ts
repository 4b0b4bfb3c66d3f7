import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { WORK_GROUPS } from "../../src/core/work-groups.js";
import { chartsOf } from "../../src/render/charts/index.js";
import { ratioTicks } from "../../src/render/charts/style.js";
import { sampleResults } from "./fixture.js";

const require = createRequire(import.meta.url);
const { createCanvas, Image } = require("canvas") as typeof import("canvas");

/** How many pixels of a region are dark enough to be ink. */
function inkIn(png: Uint8Array, x: number, y: number, width: number, height: number): number {
  const image = new Image();
  image.src = Buffer.from(png);
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(x, y, width, height);
  let ink = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i]! + data[i + 1]! + data[i + 2]! < 250) ink++;
  return ink;
}

describe("charts", () => {
  test("have text: the title region is not blank", () => {
    const charts = chartsOf(sampleResults());
    expect(charts.map((chart) => chart.file)).toEqual([
      "charts/time.png",
      "charts/work.png",
      "charts/layout.png",
      "charts/scaling.png",
    ]);
    for (const { png } of charts) expect(inkIn(png, 0, 0, 1000, 50)).toBeGreaterThan(500);
  });

  test("without times there is no time chart", () => {
    const results = sampleResults();
    for (const comparison of results.comparisons) {
      comparison.timeRatio = null;
      comparison.verdict = null;
    }
    for (const scenario of results.scenarios) scenario.time = null;
    expect(chartsOf(results).map((chart) => chart.file)).not.toContain("charts/time.png");
  });

  test("with one protocol and one tree size there is nothing to draw", () => {
    const results = sampleResults();
    results.comparisons = [];
    results.scenarios = results.scenarios.filter(
      ({ protocol, workload }) => protocol === "mmap@6.15" && !workload.startsWith("tree-"),
    );
    expect(chartsOf(results)).toEqual([]);
  });
});

test("no event is counted in two groups of the work chart", () => {
  const events = WORK_GROUPS.flatMap((group) => group.events);
  expect(new Set(events).size).toBe(events.length);
  // these are parts of others
  for (const part of [
    "maple.sideStores",
    "maple.sideNodes",
    "merge.secondAttempts",
    "hook.failures",
  ]) {
    expect(events).not.toContain(part);
  }
});

test("ticks of a ratio axis lie alike on both sides of 1", () => {
  const ticks = ratioTicks(0.4, 2.5);
  expect(ticks).toContain(1);
  expect(ticks).toContain(2);
  expect(ticks).toContain(0.5);
  expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0.4);
});
