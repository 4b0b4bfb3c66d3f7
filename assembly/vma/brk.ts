// brk(2), and the stack's growth by page faults. (SYSCALL brk, do_brk_flags; mm/mmap.c, mm/vma.c)

import {
  EFAULT, ENOMEM, EPERM, MAP_FIXED, NO_LIMIT, VM_ACCOUNT, VM_GROWSDOWN, VM_LOCKED, VM_MAYEXEC, VM_MAYREAD, VM_MAYWRITE,
  VM_EXEC, VM_READ, VM_SOFTDIRTY, VM_WRITE,
} from "../abi";
import { count, MAPLE_STORES, VMA_EXPANDED } from "../events";
import { vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { commit, reserve, storeNow } from "../maple/store";
import { find, nextRange, previous, walk } from "../maple/walk";
import { charge, mayExpand, mayLock, statAccount, uncharge } from "./account";
import { prepareAnon } from "./anon";
import { ksmBeforeMerge, VM_ACCESS, withKsm } from "./flags";
import { mergeNewRange, newMerge, NO_MEMORY } from "./merge";
import { choosePlace, startGap } from "./place";
import { allocateVma, discardVma } from "./pool";
import { populate } from "./populate";
import { exists, mm, Vma, vmaOf } from "./record";
import { unmapFrom } from "./unmap";

const DATA_FLAGS: u64 = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

@inline function pageUp(addr: u64): u64 { return (addr + 0xfff) & ~0xfff; }

/** The break afterwards: the one asked for, or the old one when that cannot be had. */
export function brk(wanted: u64): u64 {
  const before = mm.brk;
  if (wanted < mm.startBrk || !withinDataLimit(wanted)) return before;
  const target = pageUp(wanted);
  const current = pageUp(before);
  if (target == current) {
    mm.brk = wanted;
    return wanted;
  }
  const grows = wanted > before;
  const done = grows ? grow(current, target) : shrink(target, current);
  if (done) mm.brk = wanted;
  if (done && grows && mm.defFlags & VM_LOCKED) populate(current, target - current);
  return mm.brk;
}

/** check_data_rlimit */
function withinDataLimit(wanted: u64): bool {
  if (mm.limitData == NO_LIMIT) return true;
  return wanted - mm.startBrk + (mm.endData - mm.startData) <= mm.limitData;
}

function shrink(target: u64, current: u64): bool {
  vmi.enter(vmaTree, target);
  const vma = vmaOf(find(vmi, current - 1));
  return exists(vma) && vma.start < current && unmapFrom(vma, target, current) == 0;
}

function grow(current: u64, target: u64): bool {
  const length = target - current;
  if (choosePlace(0, current, length, 0, MAP_FIXED) < 0 || !mayLock(mm.defFlags, length >> 12)) return false;
  // nothing may stand where a stack above would have to keep its distance
  vmi.enter(vmaTree, current);
  const above = vmaOf(find(vmi, target + 0x1000 + mm.stackGuardGap - 1));
  if (exists(above) && target + 0x1000 > startGap(above)) return false;
  return growFrom(vmaOf(previous(vmi, mm.startBrk)), current, length);
}

/** do_brk_flags: `below` is the VMA below that starts no lower than start_brk, and the iterator is on it. */
function growFrom(below: Vma, start: u64, length: u64): bool {
  const pages = length >> 12;
  let flags = DATA_FLAGS | VM_ACCOUNT | mm.defFlags | (mm.readImpliesExec ? VM_EXEC : 0);
  if (ksmBeforeMerge()) flags = withKsm(flags);
  if (!mayExpand(flags, pages) || mm.mapCount > mm.maxMapCount || !charge(pages)) return false;

  let vma = extend(below, start, length, flags);
  if (!exists(vma)) {
    if (extensionState != NO_MEMORY) vma = newHeap(exists(below), start, length, flags);
    if (!exists(vma)) {
      uncharge(pages);
      return false;
    }
  }
  mm.totalVm += pages;
  mm.dataVm += pages;
  if (flags & VM_LOCKED) mm.lockedVm += pages;
  if (mm.softDirty) vma.flags |= VM_SOFTDIRTY;
  return true;
}

let extensionState: u32 = 0;

/** Only the VMA below may grow; one above that would fit stays apart. */
function extend(below: Vma, start: u64, length: u64, flags: u64): Vma {
  extensionState = 0;
  if (!exists(below) || below.end != start) return changetype<Vma>(0);
  const g = newMerge(start, start + length);
  g.flags = flags;
  g.pgoff = start >> 12;
  g.anonPgoff = start >> 12;
  g.prev = below.id;
  g.expandOnly = 1;
  const vma = mergeNewRange(g);
  extensionState = g.state;
  return vma;
}

function newHeap(hasBelow: bool, start: u64, length: u64, flags: u64): Vma {
  if (hasBelow) nextRange(vmi, TOP);
  const vma = allocateVma();
  if (!exists(vma)) return vma;
  vma.ops = 0;
  vma.start = start;
  vma.end = start + length;
  vma.pgoff = start >> 12;
  vma.anonPgoff = start >> 12;
  vma.flags = ksmBeforeMerge() ? flags : withKsm(flags);
  vma.attached = 1;
  vmi.narrow(start, vma.end - 1);
  count(MAPLE_STORES);
  if (!storeNow(vmi, vma.id)) {
    discardVma(vma);
    return changetype<Vma>(0);
  }
  mm.mapCount++;
  return vma;
}

/** Grows the stack above an address down to its page; 0 or an errno (find_extend_vma, expand_downwards). */
export function growStack(addr: u64): u32 {
  const page = addr & ~0xfff;
  vmi.enter(vmaTree, page);
  const entry = walk(vmi);
  const vma = vmaOf(entry ? entry : find(vmi, TOP));
  if (!exists(vma)) return EFAULT;
  if (vma.start <= page) return 0;
  if ((vma.flags & VM_GROWSDOWN) == 0) return EFAULT;
  if (page < mm.mmapMinAddr) return EPERM;
  vmi.enter(vmaTree, vma.start);
  const below = vmaOf(previous(vmi, 0));
  if (exists(below)) {
    const crowded = (below.flags & VM_GROWSDOWN) == 0 && (below.flags & VM_ACCESS) != 0;
    if (crowded && page - below.end < mm.stackGuardGap) return ENOMEM;
    nextRange(vmi, vma.start);
  }
  vmi.narrow(page, vma.end - 1);
  if (!reserve(vmi, vma.id)) return ENOMEM;
  const error = accountGrowth(vma, page);
  if (error) {
    vmi.release();
    return error;
  }
  const pages = (vma.start - page) >> 12;
  vma.start = page;
  vma.pgoff -= pages;
  vma.anonPgoff -= pages;
  count(VMA_EXPANDED);
  count(MAPLE_STORES);
  commit(vmi, vma.id);
  return 0;
}

function accountGrowth(vma: Vma, page: u64): u32 {
  const pages = (vma.start - page) >> 12;
  if (!prepareAnon(vma) || pages > vma.pgoff || !mayExpand(vma.flags, pages)) return ENOMEM;
  if (mm.limitStack != NO_LIMIT && vma.end - page > mm.limitStack) return ENOMEM;
  if (!mayLock(vma.flags, pages) || !charge(pages)) return ENOMEM;
  if (vma.flags & VM_LOCKED) mm.lockedVm += pages;
  statAccount(vma.flags, pages);
  return 0;
}
