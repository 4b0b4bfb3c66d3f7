import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { changePoints } from "../../src/stats/change-points.js";

/** Annual flow of the Nile at Aswan, 1871 to 1970 (Cobb 1978): it falls after 1898, index 28. */
const NILE = [
  1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180,
  799, 958, 1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701,
  916, 692, 1020, 1050, 969, 831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862,
  698, 845, 744, 796, 1040, 759, 781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812,
  742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906,
  901, 1170, 912, 746, 919, 718, 714, 740,
];

function noise(random: Random): number {
  const uniform = () => (random.next() + 0.5) / 2 ** 32;
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

describe("change points", () => {
  test("the Nile falls in 1899, once", () => {
    const points = changePoints(NILE);
    expect(points.map(({ at }) => 1871 + at)).toEqual([1899]);
    expect(points[0]!.before).toBeCloseTo(1097.75, 2);
    expect(points[0]!.after).toBeCloseTo(849.97, 2);
    expect(points[0]!.p).toBeLessThan(1e-12);
  });

  test("finds steps of two standard deviations near their place, up and down", () => {
    const random = new Random(3);
    let found = 0;
    for (let run = 0; run < 60; run++) {
      const series = Array.from(
        { length: 120 },
        (_, i) => noise(random) + (i >= 40 && i < 80 ? 2 : 0),
      );
      const points = changePoints(series);
      const near = (place: number) => points.some(({ at }) => Math.abs(at - place) <= 3);
      if (points.length === 2 && near(40) && near(80)) found++;
    }
    expect(found).toBeGreaterThanOrEqual(50);
  });

  test("ten steps of one per cent, each too small for a gate, are seen", () => {
    const random = new Random(8);
    const series = Array.from({ length: 60 }, (_, i) => {
      return 1 + 0.01 * Math.min(10, Math.floor(i / 6)) + 0.002 * noise(random);
    });
    const points = changePoints(series);
    expect(points.length).toBeGreaterThan(2);
    expect(points.every(({ before, after }) => after > before)).toBe(true);
  });

  test("series without a change have none, but for a few in a hundred", () => {
    const random = new Random(7);
    let alarms = 0;
    for (let run = 0; run < 200; run++) {
      const series = Array.from({ length: 80 }, () => noise(random));
      if (changePoints(series).length > 0) alarms++;
    }
    expect(alarms).toBeLessThan(12);
  });

  test("small changes can be left out, and short or constant series have none", () => {
    expect(changePoints(NILE, { magnitude: 300 })).toEqual([]);
    expect(changePoints([1, 2])).toEqual([]);
    expect(changePoints(new Array(50).fill(4))).toEqual([]);
    expect(changePoints([])).toEqual([]);
  });

  test("constant levels are told apart exactly", () => {
    const series = [...new Array(8).fill(1), ...new Array(5).fill(2)];
    expect(changePoints(series)).toEqual([{ at: 8, before: 1, after: 2, p: 0 }]);
  });
});
