// The binomial distribution with one half, through logarithms: products of 0.5 underflow from about 1075
// trials on, and a bound that underflowed makes every difference look significant.

const LOG_2 = Math.log(2);
const HALF_LOG_2PI = 0.5 * Math.log(2 * Math.PI);
const SMALL = 32;
const smallLogFactorials = logFactorialsBelow(SMALL);

function logFactorialsBelow(count: number): Float64Array {
  const table = new Float64Array(count);
  let product = 1;
  for (let n = 1; n < count; n++) {
    product *= n;
    table[n] = Math.log(product);
  }
  return table;
}

/** ln n!, by Stirling's series beyond the table: there its first left-out term is under 1e-16. */
export function logFactorial(n: number): number {
  if (n < SMALL) return smallLogFactorials[n] as number;
  const x = n + 1;
  const square = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_2PI + series;
}

/** ln of the number of ways to choose `k` out of `n`. */
export function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/**
 * ln P(B <= k) for B binomial(n, 1/2). Exact to rounding where the probability itself is no longer a number:
 * all of 100 000 coins on one side have ln p = -69 315.
 */
export function logBinomialHalfCumulative(k: number, n: number): number {
  if (k < 0) return Number.NEGATIVE_INFINITY;
  if (k >= n) return 0;
  if (2 * k >= n) return Math.log1p(-Math.exp(logBinomialHalfCumulative(n - k - 1, n)));
  // relative to the largest term, k: P(j - 1) = P(j) * j / (n - j + 1)
  let term = 1;
  let sum = 0;
  for (let j = k; j >= 0 && term > sum * 1e-18; j--) {
    sum += term;
    term *= j / (n - j + 1);
  }
  return Math.min(0, logChoose(n, k) - n * LOG_2 + Math.log(sum));
}

/** P(B <= k) for B binomial(n, 1/2); 0 below 1e-323. */
export function binomialHalfCumulative(k: number, n: number): number {
  // the complement apart, so that nothing near 1 goes through a logarithm
  if (k >= 0 && k < n && 2 * k >= n) return 1 - binomialHalfCumulative(n - k - 1, n);
  return Math.exp(logBinomialHalfCumulative(k, n));
}

/** P(B >= k) for B binomial(n, p), 0 < p < 1. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  let sum = 0;
  for (let j = Math.max(0, k); j <= n; j++) {
    sum += Math.exp(logChoose(n, j) + j * Math.log(p) + (n - j) * Math.log1p(-p));
  }
  return Math.min(1, sum);
}

/** Fewest of `n` coins whose heads together have a chance of `level` or less; n + 1 where even all are not enough. */
export function headsNeeded(n: number, level: number): number {
  let heads = n + 1;
  while (heads > 0 && binomialHalfCumulative(n - heads + 1, n) <= level) heads--;
  return heads;
}

/**
 * Sign test: the probability, were the median `centre`, of at least as many values above it as there are.
 * Values equal to the centre are left out, as usual for this test.
 */
export function signTestAbove(values: ArrayLike<number>, centre = 0): number {
  return Math.exp(logSignTestAbove(values, centre));
}

/** The natural logarithm of `signTestAbove`, which stays a number however many values agree. */
export function logSignTestAbove(values: ArrayLike<number>, centre = 0): number {
  let above = 0;
  let below = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value > centre) above++;
    else if (value < centre) below++;
  }
  // P(B >= above) = P(B <= below) by symmetry
  return logBinomialHalfCumulative(below, above + below);
}

/** Two-sided sign test against a median of `centre`. */
export function signTest(values: ArrayLike<number>, centre = 0): number {
  const above = signTestAbove(values, centre);
  const below = signTestAbove(
    Float64Array.from(values, (v) => -v),
    -centre,
  );
  return Math.min(1, 2 * Math.min(above, below));
}
