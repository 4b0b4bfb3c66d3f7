// From work to nanoseconds of a real kernel.

import type { CostModel } from "./model.js";
import { timesOf } from "./terms.js";
import type { Work } from "./work.js";

/** What a kernel is predicted to take. */
export interface Prediction {
  nanoseconds: number;
  /** Nine of ten benchmarks whose family was unknown to the fit were less wrong than this. */
  relativeError: number;
  /** Part of it that no term stands for: entering and leaving the kernel. Nanoseconds. */
  entry: number;
}

/** What so much work takes, calls included. */
export function predict(model: CostModel, work: Work): Prediction {
  const entry = model.entry * (work.call ?? 0);
  const nanoseconds = model.terms.reduce(
    (sum, term) => sum + timesOf(term, work) * term.nanoseconds,
    entry,
  );
  return { nanoseconds, relativeError: model.errors.high, entry };
}

/** The same for one of so many operations, in the words of a result file. */
export function predictEach(
  model: CostModel,
  totals: Work,
  calls: Work,
  operations: number,
): { ns: number; relativeError: number } {
  const { nanoseconds, relativeError } = predict(model, { ...totals, ...calls });
  return { ns: nanoseconds / Math.max(1, operations), relativeError };
}

/** Terms that cost anything, dearest first, with their nanoseconds. */
export function parts(model: CostModel, work: Work): { id: string; nanoseconds: number }[] {
  return model.terms
    .map((term) => ({ id: term.id, nanoseconds: timesOf(term, work) * term.nanoseconds }))
    .filter((part) => part.nanoseconds > 0)
    .sort((a, b) => b.nanoseconds - a.nanoseconds);
}

/** Counts of a work that differ from zero and that no term has a price for; cheap or rare things, it is hoped. */
export function unpriced(model: CostModel, work: Work): string[] {
  const priced = new Set(model.terms.flatMap(({ counts }) => counts));
  return Object.keys(work).filter((name) => (work[name] ?? 0) !== 0 && !priced.has(name));
}
