// Calls that change what is mapped: mprotect, mremap, brk, fork.

import * as abi from "../../core/abi.js";
import { DEFAULT_BRK } from "../../runner/runner.js";
import {
  ANON,
  type Bench,
  DISK_PRIVATE,
  map,
  PAGE,
  place,
  protect,
  type Source,
  timed,
  touch,
  unmap,
  untimed,
} from "../bench.js";

const places = Array.from({ length: 8 }, (_, i) => place(i));
const REPEATS = 12;
const { PROT_READ } = abi;
const READ_WRITE = abi.PROT_READ | abi.PROT_WRITE;

/** Protects a part, which splits, and takes it back, which merges. */
function splitting(source: Source, where: "whole" | "front" | "middle", others: number): Bench {
  const from = where === "middle" ? 4 : 0;
  const pages = where === "whole" ? 12 : 4;
  const parts = places.map((at) => at + from * PAGE);
  const [apart, back] =
    where === "whole" ? ["change", "change back"] : [`split ${where}`, `merge ${where}`];
  return {
    id: `${source.id} mprotect`,
    family: `mprotect ${where}`,
    others,
    setup: places.map((at) => map(source, at, 12)),
    body: [
      ...timed(apart, ...parts.map((at) => protect(at, pages, PROT_READ))),
      ...timed(back, ...parts.map((at) => protect(at, pages, READ_WRITE))),
    ],
    repeats: REPEATS,
  };
}

function remap(at: number, from: number, to: number, flags = 0, target = 0) {
  const [len, prot] = [from * PAGE, to * PAGE];
  return { op: abi.OP_MREMAP, addr: at, len, prot, flags, pgoff: target };
}

/** Grows into free space, shrinks again. */
function resizing(others: number): Bench {
  return {
    id: "mremap resize",
    family: "mremap",
    others,
    setup: places.map((at) => map(ANON, at, 8)),
    body: [
      ...timed("grow", ...places.map((at) => remap(at, 8, 16))),
      ...timed("shrink", ...places.map((at) => remap(at, 16, 8))),
    ],
    repeats: REPEATS,
  };
}

/** Moves there and back, with so many pages touched. */
function moving(touched: number): Bench {
  const [here, there] = [place(0, 1024), place(2, 1024)];
  const pages = Math.max(8, touched);
  const flags = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;
  return {
    id: `mremap move ${touched} touched`,
    family: "mremap",
    others: 1000,
    setup: [map(ANON, here, pages), ...(touched > 0 ? [touch(here, touched, true)] : [])],
    body: [
      ...timed("move", remap(here, pages, pages, flags, there)),
      ...timed("move", remap(there, pages, pages, flags, here)),
    ],
    repeats: REPEATS,
  };
}

function breaking(pages: number, others: number): Bench {
  const to = (at: number) => ({ op: abi.OP_BRK, addr: DEFAULT_BRK + at * PAGE });
  const up = Array.from({ length: 4 }, (_, i) => to((i + 1) * pages));
  const down = Array.from({ length: 4 }, (_, i) => to((3 - i) * pages));
  return {
    id: `brk ${pages}`,
    family: "brk",
    others,
    setup: [],
    body: [...timed("grow", ...up), ...timed("shrink", ...down)],
    repeats: REPEATS,
  };
}

/** A fork with so many pages touched; the child ends at once. */
function forking(others: number, touched: number): Bench {
  const at = place(0, 4096);
  return {
    id: `fork ${touched} touched`,
    family: "fork",
    others,
    setup: touched > 0 ? [map(ANON, at, touched), touch(at, touched, true)] : [],
    body: timed("fork", { op: abi.OP_FORK }),
    repeats: 6,
  };
}

export function changingBenches(): Bench[] {
  const parts = ["whole", "front", "middle"] as const;
  return [
    ...[10, 1000, 30_000].flatMap((others) => parts.map((part) => splitting(ANON, part, others))),
    ...parts.map((part) => splitting(DISK_PRIVATE, part, 1000)),
    ...[10, 1000, 30_000].map(resizing),
    ...[0, 1, 64, 1024].map(moving),
    ...[1, 16].flatMap((pages) => [10, 1000].map((others) => breaking(pages, others))),
    ...[10, 1000, 30_000].map((others) => forking(others, 0)),
    forking(10, 1024),
    forking(10, 4096),
    {
      id: "munmap of nothing",
      family: "calls that find nothing",
      others: 1000,
      setup: [],
      body: [
        ...timed("munmap", ...places.map((at) => unmap(at, 4))),
        ...timed("mprotect", ...places.map((at) => protect(at, 4, PROT_READ))),
        ...timed(
          "madvise",
          ...places.map((at) => ({ op: abi.OP_MADVISE, addr: at, len: PAGE, prot: 4 })),
        ),
      ],
      repeats: REPEATS,
    },
    {
      id: "munmap middle",
      family: "munmap splits",
      others: 1000,
      setup: [],
      body: [
        ...untimed(...places.map((at) => map(ANON, at, 12))),
        ...timed("split", ...places.map((at) => unmap(at + 4 * PAGE, 4))),
        ...timed("two", ...places.map((at) => unmap(at, 12))),
      ],
      repeats: REPEATS,
    },
  ];
}
