// Faults on purpose, for the gate's own tests (bench/selftest): a core built with them has to be found slower, to do
// more work, or to answer wrongly. An ordinary build defines none of the constants, and nothing of this file is
// left in it.

import { count, MAPLE_NODE_READS } from "./events";

// Paths that can be made slower: SLOW_PATH=n ----------------------------------------------------------
export const PATH_WALK: i32 = 1; //   every descent in the maple tree
export const PATH_STORE: i32 = 2; //  every store into it
export const PATH_MERGE: i32 = 3; //  every merge attempt for a new range
export const PATH_UNMAP: i32 = 4; //  every munmap
export const PATH_FAULT: i32 = 5; //  every page fault

/** Passes of an idle loop added to each visit of the path, in 1/1024: SLOW_SPIN=n. */
let owed: u32 = 0;
let scrap: u32 = 1;

/** Bit n for path n, for each that an operation has trodden. */
let trodden: i64 = 0;

/** Where a path begins. */
@inline
export function slow(path: i32): void {
  if (isDefined(MARK_PATHS)) trodden |= 1 << path;
  if (isDefined(SLOW_PATH)) {
    if (path == SLOW_PATH) spin();
  }
}

/** Where a node is read: EXTRA_READ=n counts n reads more, and makes one. */
@inline
export function extraRead(node: usize): void {
  if (isDefined(EXTRA_READ)) {
    count(MAPLE_NODE_READS, EXTRA_READ);
    scrap ^= load<u32>(node);
  }
}

/** What an operation answers: WRONG_RESULT=n is off by n; MARK_PATHS=1 answers with the paths trodden instead. */
@inline
export function answered(value: i64): i64 {
  if (isDefined(MARK_PATHS)) {
    const marks = trodden;
    trodden = 0;
    return marks;
  }
  if (isDefined(WRONG_RESULT)) return value + <i64>WRONG_RESULT;
  return value;
}

function spin(): void {
  if (isDefined(SLOW_SPIN)) {
    owed += SLOW_SPIN;
    let x = scrap;
    for (; owed >= 1024; owed -= 1024) {
      // a chain of dependent operations, so that the loop takes its time and cannot be folded
      x ^= x << 13;
      x ^= x >> 17;
      x ^= x << 5;
    }
    scrap = x;
  }
}
