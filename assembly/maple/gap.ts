// Largest gaps: kept in every arange_64 parent, and searched by size.

import { count, MAPLE_GAP_LEVELS, MAPLE_GAP_WALK_READS } from "../events";
import { ACTIVE, Cursor, FAILED, NONE } from "./cursor";
import {
  emptySlots, endOf, gapAt, gapSlot, isLeaf, isRoot, lowerBound, parentOf, parentSlot, pivotAt, setGap, setGapSlot,
  slotAt, TOP, typeOf, upperBound,
} from "./node";
import { ascend, enterRoot } from "./walk";

/** Largest empty range of a leaf that covers min..max; 0 when it is full. */
export function leafGap(node: usize, min: u64, max: u64): u64 {
  const end = endOf(node);
  let most: u64 = 0;
  for (let empty = emptySlots(node) & ((2 << end) - 1); empty; empty &= empty - 1) {
    const i = ctz(empty);
    const low = lowerBound(node, i, min);
    const size = (i < end ? pivotAt(node, i) : max) - low + 1;
    if (size > most) most = size;
  }
  return most;
}

/** Largest gap below an inner node of a tree that tracks gaps. */
@inline export function innerGap(node: usize): u64 { return gapAt(node, gapSlot(node)); }

/** Makes the lowest slot with a largest gap the node's gap slot: what a freshly built node has. */
export function chooseLowestGap(node: usize): void {
  const end = endOf(node);
  let best: u32 = 0;
  let most: u64 = 0;
  for (let i: u32 = 0; i <= end; i++) {
    if (gapAt(node, i) > most) {
      most = gapAt(node, i);
      best = i;
    }
  }
  setGapSlot(node, best);
}

/** The highest slot with a largest gap (at `end` when there is none): what a rescan finds. */
function highestGap(node: usize): u32 {
  let best = endOf(node);
  let most: u64 = 0;
  for (let i = <i32>best; i >= 0; i--) {
    if (gapAt(node, i) > most) {
      most = gapAt(node, i);
      best = i;
    }
  }
  return best;
}

/** Tells the ancestors that the largest gap at or below `node`, not the root, is now `gap` (mas_update_gap). */
export function propagateGap(node: usize, gap: u64): void {
  let parent = parentOf(node);
  let slot = parentSlot(node);
  if (gapAt(parent, slot) == gap) return;
  let known = gap;
  while (true) {
    count(MAPLE_GAP_LEVELS);
    const largest = gapSlot(parent);
    const before = gapAt(parent, largest);
    setGap(parent, slot, known);
    if (before == known) return;
    if (slot != largest) {
      if (before > known) return; //  the parent's largest gap is elsewhere, and stays
      setGapSlot(parent, slot);
    } else if (known < before) {
      const next = highestGap(parent);
      setGapSlot(parent, next);
      known = gapAt(parent, next);
    }
    if (isRoot(parent)) return;
    slot = parentSlot(parent);
    parent = parentOf(parent);
  }
}

/** After a change inside the cursor's leaf. */
export function updateLeafGap(c: Cursor): void {
  if (!c.inTree.tracksGaps || isRoot(c.at)) return;
  propagateGap(c.at, leafGap(c.at, c.min, c.max));
}

/** An empty tree, or one with an entry at index 0 only: every gap above it will do. */
function sparse(c: Cursor, min: u64, max: u64, size: u64, fromBelow: bool): bool {
  let low = min;
  if (c.status != NONE && low == 0) {
    low = 1;
    if (low > max || max - low + 1 < size) return false;
  }
  c.index = fromBelow ? low : max - size + 1;
  c.last = fromBelow ? low + size - 1 : max;
  return true;
}

/**
 * The highest `size` empty bytes inside min..max: index..last of the cursor, which starts at the root. False
 * when there are none (mas_empty_area_rev).
 *
 * Only the child's largest gap is known, not where it lies, so the search may go down in vain and come back.
 */
export function emptyAreaBelow(c: Cursor, min: u64, max: u64, size: u64): bool {
  if (min > max || size == 0 || max - min < size - 1) return false;
  enterRoot(c);
  if (c.status != ACTIVE) return sparse(c, min, max, size, false);
  c.offset = endOf(c.at);
  c.index = min;
  c.last = max;
  let before = 0; //  the node looked at last: met again, it has nothing further to the right
  while (true) {
    const found = searchDown(c, size);
    if (c.status == FAILED) return false;
    if (found) break;
    if (before == c.node) {
      if (!rewind(c)) return false;
    } else {
      before = c.node;
    }
  }
  const high = c.slotHigh();
  if (high < c.last) c.last = high;
  c.index = c.last - size + 1;
  c.end = endOf(c.at);
  return true;
}

