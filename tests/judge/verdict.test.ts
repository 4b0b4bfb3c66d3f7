import { expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { ratioOf, verdicts } from "../../src/judge/verdict.js";

/** Log ratios around ln(ratio), uniform to both sides. */
function rounds(ratio: number, spread: number, count = 200, seed = 1): Float64Array {
  const random = new Random(seed, "verdict");
  const noise = () => (random.next() / 2 ** 32 - 0.5) * 2 * spread;
  return Float64Array.from({ length: count }, () => Math.log(ratio) + noise());
}

test("a difference beyond the minimum effect is slower or faster", () => {
  expect(verdicts([rounds(1.1, 0.05), rounds(0.9, 0.05)])).toEqual(["slower", "faster"]);
});

test("a difference within the minimum effect is the same, however certain", () => {
  expect(verdicts([rounds(1.02, 0.001), rounds(1, 0.05), rounds(0.985, 0.001)])).toEqual([
    "same",
    "same",
    "same",
  ]);
});

test("a wide interval, or one across the bound, is unclear", () => {
  expect(verdicts([rounds(1.1, 1.5, 40), rounds(1.03, 0.01)])).toEqual(["unclear", "unclear"]);
});

test("too few rounds are unclear whatever they say", () => {
  expect(verdicts([rounds(2, 0, 5), rounds(1, 0, 5)])).toEqual(["unclear", "unclear"]);
});

test("the more comparisons, the more evidence a difference needs", () => {
  // 24 rounds, 18 of them far above: the interval clears the bound, the sign test gives 2 %
  const clear = Float64Array.from({ length: 24 }, (_, i) => (i < 18 ? 0.2 : -0.1));
  expect(verdicts([clear])).toEqual(["slower"]);
  const others = Array.from({ length: 20 }, (_, i) => rounds(1.03, 0.3, 24, i + 2));
  expect(verdicts([clear, ...others])[0]).toBe("unclear");
});

test("ratios are the other way round for swapped sides", () => {
  const there = ratioOf(rounds(1.25, 0.1));
  const back = ratioOf(rounds(1.25, 0.1).map((x) => -x));
  expect(back.ratio).toBeCloseTo(1 / there.ratio, 12);
  expect(back.low).toBeCloseTo(1 / there.high, 12);
  expect(there.low).toBeLessThan(there.ratio);
  expect(there.confidence).toBe(0.95);
});
