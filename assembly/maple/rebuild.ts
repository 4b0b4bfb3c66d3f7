// Stores that rebuild nodes: split, rebalance, and stores that span nodes. One engine serves all three
// (maple_copy; lib/maple_tree.c, 7.3). From the leaves upwards, each level gathers what stays, what is new,
// and perhaps a sibling, and deals it out to one, two or three new nodes, which are what is new one level up:
//
//        [sibling] | left: slots before |  pieces  | right: slots after | [sibling]
//                  +--------------------+----------+--------------------+
//   new nodes      |        first       |       second       |  (third)
//
// until one node replaces one node, or the root is reached. Old nodes stay readable until the new ones are in
// place, and are freed together.

import {
  count, MAPLE_NODE_WRITES, MAPLE_PARENT_WRITES, MAPLE_SLOTS_MOVED,
} from "../events";
import { REBUILD_AT } from "../memory";
import { Cursor, leftEdge, neighbour, rightEdge, scout, Tree } from "./cursor";
import { chooseLowestGap, innerGap, leafGap, propagateGap } from "./gap";
import {
  ARANGE_64, closeNode, copyPivots, copySlots, endOf, formatNode, freeDead, gapCell, isDead, isLeaf, isRoot, markDead,
  minSlotsOf, parentOf, parentSlot, pivotCell, RANGE_64, setParent, setSlot, slotAt, slotCell, slotsOf, TOP, typeOf,
} from "./node";
import { followWriteSlot, readWriteSlot } from "./store";
import { ascend, descend, descendToIndex } from "./walk";

// A level laid out in order: at most 16 + 15 + 3 + 15 slots -------------------------------------------
const LEVEL_PIVOTS: usize = REBUILD_AT;
const LEVEL_GAPS: usize = REBUILD_AT + 512;
const LEVEL_SLOTS: usize = REBUILD_AT + 1024;
// What is new at a level: at most three pieces --------------------------------------------------------
const PIECE_PIVOTS: usize = REBUILD_AT + 1280;
const PIECE_GAPS: usize = REBUILD_AT + 1312;
const PIECE_SLOTS: usize = REBUILD_AT + 1344;

/** Slots in the level. */
let levelSize: u32 = 0;
let pieces: u32 = 0;

@inline function addPiece(slot: u32, pivot: u64, gap: u64): void {
  store<u64>(PIECE_PIVOTS + ((<usize>pieces) << 3), pivot);
  store<u64>(PIECE_GAPS + ((<usize>pieces) << 3), gap);
  store<u32>(PIECE_SLOTS + ((<usize>pieces) << 2), slot);
  pieces++;
}

@inline function pieceSlot(i: u32): usize { return load<u32>(PIECE_SLOTS + ((<usize>i) << 2)); }
@inline function pieceGap(i: u32): u64 { return load<u64>(PIECE_GAPS + ((<usize>i) << 3)); }
@inline function piecePivot(i: u32): u64 { return load<u64>(PIECE_PIVOTS + ((<usize>i) << 3)); }

@inline function addToLevel(slot: u32, pivot: u64, gap: u64): void {
  store<u64>(LEVEL_PIVOTS + ((<usize>levelSize) << 3), pivot);
  store<u64>(LEVEL_GAPS + ((<usize>levelSize) << 3), gap);
  store<u32>(LEVEL_SLOTS + ((<usize>levelSize) << 2), slot);
  levelSize++;
}

@inline function levelPivot(i: u32): u64 { return load<u64>(LEVEL_PIVOTS + ((<usize>i) << 3)); }
@inline function levelGap(i: u32): u64 { return load<u64>(LEVEL_GAPS + ((<usize>i) << 3)); }
@inline function levelSlot(i: u32): u32 { return load<u32>(LEVEL_SLOTS + ((<usize>i) << 2)); }

/** Slots [first, last] of a node that ends at `max`; as runs, see node.ts. */
function addSlots(node: usize, first: u32, last: u32, max: u64): void {
  const n = last + 1 - first;
  copyPivots(LEVEL_PIVOTS + ((<usize>levelSize) << 3), pivotCell(node, first), n);
  copySlots(LEVEL_SLOTS + ((<usize>levelSize) << 2), slotCell(node, first), n);
  if (typeOf(node) == ARANGE_64) copyPivots(LEVEL_GAPS + ((<usize>levelSize) << 3), gapCell(node, first), n);
  levelSize += n;
  if (last == endOf(node)) store<u64>(LEVEL_PIVOTS + ((<usize>levelSize - 1) << 3), max);
}

