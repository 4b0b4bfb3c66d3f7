// Student's t distribution and the two-sample test that needs it.

import { logFactorial } from "./binomial.js";

/** Two-sided p value of a t statistic with `df` degrees of freedom (df > 0, need not be whole). */
export function studentTwoSided(t: number, df: number): number {
  if (!Number.isFinite(t)) return 0;
  return regularizedBeta(df / (df + t * t), df / 2, 0.5);
}

/**
 * Student's two-sample t test with pooled variance: the two-sided p value for equal means. 1 when a side has
 * fewer than two values, or nothing varies and the means agree; 0 when nothing varies and they do not.
 */
export function studentTest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [one, other] = [moments(a), moments(b)];
  const df = one.n + other.n - 2;
  if (one.n < 2 || other.n < 2) return 1;
  const pooled = (one.squares + other.squares) / df;
  const difference = one.mean - other.mean;
  if (pooled === 0) return difference === 0 ? 1 : 0;
  return studentTwoSided(difference / Math.sqrt(pooled * (1 / one.n + 1 / other.n)), df);
}

/** Number of values, their mean, and the sum of squared distances from it. */
function moments(values: ArrayLike<number>): { n: number; mean: number; squares: number } {
  let [n, mean, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    n++;
    const step = value - mean; // Welford: no difference of large sums
    mean += step / n;
    squares += step * (value - mean);
  }
  return { n, mean, squares };
}

/** ln Gamma(x) for x > 0: up to whole numbers by recurrence, where Stirling's series is exact enough. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  while (at < 33) shift += Math.log(at++);
  return logFactorial(at - 1) - shift;
}

/**
 * The regularized incomplete beta function I_x(a, b), by the continued fraction of Abramowitz and Stegun
 * 26.5.8, evaluated as Lentz does from the side where it converges fast.
 */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a);
  const front = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  const away = (value: number) => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return Math.min(1, (Math.exp(front) * fraction) / a);
}
