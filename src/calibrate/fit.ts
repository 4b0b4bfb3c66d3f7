// Fitting prices to measurements: non-negative least squares on relative errors, with a ridge; then how sure each price
// is, and how large the error is where nothing alike was measured.

import { Random } from "../catalogue/random.js";
import { type Term, timesOf } from "../predict/terms.js";
import type { Work } from "../predict/work.js";
import { median, percentile } from "../stats/median.js";
import { nnls } from "../stats/nnls.js";
import { rankCorrelation } from "../stats/ranks.js";
import { type Identified, identify } from "./identify.js";

/** Something measured, and the work it is in the model. */
export interface Observation {
  id: string;
  /** Observations that are left out together. */
  family: string;
  work: Work;
  /** Of one timed call, the null call taken off. */
  nanoseconds: number;
}

/** A price, and how sure it is. */
export interface FittedTerm extends Term {
  /** Nanoseconds each. */
  nanoseconds: number;
  /** 95 % of the fits to resampled observations lie between. */
  low: number;
  high: number;
}

export interface Residual {
  id: string;
  family: string;
  measured: number;
  fitted: number;
  /** By a fit without the observation's family. */
  leftOut: number;
}

export interface Fit {
  terms: FittedTerm[];
  identified: Identified;
  residuals: Residual[];
  errors: Errors;
}

/** Relative errors, |predicted / measured - 1|, of predictions without the observation's own family. */
export interface Errors {
  median: number;
  /** Nine of ten are below. */
  high: number;
  /** Spearman's, predicted against measured. */
  rankCorrelation: number;
  /** Within the fit: the median error when nothing is left out. */
  fitted: number;
}

/** Of columns of length one: enough to decide between columns that nearly say the same. Chosen by the left-out errors here. */
const RIDGE = 0.03;
/** Rounds of reweighting: errors are to be relative to what is predicted as well as to what was measured. */
const ROUNDS = 8;
const RESAMPLES = 200;
/** Times below this count as this long: nothing so short is measured well, null call taken off. Nanoseconds. */
export const SHORTEST = 100;

/** Fits the terms that the observations can tell apart. */
export function fitTerms(
  terms: readonly Term[],
  observations: readonly Observation[],
  seed: number,
  resamples = RESAMPLES,
): Fit {
  const identified = identify(
    terms,
    observations.map(({ work, nanoseconds }) => ({ work, nanoseconds })),
  );
  const used = identified.terms;
  const prices = pricesOf(used, observations);
  const resampled = resample(used, observations, seed, resamples);
  const without = new Map(
    [...new Set(observations.map(({ family }) => family))].map((family) => [
      family,
      pricesOf(
        used,
        observations.filter((one) => one.family !== family),
      ),
    ]),
  );
  const residuals = observations.map(({ id, family, work, nanoseconds }) => ({
    id,
    family,
    measured: nanoseconds,
    fitted: predicted(used, prices, work),
    leftOut: predicted(used, without.get(family) as Float64Array, work),
  }));
  return {
    terms: used.map((term, i) => {
      const values = resampled.map((one) => one[i] as number);
      return {
        ...term,
        nanoseconds: prices[i] as number,
        low: percentile(values, 0.025),
        high: percentile(values, 0.975),
      };
    }),
    identified,
    residuals,
    errors: errorsOf(residuals),
  };
}

/** What a work costs at given prices. */
export function predicted(terms: readonly Term[], prices: ArrayLike<number>, work: Work): number {
  return terms.reduce((sum, term, i) => sum + timesOf(term, work) * (prices[i] as number), 0);
}

/**
 * Prices that make relative errors small. Rows are divided by what was measured; then, so that too much counts like too
 * little and single rows that no price can explain pull less, rows are weighted again by how far off they are.
 */
function pricesOf(terms: readonly Term[], observations: readonly Observation[]): Float64Array {
  const counts = observations.map(({ work }) => terms.map((term) => timesOf(term, work)));
  const measured = observations.map(({ nanoseconds }) => Math.max(nanoseconds, SHORTEST));
  let weights = measured.map((time) => 1 / time);
  let prices = new Float64Array(terms.length);
  for (let round = 0; round < ROUNDS; round++) {
    prices = weighted(counts, measured, weights);
    weights = counts.map((row, k) => {
      const [time, guess] = [measured[k] as number, dot(row, prices)];
      const off = Math.abs(Math.log(Math.max(guess, 1) / time));
      return 1 / Math.sqrt(time * Math.max(guess, time / 4)) / Math.sqrt(Math.max(off, 0.1));
    });
  }
  return prices;
}

function weighted(
  counts: readonly (readonly number[])[],
  measured: readonly number[],
  weights: readonly number[],
): Float64Array<ArrayBuffer> {
  const rows = counts.map((row, k) => row.map((n) => n * (weights[k] as number)));
  const lengths = (counts[0] ?? []).map(
    (_, i) => Math.hypot(...rows.map((row) => row[i] as number)) || 1,
  );
  const scaled = rows.map((row) => row.map((value, i) => value / (lengths[i] as number)));
  const target = measured.map((time, k) => time * (weights[k] as number));
  const x = nnls(scaled, target, RIDGE);
  return Float64Array.from(x, (value, i) => value / (lengths[i] as number));
}

/** Fits to observations drawn with replacement. */
function resample(
  terms: readonly Term[],
  observations: readonly Observation[],
  seed: number,
  times: number,
): Float64Array[] {
  const random = new Random(seed, "bootstrap");
  return Array.from({ length: times }, () =>
    pricesOf(
      terms,
      observations.map(() => random.pick(observations)),
    ),
  );
}

function errorsOf(residuals: readonly Residual[]): Errors {
  const off = (value: number, { measured }: Residual) =>
    Math.abs(value - measured) / Math.max(measured, SHORTEST);
  const errors = residuals.map((one) => off(one.leftOut, one));
  return {
    median: median(errors),
    high: percentile(errors, 0.9),
    rankCorrelation: rankCorrelation(
      residuals.map(({ leftOut }) => leftOut),
      residuals.map(({ measured }) => measured),
    ),
    fitted: median(residuals.map((one) => off(one.fitted, one))),
  };
}

function dot(row: readonly number[], prices: ArrayLike<number>): number {
  return row.reduce((sum, n, i) => sum + n * (prices[i] as number), 0);
}
