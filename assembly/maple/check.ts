// The invariants of a maple tree (mt_validate; lib/maple_tree.c, 7.3). Rule numbers are those of docs/model.md.

import { Tree } from "./cursor";
import { innerGap, leafGap } from "./gap";
import {
  ARANGE_64, endOf, gapAt, gapSlot, isLeaf, LEAF_64, minSlotsOf, parentOf, parentSlot, pivotAt, RANGE_64, slotAt,
  slotsOf, TOP, typeOf,
} from "./node";

export const RULE_LEAF_DEPTH: u32 = 1; //   all leaves are equally deep
export const RULE_OCCUPANCY: u32 = 2; //    a node other than the root has more than its minimum of slots
export const RULE_NODE_TYPE: u32 = 3; //    leaves are leaf_64; inner nodes arange_64 with gaps, range_64 without
export const RULE_PIVOT_ORDER: u32 = 4; //  pivots rise and stay inside the node
export const RULE_PARENT: u32 = 5; //       a child names its parent and slot
export const RULE_TWO_GAPS: u32 = 6; //     two gaps never stand side by side
export const RULE_LEAF_END: u32 = 7; //     a leaf ends in a gap only at the top
export const RULE_GAP: u32 = 8; //          a parent's gap is the largest below that slot
export const RULE_GAP_SLOT: u32 = 9; //     the gap slot holds a largest gap
export const RULE_UNUSED: u32 = 10; //      cells from the end on hold 2^64-1

let afterGap: bool = false;
let nodes: u32 = 0;

/** Nodes of the tree that was checked last. */
export function checkedNodes(): u32 { return nodes; }

/** 0, or the first rule that the tree breaks. */
export function checkTree(tree: Tree): u32 {
  nodes = 0;
  if (tree.height == 0) return 0;
  const root = <usize>tree.root;
  if (parentOf(root) != 0) return RULE_PARENT;
  afterGap = false;
  return checkNode(tree, root, 0, TOP, 1);
}

function checkNode(tree: Tree, node: usize, min: u64, max: u64, level: u32): u32 {
  nodes++;
  const type = typeOf(node);
  const end = endOf(node);
  const leaf = isLeaf(type);
  if (leaf != (level == tree.height)) return RULE_LEAF_DEPTH;
  if (!leaf && type != (tree.tracksGaps ? ARANGE_64 : RANGE_64)) return RULE_NODE_TYPE;
  if (end >= slotsOf(type) || (level > 1 && end < minSlotsOf(type))) return RULE_OCCUPANCY;
  for (let i = end; i < slotsOf(type); i++) {
    if (pivotAt(node, i) != TOP) return RULE_UNUSED;
  }
  let low = min;
  for (let i: u32 = 0; i <= end; i++) {
    const high = i < end ? pivotAt(node, i) : max;
    if (high < low || (i < end && high >= max)) return RULE_PIVOT_ORDER;
    const rule = leaf ? checkEntry(node, i) : checkChild(tree, node, i, low, high, level);
    if (rule) return rule;
    low = high + 1;
  }
  if (leaf && slotAt(node, end) == 0 && max != TOP) return RULE_LEAF_END;
  return type == ARANGE_64 ? checkGapSlot(node) : 0;
}

function checkEntry(node: usize, i: u32): u32 {
  const gap = slotAt(node, i) == 0;
  if (gap && afterGap) return RULE_TWO_GAPS;
  afterGap = gap;
  return 0;
}

function checkChild(tree: Tree, node: usize, i: u32, low: u64, high: u64, level: u32): u32 {
  const child = <usize>slotAt(node, i);
  if (parentOf(child) != node || parentSlot(child) != i) return RULE_PARENT;
  const rule = checkNode(tree, child, low, high, level + 1);
  if (rule || !tree.tracksGaps) return rule;
  const largest = typeOf(child) == LEAF_64 ? leafGap(child, low, high) : innerGap(child);
  return gapAt(node, i) == largest ? 0 : RULE_GAP;
}

function checkGapSlot(node: usize): u32 {
  const largest = innerGap(node);
  if (gapSlot(node) > endOf(node)) return RULE_GAP_SLOT;
  for (let i: u32 = 0; i <= endOf(node); i++) {
    if (gapAt(node, i) > largest) return RULE_GAP_SLOT;
  }
  return 0;
}
