// mremap(2). The request travels in one record; `vma` in it is looked up anew whenever a step may have
// replaced it. (mm/mremap.c, 6.15 and 7.3)

import {
  EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM, FILE_MODE_DEVZERO, MAP_FIXED, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED,
  MREMAP_MAYMOVE, OPS_MAY_SPLIT, PROFILE_6_18, PROFILE_7_0, PROFILE_7_3, TASK_SIZE, VM_ACCOUNT, VM_DONTEXPAND,
  VM_LOCKED, VM_MAYSHARE, VM_PFNMAP, VM_SEALED, VM_SHARED,
} from "../abi";
import { SCRATCH_AT } from "../memory";
import { lookup, scan, vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { find, loadAt, nextRange, previous } from "../maple/walk";
import { movePages } from "../paging/move";
import { charge, mayExpand, mayLock, statAccount, uncharge } from "./account";
import { unlinkAnon } from "./anon";
import { copyVma, keptSource } from "./copy";
import { isAnonymous, VM_LOCKED_MASK } from "./flags";
import { mergeLike, mergeNewRange } from "./merge";
import { choosePlace } from "./place";
import { populate } from "./populate";
import { exists, fileOf, mm, Vma, vmaOf } from "./record";
import { splitWithinLimit } from "./split";
import { munmap } from "./unmap";

/** One request (vma_remap_struct). Bytes. */
@unmanaged
class Request {
  addr: u64;
  oldLength: u64;
  newLength: u64;
  newAddr: u64;
  flags: u64;
  /** Pages charged for the move. */
  charged: u64;
  vma: u32;

  @inline get source(): Vma { return vmaOf(this.vma); }
  @inline get delta(): u64 {
    return this.oldLength > this.newLength ? this.oldLength - this.newLength : this.newLength - this.oldLength;
  }
  @inline get keepsSource(): bool { return (this.flags & MREMAP_DONTUNMAP) != 0; }
  @inline get namesTarget(): bool { return (this.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0; }
}

@inline const request: Request = changetype<Request>(SCRATCH_AT + 512);

@inline function isModern(): bool { return mm.profile >= PROFILE_7_3; }
@inline function pageUp(n: u64): u64 { return (n + 0xfff) & ~0xfff; }

/** The address afterwards, or -errno. */
export function mremap(addr: u64, oldLength: u64, newLength: u64, flags: u64, newAddr: u64): i64 {
  const r = request;
  r.addr = addr;
  r.oldLength = pageUp(oldLength);
  r.newLength = pageUp(newLength);
  r.flags = flags;
  r.newAddr = newAddr;
  r.charged = 0;
  r.vma = 0;
  const refused = checkArguments(r);
  if (refused) return -(<i64>refused);
  if (!hasRoomForSplits(r)) return -ENOMEM;
  if (mm.profile >= PROFILE_6_18 && flags & MREMAP_FIXED && r.oldLength == r.newLength) return moveSeveral(r);
  r.vma = loadAt(vmaTree, addr);
  const error = checkVma(r);
  if (error) return -(<i64>error);
  const growsLocked = r.newLength > r.oldLength && (r.source.flags & VM_LOCKED) != 0;
  const place = r.namesTarget ? moveTo(r) : resize(r);
  if (growsLocked && place >= 0) populate(place + r.oldLength, r.newLength - r.oldLength);
  return place;
}

/** check_mremap_params */
function checkArguments(r: Request): u32 {
  if (r.flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP) || r.addr & 0xfff) return EINVAL;
  if (r.newLength == 0 || r.newLength > TASK_SIZE) return EINVAL;
  if (!r.namesTarget) return 0;
  if (r.newAddr > TASK_SIZE - r.newLength || r.newAddr & 0xfff || (r.flags & MREMAP_MAYMOVE) == 0) return EINVAL;
  if (r.keepsSource && r.oldLength != r.newLength) return EINVAL;
  return r.addr + r.oldLength > r.newAddr && r.newAddr + r.newLength > r.addr ? EINVAL : 0;
}

/** Room for the VMAs that unmapping and moving may leave, asked before anything happens. */
function hasRoomForSplits(r: Request): bool {
  if (isModern()) return mm.mapCount + 4 + (r.keepsSource ? 1 : 0) <= mm.maxMapCount;
  return !r.namesTarget || mm.mapCount + 2 < mm.maxMapCount - 3;
}

/** The same before a move, when targets are unmapped already. */
function hasRoomToMove(r: Request): bool {
  if (!isModern()) return mm.mapCount < mm.maxMapCount - 3;
  return mm.mapCount + 2 + (needsSplitFirst(r) ? 1 : 0) <= mm.maxMapCount;
}

/** A locked source that stays gets unlocked, so it must be a VMA of its own (7.3). */
@inline function needsSplitFirst(r: Request): bool {
  return isModern() && r.keepsSource && (r.source.flags & VM_LOCKED) != 0;
}

/** check_prep_vma */
function checkVma(r: Request): u32 {
  if (r.vma == 0) return EFAULT;
  const vma = r.source;
  if (vma.flags & VM_SEALED) return EPERM;
  const grows = r.newLength > r.oldLength;
  if (!grows && !r.namesTarget) return 0;
  if (r.oldLength == 0 && (vma.flags & (VM_SHARED | VM_MAYSHARE)) == 0) return EINVAL;
  if (r.keepsSource && vma.flags & (VM_DONTEXPAND | VM_PFNMAP)) return EINVAL;
  const inside = r.newLength < r.oldLength ? r.newLength : r.oldLength;
  if (inside > vma.end - r.addr) return EFAULT;
  if (!grows) return 0;
  const pgoff = vma.pgoff + ((r.addr - vma.start) >> 12);
  if (pgoff + (r.newLength >> 12) < pgoff) return EINVAL;
  if (vma.flags & (VM_DONTEXPAND | VM_PFNMAP)) return EFAULT;
  if (!mayLock(vma.flags, r.delta >> 12)) return EAGAIN;
  return mayExpand(vma.flags, r.delta >> 12) ? 0 : ENOMEM;
}

/** No new address asked for: shrink, grow in place, or move where there is room (mremap_at). */
function resize(r: Request): i64 {
  if (r.newLength == r.oldLength) return r.addr;
  if (r.newLength < r.oldLength) {
    const error = munmap(r.addr + r.newLength, r.delta);
    return error ? -(<i64>error) : r.addr;
  }
  if (canGrowInPlace(r)) return growInPlace(r);
  if ((r.flags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
  const error = chooseTarget(r);
  return error < 0 ? error : moveVma(r);
}

function canGrowInPlace(r: Request): bool {
  const vma = r.source;
  if (vma.end - r.addr != r.oldLength) return false;
  const end = vma.end + r.delta;
  if (end < vma.end) return false;
  lookup.enter(vmaTree, vma.end);
  if (find(lookup, end - 1)) return false;
  return choosePlace(0, vma.start, end - vma.start, 0, MAP_FIXED) >= 0;
}

/** expand_vma_in_place, vma_merge_extend: the growth merges with the VMA it belongs to, and perhaps the next. */
function growInPlace(r: Request): i64 {
  if (!chargeMove(r)) return -ENOMEM;
  const vma = r.source;
  const g = mergeLike(vma, vma, vma.end, vma.end + r.delta);
  vmi.enter(vmaTree, vma.end);
  g.next = find(vmi, TOP);
  if (previous(vmi, 0)) nextRange(vmi, TOP);
  g.middle = 0;
  const grown = mergeNewRange(g);
  if (!exists(grown)) {
    unchargeMove(r);
    return -ENOMEM;
  }
  r.vma = grown.id;
  statMove(r, r.delta);
  return r.addr;
}

/** Charges the growth; all of it when the source stays (vrm_calc_charge). */
function chargeMove(r: Request): bool {
  r.charged = 0;
  if ((r.source.flags & VM_ACCOUNT) == 0) return true;
  const pages = (r.keepsSource ? r.newLength : r.delta) >> 12;
  if (!charge(pages)) return false;
  r.charged = pages;
  return true;
}

function unchargeMove(r: Request): void {
  uncharge(r.charged);
  r.charged = 0;
}

function statMove(r: Request, bytes: u64): void {
  const flags = r.source.flags;
  statAccount(flags, bytes >> 12);
  if (flags & VM_LOCKED) mm.lockedVm += bytes >> 12;
}

/** vrm_set_new_addr: 0 or -errno. */
function chooseTarget(r: Request): i64 {
  const vma = r.source;
  const pgoff = vma.pgoff + ((r.addr - vma.start) >> 12);
  let flags: u64 = r.flags & MREMAP_FIXED ? MAP_FIXED : 0;
  if (vma.flags & VM_MAYSHARE) flags |= MAP_SHARED;
  const place = choosePlace(vma.file, r.namesTarget ? r.newAddr : 0, r.newLength, pgoff, flags);
  if (place < 0) return place;
  r.newAddr = place;
  return 0;
}

/** A new address asked for: what is there goes first, a tail of the source too (mremap_to). */
function moveTo(r: Request): i64 {
  if (r.flags & MREMAP_FIXED) {
    const error = munmap(r.newAddr, r.newLength);
    if (error) return -(<i64>error);
    r.vma = loadAt(vmaTree, r.addr);
    if (r.vma == 0) return -EFAULT;
  }
  if (r.newLength < r.oldLength) {
    const error = munmap(r.addr + r.newLength, r.delta);
    if (error) return -(<i64>error);
    r.oldLength = r.newLength;
    r.vma = loadAt(vmaTree, r.addr);
    if (r.vma == 0) return -EFAULT;
  }
  if (r.keepsSource && !mayExpand(r.source.flags, r.oldLength >> 12)) return -ENOMEM;
  const error = chooseTarget(r);
  return error < 0 ? error : moveVma(r);
}

/** The source, or a part of it, to the target: copy, move the pages, unmap the source (move_vma). */
function moveVma(r: Request): i64 {
  const error = prepareMove(r);
  if (error) return -(<i64>error);
  if (!chargeMove(r)) return -ENOMEM;
  const copy = copyVma(r.source, r.addr, r.newAddr, r.newLength, r.keepsSource);
  if (!exists(copy)) {
    unchargeMove(r);
    return -ENOMEM;
  }
  r.vma = keptSource().id;
  const target = r.newAddr;
  const moved = movePages(r.source, copy, r.addr, r.newAddr, r.oldLength);
  const failed = moved < r.oldLength;
  if (failed) turnBack(r, copy, moved);
  if (countsBeforeUnlocking()) statMove(r, r.newLength);
  if (!failed && r.keepsSource) leaveSource(r);
  if (!countsBeforeUnlocking()) statMove(r, r.newLength);
  if (failed || !r.keepsSource) unmapSource(r, failed);
  return failed ? -ENOMEM : target;
}

/**
 * MREMAP_DONTUNMAP of a locked source: 6.18 (measured on 6.18.44) adds its pages to locked_vm and never takes
 * them back; 6.12 and 7.3 look at its flags when they are gone.
 */
@inline function countsBeforeUnlocking(): bool { return mm.profile == PROFILE_6_18 || mm.profile == PROFILE_7_0; }

function prepareMove(r: Request): u32 {
  if (!hasRoomToMove(r)) return ENOMEM;
  const vma = r.source;
  const end = r.addr + r.oldLength;
  const before = vma.start != r.addr;
  const after = vma.end != end;
  if (vma.ops & OPS_MAY_SPLIT && (before || after)) return EINVAL;
  if (!needsSplitFirst(r)) return 0;
  vmi.enter(vmaTree, r.addr);
  let error: u32 = before ? splitWithinLimit(vma, r.addr, true) : 0;
  if (error == 0 && after) error = splitWithinLimit(vma, end, false);
  return error;
}

/** Tables ran out: the pages go back, and it is the copy that is unmapped. */
function turnBack(r: Request, copy: Vma, moved: u64): void {
  movePages(copy, r.source, r.newAddr, r.addr, moved);
  if (!r.keepsSource) unchargeMove(r);
  r.vma = copy.id;
  r.oldLength = r.newLength;
  r.addr = r.newAddr;
}

/** MREMAP_DONTUNMAP: the source stays, empty and unlocked (dontunmap_complete). */
function leaveSource(r: Request): void {
  const vma = r.source;
  vma.flags &= ~VM_LOCKED_MASK;
  if (r.addr != vma.start || r.addr + r.oldLength != vma.end) return;
  unlinkAnon(vma);
  if (!isModern()) return;
  vma.anonPgoff = vma.start >> 12;
  if (isAnonymous(vma) && vma.file == 0) vma.pgoff = vma.start >> 12;
}

/**
 * Unmaps the source with its charge hidden: the copy has taken that over. The ACCOUNT bit comes back on what
 * is left of it on both sides (unmap_source_vma).
 */
function unmapSource(r: Request, failed: bool): void {
  const vma = r.source;
  const hides = (vma.flags & VM_ACCOUNT) != 0 && !r.keepsSource;
  const end = r.addr + r.oldLength;
  const restBelow = vma.start < r.addr;
  const restAbove = vma.end > end;
  if (hides) vma.flags &= ~VM_ACCOUNT;
  if (munmap(r.addr, r.oldLength)) {
    mm.committed += r.oldLength >> 12; // no memory to split: the charge at least is right
    return;
  }
  if (!hides) return;
  if (restBelow) account(previous(vmi, 0));
  if (restAbove) account(find(vmi, TOP));
}

// N.B. not `vmaOf(find(...)).flags |= ...`: AssemblyScript evaluates the target of a compound assignment twice.
function account(id: u32): void {
  const vma = vmaOf(id);
  vma.flags |= VM_ACCOUNT;
}

/** Its file does not choose places by itself, as /dev/zero does for private mappings (vma_multi_allowed). */
@inline function mayMoveWithOthers(vma: Vma): bool {
  return vma.file == 0 || (fileOf(vma.file).mode & FILE_MODE_DEVZERO) == 0;
}

/** 6.17 on: a move of the same size takes every VMA of the range along, gaps included (remap_move). */
function moveSeveral(r: Request): i64 {
  const start = r.addr;
  const end = r.addr + r.oldLength;
  let target = r.newAddr;
  let result: i64 = -EFAULT;
  let lastEnd: u64 = 0;
  let seen = false;
  scan.enter(vmaTree, start);
  for (let id = find(scan, end - 1); id; id = find(scan, end - 1)) {
    const vma = vmaOf(id);
    if (!seen && start < vma.start) return -EFAULT;
    const gap = seen ? vma.start - lastEnd : 0;
    lastEnd = vma.end;
    r.vma = id;
    r.addr = max<u64>(vma.start, start);
    r.oldLength = min<u64>(vma.end, end) - r.addr;
    r.newLength = r.oldLength;
    r.newAddr = target + gap;
    const next = r.addr + r.oldLength;
    if (!mayMoveWithOthers(vma) && (seen || vma.end < end)) return -EFAULT;
    const error = checkVma(r);
    const moved = error ? -(<i64>error) : moveTo(r);
    if (moved < 0) return moved;
    if (!seen) result = moved;
    seen = true;
    target = moved + r.newLength;
    scan.set(next, next); // the tree is another now; the kernel's iterator starts anew as well
  }
  return result;
}