/** Splits or rebalances the leaf that the cursor stands in, with the store in it (mas_wr_split, mas_wr_rebalance). */
export function rebuildNode(c: Cursor, entry: u32, splitting: bool): void {
  pieces = 0;
  if (c.slotMin < c.index) addPiece(c.content, c.index - 1, 0);
  addPiece(entry, c.last, 0);
  if (c.endPivot > c.last) addPiece(slotAt(c.at, c.offsetEnd), c.endPivot, 0);
  leftEdge.copyPlace(c);
  rightEdge.copyPlace(c);
  rightEdge.offset = c.offsetEnd;
  rebuild(c, splitting ? SPLITTING : REBALANCING);
}

/**
 * Stores over several nodes, from the node where the cursor found out (mas_wr_spanning_store). False when the
 * store has grown to cover everything, index..last says so, and nothing was done.
 */
export function rebuildSpan(c: Cursor, entry: u32): bool {
  const r = rightEdge;
  r.copyPlace(c);
  r.index = c.last == TOP ? TOP : c.last + 1; // the slot after, so that a gap there is seen
  walkToLeaf(r);
  r.endPivot = r.slotMax;
  walkToLeaf(c);
  if (entry == 0) widenSpanningNull(c, r);
  if (c.index == 0 && c.last == TOP) return false;

  pieces = 0;
  if (c.slotMin < c.index) addPiece(c.content, c.index - 1, 0);
  addPiece(entry, c.last, 0);
  if (r.endPivot > c.last) addPiece(slotAt(r.at, r.offsetEnd), r.endPivot, 0);
  leftEdge.copyPlace(c);
  r.offset = r.offsetEnd;
  rebuild(c, SPANNING);
  return true;
}

function walkToLeaf(c: Cursor): void {
  while (true) {
    readWriteSlot(c);
    if (isLeaf(typeOf(c.at))) return;
    followWriteSlot(c);
  }
}

/** A spanning store of nothing takes in the gaps it touches on both sides (mas_extend_spanning_null). */
function widenSpanningNull(c: Cursor, r: Cursor): void {
  if (c.content == 0) c.index = c.slotMin;
  if (c.index == c.slotMin && c.offset && slotAt(c.at, c.offset - 1) == 0) {
    c.offset--;
    c.index = c.slotLow();
    c.slotMin = c.index;
  }
  if (r.content == 0 && c.last < r.slotMax) c.last = r.slotMax;
}

const SPLITTING: u32 = 0;
const REBALANCING: u32 = 1;
const SPANNING: u32 = 2;

const NO_SIBLING: u32 = 0;
const LEFT_SIBLING: u32 = 1;
const RIGHT_SIBLING: u32 = 2;

/** Rebuilds upwards from the leaves at leftEdge and rightEdge; puts the cursor on what was stored. */
function rebuild(c: Cursor, kind: u32): void {
  const tree = c.inTree;
  const l = leftEdge;
  const r = rightEdge;
  let height: u32 = 1;
  while (true) {
    const type = typeOf(l.at);
    const size = l.offset + pieces + (endOf(r.at) - r.offset);
    const side = chooseSibling(kind, type, size);
    gather(side);
    const min = side == LEFT_SIBLING ? neighbour.min : l.min;
    const max = side == RIGHT_SIBLING ? neighbour.max : r.max;
    deal(c, type, min);

    if (min == 0 && max == TOP) {
      retire(side);
      plantRoot(c, tree, height);
      break;
    }
    if (pieces == 1 && side == NO_SIBLING && l.node == r.node) {
      replaceNode(c, l, tree);
      break;
    }
    ascendEdges(side);
    height++;
  }
  freeDead();
  descendToIndex(c);
}

/** Which sibling joins, if any; `neighbour` is on it. */
function chooseSibling(kind: u32, type: u32, size: u32): u32 {
  const few = size <= minSlotsOf(type) && !(leftEdge.min == 0 && rightEdge.max == TOP);
  if (kind == SPANNING) return few ? nearestNeighbour() : NO_SIBLING;
  if (size > slotsOf(type)) return siblingWithRoom(type, size);
  return kind == REBALANCING && few ? siblingToShare() : NO_SIBLING;
}

