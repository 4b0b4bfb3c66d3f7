// Non-negative least squares: Lawson and Hanson, "Solving Least Squares Problems" (1974), chapter 23, on the normal
// equations, with a ridge. npm's ml-fcnnls does the same for many right sides and brings a matrix library with it.

/** Rounding: a gradient below this does not count as a way down. */
const TOLERANCE = 1e-12;

/**
 * The x >= 0 that makes |Ax - b|^2 + ridge * |x|^2 least. `rows` of A all have the same length. With a ridge above 0
 * the solution is unique, whatever the columns; without one, columns that depend on each other share at random.
 */
export function nnls(
  rows: readonly ArrayLike<number>[],
  b: ArrayLike<number>,
  ridge = 0,
): Float64Array {
  const n = rows[0]?.length ?? 0;
  const { gram, target } = normalEquations(rows, b, n, ridge);
  const scale = Math.max(1, ...target.map(Math.abs)) * TOLERANCE;
  const free: number[] = [];
  let x = new Float64Array(n);
  for (let step = 0; step < 3 * n + 10; step++) {
    const next = steepest(gram, target, x, free, scale);
    if (next < 0) break;
    free.push(next);
    x = settle(gram, target, x, free);
  }
  return x;
}

function normalEquations(
  rows: readonly ArrayLike<number>[],
  b: ArrayLike<number>,
  n: number,
  ridge: number,
) {
  const gram = Array.from({ length: n }, (_, i) => {
    const line = new Float64Array(n);
    line[i] = ridge;
    return line;
  });
  const target = new Float64Array(n);
  rows.forEach((row, k) => {
    for (let i = 0; i < n; i++) {
      const value = row[i] as number;
      if (value === 0) continue;
      target[i] = (target[i] as number) + value * (b[k] as number);
      const line = gram[i] as Float64Array;
      for (let j = 0; j < n; j++) line[j] = (line[j] as number) + value * (row[j] as number);
    }
  });
  return { gram, target };
}

/** The variable at zero whose growth would help most; -1 when none would. */
function steepest(
  gram: readonly Float64Array[],
  target: Float64Array,
  x: Float64Array,
  free: readonly number[],
  scale: number,
): number {
  let best = -1;
  let most = scale;
  for (let i = 0; i < x.length; i++) {
    if (free.includes(i)) continue;
    const down = (target[i] as number) - dot(gram[i] as Float64Array, x);
    if (down > most) [best, most] = [i, down];
  }
  return best;
}

/** The best x with only the free variables above zero; those that would fall below it are taken out of `free`. */
function settle(
  gram: readonly Float64Array[],
  target: Float64Array,
  start: Float64Array,
  free: number[],
): Float64Array<ArrayBuffer> {
  const x = Float64Array.from(start);
  for (;;) {
    const wanted = solve(gram, target, free);
    let step = 1;
    free.forEach((i, k) => {
      const [from, to] = [x[i] as number, wanted[k] as number];
      if (to <= 0) step = Math.min(step, from / (from - to || 1));
    });
    free.forEach((i, k) => {
      x[i] = (x[i] as number) + step * ((wanted[k] as number) - (x[i] as number));
    });
    if (step === 1) return x;
    const out = free.filter((i) => (x[i] as number) <= TOLERANCE);
    for (const i of out) {
      x[i] = 0;
      free.splice(free.indexOf(i), 1);
    }
    if (out.length === 0) return x; // rounding: nothing left to gain
  }
}

/** Solves the equations of some variables by Cholesky; a variable that the others determine stays at zero. */
function solve(
  gram: readonly Float64Array[],
  target: Float64Array,
  some: readonly number[],
): number[] {
  const size = some.length;
  const lower = some.map(() => new Float64Array(size));
  const at = (i: number, j: number) => (lower[i] as Float64Array)[j] as number;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (gram[some[i] as number] as Float64Array)[some[j] as number] as number;
      for (let k = 0; k < j; k++) sum -= at(i, k) * at(j, k);
      const own = (gram[some[i] as number] as Float64Array)[some[i] as number] as number;
      if (i === j)
        (lower[i] as Float64Array)[j] = sum > own * TOLERANCE ? Math.sqrt(sum) : Infinity;
      else (lower[i] as Float64Array)[j] = sum / at(j, j);
    }
  }
  const y: number[] = [];
  for (let i = 0; i < size; i++) {
    let sum = target[some[i] as number] as number;
    for (let k = 0; k < i; k++) sum -= at(i, k) * (y[k] as number);
    y[i] = sum / at(i, i);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = y[i] as number;
    for (let k = i + 1; k < size; k++) sum -= at(k, i) * (y[k] as number);
    y[i] = sum / at(i, i);
  }
  return y;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
