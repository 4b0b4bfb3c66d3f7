// Medians and other quantiles, with an interval that assumes nothing but independence.

import { binomialHalfCumulative } from "./binomial.js";

/** A copy in ascending order. */
export function sorted(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** The median; NaN for nothing. */
export function median(values: ArrayLike<number>): number {
  return percentile(values, 0.5);
}

/**
 * The `p`-quantile, 0 to 1, linear between order statistics (type 7 of Hyndman and Fan); NaN for nothing.
 */
export function percentile(values: ArrayLike<number>, p: number): number {
  const order = sorted(values);
  if (order.length === 0) return Number.NaN;
  const at = p * (order.length - 1);
  const low = Math.floor(at);
  const a = order[low] as number;
  const b = order[Math.ceil(at)] as number;
  // weighted, not a + (b - a) * t, which overflows for values far apart
  const t = at - low;
  return Math.min(b, Math.max(a, a * (1 - t) + b * t));
}

/**
 * What something takes when it is let alone: the lower quartile over processes. Other programs only ever make things
 * slower, and a busy neighbour stays for seconds.
 */
export function quiet(values: ArrayLike<number>): number {
  return percentile(values, 0.25);
}

export interface Interval {
  low: number;
  high: number;
  /** The probability it was built for, or less where so few values cannot give it. */
  confidence: number;
}

export interface MedianInterval extends Interval {
  median: number;
}

/**
 * Rank, from 1, of the lower bound of the median's interval among `n` values; the upper bound is the
 * value of the same rank from the top. The largest rank k with P(B <= k - 1) <= (1 - confidence) / 2,
 * B the number of values below the median, binomial with one half. 0 when even the extremes are too near.
 */
export function medianRank(n: number, confidence: number): number {
  const tail = (1 - confidence) / 2;
  let low = 0;
  let high = Math.floor(n / 2);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (binomialHalfCumulative(middle - 1, n) <= tail) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Median with the interval of its order statistics: exact for independent values of any continuous
 * distribution. Under six values 95 % cannot be had; then the range and its own confidence come back.
 */
export function medianInterval(values: ArrayLike<number>, confidence = 0.95): MedianInterval {
  const order = sorted(values);
  const n = order.length;
  const middle = median(order);
  if (n === 0) return { median: middle, low: middle, high: middle, confidence: 0 };
  const rank = medianRank(n, confidence);
  return {
    median: middle,
    low: order[Math.max(rank, 1) - 1] as number,
    high: order[n - Math.max(rank, 1)] as number,
    confidence: rank > 0 ? confidence : 1 - 2 * binomialHalfCumulative(0, n),
  };
}
