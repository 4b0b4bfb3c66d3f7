// Merging: may a range become one VMA with what stands beside it, and making it so. Era differences are
// tests of `mm.profile`; docs/model.md lists them. (vma_merge_new_range, vma_merge_existing_range,
// commit_merge; mm/vma.c, 6.15 and 7.3)

import {
  OPS_CLOSE, PROFILE_6_11, PROFILE_6_16, PROFILE_6_18, PROFILE_7_3, REFUSED_INSIDE, REFUSED_MEMORY, REFUSED_OWN_CLOSE,
  REFUSED_SPECIAL, VM_SPECIAL,
} from "../abi";
import { CHECKING } from "../checking";
import {
  count, COUNTING, MAPLE_STORES, MERGE_ATTEMPTS, MERGE_CORRUPTIONS, MERGE_MERGED, VMA_EXPANDED, VMA_SHRUNK,
} from "../events";
import { PATH_MERGE, slow } from "../slow";
import { clearRecord, SCRATCH_AT } from "../memory";
import { vmi } from "../maple/cursor";
import { TOP } from "../maple/node";
import { commit, reserve } from "../maple/store";
import { nextRange, previous, previousRange, walk } from "../maple/walk";
import { isWatched } from "../steps";
import { adoptAnon, unlinkAnon } from "./anon";
import { putFile, reinsertFile, unlinkFrom } from "./file";
import { ignoredFlags, isCopyOnWrite, stickyFlags } from "./flags";
import { freeVma } from "./pool";
import { mm, NO_VMA, Vma, vmaOf } from "./record";
import { noteOwn, noteSides } from "./refusal";

// What became of an attempt ---------------------------------------------------------------------------
export const NOT_MERGED: u32 = 0;
export const MERGED: u32 = 1;
export const NO_MEMORY: u32 = 2;

/** One attempt (vma_merge_struct): the range and attributes wanted, the VMAs around it, and how it ended. */
@unmanaged
export class Merge {
  start: u64;
  end: u64;
  flags: u64;
  pgoff: u64;
  anonPgoff: u64;
  file: u32;
  anonVma: u32;
  policy: u32;
  uffd: u32;
  name: u32;
  /** The VMA below the range (or the one it lies in), the VMA above. 0 = none. */
  prev: u32;
  next: u32;
  /** The VMA whose attributes change, in whole or in part; 0 for a new range. */
  middle: u32;
  /** mremap: the VMA that is copied. */
  copiedFrom: u32;
  /** Only the VMA below may grow, and the iterator stands on it (brk). */
  expandOnly: u32;
  /** The first attempt of mmap up to 6.11. */
  rightFirst: u32;
  /** NOT_MERGED, MERGED, NO_MEMORY */
  state: u32;
  // worked out on the way
  target: u32;
  removeMiddle: u32;
  removeNext: u32;
  /** 0, or which border moves without a VMA going away. */
  moves: u32;

  @inline get pages(): u64 { return (this.end - this.start) >> 12; }
}
if (offsetof<Merge>() > 128) ERROR("a merge record is at most 128 bytes");

const MIDDLE_START: u32 = 1;
const NEXT_START: u32 = 2;

@inline export const merge: Merge = changetype<Merge>(SCRATCH_AT);

/** Starts an attempt for a range with nothing set but the range. */
export function newMerge(start: u64, end: u64): Merge {
  const g = merge;
  clearRecord(changetype<usize>(g));
  g.start = start;
  g.end = end;
  return g;
}

/** An attempt with the attributes of a VMA, for a range that begins in it or at its end (VMG_VMA_STATE). */
export function mergeLike(vma: Vma, prev: Vma, start: u64, end: u64): Merge {
  const g = newMerge(start, end);
  const into = (start - vma.start) >> 12;
  g.flags = vma.flags;
  g.pgoff = vma.pgoff + into;
  g.anonPgoff = vma.anonPgoff + into;
  g.file = vma.file;
  g.anonVma = vma.anonVma;
  g.policy = vma.policy;
  g.uffd = vma.uffd;
  g.name = vma.name;
  g.prev = prev.id;
  g.middle = vma.id;
  return g;
}

// May it? ---------------------------------------------------------------------------------------------

