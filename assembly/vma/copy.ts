// The copy that mremap makes of a VMA at another address. (copy_vma, vma_link; mm/vma.c)

import { OPS_OPEN, PROFILE_7_3 } from "../abi";
import { count, HOOK_OPENS, MAPLE_STORES } from "../events";
import { lookup, vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { commit, reserve } from "../maple/store";
import { find, nextRange, previous, walk } from "../maple/walk";
import { cloneAnon, unlinkAnon } from "./anon";
import { getFile, linkFile, undoGetFile } from "./file";
import { isAnonymous } from "./flags";
import { mergeLike, mergeNewRange } from "./merge";
import { discardVma, duplicateVma } from "./pool";
import { exists, mm, same, Vma } from "./record";
import { closeVma } from "./unmap";

/** The source after copyVma: the copy may have swallowed it. */
let source: Vma = changetype<Vma>(0);
export function keptSource(): Vma { return source; }

/**
 * A VMA at [addr, addr + length) for what `vma` maps from `from` on: by merging with what stands there, or a new
 * one. NO_VMA without memory. `stays`: the source is kept, so the two must not become one.
 */
export function copyVma(vma: Vma, from: u64, addr: u64, length: u64, stays: bool): Vma {
  const into = (from - vma.start) >> 12;
  let pgoff = vma.pgoff + into;
  let anonPgoff = vma.anonPgoff + into;
  let mayJoinSelf = false;
  source = vma;
  if (vma.anonVma == 0) { // never written: it may take the offsets of the new place, and merge there
    if (mm.profile >= PROFILE_7_3) anonPgoff = addr >> 12;
    if (isAnonymous(vma)) {
      pgoff = addr >> 12;
      anonPgoff = pgoff;
      mayJoinSelf = true;
    }
  }
  const g = mergeLike(vma, vma, addr, addr + length);
  g.pgoff = pgoff;
  g.anonPgoff = anonPgoff;
  lookup.enter(vmaTree, addr);
  walk(lookup);
  g.prev = previous(lookup, 0);
  vmi.enter(vmaTree, addr);
  g.next = find(vmi, TOP);
  if (previous(vmi, 0)) nextRange(vmi, TOP);
  if (mayJoinSelf && stays && mm.profile >= PROFILE_7_3) {
    if (g.prev == vma.id) g.prev = 0;
    if (g.next == vma.id) g.next = 0;
  }
  g.middle = 0;
  g.copiedFrom = vma.id;
  const start = vma.start;
  const merged = mergeNewRange(g);
  if (exists(merged)) {
    if (merged.start < start && merged.end > start) source = merged; // it lay right behind, and is part of it now
    return merged;
  }
  return duplicateAt(vma, addr, length, pgoff, anonPgoff);
}

function duplicateAt(vma: Vma, addr: u64, length: u64, pgoff: u64, anonPgoff: u64): Vma {
  const copy = duplicateVma(vma);
  if (!exists(copy)) return copy;
  copy.start = addr;
  copy.end = addr + length;
  copy.pgoff = pgoff;
  copy.anonPgoff = anonPgoff;
  if (!cloneAnon(copy, vma)) {
    discardVma(copy);
    return changetype<Vma>(0);
  }
  if (copy.file) getFile(copy.file);
  if (copy.ops & OPS_OPEN) count(HOOK_OPENS);
  vmi.enter(vmaTree, addr);
  vmi.narrow(addr, copy.end - 1);
  if (!reserve(vmi, copy.id)) {
    closeVma(copy);
    if (copy.file) undoGetFile(copy.file);
    unlinkAnon(copy);
    discardVma(copy);
    return changetype<Vma>(0);
  }
  copy.attached = 1;
  count(MAPLE_STORES);
  commit(vmi, copy.id);
  linkFile(copy);
  mm.mapCount++;
  return copy;
}
