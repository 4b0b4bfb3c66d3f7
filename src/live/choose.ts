// Choosing by weight.

import type { Random } from "../catalogue/random.js";

/** Something with its weight. */
export type Chance<T> = readonly [weight: number, item: T];

/** One of the items, each as likely as its weight says. */
export function choose<T>(random: Random, items: readonly Chance<T>[]): T {
  const total = items.reduce((sum, [weight]) => sum + weight, 0);
  let at = (random.next() / 2 ** 32) * total;
  for (const [weight, item] of items) {
    if (at < weight) return item;
    at -= weight;
  }
  return (items.at(-1) as Chance<T>)[1];
}
