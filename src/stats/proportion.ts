import type { Interval } from "./median.js";
import { regularizedBeta } from "./student.js";

/**
 * Clopper and Pearson's interval (1934) for the probability behind `successes` of `trials`: exact, so it holds the
 * true value at least as often as it says.
 */
export function proportionInterval(successes: number, trials: number, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  const failures = trials - successes;
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, failures + 1),
    high: failures === 0 ? 1 : betaQuantile(1 - tail, successes + 1, failures),
    confidence,
  };
}

function betaQuantile(p: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (regularizedBeta(middle, a, b) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
