// mmap and munmap: every kind of memory, with and without merging, by itself and over other VMAs, and refused.

import * as abi from "../../core/abi.js";
import {
  ANON,
  type Bench,
  DISK_PRIVATE,
  DISK_SHARED,
  FILES,
  MEMFD_SHARED,
  map,
  PAGE,
  place,
  SOURCES,
  type Source,
  separate,
  timed,
  unmap,
  untimed,
} from "../bench.js";

const PLACES = 8;
const REPEATS = 12;
const places = Array.from({ length: PLACES }, (_, i) => place(i));
const NEIGHBOUR = 4;

/** Nothing near: mmap of four pages, munmap. */
export function alone(source: Source, others: number): Bench {
  return {
    id: `${source.id} alone`,
    family: source.family,
    others,
    setup: [],
    body: [
      ...timed("mmap", ...places.map((at) => map(source, at, 4))),
      ...timed("munmap", ...places.map((at) => unmap(at, 4))),
    ],
    repeats: REPEATS,
  };
}

/** Between neighbours of the same kind: the mapping merges, the unmapping shrinks or splits. */
export function merging(source: Source, sides: "left" | "right" | "both", others: number): Bench {
  const neighbours = places.flatMap((at) => [
    ...(sides === "right" ? [] : [map(source, at, NEIGHBOUR)]),
    ...(sides === "left" ? [] : [map(source, at + 2 * NEIGHBOUR * PAGE, NEIGHBOUR)]),
  ]);
  const middle = places.map((at) => at + NEIGHBOUR * PAGE);
  return {
    id: `${source.id} merge ${sides}`,
    family: `merge ${sides}`,
    others,
    setup: neighbours,
    body: [
      ...timed("mmap", ...middle.map((at) => map(source, at, NEIGHBOUR))),
      ...timed("munmap", ...middle.map((at) => unmap(at, NEIGHBOUR))),
    ],
    repeats: REPEATS,
  };
}

/** The kernel looks for the place. */
function placed(source: Source, others: number): Bench {
  const operation = { ...map(source, 0, 4), addr: 0, pgoff: 0, flags: source.flags };
  return {
    id: `${source.id} placed`,
    family: "kernel chooses the place",
    others,
    setup: [],
    body: [
      ...timed("mmap", ...places.map(() => operation)),
      // each at the place that the model says it got
      ...places.map(() => ({ operation: { op: abi.OP_MUNMAP, len: 4 * PAGE }, as: null })),
    ],
    repeats: REPEATS,
  };
}

/** MAP_FIXED over so many VMAs; munmap of so many. */
function over(count: number, others: number): Bench {
  const at = place(0);
  return {
    id: `over ${count}`,
    family: "MAP_FIXED over VMAs",
    others,
    setup: [],
    body: [
      ...untimed(...separate(at, count)),
      ...timed("mmap", map(DISK_PRIVATE, at, count)),
      ...untimed(unmap(at, count), ...separate(at, count)),
      ...timed("munmap", unmap(at, count)),
    ],
    repeats: REPEATS,
  };
}

function failing(
  id: string,
  operation: Bench["body"][number]["operation"],
  more: Partial<Bench> = {},
): Bench {
  const body = timed("mmap", ...places.map(() => operation));
  return { id, family: "failing mmap", others: 1000, setup: [], body, repeats: REPEATS, ...more };
}

/** More VMAs than vm.max_map_count can be by default. */
const MORE_THAN_ALLOWED = 66_000;

export function mappingBenches(): Bench[] {
  const everywhere = [10, 1000, 30_000];
  const sides = ["left", "right", "both"] as const;
  const anonymous = map(ANON, place(1), 4);
  return [
    ...everywhere.flatMap((others) => SOURCES.map((source) => alone(source, others))),
    ...everywhere.flatMap((others) => sides.map((side) => merging(ANON, side, others))),
    ...[DISK_PRIVATE, DISK_SHARED, MEMFD_SHARED].flatMap((source) =>
      sides.map((side) => merging(source, side, 1000)),
    ),
    ...everywhere.flatMap((others) => [placed(ANON, others), placed(DISK_SHARED, others)]),
    ...[10, 1000, 30_000].flatMap((others) => [1, 4, 16, 64].map((count) => over(count, others))),
    failing("bad flags", { ...anonymous, flags: abi.MAP_ANONYMOUS }),
    failing("length 0", { ...anonymous, len: 0 }),
    failing("RLIMIT_AS", anonymous, { limitAs: true }),
    failing("map limit", map(DISK_PRIVATE, place(1), 4), { others: MORE_THAN_ALLOWED }),
    failing("driver refuses", {
      ...map({ ...MEMFD_SHARED, file: FILES.refuses }, place(1), 4),
      pgoff: 0,
    }),
  ];
}
