import { expect, test } from "vitest";
import { quantile } from "../../src/stats/quantile.js";

test("quantiles lie between neighbours by line", () => {
  expect(quantile([1, 2, 3, 5], 0)).toBe(1);
  expect(quantile([1, 2, 3, 5], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 5], 1)).toBe(5);
  expect(quantile([4], 0.3)).toBe(4);
  expect(quantile([], 0.5)).toBeNaN();
});
