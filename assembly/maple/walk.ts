// Reading the tree: lookup, and steps from range to range.

import { count, MAPLE_EXTRA_ASCENDS, MAPLE_NODE_READS } from "../events";
import { extraRead, PATH_WALK, slow } from "../slow";
import { ACTIVE, AT_ROOT, Cursor, NONE, OVERFLOW, START, Tree, UNDERFLOW } from "./cursor";
import {
  endOf, findSlot, isLeaf, isRoot, lowerBound, parentOf, parentSlot, pivotAt, slotAt, TOP, typeOf,
} from "./node";

/** Puts a cursor that starts at the root. Returns the entry of a tree that has no node (mas_start). */
export function enterRoot(c: Cursor): u32 {
  if (c.status != START) return 0;
  const tree = c.inTree;
  c.min = 0;
  c.max = TOP;
  c.depth = 0;
  if (tree.height) {
    c.status = ACTIVE;
    c.node = tree.root;
    c.offset = 0;
    return 0;
  }
  c.node = 0;
  c.status = tree.root ? AT_ROOT : NONE;
  return c.index ? 0 : tree.root;
}

/** Down from the cursor's node to the leaf and slot of `index`, whose range becomes index..last (mtree_range_walk). */
export function descendToIndex(c: Cursor): u32 {
  slow(PATH_WALK);
  const key = c.index;
  let node = c.at;
  let min = c.min;
  let max = c.max;
  while (true) {
    count(MAPLE_NODE_READS);
    extraRead(node);
    const type = typeOf(node);
    const end = endOf(node);
    const offset = findSlot(node, type, key);
    const low = lowerBound(node, offset, min);
    const high = offset < end ? pivotAt(node, offset) : max;
    const content = slotAt(node, offset);
    if (isLeaf(type)) {
      c.node = <u32>node;
      c.min = min;
      c.max = max;
      c.end = end;
      c.offset = offset;
      c.index = low;
      c.last = high;
      return content;
    }
    node = <usize>content;
    min = low;
    max = high;
  }
}

/** The entry at `index`, 0 for none; index..last becomes the range found (mas_walk). */
export function walk(c: Cursor): u32 {
  if (c.status != ACTIVE) c.status = START;
  const entry = enterRoot(c);
  if (c.status == ACTIVE) return descendToIndex(c);
  if (c.status == NONE) {
    c.index = 0;
    c.last = TOP;
    return 0;
  }
  if (c.index == 0) {
    c.last = 0;
    return entry;
  }
  c.index = 1;
  c.last = TOP;
  c.status = NONE;
  return 0;
}

/** The entry at an index, without a cursor (mtree_load). */
export function loadAt(tree: Tree, index: u64): u32 {
  if (tree.height == 0) return index ? 0 : tree.root;
  let node = <usize>tree.root;
  while (true) {
    count(MAPLE_NODE_READS);
    const type = typeOf(node);
    const content = slotAt(node, findSlot(node, type, index));
    if (isLeaf(type)) return content;
    node = <usize>content;
  }
}

/**
 * To the parent; `offset` becomes the slot it came from (mas_ascend). A node does not know its own range, so
 * its bounds are looked for further up: each ancestor gives the lower bound once a slot to the left exists,
 * and the upper bound at once.
 */
export function ascend(c: Cursor): void {
  const child = c.at;
  if (isRoot(child)) {
    c.offset = 0;
    return;
  }
  let node = parentOf(child);
  c.offset = parentSlot(child);
  c.node = <u32>node;
  let min: u64 = 0;
  let max: u64 = TOP;
  if (!isRoot(node)) {
    let hasMin = false;
    let hasMax = c.max == TOP;
    if (c.offset == 0) {
      min = c.min;
      hasMin = true;
    }
    do {
      const slot = parentSlot(node);
      node = parentOf(node);
      count(MAPLE_EXTRA_ASCENDS);
      if (!hasMin && slot) {
        min = pivotAt(node, slot - 1) + 1;
        hasMin = true;
      }
      if (!hasMax && slot < endOf(node)) {
        max = pivotAt(node, slot);
        hasMax = true;
      }
    } while (!(hasMin && hasMax) && !isRoot(node));
  }
  c.min = min;
  c.max = max;
}

/** To the child at `offset` (mas_descend); `offset` and `end` are the caller's to set. */
@inline export function descend(c: Cursor): void {
  const node = c.at;
  const low = c.slotLow();
  const high = c.slotHigh();
  c.node = slotAt(node, c.offset);
  c.min = low;
  c.max = high;
}

