import { expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { binomialAtLeast, headsNeeded } from "../../src/stats/binomial.js";
import { proportionInterval } from "../../src/stats/proportion.js";

test("bounds that have a closed form: no success, and no failure", () => {
  // 1 - (alpha / 2)^(1 / n)
  expect(proportionInterval(0, 200).high).toBeCloseTo(1 - 0.025 ** (1 / 200), 10);
  expect(proportionInterval(0, 200).low).toBe(0);
  expect(proportionInterval(60, 60).low).toBeCloseTo(0.025 ** (1 / 60), 10);
  expect(proportionInterval(60, 60).high).toBe(1);
});

test("the bounds are where a tail of the binomial has its share", () => {
  for (const [k, n] of [
    [1, 20],
    [7, 20],
    [190, 200],
    [3, 1000],
  ] as const) {
    const { low, high } = proportionInterval(k, n);
    expect(binomialAtLeast(k, n, low)).toBeCloseTo(0.025, 8);
    expect(1 - binomialAtLeast(k + 1, n, high)).toBeCloseTo(0.025, 8);
  }
});

test("it holds the true value at least as often as it says", () => {
  const random = new Random(4, "proportion");
  let held = 0;
  for (let run = 0; run < 2000; run++) {
    let successes = 0;
    for (let i = 0; i < 40; i++) if (random.below(100) < 90) successes++;
    const { low, high } = proportionInterval(successes, 40);
    if (low <= 0.9 && high >= 0.9) held++;
  }
  expect(held).toBeGreaterThanOrEqual(1900);
});

test("heads needed: the fewest that are convincing, one fewer is not", () => {
  expect(headsNeeded(11, 0.025 / 26)).toBe(11);
  expect(headsNeeded(10, 0.025 / 26)).toBe(11); // all ten are not enough
  for (const n of [11, 22, 55, 1000]) {
    const heads = headsNeeded(n, 0.001);
    expect(binomialAtLeast(heads, n, 0.5)).toBeLessThanOrEqual(0.001);
    expect(binomialAtLeast(heads - 1, n, 0.5)).toBeGreaterThan(0.001);
  }
});
