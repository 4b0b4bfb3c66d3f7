// mremap: arguments, limits, and which of the ways it goes (sheet 3.4). Moving itself is in
// move.ts.

import {
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOMEM,
  EPERM,
  FILE_MODE_DEVZERO,
  MAP_FIXED,
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
} from "../../src/core/abi.js";
import { charge, mayExpand, mayLockFuture, statAccount, uncharge } from "./account.js";
import {
  has,
  isAligned,
  max,
  min,
  pageUp,
  pg,
  TASK_SIZE,
  u64,
  VM_ACCOUNT,
  VM_DONTEXPAND,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_PFNMAP,
  VM_SEALED,
  VM_SHARED,
} from "./flags.js";
import { mergeExtend } from "./merge.js";
import { type Move, moveVma } from "./move.js";
import { getUnmappedArea } from "./place.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { faultIn } from "./touch.js";
import { munmap } from "./unmap.js";

export interface MremapArguments {
  address: bigint;
  oldLength: bigint;
  newLength: bigint;
  remapFlags: bigint;
  newAddress: bigint;
}

/** vma_remap_struct */
interface Remap {
  address: bigint;
  oldLength: bigint;
  newLength: bigint;
  newAddress: bigint;
  mayMove: boolean;
  fixed: boolean;
  dontUnmap: boolean;
}

/** The address and the length in bytes of the mapping afterwards. */
export function mremap(space: Space, given: MremapArguments): { address: bigint; length: bigint } {
  const r = checkedArguments(given);
  guardMapCount(space, r);
  const length = r.newLength;
  if (space.era.movesSeveral && r.fixed && r.oldLength === r.newLength) {
    return { address: moveSeveral(space, r), length };
  }
  const vma = checkedVma(space, r);
  const growsLocked = has(vma.flags, VM_LOCKED) && r.newLength > r.oldLength;
  const address = r.fixed || r.dontUnmap ? remapTo(space, r) : remapAt(space, r, vma);
  if (growsLocked) faultIn(space, address + r.oldLength, address + r.newLength, false);
  return { address, length };
}

/** check_mremap_params */
function checkedArguments(given: MremapArguments): Remap {
  const { address, remapFlags, newAddress } = given;
  if (has(remapFlags, ~BigInt(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))) refuse(EINVAL);
  const r: Remap = {
    address,
    oldLength: pageUp(given.oldLength),
    newLength: pageUp(given.newLength),
    newAddress,
    mayMove: has(remapFlags, BigInt(MREMAP_MAYMOVE)),
    fixed: has(remapFlags, BigInt(MREMAP_FIXED)),
    dontUnmap: has(remapFlags, BigInt(MREMAP_DONTUNMAP)),
  };
  if (!isAligned(address)) refuse(EINVAL);
  if (r.newLength === 0n || r.newLength > TASK_SIZE) refuse(EINVAL);
  if (!r.fixed && !r.dontUnmap) return r;
  if (newAddress > TASK_SIZE - r.newLength || !isAligned(newAddress)) refuse(EINVAL);
  if (!r.mayMove) refuse(EINVAL);
  if (r.dontUnmap && r.oldLength !== r.newLength) refuse(EINVAL);
  const oldEnd = u64(address + r.oldLength);
  if (newAddress < oldEnd && newAddress + r.newLength > address) refuse(EINVAL);
  return r;
}

/** Room for the splits to come: every call in 7.3, only moves to a given place before. */
function guardMapCount(space: Space, r: Remap): void {
  const { maxMapCount } = space.settings;
  const tooFull = space.era.mremap73
    ? space.mapCount + 4 + (r.dontUnmap ? 1 : 0) > maxMapCount
    : (r.fixed || r.dontUnmap) && space.mapCount + 2 >= maxMapCount - 3;
  if (tooFull) refuse(ENOMEM);
}

/** check_prep_vma: what the VMA at the old address allows. */
function checkedVma(space: Space, r: Remap): Vma {
  const vma = space.at(r.address);
  if (!vma) refuse(EFAULT);
  if (has(vma.flags, VM_SEALED)) refuse(EPERM);
  // what follows matters only to a mapping that grows or moves
  if (r.newLength <= r.oldLength && !r.fixed && !r.dontUnmap) return vma;
  if (r.oldLength === 0n && !has(vma.flags, VM_SHARED | VM_MAYSHARE)) refuse(EINVAL);
  if (r.dontUnmap && has(vma.flags, VM_DONTEXPAND | VM_PFNMAP)) refuse(EINVAL);
  const kept = min(r.oldLength, r.newLength); // a shrink may reach past the VMA with its tail
  if (kept > vma.end - r.address) refuse(EFAULT);
  if (r.newLength <= r.oldLength) return vma;

  const delta = pg(r.newLength - r.oldLength);
  const pgoff = vma.pgoff + pg(r.address - vma.start);
  if (u64(pgoff + pg(r.newLength)) < pgoff) refuse(EINVAL);
  if (has(vma.flags, VM_DONTEXPAND | VM_PFNMAP)) refuse(EFAULT);
  if (!mayLockFuture(space, vma.flags, delta)) refuse(EAGAIN);
  if (!mayExpand(space, vma.flags, delta)) refuse(ENOMEM);
  return vma;
}

