// Writing the tree: where a store goes, what kind it is, how many nodes it may need, and the kinds that stay
// inside one node. Those that rebuild nodes are in rebuild.ts. (mas_preallocate, mas_store_prealloc,
// mas_store_gfp; lib/maple_tree.c, 7.3)
//
//   reserve      walk, classify, hold nodes          \  between them a driver's hook may run,
//   commit       store, with what was held           /  and fail: then `release`
//   storeNow     both in one

import {
  count, MAPLE_APPENDS, MAPLE_EXACT_FITS, MAPLE_NEW_ROOTS, MAPLE_NODE_STORES, MAPLE_NODE_WRITES,
  MAPLE_REBALANCES, MAPLE_RESERVATIONS, MAPLE_ROOT_STORES, MAPLE_SLOTS_MOVED, MAPLE_SLOT_STORES,
  MAPLE_SPANNING_STORES, MAPLE_SPLITS, MAPLE_WRITE_WALK_READS,
} from "../events";
import { PATH_STORE, slow } from "../slow";
import { ACTIVE, Cursor, START, Tree } from "./cursor";
import { updateLeafGap } from "./gap";
import {
  closeNode, copyPivots, copySlots, endOf, findSlotFrom, formatNode, freeNode, isLeaf, isRoot, LEAF_64, lowerBound,
  minSlotsOf, parentOf, parentSlot, pivotAt, pivotCell, setEnd, setParent, setPivot, setSlot, slotAt, slotCell,
  slotsOf, TOP, typeOf, upperBound,
} from "./node";
import { dropTree, rebuildNode, rebuildSpan } from "./rebuild";
import { enterRoot } from "./walk";

// Kinds of store (enum store_type) --------------------------------------------------------------------
export const STORE_ROOT: u32 = 0; //      the tree has no node yet
export const STORE_NEW_ROOT: u32 = 1; //  everything is overwritten
export const STORE_EXACT: u32 = 2; //     one slot changes, no border
export const STORE_SLOT: u32 = 3; //      borders move, the number of slots stays
export const STORE_APPEND: u32 = 4; //    slots are added at the node's end
export const STORE_NODE: u32 = 5; //      the node is written anew
export const STORE_SPLIT: u32 = 6; //     the node overflows
export const STORE_REBALANCE: u32 = 7; // the node underflows
export const STORE_SPANNING: u32 = 8; //  several nodes are overwritten, or a leaf would end in a gap

/** Lowest depth below which no node has to split, and below which none can underflow; found on the way down. */
let vacantHeight: u32 = 0;
let sufficientHeight: u32 = 0;

/** Reads the slot at or after the cursor's that holds `index` in its node (mas_wr_node_walk). */
export function readWriteSlot(c: Cursor): void {
  count(MAPLE_WRITE_WALK_READS);
  const node = c.at;
  const end = endOf(node);
  const offset = findSlotFrom(node, c.offset, c.index);
  c.end = end;
  c.offset = offset;
  c.offsetEnd = offset;
  c.slotMin = lowerBound(node, offset, c.min);
  c.slotMax = offset < end ? pivotAt(node, offset) : c.max;
  c.content = slotAt(node, offset);
}

/** Down to the child in the slot just read. */
@inline export function followWriteSlot(c: Cursor): void {
  c.min = c.slotMin;
  c.max = c.slotMax;
  c.node = c.content;
  c.offset = 0;
  c.depth++;
}

/** Whether the store reaches beyond the slot, or would leave a leaf ending in a gap (mas_is_span_wr). */
function spans(c: Cursor, entry: u32): bool {
  let max = c.slotMax;
  if (c.last < max) return false;
  if (isLeaf(typeOf(c.at))) {
    max = c.max;
    if (c.last < max) return false;
  }
  return c.last > max || (entry == 0 && c.last != TOP);
}

/** Down to the leaf of the store. False at the node where the store turns out to span (mas_wr_walk). */
function writeWalk(c: Cursor, entry: u32): bool {
  while (true) {
    readWriteSlot(c);
    if (spans(c, entry)) return false;
    const type = typeOf(c.at);
    if (isLeaf(type)) return true;
    if (c.end < slotsOf(type) - 1) vacantHeight = c.depth + 1;
    if (isRoot(c.at)) {
      if (c.end > 2) sufficientHeight = 1;
    } else if (c.end > minSlotsOf(type) + 1) {
      sufficientHeight = c.depth + 1;
    }
    followWriteSlot(c);
  }
}

