// Maple nodes: layout, accessors, pool.
//
//  One node, 256 bytes. The tree covers all of 0..2^64-1; a slot's range begins one above the pivot before it
//  and ends at its own pivot, inclusive. Slots and head stand at the same place in every type.
//
//   leaf_64, range_64: 16 slots
//   0                                 128        160             224     228   229  230  231  232     256
//   +---------------------------------+----------+---------------+-------+-----+----+----+----+-------+
//   | pivots, 16 x u64                |    -     | slots 16 x u32| parent|pslot|type|end |gap |   -   |
//   +---------------------------------+----------+---------------+-------+-----+----+----+----+-------+
//   arange_64: 10 slots and the largest gap below each
//   +--------------------+--------------------+------------+-----+
//   | pivots, 10 x u64   | gaps, 10 x u64     | slots 10   |  -  |   ... head as above
//   +--------------------+--------------------+------------+-----+
//   0                    80                   160          200
//
//  `end` is the index of the last used slot, `gap` the slot of a largest gap (arange_64), `pslot` the slot
//  that the parent holds this node in; parent 0 = root. The kernel stores no pivot for the last slot of a full
//  node and zero above it; here every cell from `end` on holds 2^64-1, so that a search needs no bound.
//  Entries and children are 32-bit: ids of the caller, and node addresses. (maple_range_64, maple_arange_64;
//  include/linux/maple_tree.h, 7.3)

import { count, MAPLE_NODES_ALLOCATED, MAPLE_NODES_FREED } from "../events";
import { copyRecord, NODE_LIMIT, NODE_POOL_AT, NODES_AT } from "../memory";

export const NODE_SIZE: usize = 256;
const NODE_SHIFT: usize = 8;
const GAPS: usize = 80;
const SLOTS: usize = 160;
const PARENT: usize = 224;
const PARENT_SLOT: usize = 228;
const TYPE: usize = 229;
const END: usize = 230;
const GAP_SLOT: usize = 231;

export const LEAF_64: u32 = 1;
export const RANGE_64: u32 = 2;
export const ARANGE_64: u32 = 3;
/** The type of a node that an operation under way has replaced. */
const DEAD: u32 = 0xff;

/** 2^64 - 1, the highest index. */
export const TOP: u64 = u64.MAX_VALUE;

@inline export function slotsOf(type: u32): u32 { return select<u32>(10, 16, type == ARANGE_64); }
/** A node other than the root has more slots than this. */
@inline export function minSlotsOf(type: u32): u32 { return select<u32>(4, 6, type == ARANGE_64); }
@inline export function isLeaf(type: u32): bool { return type == LEAF_64; }

@inline export function pivotAt(node: usize, i: u32): u64 { return load<u64>(node + ((<usize>i) << 3)); }
@inline export function setPivot(node: usize, i: u32, to: u64): void { store<u64>(node + ((<usize>i) << 3), to); }
@inline export function slotAt(node: usize, i: u32): u32 { return load<u32>(node + ((<usize>i) << 2), SLOTS); }
@inline export function setSlot(node: usize, i: u32, to: u32): void { store<u32>(node + ((<usize>i) << 2), to, SLOTS); }
@inline export function gapAt(node: usize, i: u32): u64 { return load<u64>(node + ((<usize>i) << 3), GAPS); }
@inline export function setGap(node: usize, i: u32, to: u64): void { store<u64>(node + ((<usize>i) << 3), to, GAPS); }

@inline export function parentOf(node: usize): usize { return load<u32>(node, PARENT); }
@inline export function parentSlot(node: usize): u32 { return load<u8>(node, PARENT_SLOT); }
@inline export function typeOf(node: usize): u32 { return load<u8>(node, TYPE); }
@inline export function endOf(node: usize): u32 { return load<u8>(node, END); }
@inline export function setEnd(node: usize, to: u32): void { store<u8>(node, to, END); }
@inline export function gapSlot(node: usize): u32 { return load<u8>(node, GAP_SLOT); }
@inline export function setGapSlot(node: usize, to: u32): void { store<u8>(node, to, GAP_SLOT); }
@inline export function isRoot(node: usize): bool { return parentOf(node) == 0; }

@inline export function setParent(node: usize, parent: usize, slot: u32): void {
  store<u32>(node, <u32>parent, PARENT);
  store<u8>(node, slot, PARENT_SLOT);
}

/** Upper bound, inclusive, of slot i in a node that ends at `max`. */
@inline export function upperBound(node: usize, i: u32, max: u64): u64 {
  return i < endOf(node) ? pivotAt(node, i) : max;
}

/** Lower bound of slot i in a node that begins at `min`. */
@inline export function lowerBound(node: usize, i: u32, min: u64): u64 {
  return i ? pivotAt(node, i - 1) + 1 : min;
}

/**
 * First slot whose pivot is at or above `key`, which lies in the node. By branches, as the kernel looks: then the
 * CPU need not wait for the pivots before it reads the next node. Only which half of a leaf it is, the branch that
 * would be wrong most often, is a select. (Selects all the way, and SIMD: 2 to 15 % slower, docs/performance.md.)
 */
