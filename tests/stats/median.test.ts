import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { median, medianInterval, medianRank, percentile } from "../../src/stats/median.js";

describe("median and percentile", () => {
  test("of an odd and of an even number of values", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test("percentiles are linear between order statistics", () => {
    const values = [10, 20, 30, 40, 50];
    expect(percentile(values, 0)).toBe(10);
    expect(percentile(values, 0.25)).toBe(20);
    expect(percentile(values, 0.9)).toBeCloseTo(46, 12);
    expect(percentile(values, 1)).toBe(50);
  });

  test("do not disturb what they are given", () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("the interval of the median", () => {
  // Ranks from published tables of distribution-free 95 % intervals for the median.
  test.each([
    [6, 1],
    [9, 2],
    [10, 2],
    [12, 3],
    [15, 4],
    [20, 6],
    [25, 8],
    [30, 10],
    [50, 18],
    [100, 40],
  ])("of %i values starts at value number %i", (n, rank) => {
    expect(medianRank(n, 0.95)).toBe(rank);
  });

  test("of too few values is their range, with the confidence that has", () => {
    const interval = medianInterval([5, 1, 3]);
    expect(interval).toEqual({ median: 3, low: 1, high: 5, confidence: 0.75 });
  });

  test("never crosses, for any number of values to 100000", () => {
    const counts = [1, 2, 3, 5, 6, 7, 500, 1074, 1075, 1076, 2000, 20_001, 99_999, 100_000];
    for (const n of counts) {
      const values = Float64Array.from({ length: n }, (_, i) => i);
      const { low, median: middle, high } = medianInterval(values);
      expect(low).toBeLessThanOrEqual(middle);
      expect(middle).toBeLessThanOrEqual(high);
      // about 1.96 standard deviations of the binomial to each side
      if (n > 500) {
        expect((high - low) / Math.sqrt(n)).toBeGreaterThan(1.9);
        expect((high - low) / Math.sqrt(n)).toBeLessThan(2.06);
      }
    }
  });

  test("contains the median and lies inside the values", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 60 }), (values) => {
        const { low, median: middle, high } = medianInterval(values);
        expect(low).toBeLessThanOrEqual(middle);
        expect(high).toBeGreaterThanOrEqual(middle);
        expect(values).toContain(low);
        expect(values).toContain(high);
      }),
    );
  });

  test("covers the true median as often as it says, also for skewed values", () => {
    const random = new Random(7, "coverage");
    const exponential = () => -Math.log((random.next() + 0.5) / 2 ** 32);
    const trials = 2000;
    for (const n of [12, 40, 200]) {
      let covered = 0;
      for (let trial = 0; trial < trials; trial++) {
        const { low, high } = medianInterval(Float64Array.from({ length: n }, exponential));
        if (low <= Math.LN2 && Math.LN2 <= high) covered++;
      }
      // exact coverage is 95.0 to 98.4 % for these n; three standard errors are 1.5 %
      expect(covered / trials).toBeGreaterThan(0.935);
      expect(covered / trials).toBeLessThan(0.993);
    }
  });
});