/** Finds the slot that holds `last` (mas_wr_end_piv). */
function readWriteEnd(c: Cursor): void {
  const node = c.at;
  c.offsetEnd = findSlotFrom(node, c.offset, c.last);
  c.endPivot = upperBound(node, c.offsetEnd, c.max);
}

/** A store of nothing takes in the gaps it touches in its leaf: two gaps never stand side by side (mas_wr_extend_null). */
function widenNull(c: Cursor): void {
  const node = c.at;
  if (slotAt(node, c.offsetEnd) == 0) {
    c.last = c.endPivot;
  } else if (c.last == c.endPivot && c.end != c.offsetEnd && slotAt(node, c.offsetEnd + 1) == 0) {
    c.offsetEnd++;
    c.last = upperBound(node, c.offsetEnd, c.max);
    c.endPivot = c.last;
  }
  if (c.content == 0) {
    c.index = c.slotMin;
  } else if (c.index == c.slotMin && c.offset && slotAt(node, c.offset - 1) == 0) {
    c.offset--;
    c.index = lowerBound(node, c.offset, c.min);
    c.slotMin = c.index;
    c.slotMax = pivotAt(node, c.offset);
  }
}

/** End of the leaf after the store. */
@inline function newEnd(c: Cursor): u32 {
  let end = c.end + 2 - (c.offsetEnd - c.offset);
  if (c.slotMin == c.index) end--;
  if (c.endPivot == c.last) end--;
  return end;
}

/** The kind of store, from the cursor's place downwards (mas_wr_store_type). */
function classify(c: Cursor, entry: u32): u32 {
  if (c.status != ACTIVE) return STORE_ROOT;
  if (!writeWalk(c, entry)) return STORE_SPANNING;
  readWriteEnd(c);
  if (entry == 0) widenNull(c);
  if (c.slotMin == c.index && c.slotMax == c.last) return STORE_EXACT;
  if (c.index == 0 && c.last == TOP) return STORE_NEW_ROOT;

  const end = newEnd(c);
  const readers = c.inTree.hasReaders;
  const atEnd = c.offset == c.end;
  const oneBorder = c.offsetEnd - c.offset == 1;
  if (end < minSlotsOf(LEAF_64)) {
    if (!isRoot(c.at)) return STORE_REBALANCE;
    if (!readers && atEnd) return STORE_APPEND;
    return !readers && end == c.end && oneBorder ? STORE_SLOT : STORE_NODE;
  }
  if (end >= slotsOf(LEAF_64)) return STORE_SPLIT;
  if (!readers && atEnd) return STORE_APPEND;
  return end == c.end && (!readers || oneBorder) ? STORE_SLOT : STORE_NODE;
}

/** Most nodes the store can take (mas_prealloc_calc). */
function nodesFor(c: Cursor, type: u32): u32 {
  const tree = c.inTree;
  const height = tree.height;
  switch (type) {
    case STORE_ROOT: return c.last || c.index ? 1 : 0;
    case STORE_NEW_ROOT: return 1;
    case STORE_NODE: return tree.hasReaders ? 1 : 0;
    case STORE_SPLIT: return 2 * (height - vacantHeight) + 1;
    case STORE_REBALANCE: return 2 * (height - min(vacantHeight, sufficientHeight)) + 1;
    case STORE_SPANNING: return 3 * (height - min(vacantHeight, sufficientHeight)) + 1;
    default: return 0;
  }
}

/** Whether the cursor's place is good for a store of its range (mas_wr_prealloc_setup). */
function settle(c: Cursor, entry: u32): void {
  if (c.status != START) {
    const lost = c.status != ACTIVE || c.last > c.max;
    if (lost || (entry == 0 && isLeaf(typeOf(c.at)) && c.last == c.max)) c.reset();
  }
  c.content = enterRoot(c);
}

/** Walks, classifies, and holds nodes for a store of `entry` (0: nothing) over index..last. False without memory. */
export function reserve(c: Cursor, entry: u32): bool {
  count(MAPLE_RESERVATIONS);
  if (prepare(c, entry)) return true;
  c.reset();
  return false;
}

function prepare(c: Cursor, entry: u32): bool {
  settle(c, entry);
  vacantHeight = 0;
  sufficientHeight = 0;
  c.storeType = classify(c, entry);
  return c.hold(nodesFor(c, c.storeType));
}