/** A full node first tries to push into its left sibling, then its right: one slot must stay free (push_data_sib). */
function siblingWithRoom(type: u32, size: u32): u32 {
  if (isRoot(leftEdge.at)) return NO_SIBLING;
  scout.copyPlace(leftEdge);
  ascend(scout);
  const slot = scout.offset;
  const parent = scout.at;
  if (slot) {
    enterNeighbour(slot - 1);
    if (endOf(neighbour.at) + 1 + size < 2 * slotsOf(type)) return LEFT_SIBLING;
  }
  if (slot < endOf(parent)) {
    enterNeighbour(slot + 1);
    if (endOf(neighbour.at) + 1 + size < 2 * slotsOf(type)) return RIGHT_SIBLING;
  }
  return NO_SIBLING;
}

/** A node with too little takes its right sibling in, or else its left (rebalance_sib). */
function siblingToShare(): u32 {
  scout.copyPlace(leftEdge);
  ascend(scout);
  const slot = scout.offset;
  const right = slot < endOf(scout.at);
  enterNeighbour(right ? slot + 1 : slot - 1);
  return right ? RIGHT_SIBLING : LEFT_SIBLING;
}

@inline function enterNeighbour(slot: u32): void {
  neighbour.copyPlace(scout);
  neighbour.offset = slot;
  descend(neighbour);
}

/** The node right of a span at the lowest level where there is one, or left of it; perhaps a cousin (spanning_sib). */
function nearestNeighbour(): u32 {
  const l = neighbour;
  const r = scout;
  l.copyPlace(leftEdge);
  r.copyPlace(rightEdge);
  let levels: u32 = 0;
  while (true) {
    ascend(r);
    ascend(l);
    levels++;
    if (r.offset < endOf(r.at)) {
      r.offset++;
      for (let i: u32 = 0; i < levels; i++) {
        descend(r);
        r.offset = 0;
      }
      neighbour.copyPlace(r);
      return RIGHT_SIBLING;
    }
    if (l.offset) {
      l.offset--;
      for (let i: u32 = 0; i < levels; i++) {
        descend(l);
        l.offset = endOf(l.at);
      }
      return LEFT_SIBLING;
    }
  }
}

/** Lays the level out in order. New children are told their parent here, and again with all others at the end. */
function gather(side: u32): void {
  const l = leftEdge;
  const r = rightEdge;
  levelSize = 0;
  if (!isLeaf(typeOf(l.at))) count(MAPLE_PARENT_WRITES, pieces);
  if (side == LEFT_SIBLING) addSlots(neighbour.at, 0, endOf(neighbour.at), neighbour.max);
  if (l.offset) addSlots(l.at, 0, l.offset - 1, l.max);
  for (let i: u32 = 0; i < pieces; i++) addToLevel(<u32>pieceSlot(i), piecePivot(i), pieceGap(i));
  if (r.offset < endOf(r.at)) addSlots(r.at, r.offset + 1, endOf(r.at), r.max);
  if (side == RIGHT_SIBLING) addSlots(neighbour.at, 0, endOf(neighbour.at), neighbour.max);
}

/**
 * Deals the level out to new nodes, which become the pieces. A leaf may end in a gap only at the top of the
 * tree: such a gap goes to the next leaf.
 */
function deal(c: Cursor, type: u32, min: u64): void {
  const size = levelSize;
  // Slots that every new node but the last gets. A third node comes with more than two can hold, or when a
  // gap would fall on the end of the first of two full leaves.
  let nodes: u32 = 1;
  let share = size;
  if (needsThree(type, size)) {
    nodes = 3;
    share = (size + 2) / 3 + 1;
  } else if (size > slotsOf(type)) {
    nodes = 2;
    share = (size - 1) / 2 + 1;
  }
  let from: u32 = 0;
  let low = min;
  let inherited: u32 = 0;
  count(MAPLE_SLOTS_MOVED, size);
  pieces = 0;
  for (let n: u32 = 1; n <= nodes; n++) {
    let to = n == nodes ? size : from + share + inherited;
    inherited = 0;
    if (n < nodes && levelSlot(to - 1) == 0) {
      to--;
      inherited = 1;
      count(MAPLE_SLOTS_MOVED);
    }
    const node = c.take();
    writeNode(node, type, from, to);
    const high = levelPivot(to - 1);
    addPiece(<u32>node, high, isLeaf(type) ? leafGap(node, low, high) : type == ARANGE_64 ? innerGap(node) : 0);
    low = high + 1;
    from = to;
  }
}