function sameAttributes(g: Merge, v: Vma): bool {
  return ((v.flags ^ g.flags) & ~ignoredFlags()) == 0 && v.file == g.file && v.policy == g.policy
    && v.uffd == g.uffd && v.name == g.name;
}

@inline function isForked(id: u32): bool {
  if (id == 0) return false;
  const vma = vmaOf(id);
  return vma.anonVma != 0 && vma.chain != 1;
}

/** Whether the anon_vmas allow it (is_mergeable_anon_vma). */
export function anonCompatible(g: Merge, v: Vma): bool {
  const theirs = v.anonVma;
  const ours = g.anonVma;
  if (mm.profile < PROFILE_6_16) {
    // with one side unwritten the neighbour's chain must have exactly one entry: a written range therefore
    // never joins an unwritten neighbour
    return ((theirs == 0 || ours == 0) && v.chain == 1) || theirs == ours;
  }
  if (theirs == 0 && ours != 0) {
    return !isForked(g.middle) && (mm.profile < PROFILE_6_18 || !isForked(g.copiedFrom));
  }
  if (theirs != 0 && ours == 0) return !isForked(v.id);
  return theirs == ours;
}

/** 7.3: a private file mapping must continue in the anonymous index too. */
@inline export function anonIndexCounts(g: Merge): bool {
  return mm.profile >= PROFILE_7_3 && g.file != 0 && isCopyOnWrite(g.flags);
}

/** The VMA below can take the range: |--prev--|**range** */
function fitsLeft(g: Merge): bool {
  if (g.prev == 0) return false;
  const p = vmaOf(g.prev);
  return p.end == g.start && sameAttributes(g, p) && anonCompatible(g, p) && p.pgoff + p.pages == g.pgoff
    && (!anonIndexCounts(g) || p.anonPgoff + p.pages == g.anonPgoff);
}

/** The VMA above can take the range: **range**|--next--| ; and if the one below can too, they must agree. */
function fitsRight(g: Merge, left: bool): bool {
  if (g.next == 0) return false;
  const n = vmaOf(g.next);
  if (mm.profile == PROFILE_6_11 && !isRemovable(n)) return false; // even where it would survive
  if (g.end != n.start || !sameAttributes(g, n) || !anonCompatible(g, n) || g.pgoff + g.pages != n.pgoff) return false;
  if (anonIndexCounts(g) && g.anonPgoff + g.pages != n.anonPgoff) return false;
  if (!left) return true;
  const p = vmaOf(g.prev);
  return p.anonVma == 0 || n.anonVma == 0 || p.anonVma == n.anonVma;
}

/** A VMA whose ops have `close` must not vanish in a merge: close would never be called. */
@inline export function isRemovable(vma: Vma): bool { return (vma.ops & OPS_CLOSE) == 0; }

// A range that nothing occupies -----------------------------------------------------------------------

/**
 * Merges a new range with the VMAs beside it. The iterator stands in the gap (or on the VMA below, when only
 * that may grow). Returns the survivor, or NO_VMA: `state` says why.
 *
 *   |--prev--|*******|--next--|      both fit       |----------prev-----------|   next goes
 *   |--prev--|*******|--next--|      left fits      |------prev------|--next--|
 *   |--prev--|*******|--next--|      right fits     |--prev--|------next------|
 *   |--prev--|*******|--next+close|  both fit       |------prev------|--next--|   next must stay
 */
export function mergeNewRange(g: Merge): Vma {
  slow(PATH_MERGE);
  g.state = NOT_MERGED;
  if (COUNTING && g.flags & VM_SPECIAL && isWatched()) noteOwn(REFUSED_SPECIAL, g.flags & VM_SPECIAL);
  if (g.flags & VM_SPECIAL || (g.prev == 0 && g.next == 0)) return NO_VMA;
  count(MERGE_ATTEMPTS);
  const end = g.end;
  let left = false;
  let right = false;
  if (g.rightFirst) { //  the left test then asks with the right neighbour's anon_vma; the two are never compared
    right = fitsRight(g, false);
    if (right) g.anonVma = vmaOf(g.next).anonVma;
    left = fitsLeft(g);
  } else {
    left = fitsLeft(g);
    right = g.expandOnly == 0 && fitsRight(g, left);
  }
  if (COUNTING && (CHECKING || isWatched())) noteSides(g, left, right);
  if (right) {
    g.end = vmaOf(g.next).end;
    g.target = g.next;
  }
  if (left) {
    const p = vmaOf(g.prev);
    g.start = p.start;
    g.pgoff = p.pgoff;
    g.anonPgoff = p.anonPgoff;
    g.target = g.prev;
    if (right && !isRemovable(vmaOf(g.next))) g.end = end;
    if (g.expandOnly == 0) previous(vmi, 0);
  }
  if (g.target == 0 || !expand(g)) {
    if (COUNTING && g.target && isWatched()) noteOwn(REFUSED_MEMORY, 0);
    return NO_VMA;
  }
  g.state = MERGED;
  count(MERGE_MERGED);
  return vmaOf(g.target);
}

