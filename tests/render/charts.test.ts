import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { WORK_GROUPS } from "../../src/core/work-groups.js";
import { type Curve, order, orders } from "../../src/render/charts/curves.js";
import { picturesOf } from "../../src/render/charts/index.js";
import { ratioTicks } from "../../src/render/charts/style.js";
import { DARK, LIGHT, THEMES } from "../../src/render/charts/theme.js";
import { richResults } from "./rich.js";

const require = createRequire(import.meta.url);
const { createCanvas, Image } = require("@napi-rs/canvas") as typeof import("@napi-rs/canvas");

/** How many pixels of a region are far enough from the paper to be ink. */
function inkIn(
  png: Uint8Array,
  dark: boolean,
  x: number,
  y: number,
  width: number,
  height: number,
): number {
  const image = new Image();
  image.src = Buffer.from(png);
  const canvas = createCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(x, y, width, height);
  let ink = 0;
  for (let i = 0; i < data.length; i += 4) {
    const light = data[i]! + data[i + 1]! + data[i + 2]!;
    if (dark ? light > 515 : light < 250) ink++;
  }
  return ink;
}

const names = (results = richResults()) => picturesOf(results).map(({ name }) => name);

describe("charts", () => {
  test.each(THEMES)("have text on $name paper: the title region is not blank", (theme) => {
    for (const picture of picturesOf(richResults())) {
      const png = picture.draw(theme);
      expect(inkIn(png, theme === DARK, 0, 0, 1000, 50), picture.name).toBeGreaterThan(500);
      expect(png.byteLength).toBeLessThan(150_000);
    }
  });

  test("are the same bytes for the same result", () => {
    const [one, two] = [richResults(), richResults()].map((results) =>
      picturesOf(results).map((picture) => Buffer.from(picture.draw(DARK)).toString("base64")),
    );
    expect(one).toEqual(two);
  });

  test("there is one for everything the result has data for", () => {
    expect(names()).toEqual(["time", "work", "layout", "life", "scaling", "unwinding", "batches"]);
  });

  test("their alternative text carries the finding", () => {
    const [time, ...others] = picturesOf(richResults());
    expect(time!.alt).toContain("1 slower, 3 faster, 2 same, 4 unclear of 10");
    expect(time!.alt).toContain("Slowest: failing-storm?fail-after=16 / pfnmap-eager-full 1.40");
    for (const { alt, title } of others) expect(alt).toContain(title);
  });

  test("titles say what was found", () => {
    const titles = Object.fromEntries(
      picturesOf(richResults()).map(({ name, title }) => [name, title]),
    );
    expect(titles.layout).toMatch(/^mmap@6\.15 leaves 2\u202f168 VMAs where .* leaves 120/);
    expect(titles.scaling).toMatch(/order open, 3 sizes are too few/);
    expect(titles.unwinding).toMatch(
      /^A failing hook costs .* 1\.5× after 1, .* after 4\u202f096 PTEs/,
    );
    expect(titles.life).toMatch(
      /^failing-storm\?fail-after=16 .* leaves 120 VMAs where mmap@6\.15 leaves/,
    );
  });

  test("an order that two models fit about equally well has no name", () => {
    const logarithmic = order(curve([100, 400, 1600, 6400], [66.4, 86.4, 106.4, 126.4]));
    expect([logarithmic.model, logarithmic.text]).toEqual(["O(log n)", "O(log\u00a0n)"]);
    const flat = order(curve([100, 110, 120, 900], [10, 14, 9, 13]));
    expect(flat.model).toBeNull();
    expect(flat.text).toMatch(/fit about equally well/);
    expect(orders([curve([1, 8, 64, 512], [1, 8, 64, 512])])).toBe("O(n)");
    // a fixed cost and something that grows
    const rising = { ...curve([1, 8, 64, 512, 4096], [900, 908, 964, 1412, 4996]), rises: true };
    expect(order(rising).model).toBe("O(n)");
    expect(orders([curve([10, 100, 1000, 10_000], [10, 12, 30, 41])])).toMatch(/nearest.*%\soff/);
  });

  test("without times there is no chart of times", () => {
    const results = richResults();
    for (const comparison of results.comparisons) {
      comparison.timeRatio = null;
      comparison.verdict = null;
    }
    for (const scenario of results.scenarios) scenario.time = null;
    expect(names(results)).not.toContain("time");
    expect(names(results)).not.toContain("batches");
  });

  test("with one protocol and one tree size there is nothing to draw", () => {
    const results = richResults();
    results.comparisons = [];
    results.scenarios = results.scenarios
      .filter(({ protocol, workload }) => protocol === "mmap@6.15" && !workload.startsWith("tree-"))
      .filter(({ params }) => params["fail-after"] === undefined);
    for (const scenario of results.scenarios) {
      delete scenario.life;
      scenario.time = null;
    }
    expect(names(results)).toEqual([]);
  });

  test("a chart of thousands of comparisons shows those farthest apart", () => {
    const results = richResults();
    const [first] = results.comparisons;
    results.comparisons = Array.from({ length: 3000 }, (_, i) => ({
      ...structuredClone(first!),
      workload: `w-${i}`,
    }));
    const [time] = picturesOf(results);
    expect(inkIn(time!.draw(LIGHT), false, 0, 0, 1000, 80)).toBeGreaterThan(500);
  });
});

function curve(sizes: number[], costs: number[]): Curve {
  const points = sizes.map((x, i) => ({ x, y: costs[i]!, yMin: costs[i]!, yMax: costs[i]! }));
  return { protocol: "mmap@6.15", points };
}

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
