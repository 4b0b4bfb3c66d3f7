// mlock(2), munlock(2), mlockall(2), munlockall(2). (apply_vma_lock_flags, mlock_fixup; mm/mlock.c)

import {
  EINVAL, ENOMEM, EPERM, MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT, NO_LIMIT, TASK_SIZE, VM_LOCKED,
  VM_LOCKONFAULT,
} from "../abi";
import { lookup, vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { find, previous, walk } from "../maple/walk";
import { canLock } from "./account";
import { stickyFlags, supportsLock, VM_LOCKED_MASK } from "./flags";
import { mergeLike, MERGED } from "./merge";
import { populate, populateStrictly } from "./populate";
import { exists, mm, Vma, vmaOf } from "./record";
import { modifiedVma, modify } from "./split";

@inline function lockLimit(): u64 { return mm.limitMemlock == NO_LIMIT ? NO_LIMIT : mm.limitMemlock >> 12; }

/** mlock2(2): 0 or an errno. */
export function mlock(addr: u64, length: u64, flags: u64): u32 {
  if (flags & ~MLOCK_ONFAULT) return EINVAL;
  if (!canLock()) return EPERM;
  const start = addr & ~0xfff;
  const size = (length + (addr & 0xfff) + 0xfff) & ~0xfff;
  let locked = (size >> 12) + mm.lockedVm;
  if (locked > lockLimit() && !mm.ipcLock) locked -= lockedPagesIn(start, size);
  if (locked > lockLimit() && !mm.ipcLock) return ENOMEM;
  const error = setLock(start, size, VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0));
  return error || size == 0 ? error : populateStrictly(start, size);
}

/** munlock(2) */
export function munlock(addr: u64, length: u64): u32 {
  return setLock(addr & ~0xfff, (length + (addr & 0xfff) + 0xfff) & ~0xfff, 0);
}

/** Pages of the range that are locked already: they do not count twice (count_mm_mlocked_page_nr). */
function lockedPagesIn(start: u64, size: u64): u64 {
  const end = start + size < start ? TOP : start + size;
  let bytes: u64 = 0;
  lookup.enter(vmaTree, start);
  for (let id = find(lookup, end - 1); id; id = find(lookup, end - 1)) {
    const vma = vmaOf(id);
    if (vma.flags & VM_LOCKED) bytes += min<u64>(vma.end, end) - max<u64>(vma.start, start);
  }
  return bytes >> 12;
}

function setLock(start: u64, size: u64, flags: u64): u32 {
  const end = start + size;
  if (end < start) return EINVAL;
  if (end == start) return 0;
  vmi.enter(vmaTree, start);
  const first = vmaOf(walk(vmi));
  if (!exists(first)) return ENOMEM;
  let prev = previous(vmi, 0);
  if (start > first.start) prev = first.id;
  let from = start;
  let reached = first.start;
  while (true) {
    const id = find(vmi, end - 1);
    if (id == 0) break;
    const vma = vmaOf(id);
    if (vma.start != reached) return ENOMEM;
    const to = vma.end < end ? vma.end : end;
    const error = lockPart(vma, prev, from, to, (vma.flags & ~VM_LOCKED_MASK) | flags);
    if (error) return error;
    prev = part;
    from = vmi.last + 1;
    reached = from;
  }
  return reached < end ? ENOMEM : 0;
}

/** The VMA that now holds the part. */
let part: u32 = 0;

function lockPart(vma: Vma, prev: u32, start: u64, end: u64, flags: u64): u32 {
  const old = vma.flags;
  part = vma.id;
  if (old == flags || !supportsLock(old)) return 0;
  const g = mergeLike(vma, vmaOf(prev), start, end);
  g.flags = flags;
  const error = modify(g, vma, start, end);
  if (error) return error;
  const now = modifiedVma();
  part = now.id;
  now.flags = g.state == MERGED ? flags | (now.flags & stickyFlags()) : flags;
  const pages = (end - start) >> 12;
  if ((flags & VM_LOCKED) == 0) mm.lockedVm -= pages;
  else if ((old & VM_LOCKED) == 0) mm.lockedVm += pages;
  return 0;
}

/** mlockall(2); errors of single VMAs are ignored. */
export function mlockall(flags: u64): u32 {
  if (flags == 0 || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT) return EINVAL;
  if (!canLock()) return EPERM;
  if (flags & MCL_CURRENT && mm.totalVm > lockLimit() && !mm.ipcLock) return ENOMEM;
  const bits = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
  mm.defFlags &= ~VM_LOCKED_MASK;
  if (flags & MCL_FUTURE) mm.defFlags |= bits;
  if (flags & MCL_CURRENT) {
    lockAll(bits);
    populate(0, TASK_SIZE);
  }
  return 0;
}

export function munlockall(): u32 {
  mm.defFlags &= ~VM_LOCKED_MASK;
  lockAll(0);
  return 0;
}

function lockAll(bits: u64): void {
  vmi.enter(vmaTree, 0);
  let prev: u32 = 0;
  for (let id = find(vmi, TOP); id; id = find(vmi, TOP)) {
    const vma = vmaOf(id);
    const error = lockPart(vma, prev, vma.start, vma.end, (vma.flags & ~VM_LOCKED_MASK) | bits);
    prev = error ? id : part;
  }
}
