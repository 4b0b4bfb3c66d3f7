// Splitting a VMA, and changing the attributes of a part of one.

import { EINVAL, ENOMEM, OPS_MAY_SPLIT, OPS_OPEN } from "../abi";
import { count, HOOK_OPENS, MAPLE_STORES, VMA_SHRUNK, VMA_SPLIT } from "../events";
import { vmi } from "../maple/cursor";
import { TOP } from "../maple/node";
import { commit, reserve } from "../maple/store";
import { find, previous } from "../maple/walk";
import { cloneAnon } from "./anon";
import { getFile, linkFile, reinsertFile } from "./file";
import { Merge, mergeExisting, MERGED, NO_MEMORY } from "./merge";
import { discardVma, duplicateVma } from "./pool";
import { exists, mm, Vma } from "./record";

/**
 * Cuts a VMA in two at an address, without asking for the map-count limit (__split_vma). The object keeps the
 * upper part when the new one goes below, the lower part otherwise; the iterator ends on the object. Returns 0
 * or an errno.
 *
 *   new below:  |---new---|---vma---|        new above:  |---vma---|---new---|
 */
export function splitVma(vma: Vma, addr: u64, newBelow: bool): u32 {
  if (vma.ops & OPS_MAY_SPLIT) return EINVAL;
  const fresh = duplicateVma(vma);
  if (!exists(fresh)) return ENOMEM;
  const pages = (addr - vma.start) >> 12;
  if (newBelow) {
    fresh.end = addr;
  } else {
    fresh.start = addr;
    fresh.pgoff += pages;
    fresh.anonPgoff += pages;
  }
  vmi.narrow(fresh.start, fresh.end - 1);
  if (!reserve(vmi, fresh.id)) {
    discardVma(fresh);
    return ENOMEM;
  }
  if (!cloneAnon(fresh, vma)) {
    vmi.release();
    discardVma(fresh);
    return ENOMEM;
  }
  if (fresh.file) getFile(fresh.file);
  if (fresh.ops & OPS_OPEN) count(HOOK_OPENS);
  linkFile(fresh);
  count(VMA_SPLIT);
  count(VMA_SHRUNK);
  if (newBelow) {
    vma.start = addr;
    vma.pgoff += pages;
    vma.anonPgoff += pages;
  } else {
    vma.end = addr;
  }
  reinsertFile(vma);
  fresh.attached = 1;
  count(MAPLE_STORES);
  commit(vmi, fresh.id);
  mm.mapCount++;
  if (newBelow) find(vmi, TOP);
  else previous(vmi, 0);
  return 0;
}

/** The same within the map-count limit (split_vma). */
export function splitWithinLimit(vma: Vma, addr: u64, newBelow: bool): u32 {
  return mm.mapCount >= mm.maxMapCount ? ENOMEM : splitVma(vma, addr, newBelow);
}

/** The VMA that modify() left covering the range. */
let modified: Vma = changetype<Vma>(0);
export function modifiedVma(): Vma { return modified; }

/**
 * Makes [start, end) of `g.middle` a VMA that can have the attributes of `g`: merges it with a neighbour that
 * has them, or else splits off what lies outside. The caller then writes the attribute into modifiedVma().
 * Returns 0 or an errno; a failing second split leaves the first (vma_modify).
 */
export function modify(g: Merge, vma: Vma, start: u64, end: u64): u32 {
  modified = mergeExisting(g);
  if (g.state == MERGED) return 0;
  if (g.state == NO_MEMORY) return ENOMEM;
  modified = vma;
  if (vma.start < start) {
    const error = splitWithinLimit(vma, start, true);
    if (error) return error;
  }
  return vma.end > end ? splitWithinLimit(vma, end, false) : 0;
}
