import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { fitComplexity, MODELS, type ModelName } from "../../src/stats/complexity.js";

const SIZES = Array.from({ length: 9 }, (_, i) => 16 * 2 ** i);
const names = Object.keys(MODELS) as ModelName[];

describe("the complexity fit", () => {
  test("recognises every model it has, with its coefficient", () => {
    for (const name of names) {
      const { label, fits } = fitComplexity(
        SIZES,
        SIZES.map((n) => 3 * MODELS[name](n)),
      );
      expect(label).toBe(name);
      expect(fits[0]!.coefficient).toBeCloseTo(3, 9);
      expect(fits[0]!.error).toBeLessThan(1e-12);
    }
  });

  test("recognises them under noise of a few per cent", () => {
    const random = new Random(4);
    for (const name of names) {
      for (let run = 0; run < 50; run++) {
        const costs = SIZES.map((n) => MODELS[name](n) * (0.98 + 0.04 * (random.next() / 2 ** 32)));
        expect(fitComplexity(SIZES, costs).label).toBe(name);
      }
    }
  });

  test("gives no label where two models fit within a tenth", () => {
    // between n and n log n: both are wrong by about the same
    const costs = SIZES.map((n) => n * Math.log2(n) ** 0.48);
    const { label, reason, fits } = fitComplexity(SIZES, costs);
    expect(fits[1]!.error / fits[0]!.error).toBeLessThan(1.1);
    expect(label).toBeNull();
    expect(reason).toContain("about equally well");
  });

  test("gives no label for too few sizes or too short a span", () => {
    expect(fitComplexity([1, 2, 100], [1, 2, 100])).toMatchObject({ label: null });
    expect(fitComplexity([10, 11, 12, 13], [10, 11, 12, 13]).reason).toContain("factor of 8");
  });

  test("refuses what cannot be a cost", () => {
    expect(() => fitComplexity([1, 2], [1])).toThrow(RangeError);
    expect(() => fitComplexity([0, 2], [1, 1])).toThrow(RangeError);
    expect(() => fitComplexity([1, 2], [1, Number.NaN])).toThrow(RangeError);
  });
});
