// mlock, munlock, mlockall, munlockall (sheet 3.7).

import {
  EINVAL,
  ENOMEM,
  EPERM,
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
} from "../../src/core/abi.js";
import { mayLock, memlockLimitAllows } from "./account.js";
import {
  has,
  max,
  min,
  PAGE,
  pageDown,
  pageUp,
  pg,
  TASK_SIZE,
  u64,
  VM_DROPPABLE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_LOCKONFAULT,
  VM_SPECIAL,
} from "./flags.js";
import { modifyFlags } from "./modify.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { faultIn } from "./touch.js";

/** mlock2 */
export function mlock(space: Space, start: bigint, len: bigint, lockFlags: bigint): void {
  if (has(lockFlags, ~BigInt(MLOCK_ONFAULT))) refuse(EINVAL);
  if (!mayLock(space)) refuse(EPERM);
  const range = wholePages(start, len);
  const pages = pg(range.length);
  let total = space.lockedVm + pages;
  if (!memlockLimitAllows(space, total)) total -= lockedInside(space, range.start, range.length);
  if (!memlockLimitAllows(space, total)) refuse(ENOMEM);
  const onFault = lockFlags === 0n ? 0n : VM_LOCKONFAULT;
  apply(space, range.start, range.length, VM_LOCKED | onFault);
  if (!faultIn(space, range.start, range.start + range.length, true)) refuse(ENOMEM);
}

export function munlock(space: Space, start: bigint, len: bigint): void {
  const range = wholePages(start, len);
  apply(space, range.start, range.length, 0n);
}

function wholePages(start: bigint, len: bigint): { start: bigint; length: bigint } {
  return { start: pageDown(start), length: pageUp(u64(len + (start % PAGE))) };
}

/** count_mm_mlocked_page_nr */
function lockedInside(space: Space, start: bigint, length: bigint): bigint {
  const end = start + length;
  return space
    .overlapping(start, end)
    .filter((vma) => has(vma.flags, VM_LOCKED))
    .reduce((sum, vma) => sum + pg(min(vma.end, end) - max(vma.start, start)), 0n);
}

/** apply_vma_lock_flags */
function apply(space: Space, start: bigint, length: bigint, lockFlags: bigint): void {
  const end = u64(start + length);
  if (end < start) refuse(EINVAL);
  for (let at = start; at < end; ) {
    const vma = space.at(at);
    if (!vma) refuse(ENOMEM);
    at = fixup(space, vma, at, min(vma.end, end), lockFlags).end;
  }
}

/** mlock_fixup: one VMA's part of the range. Returns the VMA that now holds it. */
function fixup(space: Space, vma: Vma, start: bigint, end: bigint, lockFlags: bigint): Vma {
  const old = vma.flags;
  const wanted = (old & ~VM_LOCKED_MASK) | lockFlags;
  if (wanted === old || has(old, VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)) return vma;
  const holder = modifyFlags(space, vma, start, end, wanted);
  const pages = pg(end - start);
  if (!has(wanted, VM_LOCKED)) space.lockedVm -= pages;
  else if (!has(old, VM_LOCKED)) space.lockedVm += pages;
  return holder;
}

export function mlockall(space: Space, flags: bigint): void {
  const known = BigInt(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  if (flags === 0n || has(flags, ~known) || flags === BigInt(MCL_ONFAULT)) refuse(EINVAL);
  if (!mayLock(space)) refuse(EPERM);
  const current = has(flags, BigInt(MCL_CURRENT));
  if (current && !memlockLimitAllows(space, space.totalVm)) refuse(ENOMEM);
  const future = has(flags, BigInt(MCL_FUTURE));
  const bits = VM_LOCKED | (has(flags, BigInt(MCL_ONFAULT)) ? VM_LOCKONFAULT : 0n);
  space.defFlags = (space.defFlags & ~VM_LOCKED_MASK) | (future ? bits : 0n);
  if (!current) return;
  applyToAll(space, bits);
  faultIn(space, 0n, TASK_SIZE, false);
}

export function munlockall(space: Space): void {
  space.defFlags &= ~VM_LOCKED_MASK;
  applyToAll(space, 0n);
}

/** apply_mlockall_flags: every VMA, whole, and no error stops it. */
function applyToAll(space: Space, lockFlags: bigint): void {
  for (let at = 0n; ; ) {
    const vma = space.find(at);
    if (!vma) return;
    at = vma.end;
    errnoOf(() => {
      at = fixup(space, vma, vma.start, vma.end, lockFlags).end;
    });
  }
}
