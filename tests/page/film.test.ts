import { describe, expect, test } from "vitest";
import { playerOf, segmentsOf, sideBySide } from "../../src/page/film.js";
import type { FilmRecord, FilmVma } from "../../src/record/schema.js";
import { richResults } from "../render/rich.js";

const film = richResults().films![0]!;
const starts = (layout: FilmVma[]) => layout.map(([start]) => start - 0x7f0000000000);

describe("a film", () => {
  const player = playerOf(film);

  test("begins with the first layout and ends with the last, under both protocols", () => {
    expect(player.frame(0).layouts).toEqual([film.initial, film.initial]);
    const { layouts } = player.frame(film.steps.length);
    expect(layouts.map(starts)).toEqual([
      [0, 100 * 4096],
      [0, 4 * 4096, 100 * 4096],
    ]);
  });

  test("is the same forwards and backwards", () => {
    const forwards = film.steps.map((_, i) => player.frame(i));
    const fresh = playerOf(film);
    const backwards = film.steps.map((_, i) => fresh.frame(film.steps.length - 1 - i)).reverse();
    expect(backwards).toEqual(forwards);
  });

  test("says what the last call made, and where the next difference is", () => {
    expect(player.frame(2).fresh.map((set) => set.size)).toEqual([1, 1]);
    expect(player.frame(3).fresh.map((set) => set.size)).toEqual([0, 0]);
    expect([0, 2, 4].map((step) => player.nextDifference(step))).toEqual([2, 4, null]);
  });

  test("of thousands of calls goes back as quickly as forward", () => {
    const steps = Array.from({ length: 2000 }, (_, i): FilmRecord["steps"][number] => ({
      call: "mmap",
      events: [1, 1],
      change: { gone: [], came: [[4096 * 2 * i, 1, 3, 0, 0]] },
    }));
    const long = playerOf({ ...film, initial: [], steps });
    expect(long.frame(2000).layouts[0]).toHaveLength(2000);
    expect(long.frame(1999).layouts[0]).toHaveLength(1999);
    expect(long.frame(73).layouts[1]).toHaveLength(73);
  });
});

test("a border of either layout is a border on the line of addresses, and holes are narrow", () => {
  const page = (n: number) => n * 4096;
  const one: FilmVma[] = [
    [page(0), 8, 3, 0, 0],
    [page(1_000_000), 1, 3, 0, 0],
  ];
  const two: FilmVma[] = [
    [page(0), 4, 3, 0, 0],
    [page(4), 4, 3, 0, 0],
  ];
  const { segments, width } = segmentsOf([one, two]);
  expect(segments.map(({ start }) => start / 4096)).toEqual([0, 4, 8, 1_000_000]);
  const widths = segments.map(({ from, to }) => to - from);
  expect(widths[0]).toBe(widths[1]);
  expect(widths[2]).toBeLessThan(10);
  expect(widths.reduce((sum, w) => sum + w)).toBeCloseTo(width);
});

test("two layouts stand side by side by address", () => {
  const vma = (start: number): FilmVma => [start, 1, 3, 0, 0];
  const pairs = sideBySide([
    [vma(1), vma(3)],
    [vma(1), vma(2)],
  ]);
  expect(pairs.map((pair) => pair.map((side) => side?.[0] ?? null))).toEqual([
    [1, 1],
    [null, 2],
    [3, null],
  ]);
});
