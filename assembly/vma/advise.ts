// madvise(2), anonymous names (prctl PR_SET_VMA), mseal(2): walks over the VMAs of a range, changing one
// attribute of each part. (madvise_walk_vmas, madvise_update_vma; mm/madvise.c)

import {
  EACCES, EAGAIN, EBADF, EFAULT, EINVAL, ENOMEM, EPERM, FILE_MODE_UNNAMED, PROFILE_6_15, PROFILE_6_18, PROFILE_7_3,
  VM_DONTCOPY, VM_DONTDUMP, VM_DROPPABLE, VM_HUGEPAGE, VM_HUGETLB, VM_IO, VM_LOCKED, VM_MAYBE_GUARD, VM_MERGEABLE,
  VM_NOHUGEPAGE, VM_PFNMAP, VM_RAND_READ, VM_READ, VM_SEALED, VM_SEQ_READ, VM_SHARED, VM_SPECIAL, VM_WIPEONFORK,
  VM_WRITE,
} from "../abi";
import { lookup, vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { find, previous, walk } from "../maple/walk";
import { access } from "../paging/fault";
import { beginFlush, endFlush } from "../paging/gather";
import { discardRange, zapRange } from "../paging/zap";
import { prepareAnon } from "./anon";
import { isAnonymous, isSharedMayWrite, ksmAdvisable, stickyFlags } from "./flags";
import { mergeLike, MERGED } from "./merge";
import { exists, fileOf, mm, Vma, vmaOf } from "./record";
import { modifiedVma, modify } from "./split";

// Advice (MADV_*; include/uapi/asm-generic/mman-common.h) ----------------------------------------------
const NORMAL: u32 = 0;
const RANDOM: u32 = 1;
const SEQUENTIAL: u32 = 2;
const WILLNEED: u32 = 3;
const DONTNEED: u32 = 4;
const FREE: u32 = 8;
const REMOVE: u32 = 9;
const DONTFORK: u32 = 10;
const DOFORK: u32 = 11;
const MERGEABLE: u32 = 12;
const UNMERGEABLE: u32 = 13;
const HUGEPAGE: u32 = 14;
const NOHUGEPAGE: u32 = 15;
const DONTDUMP: u32 = 16;
const DODUMP: u32 = 17;
const WIPEONFORK: u32 = 18;
const KEEPONFORK: u32 = 19;
const COLD: u32 = 20;
const PAGEOUT: u32 = 21;
const POPULATE_READ: u32 = 22;
const POPULATE_WRITE: u32 = 23;
const DONTNEED_LOCKED: u32 = 24;
const COLLAPSE: u32 = 25;
const GUARD_INSTALL: u32 = 102;
const GUARD_REMOVE: u32 = 103;
/** Not an advice: names the range (__MADV_SET_ANON_VMA_NAME). */
const SET_NAME: u32 = 0xffffffff;

function isKnown(advice: u32): bool {
  if (advice >= HUGEPAGE && advice <= NOHUGEPAGE) return mm.thp != 0;
  if (advice == GUARD_INSTALL || advice == GUARD_REMOVE) return mm.profile >= PROFILE_6_15; // 6.13 brought them
  return advice <= DONTNEED || (advice >= FREE && advice <= COLLAPSE);
}

/** 0 or an errno. */
export function madvise(addr: u64, length: u64, advice: u32): u32 {
  if (!isKnown(advice)) return EINVAL;
  return advise(addr, length, advice, 0);
}

/** Names the anonymous VMAs of a range; `name` 0 takes the name away. */
export function setName(addr: u64, length: u64, name: u32): u32 { return advise(addr, length, SET_NAME, name); }

function advise(addr: u64, length: u64, advice: u32, name: u32): u32 {
  const size = (length + 0xfff) & ~0xfff;
  if (addr & 0xfff || (length != 0 && size == 0) || addr + size < addr) return EINVAL;
  if (size == 0) return 0;
  if (advice == POPULATE_READ || advice == POPULATE_WRITE) return populate(addr, addr + size, advice == POPULATE_WRITE);
  beginFlush();
  const error = adviseAll(addr, addr + size, advice, name);
  endFlush();
  return error;
}

/** Gaps are passed over and reported at the end; any other error ends the walk. */
function adviseAll(start: u64, end: u64, advice: u32, name: u32): u32 {
  let result: u32 = 0;
  let from = start;
  // the VMA at or above the start, and the one below (find_vma_prev)
  lookup.enter(vmaTree, start);
  let id = walk(lookup);
  let prev = previous(lookup, 0);
  if (id == 0) id = find(lookup, TOP);
  if (id != 0 && from > vmaOf(id).start) prev = id;
  while (true) {
    if (id == 0) return ENOMEM;
    let vma = vmaOf(id);
    if (from < vma.start) {
      result = ENOMEM;
      from = vma.start;
      if (from >= end) break;
    }
    let to = vma.end < end ? vma.end : end;
    const error = advisePart(vma, prev, from, to, advice, name);
    if (error) return error;
    vma = part;
    prev = vma.id;
    if (to < vma.end) to = vma.end;
    if (to >= end) break;
    lookup.enter(vmaTree, vma.end);
    id = find(lookup, TOP);
    from = to;
  }
  return result;
}

/** The VMA that now holds the part. */
let part: Vma = changetype<Vma>(0);

/** madvise_vma_behavior */
function advisePart(vma: Vma, prev: u32, start: u64, end: u64, advice: u32, name: u32): u32 {
  part = vma;
  if (vma.flags & VM_SEALED && isDiscard(advice) && isAnonymous(vma) && (vma.flags & VM_WRITE) == 0) return EPERM;
  const flags = vma.flags;
  switch (advice) {
    case WILLNEED:
    case COLLAPSE:
      return 0;
    case DONTNEED:
    case DONTNEED_LOCKED: {
      const refused = VM_PFNMAP | VM_HUGETLB | (advice == DONTNEED ? VM_LOCKED : 0);
      if (flags & refused) return EINVAL;
      discardRange(start, end);
      return 0;
    }
    case FREE: return !isAnonymous(vma) || flags & (VM_PFNMAP | VM_HUGETLB | VM_LOCKED) ? EINVAL : 0;
    case COLD:
    case PAGEOUT:
      return flags & (VM_PFNMAP | VM_HUGETLB | VM_LOCKED) ? EINVAL : 0;
    case REMOVE: {
      if (flags & VM_LOCKED || vma.file == 0) return EINVAL;
      return isSharedMayWrite(flags) ? 0 : EACCES;
    }
    case GUARD_INSTALL: return installGuard(vma, start, end);
    case GUARD_REMOVE: return flags & (VM_SPECIAL | VM_HUGETLB) ? EINVAL : 0;
    case SET_NAME: {
      const nameable = vma.file == 0 || (fileOf(vma.file).mode & FILE_MODE_UNNAMED) != 0;
      return nameable ? asEagain(update(vma, prev, start, end, flags, true, name)) : EBADF;
    }
    default: {
      const error = advisedFlags(vma, advice);
      return error ? error : asEagain(update(vma, prev, start, end, wanted, false, 0));
    }
  }
}

/** Out of kernel memory reads as "try again" here. */
@inline function asEagain(error: u32): u32 { return error == ENOMEM ? EAGAIN : error; }

function isDiscard(advice: u32): bool {
  return advice == FREE || advice == DONTNEED || advice == DONTNEED_LOCKED || advice == REMOVE || advice == DONTFORK
    || advice == WIPEONFORK || advice == GUARD_INSTALL;
}

/** A guard is a page-table marker; the VMA only remembers that it may have some (since 7.0, and in 6.18.y). */
function installGuard(vma: Vma, start: u64, end: u64): u32 {
  if (vma.flags & (VM_SPECIAL | VM_HUGETLB | VM_LOCKED)) return EINVAL;
  if (mm.profile >= PROFILE_6_18) vma.flags |= VM_MAYBE_GUARD;
  if (isAnonymous(vma) && !prepareAnon(vma)) return ENOMEM;
  zapRange(start, end);
  return 0;
}

/** The flags that advice makes of the VMA's; see advisedFlags. */
let wanted: u64 = 0;

function advisedFlags(vma: Vma, advice: u32): u32 {
  const flags = vma.flags;
  wanted = flags;
  switch (advice) {
    case NORMAL: wanted = flags & ~(VM_RAND_READ | VM_SEQ_READ); return 0;
    case SEQUENTIAL: wanted = (flags & ~VM_RAND_READ) | VM_SEQ_READ; return 0;
    case RANDOM: wanted = (flags & ~VM_SEQ_READ) | VM_RAND_READ; return 0;
    case DONTFORK: wanted = flags | VM_DONTCOPY; return 0;
    case DOFORK: {
      if (flags & (mm.profile >= PROFILE_7_3 ? VM_SPECIAL : VM_IO)) return EINVAL;
      wanted = flags & ~VM_DONTCOPY;
      return 0;
    }
    case WIPEONFORK: {
      if (vma.file || flags & VM_SHARED) return EINVAL;
      wanted = flags | VM_WIPEONFORK;
      return 0;
    }
    case KEEPONFORK: {
      if (flags & VM_DROPPABLE) return EINVAL;
      wanted = flags & ~VM_WIPEONFORK;
      return 0;
    }
    case DONTDUMP: wanted = flags | VM_DONTDUMP; return 0;
    case DODUMP: {
      if ((flags & VM_HUGETLB) == 0 && flags & VM_SPECIAL || flags & VM_DROPPABLE) return EINVAL;
      wanted = flags & ~VM_DONTDUMP;
      return 0;
    }
    case MERGEABLE: {
      if (ksmAdvisable(flags)) wanted = flags | VM_MERGEABLE;
      return 0;
    }
    case UNMERGEABLE: wanted = flags & ~VM_MERGEABLE; return 0;
    case HUGEPAGE: wanted = (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE; return 0;
    case NOHUGEPAGE: wanted = (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE; return 0;
    default: return EINVAL;
  }
}

/** Writes flags or name into the part, merging or splitting first (madvise_update_vma). */
function update(vma: Vma, prev: u32, start: u64, end: u64, flags: u64, named: bool, name: u32): u32 {
  if (vma.flags == flags && (!named || vma.name == name)) return 0;
  vmi.enter(vmaTree, start);
  const g = mergeLike(vma, vmaOf(prev), start, end);
  g.flags = flags;
  if (named) g.name = name;
  const error = modify(g, vma, start, end);
  if (error) return error;
  part = modifiedVma();
  // a name's flags are those from before the merge: what had stuck to it is lost
  part.flags = g.state == MERGED && !named ? flags | (part.flags & stickyFlags()) : flags;
  if (named) part.name = name;
  return 0;
}

function populate(start: u64, end: u64, write: bool): u32 {
  for (let page = start; page < end; page += 0x1000) {
    lookup.enter(vmaTree, page);
    const vma = vmaOf(walk(lookup));
    if (!exists(vma)) return ENOMEM;
    if (vma.flags & (VM_PFNMAP | VM_IO) || (vma.flags & (write ? VM_WRITE : VM_READ)) == 0) return EINVAL;
    if (!access(page, write)) return EFAULT;
  }
  return 0;
}

/** mseal(2): forbids further changes; gaps are found before anything is done. */
export function mseal(addr: u64, length: u64): u32 {
  const size = (length + 0xfff) & ~0xfff;
  if (addr & 0xfff || (length != 0 && size == 0) || addr + size < addr) return EINVAL;
  if (size == 0) return 0;
  const end = addr + size;
  let reached = addr;
  lookup.enter(vmaTree, addr);
  for (let id = find(lookup, end - 1); id; id = find(lookup, end - 1)) {
    if (vmaOf(id).start > reached) return ENOMEM;
    reached = vmaOf(id).end;
  }
  return reached < end ? ENOMEM : sealAll(addr, end);
}

function sealAll(start: u64, end: u64): u32 {
  vmi.enter(vmaTree, start);
  const first = vmaOf(walk(vmi));
  let prev = previous(vmi, 0);
  if (start > first.start) prev = first.id;
  for (let id = find(vmi, end - 1); id; id = find(vmi, end - 1)) {
    let vma = vmaOf(id);
    if ((vma.flags & VM_SEALED) == 0) {
      const from = max<u64>(vma.start, start);
      const to = min<u64>(vma.end, end);
      const g = mergeLike(vma, vmaOf(prev), from, to);
      g.flags = vma.flags | VM_SEALED;
      const error = modify(g, vma, from, to);
      if (error) return error;
      vma = modifiedVma();
      vma.flags |= VM_SEALED;
    }
    prev = vma.id;
  }
  return 0;
}
