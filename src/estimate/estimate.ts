// Estimated cycles: events weighted by a cost table. Not a prediction of any machine; for that a model is fitted to one.

import type { Costs, CostTerm } from "./costs.js";

/** How often each event happened, in all operations together. */
export type Totals = Readonly<Record<string, number>>;

export interface Estimate {
  /** Per operation. */
  cycles: number;
  /** With every weight at its lowest and at its highest. */
  low: number;
  high: number;
  /** Per operation, only groups that cost anything. */
  byGroup: Record<string, number>;
}

/** What `totals`, counted over so many operations, cost. Sums are of integers: the same to the last digit everywhere. */
export function estimate(costs: Costs, totals: Totals, operations: number): Estimate {
  const tenths = { cycles: 0, low: 0, high: 0 };
  const groups = new Map<string, number>();
  for (const term of costs.terms) {
    const times = timesOf(term, totals);
    tenths.cycles += times * inTenths(term.cycles);
    tenths.low += times * inTenths(term.low);
    tenths.high += times * inTenths(term.high);
    const before = groups.get(term.group) ?? 0;
    if (times > 0) groups.set(term.group, before + times * inTenths(term.cycles));
  }
  const each = (sum: number) => sum / (10 * operations);
  return {
    cycles: each(tenths.cycles),
    low: each(tenths.low),
    high: each(tenths.high),
    byGroup: Object.fromEntries([...groups].map(([group, sum]) => [group, each(sum)])),
  };
}

export interface Difference {
  /** Cycles per operation, candidate less baseline. */
  cycles: number;
  /** The least and the most it can be with weights inside their ranges, the same weights for both. */
  low: number;
  high: number;
}

/**
 * How much dearer a candidate is, per operation. Where `low` and `high` have different signs the table does not say
 * which is cheaper.
 */
export function difference(
  costs: Costs,
  baseline: { totals: Totals; operations: number },
  candidate: { totals: Totals; operations: number },
): Difference {
  const sum: Difference = { cycles: 0, low: 0, high: 0 };
  for (const term of costs.terms) {
    const more =
      timesOf(term, candidate.totals) / candidate.operations -
      timesOf(term, baseline.totals) / baseline.operations;
    sum.cycles += more * term.cycles;
    sum.low += more * (more > 0 ? term.low : term.high);
    sum.high += more * (more > 0 ? term.high : term.low);
  }
  return sum;
}

function timesOf({ events }: CostTerm, totals: Totals): number {
  return events.reduce((sum, event) => sum + (totals[event] ?? 0), 0);
}

const inTenths = (cycles: number) => Math.round(cycles * 10);
