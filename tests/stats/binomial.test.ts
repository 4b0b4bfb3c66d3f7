import { describe, expect, test } from "vitest";
import {
  binomialHalfCumulative,
  logBinomialHalfCumulative,
  logChoose,
  logFactorial,
  logSignTestAbove,
  signTest,
  signTestAbove,
} from "../../src/stats/binomial.js";

/** ln of a big integer, to double precision. */
function logBig(value: bigint): number {
  const digits = value.toString(2);
  const kept = Math.min(digits.length, 60);
  return Math.log(Number.parseInt(digits.slice(0, kept), 2)) + (digits.length - kept) * Math.LN2;
}

function factorial(n: number): bigint {
  let product = 1n;
  for (let i = 2n; i <= BigInt(n); i++) product *= i;
  return product;
}

/** P(B <= k) by adding up whole numbers. */
function exactCumulative(k: number, n: number): number {
  let sum = 0n;
  let choose = 1n;
  for (let j = 0; j <= k; j++) {
    sum += choose;
    choose = (choose * BigInt(n - j)) / BigInt(j + 1);
  }
  return Math.exp(logBig(sum) - n * Math.LN2);
}

describe("log factorials", () => {
  test("agree with whole-number arithmetic on both sides of the table's end", () => {
    for (const n of [1, 2, 5, 20, 31, 32, 33, 50, 100, 500, 2000]) {
      expect(Math.abs(logFactorial(n) / (logBig(factorial(n)) || 1) - 1)).toBeLessThan(
        n === 1 ? 2 : 1e-14,
      );
    }
    expect(logFactorial(0)).toBe(0);
    expect(logFactorial(1)).toBe(0);
  });

  test("choose", () => {
    expect(Math.exp(logChoose(10, 3))).toBeCloseTo(120, 9);
    expect(logChoose(52, 5)).toBeCloseTo(Math.log(2_598_960), 11);
  });
});

describe("the cumulative binomial with one half", () => {
  test("agrees with whole-number arithmetic", () => {
    for (const [k, n] of [
      [0, 1],
      [1, 2],
      [3, 10],
      [8, 10],
      [40, 100],
      [60, 100],
      [450, 1000],
      [1000, 2100],
      [1190, 2500],
    ] as const) {
      expect(binomialHalfCumulative(k, n) / exactCumulative(k, n)).toBeCloseTo(1, 10);
    }
  });

  test("has its limits", () => {
    expect(binomialHalfCumulative(-1, 10)).toBe(0);
    expect(binomialHalfCumulative(10, 10)).toBe(1);
    expect(binomialHalfCumulative(0, 0)).toBe(1);
  });

  test("does not underflow where 0.5^n does", () => {
    for (const n of [1075, 10_000, 100_000]) {
      expect(binomialHalfCumulative(n / 2 - 1, n)).toBeGreaterThan(0.45);
      // a standard deviation below the mean: the normal distribution gives 0.159
      const tail = binomialHalfCumulative(Math.round((n - Math.sqrt(n)) / 2), n);
      expect(tail).toBeGreaterThan(0.15);
      expect(tail).toBeLessThan(0.17);
    }
  });
});

describe("its logarithm", () => {
  test("is exact where the probability itself underflows, up to 100 000", () => {
    for (const n of [1, 10, 1074, 1075, 20_000, 100_000]) {
      expect(logBinomialHalfCumulative(0, n) / (-n * Math.LN2)).toBeCloseTo(1, 12);
      // all, and all but one: n + 1 outcomes of 2^n
      if (n > 2) {
        const two = logBinomialHalfCumulative(1, n);
        expect(two / (Math.log1p(n) - n * Math.LN2)).toBeCloseTo(1, 12);
      }
    }
  });

  test("rises with k and stays a number", () => {
    for (const n of [7, 1000, 100_000]) {
      let before = Number.NEGATIVE_INFINITY;
      for (let k = 0; k <= n; k += Math.ceil(n / 500)) {
        const now = logBinomialHalfCumulative(k, n);
        expect(now).toBeGreaterThanOrEqual(before);
        expect(now).toBeLessThanOrEqual(0);
        before = now;
      }
    }
  });
});

describe("the sign test", () => {
  const values = (above: number, below: number) => [
    ...new Array<number>(above).fill(1),
    ...new Array<number>(below).fill(-1),
  ];

  test("gives the tabled two-sided values", () => {
    expect(signTest(values(9, 1))).toBeCloseTo(0.0215, 4);
    expect(signTest(values(12, 3))).toBeCloseTo(0.0352, 4);
    expect(signTest(values(6, 0))).toBeCloseTo(0.03125, 10);
    expect(signTest(values(5, 5))).toBe(1);
  });

  test("is one-sided upwards and leaves ties out", () => {
    expect(signTestAbove(values(8, 0))).toBeCloseTo(1 / 256, 12);
    expect(signTestAbove(values(0, 8))).toBe(1);
    expect(signTestAbove([...values(8, 0), 0, 0, 0])).toBeCloseTo(1 / 256, 12);
    expect(signTestAbove([5, 5, 5], 5)).toBe(1);
  });

  test("tells a hundred thousand signs that agree from a hundred thousand less one", () => {
    const most = new Float64Array(100_000).fill(1);
    const all = logSignTestAbove(most);
    most[0] = -1;
    expect(all).toBeCloseTo(-100_000 * Math.LN2, 6);
    expect(logSignTestAbove(most) - all).toBeCloseTo(Math.log(100_001), 6);
  });
});
