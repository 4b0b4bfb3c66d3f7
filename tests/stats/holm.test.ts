import { expect, test } from "vitest";
import { holm } from "../../src/stats/holm.js";

test("step-down values of a worked example, in the order given", () => {
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  [0.03, 0.06, 0.06, 0.02].forEach((value, i) => {
    expect(adjusted[i]).toBeCloseTo(value, 12);
  });
});

test("is never above 1 and keeps the order of the p values", () => {
  expect(holm([0.9, 0.8, 0.7])).toEqual([1, 1, 1]);
  expect(holm([])).toEqual([]);
});

test("a single p value stays as it is", () => {
  expect(holm([0.04])).toEqual([0.04]);
});
