// Whether a candidate is faster, slower, the same, or whether that stays open.

import { signTestAbove } from "../stats/binomial.js";
import { holm } from "../stats/holm.js";
import { medianInterval } from "../stats/median.js";

export type Verdict = "faster" | "slower" | "same" | "unclear";

/** candidate / baseline, with the interval of its median. */
export interface Ratio {
  ratio: number;
  low: number;
  high: number;
  confidence: number;
}

/** A difference below this is placement luck: identical code shows up to 2 % from run to run. */
export const MINIMUM_EFFECT = 0.03;
/** Chance of one false `faster` or `slower` in a whole run. */
export const ALPHA = 0.05;

/** The ratio that the log ratios of paired rounds speak for. */
export function ratioOf(logRatios: Float64Array, confidence = 0.95): Ratio {
  const interval = medianInterval(logRatios, confidence);
  return {
    ratio: Math.exp(interval.median),
    low: Math.exp(interval.low),
    high: Math.exp(interval.high),
    confidence: interval.confidence,
  };
}

/**
 * Verdicts of a whole run, one for each set of log ratios. `slower` and `faster`: the interval lies beyond
 * the minimum effect, and the sign test against that effect still holds after Holm's correction for the
 * number of comparisons. `same`: the interval lies within the minimum effect on both sides of 1.
 */
export function verdicts(
  comparisons: readonly Float64Array[],
  effect = MINIMUM_EFFECT,
  alpha = ALPHA,
): Verdict[] {
  const bound = Math.log1p(effect);
  const pValues = comparisons.map((ratios) => {
    const slower = signTestAbove(ratios, bound);
    const faster = signTestAbove(
      ratios.map((x) => -x),
      bound,
    );
    return Math.min(1, 2 * Math.min(slower, faster));
  });
  const adjusted = holm(pValues);
  return comparisons.map((ratios, i) => {
    const { low, high, confidence } = medianInterval(ratios);
    if (confidence < 0.95) return "unclear"; // too few rounds for any answer
    if (low >= -bound && high <= bound) return "same";
    if ((adjusted[i] as number) > alpha) return "unclear";
    if (low > bound) return "slower";
    if (high < -bound) return "faster";
    return "unclear";
  });
}