/** First slot of the next leaf; OVERFLOW when there is none below `limit` (mas_next_node). */
function nextLeaf(c: Cursor, limit: u64): bool {
  if (c.max >= limit) {
    c.status = OVERFLOW;
    return false;
  }
  let levels = 0;
  do {
    if (isRoot(c.at)) {
      c.status = OVERFLOW;
      return false;
    }
    ascend(c);
    levels++;
    count(MAPLE_NODE_READS);
  } while (c.offset == endOf(c.at));
  c.offset++;
  for (; levels; levels--) {
    descend(c);
    count(MAPLE_NODE_READS);
    c.offset = 0;
  }
  c.end = endOf(c.at);
  return true;
}

/** Last slot of the leaf before; UNDERFLOW when there is none above `limit` (mas_prev_node). */
function previousLeaf(c: Cursor, limit: u64): bool {
  if (c.min == 0 || c.min - 1 < limit) {
    c.status = UNDERFLOW;
    return false;
  }
  let levels = 0;
  do {
    if (isRoot(c.at)) {
      c.status = UNDERFLOW;
      return false;
    }
    ascend(c);
    levels++;
    count(MAPLE_NODE_READS);
  } while (c.offset == 0);
  c.offset--;
  for (; levels; levels--) {
    descend(c);
    count(MAPLE_NODE_READS);
    c.offset = endOf(c.at);
  }
  c.end = c.offset;
  return true;
}

/** Next range after the cursor's, that begins at or below `limit`; only those that hold an entry unless `empty` (mas_next_slot). */
function nextSlot(c: Cursor, limit: u64, empty: bool): u32 {
  if (c.max >= limit && c.slotHigh() >= limit) {
    c.status = OVERFLOW;
    return 0;
  }
  while (true) {
    if (c.offset < c.end) {
      c.offset++;
    } else {
      if (c.last >= limit) {
        c.status = OVERFLOW;
        return 0;
      }
      if (!nextLeaf(c, limit)) return 0;
    }
    c.index = c.slotLow();
    c.last = c.offset < c.end ? pivotAt(c.at, c.offset) : c.max;
    const entry = slotAt(c.at, c.offset);
    if (entry || empty) return entry;
    if (c.last >= limit) {
      c.status = OVERFLOW;
      return 0;
    }
  }
}

/** Next range before the cursor's, that ends at or above `limit` (mas_prev_slot). */
function previousSlot(c: Cursor, limit: u64, empty: bool): u32 {
  if (c.min <= limit && c.slotLow() <= limit) {
    c.status = UNDERFLOW;
    return 0;
  }
  while (true) {
    if (c.offset) {
      c.offset--;
      c.last = c.index - 1;
    } else {
      if (c.index <= limit) {
        c.status = UNDERFLOW;
        return 0;
      }
      if (!previousLeaf(c, limit)) return 0;
      c.last = c.max;
    }
    c.index = c.slotLow();
    const entry = slotAt(c.at, c.offset);
    if (entry || empty) return entry;
    if (c.index <= limit) {
      c.status = UNDERFLOW;
      return 0;
    }
  }
}

/** Back to work after the limit of an earlier step, when the cursor still stands in a node that has `index`. */
function reactivate(c: Cursor): void {
  const inside = c.node != 0 && c.index <= c.max && c.index >= c.min;
  c.status = inside ? ACTIVE : START;
}

// The set-up functions below answer true when `answer` already is the outcome.
let answer: u32 = 0;

function setUpNext(c: Cursor, limit: u64): bool {
  answer = 0;
  if (c.last >= limit) {
    c.status = OVERFLOW;
    return true;
  }
  const wasNone = c.status == NONE;
  switch (c.status) {
    case ACTIVE: return false;
    case NONE: {
      c.status = START;
      walk(c);
      break;
    }
    case START: {
      walk(c);
      break;
    }
    case OVERFLOW: { //  it overflowed before, but the limit has changed
      reactivate(c);
      break;
    }
    case UNDERFLOW: { // the caller expects it one before where it is
      reactivate(c);
      answer = walk(c);
      if (answer) return true;
      break;
    }
    default: break;
  }
  if (c.status == ACTIVE) return false;
  if (c.status == AT_ROOT) {
    if (wasNone && c.index == 0) {
      c.last = 0;
      return true;
    }
    c.index = 1;
    c.last = TOP;
    c.status = NONE;
    return true;
  }
  if (c.status == START) {
    walk(c);
    if (c.status == ACTIVE) return false;
  }
  return true;
}

function setUpPrevious(c: Cursor, limit: u64): bool {
  answer = 0;
  if (c.index <= limit) {
    c.status = UNDERFLOW;
    return true;
  }
  switch (c.status) {
    case ACTIVE: return false;
    case NONE: {
      c.status = START;
      break;
    }
    case UNDERFLOW: {
      reactivate(c);
      break;
    }
    case OVERFLOW: { //  the caller expects it one after where it is
      reactivate(c);
      answer = walk(c);
      if (answer) return true;
      break;
    }
    default: break;
  }
  if (c.status == START) walk(c);
  if (c.status == AT_ROOT) {
    if (c.index == 0) {
      c.status = NONE;
      return true;
    }
    c.index = 0;
    c.last = 0;
    answer = c.inTree.root;
    return true;
  }
  if (c.status == NONE) {
    if (c.index) {
      c.index = 0;
      c.last = 0;
      c.status = AT_ROOT;
      answer = c.inTree.height ? 0 : c.inTree.root;
    }
    return true;
  }
  return false;
}

