// One dimension of a grid: its values by number, worked out when asked for.

import type { ParameterValue } from "../catalogue/parameters.js";

/** Values of a list at most. Ranges with a step have no such limit: they are never written out. */
export const VALUES_MOST = 10_000;

export interface Range {
  from: number;
  to: number;
  step?: number | undefined;
  log?: number | undefined;
}

/** As a spec gives it. */
export type AxisDescription = readonly ParameterValue[] | Range;

export interface Axis<T = ParameterValue> {
  readonly length: number;
  /** The value with a number from 0 to length - 1. */
  at(index: number): T;
}

/** The axis of a list or range. */
export function axisOf(description: AxisDescription): Axis {
  if (isList(description)) return listAxis(description);
  const { from, to, step = 1, log } = description;
  if (log !== undefined) return listAxis(logarithmic(from, to, log));
  return { length: Math.floor((to - from) / step) + 1, at: (index) => from + index * step };
}

export function listAxis<T>(values: readonly T[]): Axis<T> {
  return { length: values.length, at: (index) => values[index] as T };
}

/** Whether a description is a list, not a range. */
export function isList(description: AxisDescription): description is readonly ParameterValue[] {
  return Array.isArray(description);
}

/** Integers from `from` to `to`, both included, with like ratios; those that round to the same are one. */
function logarithmic(from: number, to: number, count: number): number[] {
  const ratio = to / from;
  const values = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? to : Math.round(from * ratio ** (i / (count - 1))),
  );
  return [...new Set(values)];
}