@inline export function findSlot(node: usize, type: u32, key: u64): u32 {
  return findSlotFrom(node, type == ARANGE_64 ? 0 : select<u32>(8, 0, pivotAt(node, 7) < key), key);
}

/** The same from a slot on that begins at or below `key`: for a key that is probably near. */
@inline export function findSlotFrom(node: usize, from: u32, key: u64): u32 {
  let i = from;
  while (pivotAt(node, i) < key) i++;
  return i;
}

/** One bit a slot, the lowest for slot 0: set where a leaf holds nothing, undefined beyond the last used slot. */
@inline export function emptySlots(node: usize): u32 {
  const none = i32x4.splat(0);
  const low = i16x8.narrow_i32x4_s(
    i32x4.eq(v128.load(node, SLOTS), none), i32x4.eq(v128.load(node, SLOTS + 16), none));
  const high = i16x8.narrow_i32x4_s(
    i32x4.eq(v128.load(node, SLOTS + 32), none), i32x4.eq(v128.load(node, SLOTS + 48), none));
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

// Runs of slots are moved as vectors of two pivots (or gaps) and four slots: a loop over single slots asks V8's stack
// guard at every turn. Up to one pivot and three slots more are written than asked for:
//
//   | pivots ............... | free or gaps |  slots ........... | head |
//   0                       128            160                  224
//
// so what stands behind a run is written after it.

@inline export function pivotCell(node: usize, i: u32): usize { return node + ((<usize>i) << 3); }
@inline export function gapCell(node: usize, i: u32): usize { return node + GAPS + ((<usize>i) << 3); }
@inline export function slotCell(node: usize, i: u32): usize { return node + SLOTS + ((<usize>i) << 2); }

/** Copies n pivots, or n gaps. */
@inline export function copyPivots(to: usize, from: usize, n: u32): void {
  const bytes = <usize>n << 3;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

@inline export function copySlots(to: usize, from: usize, n: u32): void {
  const bytes = <usize>n << 2;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

/** Sets every pivot cell from `end` on to 2^64-1, and the end. */
export function closeNode(node: usize, type: u32, end: u32): void {
  const cells = slotsOf(type);
  for (let i = end; i < cells; i++) setPivot(node, i, TOP);
  setEnd(node, end);
}

/** Turns a popped node into one of a type. */
@inline export function formatNode(node: usize, type: u32): void {
  store<u8>(node, type, TYPE);
  store<u8>(node, 0, GAP_SLOT);
}

/** Makes `to` what `from` is, parent included. */
export function copyNode(to: usize, from: usize): void {
  copyRecord(to, from);
  copyRecord(to + 128, from + 128);
}

// The pool ------------------------------------------------------------------------------------------

@unmanaged
class NodePool {
  /** Numbers handed out so far; number 0 is never used. */
  next: u32;
  /** Free nodes, chained through their parent word. */
  free: u32;
  /** Nodes that the operation under way has replaced, chained likewise. */
  dead: u32;
  live: u32;
  /** Promised to reservations and not yet taken; the kernel's counterpart is a cursor's prefilled sheaf. */
  held: u32;
}

@inline const pool: NodePool = changetype<NodePool>(NODE_POOL_AT);

/** Promises `n` nodes; false when the pool is too small for them. */
export function holdNodes(n: u32): bool {
  if (pool.live + pool.held + n >= NODE_LIMIT) return false;
  pool.held += n;
  return true;
}

/** Nodes in use, and those promised to reservations. */
export function liveNodes(): u32 { return pool.live; }
export function heldNodes(): u32 { return pool.held; }

/** Hands back promised nodes that were not taken. */
@inline export function releaseNodes(n: u32): void { pool.held -= n; }

/** Bytes of the pool that were ever used. */
export function nodeBytes(): u32 { return (pool.next + 1) << <u32>NODE_SHIFT; }

/** Takes a promised node (mas_pop_node). Its contents are undefined. */
export function popNode(): usize {
  count(MAPLE_NODES_ALLOCATED);
  pool.held--;
  pool.live++;
  const node = <usize>pool.free;
  if (node) {
    pool.free = load<u32>(node, PARENT);
    return node;
  }
  return NODES_AT + ((<usize>++pool.next) << NODE_SHIFT);
}

/** Marks a node as replaced; its parent word is lost. It is freed when the operation ends. */
export function markDead(node: usize): void {
  store<u8>(node, DEAD, TYPE);
  store<u32>(node, pool.dead, PARENT);
  pool.dead = <u32>node;
}

@inline export function isDead(node: usize): bool { return typeOf(node) == DEAD; }

/** Frees what markDead has collected. The kernel waits for a grace period; nobody reads beside us. */
export function freeDead(): void {
  let node = <usize>pool.dead;
  pool.dead = 0;
  while (node) {
    const next = <usize>load<u32>(node, PARENT);
    freeNode(node);
    node = next;
  }
}

export function freeNode(node: usize): void {
  count(MAPLE_NODES_FREED);
  pool.live--;
  store<u32>(node, pool.free, PARENT);
  pool.free = <u32>node;
}
