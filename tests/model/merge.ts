// When and how VMAs merge: the predicates and the two merge functions (sheet 2.1 to 2.5).

import { type AnonVma, duplicateAnon } from "./anon.js";
import { has, isCow, pg, VM_SPECIAL } from "./flags.js";
import { deleteSwallowed } from "./lifecycle.js";
import { isRemovable, pagesOf, type Space, type Vma } from "./space.js";

/**
 * One merge attempt: the range and attributes wanted, and the VMAs around it (vma_merge_struct).
 */
export interface MergeRequest {
  start: bigint;
  end: bigint;
  pgoff: bigint;
  anonPgoff: bigint;
  flags: bigint;
  file: number;
  anonVma: AnonVma | undefined;
  name: number;
  prev: Vma | undefined;
  next: Vma | undefined;
  /** The VMA whose attributes change; none for a new range. */
  middle?: Vma | undefined;
  /** mremap: the VMA the new range is a copy of. */
  copiedFrom?: Vma | undefined;
  /** brk: only grow the VMA below. */
  justExpand?: boolean;
}

// Predicates -----------------------------------------------------------------------------------------

/** is_mergeable_vma. Neither vm_ops nor page protection is compared. */
function sameAttributes(space: Space, neighbour: Vma, g: MergeRequest): boolean {
  return (
    !has(neighbour.flags ^ g.flags, ~space.ignoredFlags) &&
    neighbour.file === g.file &&
    neighbour.name === g.name
  );
}

/** Its chain reaches beyond its own anon_vma: a parent or a child may share its pages. */
function isForked(vma: Vma | undefined): boolean {
  return vma?.anonVma !== undefined && vma.chain.length !== 1;
}

/** is_mergeable_anon_vma (2.1, 2.2) */
function anonAgrees(space: Space, neighbour: Vma, g: MergeRequest): boolean {
  const { anonTest, anonTestSeesCopied } = space.era;
  if (neighbour.anonVma === g.anonVma) return true; // both none is equal
  if (neighbour.anonVma && g.anonVma) return false;
  // An unfaulted neighbour's chain is empty, so by the old test it takes no faulted range.
  if (anonTest === "chain of one") return neighbour.chain.length === 1;
  if (neighbour.anonVma) return !isForked(neighbour);
  return !isForked(g.middle) && !(anonTestSeesCopied && isForked(g.copiedFrom));
}

/** Anonymous offsets are asked only of private file mappings (2.1, cowfile). */
function needsAnonOffsets(space: Space, g: MergeRequest): boolean {
  return space.era.anonOffsets && g.file !== 0 && isCow(g.flags);
}

/** can_vma_merge_left */
export function leftFits(space: Space, g: MergeRequest): boolean {
  const { prev } = g;
  return (
    prev !== undefined &&
    prev.end === g.start &&
    sameAttributes(space, prev, g) &&
    anonAgrees(space, prev, g) &&
    prev.pgoff + pagesOf(prev) === g.pgoff &&
    (!needsAnonOffsets(space, g) || prev.anonPgoff + pagesOf(prev) === g.anonPgoff)
  );
}

/** can_vma_merge_right; `left` tells whether the left side already fits. */
export function rightFits(space: Space, g: MergeRequest, left: boolean): boolean {
  const { prev, next } = g;
  const pages = pg(g.end - g.start);
  return (
    next !== undefined &&
    g.end === next.start &&
    (space.era.closingNextFits || isRemovable(next)) &&
    sameAttributes(space, next, g) &&
    anonAgrees(space, next, g) &&
    g.pgoff + pages === next.pgoff &&
    (!needsAnonOffsets(space, g) || g.anonPgoff + pages === next.anonPgoff) &&
    (!left || !prev?.anonVma || !next.anonVma || prev.anonVma === next.anonVma)
  );
}

// New range ------------------------------------------------------------------------------------------

/**
 * vma_merge_new_range: the range is empty (or what was there has been gathered). Cases N1 to N6.
 */
export function mergeNewRange(space: Space, g: MergeRequest): Vma | undefined {
  if (has(g.flags, VM_SPECIAL)) return undefined;
  const left = leftFits(space, g);
  const right = !g.justExpand && rightFits(space, g, left);
  return expand(space, g, left, right);
}

