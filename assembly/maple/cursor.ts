// Trees, and cursors that stand in them.

import { FAIL_ALLOCATION } from "../abi";
import { count, COUNTING, MAPLE_NODES_RESERVED, MAPLE_SIDE_NODES } from "../events";
import { CURSORS_AT, TREES_AT } from "../memory";
import { failsHere, ranOut } from "../limits";
import { CHECKING } from "../checking";
import { holdNodes, lowerBound, popNode, releaseNodes, upperBound } from "./node";

/** Tracks the largest gap below every inner slot (MT_FLAGS_ALLOC_RANGE). */
export const TREE_ALLOC: u32 = 1;
/** Has readers: a node in the tree may change one slot and one border at a time (MT_FLAGS_USE_RCU). */
export const TREE_RCU: u32 = 2;

@unmanaged
export class Tree {
  /** Height 0: the entry at index 0 and nothing else, or 0 for an empty tree. Else: address of the root node. */
  root: u32;
  height: u32;
  flags: u32;
  /** Largest request of a reservation so far. */
  largestRequest: u32;

  @inline get tracksGaps(): bool { return (this.flags & TREE_ALLOC) != 0; }
  @inline get hasReaders(): bool { return (this.flags & TREE_RCU) != 0; }
}

/** mm_mt: every VMA of the address space. */
@inline export const vmaTree: Tree = changetype<Tree>(TREES_AT);
/** The side tree that an unmap gathers VMAs in (mt_detach). */
@inline export const detachedTree: Tree = changetype<Tree>(TREES_AT + 32);

/** The tree of a child while it is being forked. */
@inline export const childTree: Tree = changetype<Tree>(TREES_AT + 64);

// Status of a cursor (enum maple_status) ---------------------------------------------------------------
export const ACTIVE: u32 = 0; //    node, offset, min, max, end are valid
export const START: u32 = 1; //     the next walk begins at the root
export const AT_ROOT: u32 = 2; //   the tree holds an entry at index 0 only
export const NONE: u32 = 3; //      the tree is empty, or there is nothing where it looked
export const OVERFLOW: u32 = 4; //  went beyond the upper limit
export const UNDERFLOW: u32 = 5; // went beyond the lower limit
export const FAILED: u32 = 6; //    a gap search found nothing

/**
 * A place in a tree (ma_state), and what the next store there needs to know (ma_wr_state). `index` and `last`
 * are the range asked for, or the one found; both inclusive, in bytes.
 */
@unmanaged
export class Cursor {
  index: u64;
  last: u64;
  /** Range of `node`. */
  min: u64;
  max: u64;
  // the write -------------------------------------------------
  /** Range of the slot at `offset`. */
  slotMin: u64;
  slotMax: u64;
  /** Upper bound of the slot at `offsetEnd`. */
  endPivot: u64;
  // place -----------------------------------------------------
  tree: u32;
  node: u32;
  offset: u32;
  /** Last used slot of `node`. */
  end: u32;
  /** Levels below the root. */
  depth: u32;
  status: u32;
  // the write -------------------------------------------------
  /** The slot that holds `last`. */
  offsetEnd: u32;
  /** What the slot at `offset` holds. */
  content: u32;
  /** STORE_*, once reserved. */
  storeType: u32;
  /** Nodes held for it. */
  held: u32;

  @inline get inTree(): Tree { return changetype<Tree>(<usize>this.tree); }
  @inline get at(): usize { return <usize>this.node; }

  /** Stands nowhere yet and asks for [index, last]; any place is forgotten (mas_set_range). */
  @inline set(index: u64, last: u64): void {
    this.status = START;
    this.node = 0;
    this.index = index;
    this.last = last;
  }

  /** Asks for a part of the slot it stands at, keeping the place (__mas_set_range). */
  @inline narrow(index: u64, last: u64): void {
    this.index = index;
    this.last = last;
  }

  /** Forgets the place, keeps the range (mas_reset). */
  @inline reset(): void {
    this.status = START;
    this.node = 0;
  }

  /** Puts it into a tree at an index. */
  @inline enter(tree: Tree, index: u64): void {
    this.tree = <u32>changetype<usize>(tree);
    this.held = 0;
    this.set(index, index);
  }

  @inline slotLow(): u64 { return lowerBound(this.at, this.offset, this.min); }
  @inline slotHigh(): u64 { return upperBound(this.at, this.offset, this.max); }

  /** The same place in the same tree as another cursor. */
  @inline copyPlace(from: Cursor): void {
    this.tree = from.tree;
    this.node = from.node;
    this.min = from.min;
    this.max = from.max;
    this.offset = from.offset;
    this.end = from.end;
    this.depth = from.depth;
    this.status = from.status;
  }

  /** Holds nodes for the next store. False, and nothing held, when there is no memory. */
  hold(n: u32): bool {
    count(MAPLE_NODES_RESERVED, n);
    if (n > this.inTree.largestRequest) this.inTree.largestRequest = n;
    if (n == 0) return true;
    if (failsHere(FAIL_ALLOCATION)) return false;
    if (!holdNodes(n)) {
      ranOut();
      return false;
    }
    this.held = n;
    return true;
  }

  /** Takes one of the nodes held. */
  take(): usize {
    if (CHECKING) assert(this.held > 0, "a store takes no more nodes than it reserved");
    this.held--;
    if (COUNTING && this.tree == <u32>changetype<usize>(detachedTree)) count(MAPLE_SIDE_NODES);
    return popNode();
  }

  /** Keeps the nodes held out of the way of another store's; see takeUp. */
  @inline setAside(): u32 {
    const n = this.held;
    this.held = 0;
    return n;
  }

  /** Holds nodes that were set aside. */
  @inline takeUp(n: u32): void { this.held += n; }

  /** Gives back what a store did not take (mas_destroy). */
  @inline release(): void {
    releaseNodes(this.held);
    this.held = 0;
  }
}
if (offsetof<Cursor>() > 128) ERROR("a cursor is at most 128 bytes");

/** The iterator of the call under way (vma_iterator). */
@inline export const vmi: Cursor = changetype<Cursor>(CURSORS_AT + 0 * 128);
/** The cursor in the side tree (mas_detach). */
@inline export const detached: Cursor = changetype<Cursor>(CURSORS_AT + 1 * 128);
/** The cursor of the search for a place, which ends before the call's own iterator starts. */
@inline export const placing: Cursor = changetype<Cursor>(CURSORS_AT + 2 * 128);
/** Lookups beside an iterator. */
@inline export const lookup: Cursor = changetype<Cursor>(CURSORS_AT + 3 * 128);
/** The iterator of a second tree. */
@inline export const other: Cursor = changetype<Cursor>(CURSORS_AT + 9 * 128);
/** An iterator over VMAs that a call goes through one by one, changing the tree. */
@inline export const scan: Cursor = changetype<Cursor>(CURSORS_AT + 8 * 128);
/** Working cursors of a store that rebuilds nodes. */
@inline export const leftEdge: Cursor = changetype<Cursor>(CURSORS_AT + 4 * 128);
@inline export const rightEdge: Cursor = changetype<Cursor>(CURSORS_AT + 5 * 128);
@inline export const neighbour: Cursor = changetype<Cursor>(CURSORS_AT + 6 * 128);
@inline export const scout: Cursor = changetype<Cursor>(CURSORS_AT + 7 * 128);
