// Filling the address space with VMAs that nobody needs, until few more are allowed.

import { readFileSync } from "node:fs";
import * as abi from "../core/abi.js";
import { type Libc, SYS } from "./libc.js";
import type { Window } from "./messages.js";
import type { MapsReader } from "./windows.js";

const PAGE = 4096;
/** Above the windows. */
const FILLER_AT = 0x100000000;
/** More VMAs than this would take too long. */
const FILLER_LIMIT = 80_000;
/** Pages that are taken away again, to come out right. */
const SPARE = 4;
/** Least room that a filler can leave. */
export const LEAST_ROOM = SPARE + 2;
const NO_FILE = 0xffffffffffffffffn;
const FLAGS = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_NORESERVE | abi.MAP_FIXED;

function maxMapCount(): number {
  return Number(readFileSync("/proc/sys/vm/max_map_count", "utf8"));
}

/** Whether the filler's place is free and vm.max_map_count can be reached. */
export function isFillable(maps: MapsReader): boolean {
  const window = { start: FILLER_AT, end: FILLER_AT + 2 * FILLER_LIMIT * PAGE };
  return maxMapCount() <= FILLER_LIMIT && maps.mapsOf([window]) === "";
}

/** What fills the address space, until it is taken away. */
export interface Filler {
  /** Whether the rest of the process has as many VMAs as when it was filled. */
  isUndisturbed(): boolean;
  remove(): void;
}

/**
 * Leaves room for `room` VMAs more, none of which is in the windows yet. `settle` makes the process need no
 * memory for a while.
 */
export function fill(
  libc: Libc,
  maps: MapsReader,
  room: number,
  windows: readonly Window[],
  settle: () => void,
): Filler {
  const target = maxMapCount() - room;
  const count = target - maps.count() + SPARE;
  const length = count * PAGE;
  libc.call(SYS.mmap, FILLER_AT, length, 0, FLAGS, NO_FILE, 0);
  // a page of another kind makes two VMAs more, the last one of an even number of pages one
  for (let page = 1; page < count; page += 2) {
    const done = libc.call(SYS.mprotect, FILLER_AT + page * PAGE, PAGE, abi.PROT_READ);
    if (done !== 0) throw new Error(`the filler has no more than ${page} VMAs`);
  }
  settle();
  const surplus = Math.max(0, maps.count() - target);
  libc.call(SYS.munmap, FILLER_AT + length - surplus * PAGE, surplus * PAGE);
  return {
    isUndisturbed() {
      const inWindows = maps.mapsOf(windows).split("\n").length - 1;
      return maps.count() - inWindows === target;
    },
    remove: () => void libc.call(SYS.munmap, FILLER_AT, length),
  };
}