/** vma_expand, once it is known which sides fit: the lower neighbour is the one that stays. */
export function expand(
  space: Space,
  g: MergeRequest,
  left: boolean,
  right: boolean,
): Vma | undefined {
  const { prev, next } = g;
  if (left && prev) {
    const swallows = right && next !== undefined && isRemovable(next);
    if (swallows) duplicateAnon(prev, next);
    duplicateAnon(prev, g.copiedFrom);
    keepSticky(space, prev, g.flags, swallows ? [next] : []);
    prev.end = swallows ? next.end : g.end;
    if (swallows) deleteSwallowed(space, next, prev);
    return prev;
  }
  if (right && next) {
    duplicateAnon(next, g.copiedFrom);
    keepSticky(space, next, g.flags, []);
    next.start = g.start;
    next.pgoff = g.pgoff;
    next.anonPgoff = g.anonPgoff;
    return next;
  }
  return undefined;
}

/**
 * vma_merge_extend: a VMA grows by `delta` bytes into free space above it, perhaps into the next
 * VMA.
 */
export function mergeExtend(space: Space, vma: Vma, delta: bigint): Vma | undefined {
  return mergeNewRange(space, {
    start: vma.end,
    end: vma.end + delta,
    pgoff: vma.pgoff + pagesOf(vma),
    anonPgoff: vma.anonPgoff + pagesOf(vma),
    flags: vma.flags,
    file: vma.file,
    anonVma: vma.anonVma,
    name: vma.name,
    prev: vma,
    next: space.above(vma.end),
  });
}

// Existing range -------------------------------------------------------------------------------------

/**
 * vma_merge_existing_range: [start, end) of `middle` gets the attributes of `g`. Cases E1 to E9.
 */
export function mergeExistingRange(space: Space, g: MergeRequest): Vma | undefined {
  const { middle, prev } = g;
  if (!middle) throw new Error("the model merges an existing range without its VMA");
  const fromStart = g.start === middle.start;
  const toEnd = g.end === middle.end;
  if (has(g.flags, VM_SPECIAL) || (!fromStart && !toEnd)) return undefined;

  const next = toEnd ? space.above(middle.end) : undefined;
  const request = { ...g, next };
  const left = fromStart && leftFits(space, request);
  let right = toEnd && rightFits(space, request, left);
  if (!left && !right) return undefined;
  const full = fromStart && toEnd;
  if (full && !isRemovable(middle)) return undefined; // E5
  if (left && right && next && !isRemovable(next)) right = false; // E2

  if (left && right && prev && next) {
    // E1: prev takes everything.
    duplicateAnon(prev, next.anonVma ? next : middle);
    keepSticky(space, prev, g.flags, [middle, next]);
    prev.end = next.end;
    deleteSwallowed(space, middle, prev);
    deleteSwallowed(space, next, prev);
    return prev;
  }
  if (left && prev) {
    duplicateAnon(prev, middle);
    keepSticky(space, prev, g.flags, full ? [middle] : []);
    prev.end = g.end;
    if (full)
      deleteSwallowed(space, middle, prev); // E2, E3
    else raiseStart(middle, g.end); // E6
    return prev;
  }
  if (right && next) {
    duplicateAnon(next, middle);
    keepSticky(space, next, g.flags, full ? [middle] : []);
    if (full)
      deleteSwallowed(space, middle, next); // E4
    else middle.end = g.start; // E7
    lowerStart(next, g.start);
    return next;
  }
  return undefined;
}

/**
 * The survivor keeps every sticky bit of the request and of the VMAs it swallowed (2.2, from 7.0).
 */
function keepSticky(space: Space, survivor: Vma, wanted: bigint, removed: Vma[]): void {
  if (!space.era.sticky) return;
  for (const flags of [wanted, ...removed.map((vma) => vma.flags)]) {
    survivor.flags |= flags & space.ignoredFlags;
  }
}

/** Gives up the pages below `start`; both offsets move along. */
export function raiseStart(vma: Vma, start: bigint): void {
  vma.pgoff += pg(start - vma.start);
  vma.anonPgoff += pg(start - vma.start);
  vma.start = start;
}

/** Takes in the pages from `start` on; both offsets move along. */
export function lowerStart(vma: Vma, start: bigint): void {
  vma.pgoff -= pg(vma.start - start);
  vma.anonPgoff -= pg(vma.start - start);
  vma.start = start;
}
