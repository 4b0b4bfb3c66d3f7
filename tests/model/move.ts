// Moving a mapping (sheet 3.4): move_vma and copy_vma.

import { ENOMEM } from "../../src/core/abi.js";
import { charge, statAccount } from "./account.js";
import { unlinkAnon } from "./anon.js";
import { has, pg, VM_ACCOUNT, VM_LOCKED, VM_LOCKED_MASK } from "./flags.js";
import { duplicateVma, linkVma } from "./lifecycle.js";
import { mergeNewRange } from "./merge.js";
import { askMaySplit, split } from "./modify.js";
import { refuse } from "./refuse.js";
import { isAnonymous, type Space, type Vma } from "./space.js";
import { unmapRange } from "./unmap.js";

export interface Move {
  address: bigint;
  oldLength: bigint;
  newLength: bigint;
  newAddress: bigint;
  /** MREMAP_DONTUNMAP: the pages move, the old mapping stays. */
  dontUnmap: boolean;
}

/** move_vma. `source` covers the old range; the new range is free. */
export function moveVma(space: Space, source: Vma, move: Move): bigint {
  const { address, oldLength, newLength, newAddress, dontUnmap } = move;
  const oldEnd = address + oldLength;
  const splitsLocked = space.era.mremap73 && dontUnmap && has(source.flags, VM_LOCKED);
  guardMapCount(space, splitsLocked);
  if (source.start !== address || source.end !== oldEnd) askMaySplit(source);
  if (splitsLocked) {
    // The source loses its LOCKED bits below, so it must be exactly the range that moves.
    if (source.start < address) split(space, source, address, true);
    if (source.end > oldEnd) split(space, source, oldEnd, false);
  }
  const { flags } = source;
  if (has(flags, VM_ACCOUNT)) charge(space, pg(dontUnmap ? newLength : newLength - oldLength));

  const { copy, holder } = copyVma(space, source, move);
  if (space.era.countsLockedTwice && has(flags, VM_LOCKED)) space.lockedVm += pg(newLength);
  if (dontUnmap) keepSource(space, holder, copy, address, oldEnd);
  statAccount(space, flags, pg(newLength));
  // Asked of the source, whose bits are gone by now if it stays.
  if (!space.era.countsLockedTwice && has(holder.flags, VM_LOCKED)) space.lockedVm += pg(newLength);
  if (!dontUnmap && oldLength > 0n) unmapSource(space, holder, address, oldEnd);
  return newAddress;
}

function guardMapCount(space: Space, splitsLocked: boolean): void {
  const { maxMapCount } = space.settings;
  const tooFull = space.era.mremap73
    ? space.mapCount + 2 + (splitsLocked ? 1 : 0) > maxMapCount
    : space.mapCount >= maxMapCount - 3;
  if (tooFull) refuse(ENOMEM);
}

/**
 * copy_vma: a mapping like the source at the new place, merged there if it can be. `holder` is the
 * VMA that covers the old range afterwards: the source, or the survivor that swallowed it.
 */
function copyVma(space: Space, source: Vma, move: Move): { copy: Vma; holder: Vma } {
  const start = move.newAddress;
  const end = start + move.newLength;
  const skipped = pg(move.address - source.start);
  const unfaulted = source.anonVma === undefined;
  // Anonymous memory that was never written can take on the offset of its new place.
  const mayMergeWithSelf = isAnonymous(source) && unfaulted;
  const pgoff = mayMergeWithSelf ? pg(start) : source.pgoff + skipped;
  const anonPgoff = unfaulted ? pg(start) : source.anonPgoff + skipped;

  let prev = space.below(start);
  let next = space.above(end);
  if (space.era.mremap73 && move.dontUnmap && mayMergeWithSelf) {
    if (prev === source) prev = undefined;
    if (next === source) next = undefined;
  }
  const { flags, file, anonVma, name } = source;
  const wanted = { start, end, pgoff, anonPgoff, flags, file, anonVma, name };
  const merged = mergeNewRange(space, { ...wanted, prev, next, copiedFrom: source });
  if (merged) {
    const swallowed = !space.vmas.includes(source);
    return { copy: merged, holder: swallowed ? merged : source };
  }
  const copy = Object.assign(duplicateVma(space, source), { start, end, pgoff, anonPgoff });
  linkVma(space, copy);
  return { copy, holder: source };
}

/** dontunmap_complete */
function keepSource(space: Space, source: Vma, copy: Vma, start: bigint, end: bigint): void {
  source.flags &= ~VM_LOCKED_MASK;
  if (copy === source || source.start !== start || source.end !== end) return;
  unlinkAnon(source);
  if (!space.era.mremap73) return;
  source.anonPgoff = pg(source.start);
  if (isAnonymous(source) && source.file === 0) source.pgoff = pg(source.start);
}

/** unmap_source_vma: the charge has moved with the pages, so ACCOUNT is hidden from the munmap. */
function unmapSource(space: Space, source: Vma, start: bigint, end: bigint): void {
  const hidden = source.flags & VM_ACCOUNT;
  const staysBelow = source.start < start;
  const staysAbove = source.end > end;
  source.flags &= ~VM_ACCOUNT;
  unmapRange(space, start, end);
  if (staysBelow) space.at(start - 1n)!.flags |= hidden;
  if (staysAbove) space.at(end)!.flags |= hidden;
}