function setUpFind(c: Cursor, limit: u64): bool {
  answer = 0;
  switch (c.status) {
    case ACTIVE: return c.last >= limit;
    case NONE: {
      if (c.last >= limit) return true;
      c.index = c.last;
      c.status = START;
      break;
    }
    case UNDERFLOW: { // it stands at the entry before which there is none
      if (c.index >= limit) {
        c.status = OVERFLOW;
        return true;
      }
      reactivate(c);
      answer = walk(c);
      if (answer) return true;
      break;
    }
    case OVERFLOW: {
      if (c.last >= limit) return true;
      reactivate(c);
      answer = walk(c);
      if (answer) return true;
      break;
    }
    default: break;
  }
  if (c.status == START) {
    if (c.index > limit) return true;
    answer = walk(c);
    if (answer) return true;
  }
  if (c.status == AT_ROOT) {
    c.status = NONE;
    c.index = 1;
    c.last = TOP;
    return true;
  }
  if (c.status == NONE) return true;
  return c.index == limit;
}

// Most steps stay inside a leaf, one slot or, past a gap, two: gaps never touch. The functions below take
// those at once; all else is left to the functions above.

/**
 * On the first call the entry at or after `index`, later the one after the cursor's, that begins at or below
 * `limit`; 0 for none (mas_find).
 */
export function find(c: Cursor, limit: u64): u32 {
  if (c.status == START && c.inTree.height && c.index <= limit) {
    enterRoot(c);
    const entry = descendToIndex(c);
    if (entry || c.last >= limit) return entry;
  }
  if (c.status != ACTIVE) return findFromAnywhere(c, limit);
  if (c.last >= limit) return 0;
  const node = c.at;
  let to = c.offset + 1;
  if (to < c.end && slotAt(node, to) == 0) to++;
  if (to <= c.end) {
    const entry = slotAt(node, to);
    const before = pivotAt(node, to - 1);
    if (entry && before < limit) {
      c.offset = to;
      c.index = before + 1;
      c.last = to < c.end ? pivotAt(node, to) : c.max;
      return entry;
    }
  }
  const entry = nextSlot(c, limit, false);
  c.status = ACTIVE; //  a limit met is forgotten, the place is kept
  return entry;
}

function findFromAnywhere(c: Cursor, limit: u64): u32 {
  if (setUpFind(c, limit)) return answer;
  const entry = nextSlot(c, limit, false);
  c.status = ACTIVE;
  return entry;
}

/** The entry before the cursor's range, that ends at or above `limit`; 0 for none (mas_prev). */
export function previous(c: Cursor, limit: u64): u32 {
  if (c.status == ACTIVE && c.offset && c.index > limit) {
    const node = c.at;
    let to = c.offset - 1;
    let last = c.index - 1;
    if (to && slotAt(node, to) == 0) last = pivotAt(node, --to);
    const entry = slotAt(node, to);
    if (entry && pivotAt(node, to) >= limit) {
      c.offset = to;
      c.last = last;
      c.index = lowerBound(node, to, c.min);
      return entry;
    }
  }
  return setUpPrevious(c, limit) ? answer : previousSlot(c, limit, false);
}

/** The range after the cursor's, whether it holds an entry or not (mas_next_range). */
export function nextRange(c: Cursor, limit: u64): u32 {
  if (c.status == ACTIVE && c.offset < c.end && c.last < limit) {
    const node = c.at;
    const before = pivotAt(node, c.offset);
    if (before < limit) {
      const to = c.offset + 1;
      c.offset = to;
      c.index = before + 1;
      c.last = to < c.end ? pivotAt(node, to) : c.max;
      return slotAt(node, to);
    }
  }
  return setUpNext(c, limit) ? answer : nextSlot(c, limit, true);
}

/** The range before the cursor's, whether it holds an entry or not (mas_prev_range). */
export function previousRange(c: Cursor, limit: u64): u32 {
  if (c.status == ACTIVE && c.offset && c.index > limit) {
    const node = c.at;
    const to = c.offset - 1;
    if (pivotAt(node, to) >= limit) {
      c.offset = to;
      c.last = c.index - 1;
      c.index = lowerBound(node, to, c.min);
      return slotAt(node, to);
    }
  }
  return setUpPrevious(c, limit) ? answer : previousSlot(c, limit, true);
}