/**
 * Stores with what `reserve` has held. The range may be another than the reserved one only where the kernel's
 * merge code makes it so: the place and kind of store stay.
 */
export function commit(c: Cursor, entry: u32): void {
  slow(PATH_STORE);
  if (c.storeType == STORE_ROOT) {
    settle(c, entry);
  } else {
    readWriteSlot(c);
    if (c.storeType != STORE_SPANNING) readWriteEnd(c);
  }
  write(c, entry);
  c.release();
}

/** Reserves and stores. False, and nothing changed, without memory. */
export function storeNow(c: Cursor, entry: u32): bool {
  const index = c.index;
  const last = c.last;
  if (!prepare(c, entry)) {
    c.set(index, last);
    return false;
  }
  write(c, entry);
  c.release();
  return true;
}

function write(c: Cursor, entry: u32): void {
  switch (c.storeType) {
    case STORE_EXACT: {
      count(MAPLE_EXACT_FITS);
      count(MAPLE_NODE_WRITES);
      setSlot(c.at, c.offset, entry);
      if ((entry == 0) != (c.content == 0)) updateLeafGap(c);
      return;
    }
    case STORE_SLOT: {
      count(MAPLE_SLOT_STORES);
      count(MAPLE_NODE_WRITES);
      slotStore(c, entry);
      return;
    }
    case STORE_APPEND: {
      count(MAPLE_APPENDS);
      count(MAPLE_NODE_WRITES);
      append(c, entry);
      return;
    }
    case STORE_NODE: {
      count(MAPLE_NODE_STORES);
      count(MAPLE_NODE_WRITES);
      nodeStore(c, entry);
      return;
    }
    case STORE_SPLIT: {
      count(MAPLE_SPLITS);
      rebuildNode(c, entry, true);
      return;
    }
    case STORE_REBALANCE: {
      count(MAPLE_REBALANCES);
      rebuildNode(c, entry, false);
      return;
    }
    case STORE_SPANNING: {
      count(MAPLE_SPANNING_STORES);
      if ((c.index == 0 && c.last == TOP) || !rebuildSpan(c, entry)) newRoot(c, entry);
      return;
    }
    case STORE_NEW_ROOT: {
      count(MAPLE_NEW_ROOTS);
      newRoot(c, entry);
      return;
    }
    default: {
      count(MAPLE_ROOT_STORES);
      rootStore(c, entry);
    }
  }
}

/** A tree without a node: an entry at index 0 alone stays in the root, anything else makes the first leaf. */
function rootStore(c: Cursor, entry: u32): void {
  const tree = c.inTree;
  if (entry == 0) {
    if (c.index == 0) tree.root = 0;
    return;
  }
  if (c.index == 0 && c.last == 0) {
    tree.root = entry;
    c.status = START;
    return;
  }
  //  [entry of index 0] [gap] [entry] [gap]
  const before = tree.root;
  const node = newLeafRoot(c);
  let slot: u32 = 0;
  if (c.index) {
    setSlot(node, 0, before);
    if (before && c.index > 1) {
      setPivot(node, slot++, 0);
      setSlot(node, slot, 0);
    }
    setPivot(node, slot++, c.index - 1);
  }
  setSlot(node, slot, entry);
  c.offset = slot;
  if (c.last != TOP) {
    setPivot(node, slot++, c.last);
    setSlot(node, slot, 0);
  }
  closeNode(node, LEAF_64, slot);
  c.end = slot;
}

/** One leaf that holds `entry` from end to end, or an empty tree (mas_new_root). */
function newRoot(c: Cursor, entry: u32): void {
  const tree = c.inTree;
  const old = <usize>tree.root;
  const had = tree.height;
  if (entry) {
    const node = newLeafRoot(c);
    setSlot(node, 0, entry);
    closeNode(node, LEAF_64, 0);
    c.offset = 0;
    c.end = 0;
  } else {
    tree.root = 0;
    tree.height = 0;
    c.status = START;
  }
  if (had) dropTree(old);
}

function newLeafRoot(c: Cursor): usize {
  const tree = c.inTree;
  const node = c.take();
  count(MAPLE_NODE_WRITES);
  formatNode(node, LEAF_64);
  setParent(node, 0, 0);
  tree.root = <u32>node;
  tree.height = 1;
  c.node = <u32>node;
  c.min = 0;
  c.max = TOP;
  c.status = ACTIVE;
  return node;
}