/** Widens `target` over the range, and over `next` when the range ends with it (vma_expand). */
function expand(g: Merge): bool {
  const target = vmaOf(g.target);
  const next = vmaOf(g.next);
  const removeNext = g.next != 0 && g.target != g.next && g.end == next.end;
  let sticky = (g.flags | target.flags) & stickyFlags();
  const hadAnon = target.anonVma != 0;
  if (removeNext && !adoptAnon(target, next)) return false;
  if (g.copiedFrom && !adoptAnon(target, vmaOf(g.copiedFrom))) return false;
  if (removeNext) {
    g.removeNext = 1;
    sticky |= next.flags & stickyFlags();
  }
  if (!commitMerge(g)) {
    if (!hadAnon) unlinkAnon(target);
    g.state = NO_MEMORY;
    return false;
  }
  target.flags |= sticky;
  return true;
}

// A range that changes its attributes -----------------------------------------------------------------

/**
 * Merges [start, end) of `middle`, about to have other attributes, with a neighbour that has them already.
 * `prev` is the VMA below, or `middle` itself when the range begins inside it. The iterator stands in
 * `middle`. Returns the survivor or NO_VMA.
 *
 *   |--prev--|****middle****|--next--|   both    |---------------prev---------------|
 *   |--prev--|****middle****|--next--|   left    |----------prev---------|---next---|
 *   |--prev--|****middle****|--next--|   right   |--prev--|-----------next----------|
 *   |--prev--|***|--middle--|            left    |----prev----|---middle---|
 *              |--middle--|***|--next--| right   |---middle---|----next----|
 */
export function mergeExisting(g: Merge): Vma {
  const middle = vmaOf(g.middle);
  const start = g.start;
  const atStart = start == middle.start;
  const atEnd = g.end == middle.end;
  g.state = NOT_MERGED;
  if (g.flags & VM_SPECIAL || (!atStart && !atEnd)) {
    const bits = g.flags & VM_SPECIAL;
    if (COUNTING && isWatched()) noteOwn(bits ? REFUSED_SPECIAL : REFUSED_INSIDE, bits);
    return NO_VMA;
  }

  const left = atStart && fitsLeft(g);
  let right = false;
  if (atEnd) {
    g.next = nextRange(vmi, TOP);
    previousRange(vmi, 0);
    right = fitsRight(g, left);
  }
  if ((atStart && g.prev != 0) || g.next != 0) count(MERGE_ATTEMPTS);
  if (COUNTING && atStart && atEnd && (CHECKING || isWatched())) noteSides(g, left, right);
  if (left) previous(vmi, 0);
  else if (!right) return NO_VMA;

  const whole = atStart && atEnd;
  if (whole && !isRemovable(middle)) {
    if (COUNTING && isWatched()) noteOwn(REFUSED_OWN_CLOSE, 0);
    return NO_VMA;
  }
  g.removeMiddle = whole ? 1 : 0;
  if (left && right && !isRemovable(vmaOf(g.next))) right = false;

  let sticky = g.flags;
  if (right) sticky |= vmaOf(g.next).flags;
  if (left) sticky |= vmaOf(g.prev).flags;
  const adoption = planExisting(g, middle, left, right);
  if (adoption == ADOPTION_FAILED || !commitMerge(g)) {
    if (adoption == ADOPTED) unlinkAnon(vmaOf(g.target));
    vmi.set(start, start);
    walk(vmi);
    g.state = NO_MEMORY;
    return NO_VMA;
  }
  const target = vmaOf(g.target);
  target.flags |= sticky & stickyFlags();
  g.state = MERGED;
  count(MERGE_MERGED);
  return target;
}

