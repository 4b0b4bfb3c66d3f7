// Known-answer streams: a generator drives a tree of its own through stores, erases, walks and searches, and
// two digests tell whether every answer and the shape at the end are those of the kernel's code (docs/model.md).

import {
  counter, MAPLE_GAP_LEVELS, MAPLE_NODES_ALLOCATED, MAPLE_NODES_RESERVED, MAPLE_PARENT_WRITES, MAPLE_SLOTS_MOVED,
} from "../events";
import { commit, reserve, storeNow } from "./store";
import { checkTree } from "./check";
import { lookup, placing, Tree, TREE_ALLOC, TREE_RCU, vmaTree } from "./cursor";
import { emptyAreaAbove, emptyAreaBelow } from "./gap";
import {
  ARANGE_64, endOf, gapAt, gapSlot, isLeaf, LEAF_64, pivotAt, slotAt, TOP, typeOf,
} from "./node";
import { walk } from "./walk";

const FNV_OFFSET: u64 = 0xcbf29ce484222325;
const FNV_PRIME: u64 = 0x100000001b3;

let hash: u64 = 0;

/** FNV-1a over the eight bytes of a word, low byte first. */
function mix(word: u64): void {
  for (let i: u64 = 0; i < 64; i += 8) hash = (hash ^ ((word >> i) & 0xff)) * FNV_PRIME;
}

let stores: u64 = 0;
let erases: u64 = 0;
let walks: u64 = 0;
let found: u64 = 0;
/**
 * Nodes that erases ask for a second time. The known answers come from the kernel's code in user space, where
 * the first, non-waiting request of mas_store_gfp always fails and is repeated.
 */
let askedAgain: u64 = 0;

/** Runs a stream on the empty VMA tree. 0, or the broken rule that ended it. */
function runStream(operations: u32, pages: u64, mask: u64, full: bool, state: u64, checked: bool): u32 {
  const tree = vmaTree;
  const c = lookup;
  let r = state;
  for (let i: u32 = 1; i <= operations; i++) {
    r ^= r << 13;
    r ^= r >> 7;
    r ^= r << 17;
    const page = (r >> 8) % pages;
    const length = 1 + ((r >> 32) & mask);
    let first = page << 12;
    let last = ((page + length) << 12) - 1;
    if (full) {
      const k = (r >> 48) & 1023;
      if (k == 0) first = 0;
      if (k == 0 || k == 1) last = TOP;
      if (k == 2) first = 0;
    }
    const kind = r & 7;
    c.enter(tree, first);
    if (kind <= 4) {
      stores++;
      c.set(first, last);
      if (!reserve(c, i)) return RULE_OUT_OF_NODES;
      commit(c, i);
    } else if (kind <= 6) {
      erases++;
      c.set(first, last);
      const before = counter(MAPLE_NODES_RESERVED);
      if (!storeNow(c, 0)) return RULE_OUT_OF_NODES;
      askedAgain += counter(MAPLE_NODES_RESERVED) - before;
    } else {
      walks++;
      const entry = walk(c);
      mix(entry);
      mix(c.index);
      mix(c.last);
    }
    if (tree.tracksGaps && (i & 15) == 0) searchPair(tree, pages << 12, (1 + ((r >> 40) & 31)) << 12);
    if (checked) {
      const rule = checkTree(tree);
      if (rule) return rule;
    }
  }
  return 0;
}

/** The pool is too small for the stream. */
export const RULE_OUT_OF_NODES: u32 = 99;

function searchPair(tree: Tree, end: u64, size: u64): void {
  const c = placing;
  c.enter(tree, 0);
  const below = emptyAreaBelow(c, 0x10000, end - 1, size);
  if (below) found++;
  mix(below ? c.index : 0);
  c.enter(tree, 0);
  mix(emptyAreaAbove(c, 0x10000, end - 1, size) ? c.index : 0);
}