/** Moves borders inside the leaf (mas_wr_slot_store). */
function slotStore(c: Cursor, entry: u32): void {
  const node = c.at;
  const offset = c.offset;
  let gap = c.content == 0 || slotAt(node, offset + 1) == 0;
  if (c.offsetEnd - offset == 1) {
    if (c.index == c.slotMin) { //  all of this slot and the head of the next
      setSlot(node, offset, entry);
      setPivot(node, offset, c.last);
    } else { //                     the tail of this slot and all of the next
      setSlot(node, offset + 1, entry);
      setPivot(node, offset, c.index - 1);
      c.offset++;
    }
  } else { //                       the tail of this, all of the next, the head of the one after
    gap = gap || slotAt(node, offset + 2) == 0;
    setSlot(node, offset + 1, entry);
    setPivot(node, offset, c.index - 1);
    setPivot(node, offset + 1, c.last);
    c.offset++;
  }
  if (entry == 0 || gap) updateLeafGap(c);
}

/** Adds one or two slots at the end of a leaf nobody reads (mas_wr_append). */
function append(c: Cursor, entry: u32): void {
  const node = c.at;
  const old = c.end;
  const end = newEnd(c);
  if (end == old + 1) {
    if (c.last == c.slotMax) { //  [content][entry]
      setSlot(node, end, entry);
      setPivot(node, old, c.index - 1);
      c.offset = end;
    } else { //                    [entry][content]
      setSlot(node, end, c.content);
      setPivot(node, old, c.last);
      setSlot(node, old, entry);
    }
  } else { //                      [content][entry][content]
    setSlot(node, end, c.content);
    setPivot(node, old + 1, c.last);
    setSlot(node, old + 1, entry);
    setPivot(node, old, c.index - 1);
    c.offset = old + 1;
  }
  setEnd(node, end);
  c.end = end;
  if (c.content == 0 || entry == 0) updateLeafGap(c);
}

/**
 * Writes the leaf anew with the store in it: beside the old one and published when there are readers, in
 * place otherwise (mas_wr_node_store).
 *
 *   old   | 0 .. offset-1 | offset ... offsetEnd | after ... end |
 *   new   | 0 .. offset-1 | [rest] entry [rest]  | after ... end |
 */
function nodeStore(c: Cursor, entry: u32): void {
  const tree = c.inTree;
  const old = c.at;
  const end = newEnd(c);
  const offset = c.offset;
  const after = c.offsetEnd + (c.last == c.endPivot ? 1 : 0);
  const keepsLeft = c.slotMin < c.index;
  const place = offset + (keepsLeft ? 1 : 0);
  const moved = after <= c.end ? c.end - after + 1 : 0;
  count(MAPLE_SLOTS_MOVED, offset);
  count(MAPLE_SLOTS_MOVED, moved);

  let node = old;
  const target = place + 1;
  if (tree.hasReaders) {
    node = c.take();
    copyPivots(pivotCell(node, 0), pivotCell(old, 0), offset);
    copyPivots(pivotCell(node, target), pivotCell(old, after), moved);
    copySlots(slotCell(node, 0), slotCell(old, 0), offset);
    copySlots(slotCell(node, target), slotCell(old, after), moved);
    formatNode(node, LEAF_64);
  } else if (target > after) { // in place the tail has to move out of the way
    for (let i = moved; i > 0; i--) copySlot(node, target + i - 1, after + i - 1);
  } else if (target < after) {
    for (let i: u32 = 0; i < moved; i++) copySlot(node, target + i, after + i);
  }
  if (keepsLeft) {
    setSlot(node, offset, c.content);
    setPivot(node, offset, c.index - 1);
  }
  setSlot(node, place, entry);
  setPivot(node, place, c.last);
  closeNode(node, LEAF_64, end);
  c.offset = place;
  c.end = end;

  if (node != old) {
    const parent = parentOf(old);
    setParent(node, parent, parentSlot(old));
    if (parent) setSlot(parent, parentSlot(old), <u32>node);
    else tree.root = <u32>node;
    c.node = <u32>node;
    freeNode(old);
  }
  updateLeafGap(c);
}

@inline function copySlot(node: usize, to: u32, from: u32): void {
  setPivot(node, to, pivotAt(node, from));
  setSlot(node, to, slotAt(node, from));
}

/** Frees every node; the tree is empty afterwards (__mt_destroy). */
export function destroyTree(tree: Tree): void {
  if (tree.height) dropTree(<usize>tree.root);
  tree.root = 0;
  tree.height = 0;
}
