import { describe, expect, test } from "vitest";
import { regularizedBeta, studentTest, studentTwoSided } from "../../src/stats/student.js";

describe("Student's t", () => {
  test("gives the levels of the printed tables", () => {
    for (const [t, df, p] of [
      [12.706, 1, 0.05],
      [2.228, 10, 0.05],
      [3.169, 10, 0.01],
      [2.086, 20, 0.05],
      [3.291, 1e7, 0.001],
      [2.009, 50, 0.05],
    ] as const) {
      expect(studentTwoSided(t, df) / p).toBeCloseTo(1, 2);
      expect(studentTwoSided(-t, df)).toBe(studentTwoSided(t, df));
    }
    expect(studentTwoSided(0, 7)).toBe(1);
  });

  test("agrees with the closed forms of one and two degrees of freedom", () => {
    for (const t of [0.1, 1, 3, 40, 1000]) {
      expect(studentTwoSided(t, 1) / (1 - (2 / Math.PI) * Math.atan(t))).toBeCloseTo(1, 9);
      expect(studentTwoSided(t, 2) / (1 - t / Math.sqrt(2 + t * t))).toBeCloseTo(1, 8);
    }
  });

  test("gives the published p value of Student's own data on sleep", () => {
    const one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
    const other = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    expect(studentTest(one, other)).toBeCloseTo(0.07919, 5);
  });

  test("answers where nothing varies or nothing is there", () => {
    expect(studentTest([1, 1, 1], [1, 1, 1])).toBe(1);
    expect(studentTest([1, 1, 1], [2, 2, 2])).toBe(0);
    expect(studentTest([1], [2, 3])).toBe(1);
  });
});

test("the incomplete beta function is symmetric and rises from 0 to 1", () => {
  expect(regularizedBeta(0.5, 3, 3)).toBeCloseTo(0.5, 13);
  expect(regularizedBeta(0.3, 2, 5)).toBeCloseTo(1 - regularizedBeta(0.7, 5, 2), 13);
  expect(regularizedBeta(0.25, 1, 1)).toBeCloseTo(0.25, 13);
  expect(regularizedBeta(0, 2, 2)).toBe(0);
  expect(regularizedBeta(1, 2, 2)).toBe(1);
});
