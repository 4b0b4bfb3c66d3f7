// Non-negative least squares against solutions known otherwise.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nnls } from "../../src/stats/nnls.js";

const close = (values: ArrayLike<number>, expected: readonly number[]) =>
  Array.from(values).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 6);
  });

describe("non-negative least squares", () => {
  test("solves what a non-negative solution solves exactly", () => {
    const rows = [
      [1, 2, 0],
      [0, 1, 4],
      [3, 0, 1],
      [1, 1, 1],
    ];
    const wanted = [2, 0, 5];
    const b = rows.map((row) => row.reduce((sum, a, i) => sum + a * (wanted[i] as number), 0));
    close(nnls(rows, b), wanted);
  });

  test("leaves out what would have to be negative", () => {
    // without the sign the answer is (1, -1); with it, the projection on the first column
    close(
      nnls(
        [
          [1, 1],
          [0, 1],
        ],
        [0, -1],
      ),
      [0, 0],
    );
    close(
      nnls(
        [
          [1, 0.5],
          [0, 1],
        ],
        [2, -1],
      ),
      [2, 0],
    );
  });

  test("the example of Lawson and Hanson's book in the form that SciPy tests", () => {
    close(
      nnls(
        [
          [1, 0],
          [1, 0],
          [0, 1],
        ],
        [2, 1, 1],
      ),
      [1.5, 1],
    );
  });

  test("a ridge shares between columns that are the same", () => {
    const x = nnls(
      [
        [1, 1],
        [2, 2],
      ],
      [2, 4],
      1e-6,
    );
    expect(x[0]).toBeCloseTo(1, 4);
    expect(x[1]).toBeCloseTo(1, 4);
  });

  test("whatever the numbers: nothing negative, and no direction improves it", () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true });
    const system = fc.integer({ min: 1, max: 6 }).chain((n) =>
      fc.array(fc.tuple(fc.array(number, { minLength: n, maxLength: n }), number), {
        minLength: 1,
        maxLength: 12,
      }),
    );
    fc.assert(
      fc.property(system, (equations) => {
        const rows = equations.map(([row]) => row);
        const b = equations.map(([, value]) => value);
        const ridge = 0.01;
        const x = nnls(rows, b, ridge);
        const off = rows.map((row, k) =>
          row.reduce((s, a, i) => s + a * (x[i] as number), -(b[k] as number)),
        );
        x.forEach((value, i) => {
          const slope = rows.reduce(
            (s, row, k) => s + (row[i] as number) * (off[k] as number),
            ridge * value,
          );
          expect(value).toBeGreaterThanOrEqual(0);
          if (value > 0) expect(Math.abs(slope)).toBeLessThan(1e-6);
          else expect(slope).toBeGreaterThan(-1e-6);
        });
      }),
      { numRuns: 300 },
    );
  });
});
