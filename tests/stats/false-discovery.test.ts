import { expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { benjaminiHochberg } from "../../src/stats/false-discovery.js";
import { holm } from "../../src/stats/holm.js";

/** Neuhaus et al., as Benjamini and Hochberg (1995) use them in section 4.2. */
const PUBLISHED = [
  0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
  0.6528, 0.759, 1,
];

const found = (adjusted: readonly number[]) => adjusted.filter((p) => p <= 0.05).length;

test("finds four in the paper's example, where the family-wise correction finds three", () => {
  expect(found(benjaminiHochberg(PUBLISHED))).toBe(4);
  expect(found(holm(PUBLISHED))).toBe(3);
  expect(benjaminiHochberg(PUBLISHED)[3]).toBeCloseTo((15 / 4) * 0.0095, 12);
});

test("gives its answers in the order of the question, monotone and never above 1", () => {
  expect(benjaminiHochberg([0.04, 0.01, 0.9])).toEqual([(3 / 2) * 0.04, 0.03, 0.9]);
  expect(benjaminiHochberg([0.02, 0.021])).toEqual([0.021, 0.021]);
  expect(benjaminiHochberg([])).toEqual([]);
});

test("keeps the share of false findings at its level", () => {
  const random = new Random(5);
  let share = 0;
  const runs = 400;
  for (let run = 0; run < runs; run++) {
    // 30 true nulls, uniform; 10 effects, close to 0
    const values = Array.from({ length: 40 }, (_, i) => {
      const uniform = (random.next() + 0.5) / 2 ** 32;
      return i < 30 ? uniform : uniform ** 6;
    });
    const hits = benjaminiHochberg(values).flatMap((p, i) => (p <= 0.1 ? [i] : []));
    share += hits.length > 0 ? hits.filter((i) => i < 30).length / hits.length : 0;
  }
  // the expectation is 0.1 * 30 / 40
  expect(share / runs).toBeGreaterThan(0.05);
  expect(share / runs).toBeLessThan(0.1);
});
