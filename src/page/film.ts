// A film played: the layout under both protocols after any step.

import type { FilmRecord, FilmVma, LayoutChange } from "../record/schema.js";

export interface Frame {
  /** VMAs of baseline and candidate, in address order. */
  layouts: [FilmVma[], FilmVma[]];
  /** Starts of the VMAs that the last step made or changed. */
  fresh: [Set<number>, Set<number>];
}

/** Frames kept on the way: going back costs no more than this many steps. */
const KEPT_EVERY = 50;

export interface Player {
  film: FilmRecord;
  /** The frame after `step` calls, from 0 to the number of steps. */
  frame(step: number): Frame;
  /** The next step after `step` whose two layouts or kinds of work differ; null when there is none. */
  nextDifference(step: number): number | null;
}

export function playerOf(film: FilmRecord): Player {
  const start: Frame = {
    layouts: [film.initial, film.initial],
    fresh: [new Set(), new Set()],
  };
  const kept = new Map<number, Frame>([[0, start]]);
  const frame = (step: number): Frame => {
    let at = step - (step % KEPT_EVERY);
    while (!kept.has(at)) at -= KEPT_EVERY;
    let current = kept.get(at)!;
    while (at < step) {
      current = after(current, film.steps[at]!);
      at++;
      if (at % KEPT_EVERY === 0) kept.set(at, current);
    }
    return current;
  };
  const nextDifference = (step: number) => {
    for (let i = step; i < film.steps.length; i++) {
      const { candidate, secondMerges, unwound, failed } = film.steps[i]!;
      const apart = [secondMerges, unwound, failed].some((pair) => pair && pair[0] !== pair[1]);
      if (candidate || apart) return i + 1;
    }
    return null;
  };
  return { film, frame, nextDifference };
}

const NONE: LayoutChange = { gone: [], came: [] };

function after({ layouts }: Frame, step: FilmRecord["steps"][number]): Frame {
  const { change = NONE, candidate = change } = step;
  return {
    layouts: [changed(layouts[0], change), changed(layouts[1], candidate)],
    fresh: [freshIn(change), freshIn(candidate)],
  };
}

function changed(layout: FilmVma[], { gone, came }: LayoutChange): FilmVma[] {
  if (gone.length + came.length === 0) return layout;
  const left = new Set(gone);
  return [...layout.filter(([start]) => !left.has(start)), ...came].sort((a, b) => a[0] - b[0]);
}

function freshIn({ came }: LayoutChange): Set<number> {
  return new Set(came.map(([start]) => start));
}

export interface Segment {
  start: number;
  end: number;
  /** Where it lies, in units of which the whole is `width`. */
  from: number;
  to: number;
}

/** Units of a hole between mappings, and of a page to begin with. */
const HOLE = 5;
const LEAST = 3;
const PAGE = 4096;

/**
 * Addresses on a line that a reader can see: every piece between two borders is as wide as the logarithm of its
 * pages, holes are narrow. Both layouts lie on the same line.
 */
export function segmentsOf(layouts: readonly FilmVma[][]): { segments: Segment[]; width: number } {
  const borders = new Set<number>();
  for (const layout of layouts) {
    for (const [start, pages] of layout) borders.add(start).add(start + pages * PAGE);
  }
  const sorted = [...borders].sort((a, b) => a - b);
  const segments: Segment[] = [];
  let at = 0;
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [start, end] = [sorted[i]!, sorted[i + 1]!];
    const mapped = layouts.some((layout) => covers(layout, start));
    const width = mapped ? LEAST + Math.log2((end - start) / PAGE) : HOLE;
    segments.push({ start, end, from: at, to: at + width });
    at += width;
  }
  return { segments, width: at };
}

function covers(layout: FilmVma[], address: number): boolean {
  let [low, high] = [0, layout.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (layout[middle]![0] <= address) low = middle + 1;
    else high = middle;
  }
  const vma = layout[low - 1];
  return vma !== undefined && address < vma[0] + vma[1] * PAGE;
}

/** Both layouts in one list by address: what stands at a start under each, null where nothing begins. */
export function sideBySide([base, candidate]: Frame["layouts"]): [
  FilmVma | null,
  FilmVma | null,
][] {
  const pairs: [FilmVma | null, FilmVma | null][] = [];
  for (let i = 0, j = 0; i < base.length || j < candidate.length; ) {
    const left = base[i]?.[0] ?? Number.POSITIVE_INFINITY;
    const right = candidate[j]?.[0] ?? Number.POSITIVE_INFINITY;
    pairs.push([left <= right ? base[i++]! : null, right <= left ? candidate[j++]! : null]);
  }
  return pairs;
}
