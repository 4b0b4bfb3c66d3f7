// Where a series changes its level: E-divisive (Matteson and James 2014) to find the place, a t test in place
// of its permutation test to decide (Hunter, arXiv 2301.03034), so that the answer is the same every time.

import { mean } from "./mean.js";
import { studentTest } from "./student.js";

export interface ChangePoint {
  /** Index of the first value of the new level. */
  at: number;
  /** Mean of the stretch before and of the stretch after, each as far as the next change. */
  before: number;
  after: number;
  /** Of the t test between the two stretches. */
  p: number;
}

export interface ChangeOptions {
  /** A change is kept at this p value or below. The test follows a search, so it has to be strict. */
  alpha?: number;
  /** Least difference of the two levels. */
  magnitude?: number;
  /** Longest stretch that is searched at once: older values must not outvote a recent change. */
  window?: number;
}

/** Values a stretch must have on either side of a change. */
const SHORTEST = 3;
/** Weak changes are kept at first, since one strong change can hide behind another (Hunter). */
const WEAK = 10;

/** Every change of level in a series, in order. */
export function changePoints(
  series: readonly number[],
  { alpha = 0.001, magnitude = 0, window = 50 }: ChangeOptions = {},
): ChangePoint[] {
  const found = new Set<number>();
  // windows overlap by half, so that every change lies well inside one of them
  const step = Math.max(1, Math.floor(window / 2));
  for (let start = 0; ; start += step) {
    const end = Math.min(series.length, start + window);
    for (const at of split(series, start, end, alpha * WEAK)) found.add(at);
    if (end === series.length) break;
  }
  return strongest(
    series,
    [...found].sort((a, b) => a - b),
    alpha,
    magnitude,
  );
}

/** Splits [start, end) where it is most unlike itself, and its parts again, as long as the test agrees. */
function split(series: readonly number[], start: number, end: number, alpha: number): number[] {
  const at = mostUnlike(series, start, end);
  if (at === null) return [];
  if (studentTest(series.slice(start, at), series.slice(at, end)) > alpha) return [];
  return [...split(series, start, at, alpha), at, ...split(series, at, end, alpha)];
}

/**
 * The place in [start, end) with the greatest energy distance between what is before and after, scaled by
 * nm / (n + m); null when there is too little to split. Sums of distances are carried from place to place,
 * O(n^2) for all places together.
 */
function mostUnlike(series: readonly number[], start: number, end: number): number | null {
  const toAll = (index: number, from: number, to: number) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += Math.abs(series[index]! - series[i]!);
    return sum;
  };
  let [left, right, across] = [0, 0, 0];
  for (let i = start; i < end; i++) right += toAll(i, start, i);
  let best: number | null = null;
  let most = 0;
  for (let at = start + 1; at < end; at++) {
    // the value before `at` changes sides
    const toLeft = toAll(at - 1, start, at - 1);
    const toRight = toAll(at - 1, at, end);
    left += toLeft;
    right -= toRight;
    across += toRight - toLeft;
    const [n, m] = [at - start, end - at];
    if (n < SHORTEST || m < SHORTEST) continue;
    const inside = (2 * left) / (n * (n - 1)) + (2 * right) / (m * (m - 1));
    const energy = ((2 * across) / (n * m) - inside) * ((n * m) / (n + m));
    if (energy > most) [most, best] = [energy, at];
  }
  return best;
}

/** Takes the weakest change away, again and again, until all that are left are strong and large enough. */
function strongest(
  series: readonly number[],
  places: readonly number[],
  alpha: number,
  magnitude: number,
): ChangePoint[] {
  const points = describe(series, places);
  const small = points.filter((point) => Math.abs(point.after - point.before) < magnitude);
  const weak = points.filter((point) => point.p > alpha);
  const candidates = weak.length > 0 ? weak : small;
  if (candidates.length === 0) return points;
  const weakest = candidates.reduce((a, b) => (a.p >= b.p ? a : b));
  return strongest(
    series,
    places.filter((at) => at !== weakest.at),
    alpha,
    magnitude,
  );
}

function describe(series: readonly number[], places: readonly number[]): ChangePoint[] {
  return places.map((at, i) => {
    const before = series.slice(places[i - 1] ?? 0, at);
    const after = series.slice(at, places[i + 1] ?? series.length);
    return { at, before: mean(before), after: mean(after), p: studentTest(before, after) };
  });
}
