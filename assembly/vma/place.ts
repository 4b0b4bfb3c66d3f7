// Choosing an address, as x86-64 does it: top-down below mmap_base, hints, MAP_32BIT, huge-page alignment.
// Addresses and lengths in bytes. (__get_unmapped_area, arch_get_unmapped_area_topdown, vm_unmapped_area)

import {
  EINVAL, ENOMEM, EPERM, FILE_MODE_SHMEM, FILE_MODE_THP_ALIGN, MAP_32BIT, MAP_ABOVE4G, MAP_FIXED, MAP_SHARED,
  PROFILE_7_3, TASK_SIZE, VM_GROWSDOWN, VM_SHADOW_STACK,
} from "../abi";
import { placing, vmaTree } from "../maple/cursor";
import { emptyAreaAbove, emptyAreaBelow } from "../maple/gap";
import { TOP } from "../maple/node";
import { find, previous } from "../maple/walk";
import { exists, fileOf, mm, Vma, vmaOf } from "./record";

const HUGE_PAGE: u64 = 0x200000;
const FOUR_GIB: u64 = 0x100000000;
/** End of the addresses handed out without being asked for higher ones. */
const WINDOW: u64 = TASK_SIZE;

@inline function isError(addr: u64): bool { return addr > <u64>(-4096); }
@inline function errorAddress(errno: i32): u64 { return <u64>(-errno); }

/** Lowest address that must stay free for a stack to grow into (vm_start_gap). */
export function startGap(vma: Vma): u64 {
  let gap: u64 = 0;
  if (vma.flags & VM_GROWSDOWN) gap = mm.stackGuardGap;
  else if (vma.flags & VM_SHADOW_STACK) gap = 0x1000;
  return vma.start < gap ? 0 : vma.start - gap;
}

@inline function hasStartGap(vma: Vma): bool { return (vma.flags & (VM_GROWSDOWN | VM_SHADOW_STACK)) != 0; }

/** Highest fitting place in [low, high); an errno as an address without one (unmapped_area_topdown). */
function searchDown(length: u64, low: u64, high: u64): u64 {
  const c = placing;
  const least = low < mm.mmapMinAddr ? mm.mmapMinAddr : low;
  let most = high;
  while (true) {
    c.enter(vmaTree, 0);
    if (!emptyAreaBelow(c, least, most - 1, length)) return errorAddress(ENOMEM);
    const end = c.last + 1;
    const above = vmaOf(find(c, TOP));
    if (exists(above) && hasStartGap(above)) {
      if (startGap(above) >= end) return end - length;
      most = startGap(above);
      continue;
    }
    previous(c, 0); //  the kernel looks at the end gap of the VMA below, which x86 never has
    return end - length;
  }
}

/** Lowest fitting place in [low, high) (unmapped_area). */
function searchUp(length: u64, low: u64, high: u64): u64 {
  const c = placing;
  let least = low < mm.mmapMinAddr ? mm.mmapMinAddr : low;
  while (true) {
    c.enter(vmaTree, 0);
    if (!emptyAreaAbove(c, least, high - 1, length)) return errorAddress(ENOMEM);
    const start = c.index;
    const above = vmaOf(find(c, TOP));
    if (exists(above) && hasStartGap(above)) {
      if (startGap(above) >= start + length - 1) return start;
      least = above.end;
      continue;
    }
    previous(c, 0);
    return start;
  }
}

/** Nothing stands in the way of [addr, addr + length): the gap to the VMA below is not tested on x86. */
function isFree(addr: u64, length: u64): bool {
  placing.enter(vmaTree, addr);
  const vma = vmaOf(find(placing, TOP));
  return !exists(vma) || addr + length <= startGap(vma);
}

function bottomUp(hint: u64, length: u64, flags: u64): u64 {
  const low = flags & MAP_32BIT ? 0x40000000 : mm.mmapLegacyBase;
  const end: u64 = flags & MAP_32BIT ? 0x80000000 : WINDOW;
  if (length > end) return errorAddress(ENOMEM);
  if (hint) {
    const addr = (hint + 0xfff) & ~0xfff;
    if (end - length >= addr && isFree(addr, length)) return addr;
  }
  return searchUp(length, low, end);
}

/** arch_get_unmapped_area_topdown */
function topDown(hint: u64, length: u64, flags: u64): u64 {
  if (length > TASK_SIZE) return errorAddress(ENOMEM);
  if (flags & MAP_FIXED) return hint;
  if (flags & MAP_32BIT) return bottomUp(hint, length, flags);
  if (hint) {
    const addr = hint & ~0xfff;
    const inWindow = TASK_SIZE - length >= addr && (addr > WINDOW) == (addr + length > WINDOW);
    if (inWindow && isFree(addr, length)) return addr;
  }
  const found = searchDown(length, flags & MAP_ABOVE4G ? FOUR_GIB : 0x1000, mm.mmapBase);
  return isError(found) ? bottomUp(hint, length, flags) : found;
}

/** Aligns large mappings so that huge pages fit, when there is room for it (thp_get_unmapped_area). */
function hugeAligned(hint: u64, length: u64, offset: u64, flags: u64): u64 {
  const aligned = (offset + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
  const end = offset + length;
  if (end <= aligned || end - aligned < HUGE_PAGE) return topDown(hint, length, flags);
  const padded = topDown(hint, length + HUGE_PAGE, flags);
  if (isError(padded)) return topDown(hint, length, flags);
  if (padded == hint) return hint;
  const sub = (offset - padded) & (HUGE_PAGE - 1);
  return sub == 0 ? padded + HUGE_PAGE : padded + sub;
}

/**
 * Where a mapping goes: an address, or -errno. `file` 0 = anonymous; `flags` are MAP_* (get_unmapped_area).
 * shmem is taken to be mounted without huge pages.
 */
export function choosePlace(file: u32, hint: u64, length: u64, pgoff: u64, flags: u64): i64 {
  if (length > TASK_SIZE) return -ENOMEM;
  let addr: u64 = 0;
  if (file != 0 && fileOf(file).mode & FILE_MODE_THP_ALIGN && mm.thp) {
    addr = hugeAligned(hint, length, pgoff << 12, flags);
  } else if (wantsHugeAlignment(file, hint, length, flags)) {
    addr = hugeAligned(hint, length, file ? pgoff << 12 : 0, flags);
  } else {
    addr = topDown(hint, length, flags);
  }
  if (isError(addr)) return <i64>addr;
  if (addr > TASK_SIZE - length) return -ENOMEM;
  if (addr & 0xfff) return -EINVAL;
  return addr < mm.mmapMinAddr ? -EPERM : addr;
}

/** Mappings without a hint whose length is whole huge pages; from 7.3 on only anonymous ones. */
function wantsHugeAlignment(file: u32, hint: u64, length: u64, flags: u64): bool {
  if (!mm.thp || hint != 0 || (length & (HUGE_PAGE - 1)) != 0) return false;
  if (file == 0) return (flags & MAP_SHARED) == 0; // shared anonymous memory is placed by shmem
  return mm.profile < PROFILE_7_3 && (fileOf(file).mode & FILE_MODE_SHMEM) == 0;
}