let leaves: u64 = 0;
let inner: u64 = 0;
let entries: u64 = 0;

/** Mixes a node and everything below it in pre-order, and counts. */
function mixNode(node: usize): void {
  const type = typeOf(node);
  const end = endOf(node);
  mix(type);
  mix(end);
  for (let i: u32 = 0; i < end; i++) mix(pivotAt(node, i));
  if (isLeaf(type)) {
    leaves++;
    for (let i: u32 = 0; i <= end; i++) {
      mix(slotAt(node, i));
      if (slotAt(node, i)) entries++;
    }
    return;
  }
  inner++;
  if (type == ARANGE_64) {
    for (let i: u32 = 0; i <= end; i++) mix(gapAt(node, i));
    mix(gapSlot(node));
  }
  for (let i: u32 = 0; i <= end; i++) mixNode(<usize>slotAt(node, i));
}

/** Counts nodes and entries of a tree below `node`. */
function countNode(node: usize): void {
  const end = endOf(node);
  if (typeOf(node) == LEAF_64) {
    leaves++;
    for (let i: u32 = 0; i <= end; i++) if (slotAt(node, i)) entries++;
    return;
  }
  inner++;
  for (let i: u32 = 0; i <= end; i++) countNode(<usize>slotAt(node, i));
}

/** Writes height, leaves, inner nodes and entries of a tree as four u32. */
export function shapeOf(tree: Tree, at: usize): void {
  leaves = 0;
  inner = 0;
  entries = tree.height == 0 && tree.root ? 1 : 0;
  if (tree.height) countNode(<usize>tree.root);
  store<u32>(at, tree.height);
  store<u32>(at, <u32>leaves, 4);
  store<u32>(at, <u32>inner, 8);
  store<u32>(at, <u32>entries, 12);
}

/**
 * Runs a known-answer stream on the VMA tree, which must be empty, and writes 17 u64: height, leaves, inner,
 * entries, nodes taken, slots moved, structure digest, operations digest, nodes requested (repeats included), largest request, gap
 * levels, parent writes, stores, erases, walks, searches found, broken rule (`checked`: looked for after every
 * step). The generator's state is in two halves.
 */
export function mapleDigest(
  operations: u32, pages: u32, mask: u32, full: bool, rcu: bool, range: bool, checked: bool,
  stateLow: u32, stateHigh: u32, at: usize,
): void {
  const tree = vmaTree;
  tree.root = 0;
  tree.height = 0;
  tree.largestRequest = 0;
  tree.flags = (rcu ? TREE_RCU : 0) | (range ? 0 : TREE_ALLOC);
  stores = 0;
  erases = 0;
  walks = 0;
  found = 0;
  askedAgain = 0;
  hash = FNV_OFFSET;
  const rule = runStream(operations, pages, mask, full, (<u64>stateHigh << 32) | stateLow, checked);
  const answers = hash;

  hash = FNV_OFFSET;
  leaves = 0;
  inner = 0;
  entries = 0;
  if (tree.height) mixNode(<usize>tree.root);
  const broken = rule ? rule : checkTree(tree);
  put(at, 0, tree.height);
  put(at, 1, leaves);
  put(at, 2, inner);
  put(at, 3, entries);
  put(at, 4, counter(MAPLE_NODES_ALLOCATED));
  put(at, 5, counter(MAPLE_SLOTS_MOVED));
  put(at, 6, hash);
  put(at, 7, answers);
  put(at, 8, counter(MAPLE_NODES_RESERVED) + askedAgain);
  put(at, 9, tree.largestRequest);
  put(at, 10, counter(MAPLE_GAP_LEVELS));
  put(at, 11, counter(MAPLE_PARENT_WRITES));
  put(at, 12, stores);
  put(at, 13, erases);
  put(at, 14, walks);
  put(at, 15, found);
  put(at, 16, broken);
}

@inline function put(at: usize, i: usize, word: u64): void { store<u64>(at + (i << 3), word); }