const NOT_ADOPTED: u32 = 0;
const ADOPTED: u32 = 1;
const ADOPTION_FAILED: u32 = 2;

/** Works out the survivor's range and what moves or goes; and whether the survivor took over an anon_vma. */
function planExisting(g: Merge, middle: Vma, left: bool, right: bool): u32 {
  const prev = vmaOf(g.prev);
  const next = vmaOf(g.next);
  let from = middle;
  if (left) {
    g.target = g.prev;
    g.start = prev.start;
    g.pgoff = prev.pgoff;
    g.anonPgoff = prev.anonPgoff;
    if (right) {
      g.removeNext = 1;
      g.end = next.end;
      if (next.anonVma) from = next;
    } else if (g.removeMiddle == 0) {
      g.moves = MIDDLE_START;
    }
  } else {
    g.target = g.next;
    const pages = g.pages;
    if (g.removeMiddle) {
      g.end = next.end;
      g.pgoff = next.pgoff - pages;
      g.anonPgoff = next.anonPgoff - pages;
    } else { //  middle shrinks to what is below the range, next grows down to it
      g.moves = NEXT_START;
      g.end = g.start;
      g.start = middle.start;
      g.pgoff = middle.pgoff;
      g.anonPgoff = middle.anonPgoff;
    }
  }
  const target = vmaOf(g.target);
  const had = target.anonVma != 0;
  if (!adoptAnon(target, from)) return ADOPTION_FAILED;
  return !had && target.anonVma != 0 ? ADOPTED : NOT_ADOPTED;
}

// Making it so ----------------------------------------------------------------------------------------

/**
 * One reservation, one store. Entries that the store covers vanish, entries it half covers shrink by
 * themselves. False, and nothing changed, without memory (commit_merge).
 */
function commitMerge(g: Merge): bool {
  const middle = vmaOf(g.middle);
  const next = vmaOf(g.next);
  const target = vmaOf(g.target);
  const nextGrowsDown = g.moves == NEXT_START;
  if (nextGrowsDown) vmi.narrow(g.end, next.end - 1);
  else vmi.narrow(g.start, g.end - 1);
  if (!reserve(vmi, nextGrowsDown ? g.middle : g.target)) return false;

  // `changed` is the VMA whose range is set below: the survivor, or the middle that makes way for it
  const changed = nextGrowsDown ? middle : target;
  count(VMA_EXPANDED);
  if (g.moves) count(VMA_SHRUNK);
  changed.start = g.start;
  changed.end = g.end;
  changed.pgoff = g.pgoff;
  changed.anonPgoff = g.anonPgoff;
  if (g.moves == MIDDLE_START) {
    const delta = (g.end - middle.start) >> 12;
    middle.start = g.end;
    middle.pgoff += delta;
    middle.anonPgoff += delta;
  } else if (nextGrowsDown) {
    const delta = (next.start - g.end) >> 12;
    next.start = g.end;
    next.pgoff -= delta;
    next.anonPgoff -= delta;
  }
  if (CHECKING) assert(vmi.index == target.start, "a merge stores where it has reserved");
  vmi.narrow(target.start, target.end - 1);
  count(MAPLE_STORES);
  commit(vmi, g.target);

  reinsertFile(changed);
  if (g.moves == MIDDLE_START) reinsertFile(middle);
  if (nextGrowsDown) reinsertFile(next);
  if (g.removeMiddle) removeMerged(middle, target.file);
  if (g.removeNext) removeMerged(next, target.file);
  return true;
}

/**
 * A VMA that another has swallowed. Its reference and its place in i_mmap are given back to `file`, the
 * survivor's: only a hook of 6.13 to 6.15 that swaps the file can make that another file than the VMA's own.
 */
function removeMerged(vma: Vma, file: u32): void {
  if (vma.file != file) count(MERGE_CORRUPTIONS);
  if (file) {
    unlinkFrom(vma, file);
    putFile(file);
  }
  unlinkAnon(vma);
  mm.mapCount--;
  freeVma(vma);
}
