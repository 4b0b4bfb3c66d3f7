import { expect, test } from "vitest";
import { normalTail } from "../../src/stats/normal.js";

// R: pnorm(z, lower.tail = FALSE)
test.each([
  [0, 0.5],
  [1, 0.15865525393145705],
  [1.959963984540054, 0.025],
  [2.999, 0.00135433653373],
  [3, 0.00134989803163],
  [6, 9.865876450376946e-10],
  [10, 7.619853024160525e-24],
])("the tail beyond %d", (z, tail) => {
  expect(normalTail(z) / tail).toBeCloseTo(1, 7);
  expect(normalTail(-z)).toBeCloseTo(1 - tail, 12);
});
