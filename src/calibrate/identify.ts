// What the data can tell: terms that never occur are left out, terms that always occur together become one.

import { type Term, timesOf } from "../predict/terms.js";
import type { Work } from "../predict/work.js";
import { nnls } from "../stats/nnls.js";

export interface Identified {
  /** Those that get a price each. */
  terms: Term[];
  /** Ids of terms that were joined to one, and why. */
  joined: { terms: string[]; as: string }[];
  /** Ids of terms that nothing measured contains. */
  absent: string[];
}

/** What of a column of length one must be its own, in no mixture of the others. */
const OWN_PART = 0.2;

/** Joins terms until each has something of its own. Columns are weighted as the fit weights them. */
export function identify(
  all: readonly Term[],
  observations: readonly { work: Work; nanoseconds: number }[],
): Identified {
  const present = all.filter((term) => observations.some(({ work }) => timesOf(term, work) > 0));
  const absent = all.filter((term) => !present.includes(term)).map(({ id }) => id);
  let terms = present;
  const parts = new Map(present.map((term) => [term.id, [term.id]]));
  for (;;) {
    const pair = inseparable(columnsOf(terms, observations));
    if (!pair) break;
    const [a, b] = pair.map((i) => terms[i] as Term) as [Term, Term];
    const together = join(a, b);
    parts.set(together.id, [...(parts.get(a.id) ?? []), ...(parts.get(b.id) ?? [])]);
    terms = terms.flatMap((term) => (term === a ? [together] : term === b ? [] : [term]));
  }
  const joined = terms.flatMap(({ id }) => {
    const names = parts.get(id) as string[];
    return names.length > 1 ? [{ terms: names, as: id }] : [];
  });
  return { terms, joined, absent };
}

function join(a: Term, b: Term): Term {
  return {
    id: `${a.id}+${b.id}`,
    title: `${a.title}; ${b.title}`,
    counts: [...a.counts, ...b.counts],
  };
}

function columnsOf(
  terms: readonly Term[],
  observations: readonly { work: Work; nanoseconds: number }[],
): Float64Array[] {
  return terms.map((term) => {
    const column = Float64Array.from(
      observations,
      ({ work, nanoseconds }) => timesOf(term, work) / Math.max(nanoseconds, 100),
    );
    const length = Math.hypot(...column);
    return column.map((value) => value / length);
  });
}

/**
 * The column that has least of its own besides a non-negative mixture of the others, and the one most like it; null
 * when all have enough.
 */
function inseparable(columns: readonly Float64Array[]): [number, number] | null {
  let worst = -1;
  let least = OWN_PART;
  columns.forEach((column, i) => {
    const others = columns.filter((_, j) => j !== i);
    const rows = Array.from(column, (_, k) => others.map((other) => other[k] as number));
    const x = nnls(rows, column, 1e-6);
    const rest = column.map(
      (value, k) =>
        value - others.reduce((sum, other, j) => sum + (other[k] as number) * (x[j] as number), 0),
    );
    const own = Math.hypot(...rest);
    if (own < least) [worst, least] = [i, own];
  });
  if (worst < 0) return null;
  const alike = (j: number) => dot(columns[worst] as Float64Array, columns[j] as Float64Array);
  const others = columns.map((_, j) => j).filter((j) => j !== worst);
  const nearest = others.reduce((best, j) => (alike(j) > alike(best) ? j : best));
  return worst < nearest ? [worst, nearest] : [nearest, worst];
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}
