// How a cost grows with size: least squares over a few models, as google/benchmark does, but with the
// honesty to give no label where two models fit about equally well.

/** What growth may be called, slowest first. */
export const MODELS = {
  "O(1)": () => 1,
  "O(log n)": (n: number) => Math.log2(n),
  "O(n)": (n: number) => n,
  "O(n log n)": (n: number) => n * Math.log2(n),
  "O(n^2)": (n: number) => n * n,
  "O(n^3)": (n: number) => n * n * n,
} as const;

export type ModelName = keyof typeof MODELS;

export interface ModelFit {
  model: ModelName;
  /** Cost is about coefficient * model(n). */
  coefficient: number;
  /** Root of the mean squared residual, divided by the mean cost. */
  error: number;
}

export interface ComplexityFit {
  /** Null when the second-best model's error is within 10 % of the best one's, or the sizes are too few. */
  label: ModelName | null;
  /** Why there is no label; null when there is one. */
  reason: string | null;
  /** Every model, best first. */
  fits: ModelFit[];
}

/** Second-best errors up to this multiple of the best leave the question open. */
const TOO_NEAR = 1.1;
/** Sizes that are needed to tell models apart, and how far they must reach. */
const LEAST_SIZES = 4;
const LEAST_SPAN = 8;
/** A fit this good is perfect: ratios of rounding errors mean nothing. */
const ROUNDING = 1e-12;

/**
 * Fits every model to costs at sizes (both positive, of one length; RangeError otherwise). Sizes should be
 * spread evenly on a logarithmic scale.
 */
export function fitComplexity(sizes: readonly number[], costs: readonly number[]): ComplexityFit {
  if (sizes.length !== costs.length) throw new RangeError("a cost is needed for every size");
  if ([...sizes, ...costs].some((value) => !(value > 0 && Number.isFinite(value)))) {
    throw new RangeError("sizes and costs must be positive");
  }
  const names = Object.keys(MODELS) as ModelName[];
  const fits = names
    .map((model) => fitModel(model, sizes, costs))
    .sort((a, b) => a.error - b.error);
  const [best, second] = [fits[0]!, fits[1]!];
  const reason = whyNoLabel(sizes, best, second);
  return { label: reason === null ? best.model : null, reason, fits };
}

function fitModel(model: ModelName, sizes: readonly number[], costs: readonly number[]): ModelFit {
  const shape = sizes.map(MODELS[model]);
  const product = shape.reduce((sum, x, i) => sum + x * costs[i]!, 0);
  const square = shape.reduce((sum, x) => sum + x * x, 0);
  const coefficient = square > 0 ? product / square : 0;
  const residual = shape.reduce((sum, x, i) => sum + (costs[i]! - coefficient * x) ** 2, 0);
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
  return { model, coefficient, error: Math.sqrt(residual / costs.length) / mean };
}

function whyNoLabel(sizes: readonly number[], best: ModelFit, second: ModelFit): string | null {
  const different = new Set(sizes).size;
  if (different < LEAST_SIZES) return `${different} sizes are too few, ${LEAST_SIZES} are needed`;
  if (Math.max(...sizes) < LEAST_SPAN * Math.min(...sizes)) {
    return `the sizes span less than a factor of ${LEAST_SPAN}`;
  }
  if (second.error > Math.max(best.error, ROUNDING) * TOO_NEAR) return null;
  return `${best.model} and ${second.model} fit about equally well`;
}