function needsThree(type: u32, size: u32): bool {
  const two: u32 = 2 * slotsOf(type);
  return size > two || (size == two && isLeaf(type) && levelSlot((size - 1) / 2) == 0);
}

/** Fills a new node with slots [from, to) of the level. */
function writeNode(node: usize, type: u32, from: u32, to: u32): void {
  count(MAPLE_NODE_WRITES);
  const n = to - from;
  copyPivots(pivotCell(node, 0), LEVEL_PIVOTS + ((<usize>from) << 3), n);
  copySlots(slotCell(node, 0), LEVEL_SLOTS + ((<usize>from) << 2), n);
  formatNode(node, type);
  closeNode(node, type, n - 1);
  if (isLeaf(type)) return;
  count(MAPLE_PARENT_WRITES, n);
  for (let i: u32 = 0; i < n; i++) setParent(<usize>slotAt(node, i), node, i);
  if (type != ARANGE_64) return;
  copyPivots(gapCell(node, 0), LEVEL_GAPS + ((<usize>from) << 3), n);
  chooseLowestGap(node);
}

/** The old nodes of this level are no longer of use. */
function retire(side: u32): void {
  const left = leftEdge.at;
  const right = rightEdge.at;
  markDead(left);
  if (right != left) markDead(right);
  if (side != NO_SIBLING) markDead(neighbour.at);
}

/** One level up: what was dealt replaces the slots from leftEdge's to rightEdge's, and all between them. */
function ascendEdges(side: u32): void {
  const l = leftEdge;
  const r = rightEdge;
  const oldLeft = l.at;
  const oldRight = r.at;
  if (side == LEFT_SIBLING) l.copyPlace(neighbour);
  if (side == RIGHT_SIBLING) r.copyPlace(neighbour);
  const slot = parentSlot(r.at);
  const shared = parentOf(l.at) == parentOf(r.at);
  ascend(l);
  if (shared) {
    r.copyPlace(l);
    r.offset = slot;
  } else {
    ascend(r);
  }
  markDead(oldLeft);
  if (oldRight != oldLeft) markDead(oldRight);
  if (side != NO_SIBLING) markDead(neighbour.at);
  if (shared) {
    dropChildren(l.at, l.offset + 1, r.offset);
  } else {
    dropChildren(l.at, l.offset + 1, endOf(l.at) + 1);
    dropChildren(r.at, 0, r.offset);
  }
}

function dropChildren(node: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) dropLive(<usize>slotAt(node, i));
}

/** Retires a node and all below it, but for nodes already retired and what hangs below them. */
function dropLive(node: usize): void {
  if (isDead(node)) return;
  if (!isLeaf(typeOf(node))) dropChildren(node, 0, endOf(node) + 1);
  markDead(node);
}

/** Frees a node and all below it. */
export function dropTree(root: usize): void {
  dropLive(root);
  freeDead();
}

/** The pieces become the tree: the only one as its root, several below a new root. */
function plantRoot(c: Cursor, tree: Tree, height: u32): void {
  const old = <usize>tree.root;
  let root = pieceSlot(0);
  if (pieces > 1) {
    levelSize = 0;
    for (let i: u32 = 0; i < pieces; i++) addToLevel(<u32>pieceSlot(i), piecePivot(i), pieceGap(i));
    root = c.take();
    count(MAPLE_PARENT_WRITES, pieces);
    count(MAPLE_SLOTS_MOVED, pieces);
    writeNode(root, tree.tracksGaps ? ARANGE_64 : RANGE_64, 0, pieces);
    height++;
  }
  setParent(root, 0, 0);
  tree.root = <u32>root;
  tree.height = height;
  dropLive(old);
  c.node = <u32>root;
  c.min = 0;
  c.max = TOP;
}

/** One new node takes the place of one old node, which is not the root. */
function replaceNode(c: Cursor, at: Cursor, tree: Tree): void {
  const node = pieceSlot(0);
  const parent = parentOf(at.at);
  const slot = parentSlot(at.at);
  setParent(node, parent, slot);
  setSlot(parent, slot, <u32>node);
  markDead(at.at);
  if (tree.tracksGaps) propagateGap(node, pieceGap(0));
  c.node = <u32>node;
  c.min = at.min;
  c.max = at.max;
}
