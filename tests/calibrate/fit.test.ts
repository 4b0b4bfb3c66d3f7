// Fits to made-up measurements of a model that is known.

import { describe, expect, test } from "vitest";
import { fitTerms, type Observation } from "../../src/calibrate/fit.js";
import { Random } from "../../src/catalogue/random.js";
import type { Term } from "../../src/predict/terms.js";

const TERMS: Term[] = [
  { id: "call", title: "a call", counts: ["call"] },
  { id: "node", title: "a node", counts: ["maple.nodeReads", "maple.writeWalkReads"] },
  { id: "object", title: "an object", counts: ["vma.allocated"] },
  { id: "page", title: "a page", counts: ["page.faults"] },
];
const PRICES = { call: 200, node: 25, object: 400, page: 900 };

/** Measurements that follow the prices but for a few per cent. */
function made(
  noise: number,
  more: (random: Random) => Record<string, number> = () => ({}),
): Observation[] {
  const random = new Random(5);
  return Array.from({ length: 80 }, (_, i) => {
    const work = {
      call: 1,
      "maple.nodeReads": random.between(1, 30),
      "maple.writeWalkReads": random.between(0, 10),
      "vma.allocated": random.between(0, 4),
      "page.faults": i % 4 === 0 ? random.between(1, 40) : 0,
      ...more(random),
    };
    const exact =
      PRICES.call +
      PRICES.node * (work["maple.nodeReads"] + work["maple.writeWalkReads"]) +
      PRICES.object * work["vma.allocated"] +
      PRICES.page * work["page.faults"];
    const factor = 1 + (noise * (random.below(2001) - 1000)) / 1000;
    return { id: `${i}`, family: `family ${i % 8}`, work, nanoseconds: exact * factor };
  });
}

const priceOf = (fitted: ReturnType<typeof fitTerms>, id: string) =>
  fitted.terms.find((term) => term.id === id)?.nanoseconds ?? Number.NaN;

describe("a fit", () => {
  test("finds the prices of a known model again", () => {
    const fitted = fitTerms(TERMS, made(0.03), 1, 20);
    for (const [id, price] of Object.entries(PRICES)) {
      expect(priceOf(fitted, id) / price).toBeGreaterThan(0.85);
      expect(priceOf(fitted, id) / price).toBeLessThan(1.15);
    }
    expect(fitted.identified).toMatchObject({ joined: [], absent: [] });
    expect(fitted.errors.median).toBeLessThan(0.08);
    expect(fitted.errors.rankCorrelation).toBeGreaterThan(0.97);
  });

  test("its intervals hold the prices and do not include zero", () => {
    const fitted = fitTerms(TERMS, made(0.03), 1, 60);
    for (const { low, high, nanoseconds } of fitted.terms) {
      expect(low).toBeGreaterThan(0);
      expect(low).toBeLessThanOrEqual(nanoseconds);
      expect(high).toBeGreaterThanOrEqual(nanoseconds);
    }
  });

  test("names terms that nothing contains, and does not price them", () => {
    const terms = [...TERMS, { id: "flush", title: "a flush", counts: ["tlb.fullFlushes"] }];
    const fitted = fitTerms(terms, made(0.03), 1, 5);
    expect(fitted.identified.absent).toEqual(["flush"]);
    expect(fitted.terms.map(({ id }) => id)).not.toContain("flush");
  });

  test("joins terms that always occur together, and says so", () => {
    const terms = [...TERMS, { id: "freed", title: "an object freed", counts: ["vma.freed"] }];
    const observations = made(0.03).map((one) => ({
      ...one,
      work: { ...one.work, "vma.freed": one.work["vma.allocated"] as number },
    }));
    const fitted = fitTerms(terms, observations, 1, 5);
    expect(fitted.identified.joined).toEqual([{ as: "object+freed", terms: ["object", "freed"] }]);
    expect(priceOf(fitted, "object+freed")).toBeGreaterThan(150);
    expect(priceOf(fitted, "object+freed")).toBeLessThan(250);
  });

  test("a term that costs nothing gets an interval down to zero", () => {
    const terms = [...TERMS, { id: "gap", title: "a gap", counts: ["maple.gapLevels"] }];
    const fitted = fitTerms(
      terms,
      made(0.1, (random) => ({ "maple.gapLevels": random.between(0, 3) })),
      1,
      40,
    );
    expect(fitted.terms.find(({ id }) => id === "gap")?.low).toBeLessThan(5);
  });

  test("what a family alone shows is wrong once the family is left out", () => {
    const observations = made(0).map((one, i) => (i % 4 === 0 ? { ...one, family: "pages" } : one));
    const { residuals } = fitTerms(TERMS, observations, 1, 5);
    const pages = residuals.filter(({ family }) => family === "pages");
    for (const { leftOut, measured, fitted } of pages) {
      expect(leftOut).toBeLessThan(measured * 0.9);
      expect(fitted / measured).toBeGreaterThan(0.8);
    }
  });

  test("the same seed gives the same fit", () => {
    expect(fitTerms(TERMS, made(0.1), 3, 10)).toEqual(fitTerms(TERMS, made(0.1), 3, 10));
  });
});