// No new address asked for ---------------------------------------------------------------------------

/** mremap_at */
function remapAt(space: Space, r: Remap, vma: Vma): bigint {
  if (r.newLength === r.oldLength) return r.address;
  if (r.newLength < r.oldLength) {
    munmap(space, r.address + r.newLength, r.oldLength - r.newLength);
    return r.address;
  }
  if (canGrowInPlace(space, r, vma)) {
    growInPlace(space, vma, r.newLength - r.oldLength);
    return r.address;
  }
  if (!r.mayMove) refuse(ENOMEM);
  const newAddress = placeFor(space, vma, r, 0n, 0n);
  return moveVma(space, vma, moveOf(r, newAddress));
}

/** vma_expandable */
function canGrowInPlace(space: Space, r: Remap, vma: Vma): boolean {
  if (r.address + r.oldLength !== vma.end) return false;
  const end = vma.end + (r.newLength - r.oldLength);
  return end <= TASK_SIZE && space.overlapping(vma.end, end).length === 0;
}

/** expand_vma_in_place */
function growInPlace(space: Space, vma: Vma, delta: bigint): void {
  const pages = pg(delta);
  const { flags } = vma;
  if (has(flags, VM_ACCOUNT)) charge(space, pages);
  if (!mergeExtend(space, vma, delta)) {
    if (has(flags, VM_ACCOUNT)) uncharge(space, pages);
    refuse(ENOMEM);
  }
  statAccount(space, flags, pages);
  if (has(flags, VM_LOCKED)) space.lockedVm += pages;
}

// To a given address ---------------------------------------------------------------------------------

/** mremap_to: MREMAP_FIXED, MREMAP_DONTUNMAP or both. */
function remapTo(space: Space, given: Remap): bigint {
  const r = { ...given };
  if (r.fixed) munmap(space, r.newAddress, r.newLength);
  if (r.newLength < r.oldLength) {
    munmap(space, r.address + r.newLength, r.oldLength - r.newLength);
    r.oldLength = r.newLength;
  }
  // The unmapping may have split the source; only now is it certain which VMA it is.
  const vma = space.at(r.address);
  if (!vma) refuse(EFAULT);
  if (r.dontUnmap && !mayExpand(space, vma.flags, pg(r.oldLength))) refuse(ENOMEM);
  const newAddress = placeFor(space, vma, r, r.newAddress, r.fixed ? BigInt(MAP_FIXED) : 0n);
  return moveVma(space, vma, moveOf(r, newAddress));
}

/** remap_move (7.3): every VMA in the range, gaps between them kept; what has moved stays moved. */
function moveSeveral(space: Space, r: Remap): bigint {
  const start = r.address;
  const end = start + r.oldLength;
  const first = space.at(start);
  if (!first) refuse(EFAULT);
  let result = 0n;
  for (let at = start; at < end; ) {
    const vma = space.find(at);
    if (!vma || vma.start >= end) break;
    const address = max(vma.start, start);
    const length = min(vma.end, end) - address;
    const newAddress = r.newAddress + (address - start);
    // private /dev/zero chooses places by itself: such a mapping only moves alone
    const choosesPlaces = vma.file !== 0 && space.files.modeOf(vma.file) & FILE_MODE_DEVZERO;
    if (choosesPlaces && (address !== start || vma.end < end)) refuse(EFAULT);
    const part = { ...r, address, oldLength: length, newLength: length, newAddress };
    checkedVma(space, part);
    const moved = remapTo(space, part);
    if (address === start) result = moved;
    at = address + length;
  }
  return result;
}

/** vrm_set_new_addr */
function placeFor(space: Space, vma: Vma, r: Remap, hint: bigint, fixed: bigint): bigint {
  return getUnmappedArea(space, {
    file: vma.file,
    hint,
    length: r.newLength,
    pgoff: vma.pgoff + pg(r.address - vma.start),
    mapFlags: fixed | (has(vma.flags, VM_MAYSHARE) ? BigInt(MAP_SHARED) : 0n),
  });
}

function moveOf(r: Remap, newAddress: bigint): Move {
  const { address, oldLength, newLength, dontUnmap } = r;
  return { address, oldLength, newLength, newAddress, dontUnmap };
}