/** One node from the cursor's slot leftwards: true at a gap in a leaf, else the cursor is at a child or unmoved. */
function searchDown(c: Cursor, size: u64): bool {
  count(MAPLE_GAP_WALK_READS);
  const node = c.at;
  const type = typeOf(node);
  const leaf = isLeaf(type);
  let offset = c.offset;
  let low = lowerBound(node, offset, c.min);
  while (c.last < low) low = lowerBound(node, --offset, c.min);
  let high = upperBound(node, offset, c.max);
  while (c.index <= high) {
    let gap: u64 = 0;
    if (!leaf) gap = gapAt(node, offset);
    else if (slotAt(node, offset) == 0) gap = high - low + 1;
    if (gap) {
      if (size <= gap && size <= c.last - low + 1) break;
      if (leaf) { //  the slot to the left cannot be empty too
        if (offset < 2) return exhausted(c);
        offset -= 2;
        high = pivotAt(node, offset);
        low = lowerBound(node, offset, c.min);
        continue;
      }
    }
    if (offset == 0) return exhausted(c);
    offset--;
    high = low - 1;
    low = lowerBound(node, offset, c.min);
  }
  if (c.index > high || size - 1 > high - c.index) {
    c.status = FAILED;
    return false;
  }
  if (leaf) {
    c.offset = offset;
    return true;
  }
  c.node = slotAt(node, offset);
  c.min = low;
  c.max = high;
  c.offset = endOf(c.at);
  return false;
}

/** Nothing further in this node; in the root, nothing at all. */
function exhausted(c: Cursor): bool {
  if (isRoot(c.at)) c.status = FAILED;
  return false;
}

/** Up until there is a slot to the left, and to it; false at the left edge of the tree. */
function rewind(c: Cursor): bool {
  do {
    if (isRoot(c.at)) {
      if (c.offset == 0) return false;
    } else {
      ascend(c);
      count(MAPLE_GAP_WALK_READS);
    }
  } while (c.offset == 0);
  c.offset--;
  return true;
}

/** The lowest `size` empty bytes inside min..max: the mirror of emptyAreaBelow (mas_empty_area). */
export function emptyAreaAbove(c: Cursor, min: u64, max: u64, size: u64): bool {
  if (min > max || size == 0 || max - min < size - 1) return false;
  enterRoot(c);
  if (c.status != ACTIVE) return sparse(c, min, max, size, true);
  c.index = min;
  c.last = max;
  let before = 0;
  while (true) {
    const found = searchUp(c, size);
    if (c.status == FAILED) return false;
    if (found) break;
    if (before == c.node) {
      if (!skip(c)) return false;
    } else {
      before = c.node;
    }
  }
  const low = c.slotLow();
  if (c.index < low) c.index = low;
  c.last = c.index + size - 1;
  c.end = endOf(c.at);
  return true;
}

/** One node from the cursor's slot rightwards: true at a gap in a leaf, else the cursor is at a child or past the end. */
function searchUp(c: Cursor, size: u64): bool {
  count(MAPLE_GAP_WALK_READS);
  const node = c.at;
  const leaf = isLeaf(typeOf(node));
  const end = endOf(node);
  let offset = c.offset;
  let low = lowerBound(node, offset, c.min);
  for (; offset <= end; offset++) {
    const high = upperBound(node, offset, c.max);
    if (c.index <= high) {
      let gap: u64 = 0;
      if (!leaf) gap = gapAt(node, offset);
      else if (slotAt(node, offset) == 0) gap = min<u64>(high, c.last) - max<u64>(c.index, low) + 1;
      if (gap >= size) {
        if (leaf) {
          c.offset = offset;
          return true;
        }
        c.node = slotAt(node, offset);
        c.min = low;
        c.max = high;
        c.offset = 0;
        return false;
      }
    }
    low = high + 1;
    if (c.last <= high) {
      c.status = FAILED;
      return false;
    }
  }
  c.offset = offset;
  return false;
}

/** Up until there is a slot to the right, and to it; false at the right edge of the tree. */
function skip(c: Cursor): bool {
  do {
    if (isRoot(c.at)) {
      if (c.offset >= endOf(c.at)) {
        c.status = FAILED;
        return false;
      }
    } else {
      ascend(c);
      count(MAPLE_GAP_WALK_READS);
    }
  } while (c.offset >= endOf(c.at));
  c.offset++;
  return true;
}
