// madvise and PR_SET_VMA_ANON_NAME (sheet 3.6).

import {
  EACCES,
  EAGAIN,
  EBADF,
  EFAULT,
  EINVAL,
  ENOMEM,
  EPERM,
  FILE_MODE_UNNAMED,
} from "../../src/core/abi.js";
import { prepareAnon } from "./anon.js";
import {
  has,
  isAligned,
  max,
  min,
  pageUp,
  u64,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_HUGEPAGE,
  VM_HUGETLB,
  VM_IO,
  VM_LOCKED,
  VM_MAYBE_GUARD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_RAND_READ,
  VM_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_SPECIAL,
  VM_WIPEONFORK,
  VM_WRITE,
} from "./flags.js";
import { modifyFlags, modifyName } from "./modify.js";
import { Refused, refuse } from "./refuse.js";
import { isAnonymous, type Space, type Vma } from "./space.js";
import { populate } from "./touch.js";

// Linux's numbers.
export const NORMAL = 0;
export const RANDOM = 1;
export const SEQUENTIAL = 2;
export const WILLNEED = 3;
export const DONTNEED = 4;
export const FREE = 8;
export const REMOVE = 9;
export const DONTFORK = 10;
export const DOFORK = 11;
export const MERGEABLE = 12;
export const UNMERGEABLE = 13;
export const HUGEPAGE = 14;
export const NOHUGEPAGE = 15;
export const DONTDUMP = 16;
export const DODUMP = 17;
export const WIPEONFORK = 18;
export const KEEPONFORK = 19;
export const COLD = 20;
export const PAGEOUT = 21;
export const POPULATE_READ = 22;
export const POPULATE_WRITE = 23;
export const DONTNEED_LOCKED = 24;
export const COLLAPSE = 25;
export const GUARD_INSTALL = 102;
export const GUARD_REMOVE = 103;

const HUGE_PAGE_ADVICE = [HUGEPAGE, NOHUGEPAGE, COLLAPSE];
const GUARD_ADVICE = [GUARD_INSTALL, GUARD_REMOVE];
/** Advice that throws contents away, which a seal forbids on read-only anonymous memory. */
const DISCARDING = [DONTNEED, DONTNEED_LOCKED, FREE, REMOVE, DONTFORK, WIPEONFORK, GUARD_INSTALL];

type Change = (space: Space, vma: Vma) => bigint;

/** The flags after advice that changes flags, or a refusal. */
const CHANGES: Record<number, Change> = {
  [NORMAL]: (_, vma) => vma.flags & ~(VM_RAND_READ | VM_SEQ_READ),
  [SEQUENTIAL]: (_, vma) => (vma.flags & ~VM_RAND_READ) | VM_SEQ_READ,
  [RANDOM]: (_, vma) => (vma.flags & ~VM_SEQ_READ) | VM_RAND_READ,
  [DONTFORK]: (_, vma) => vma.flags | VM_DONTCOPY,
  [DOFORK]: (space, vma) => {
    if (has(vma.flags, space.era.doForkRefuses)) refuse(EINVAL);
    return vma.flags & ~VM_DONTCOPY;
  },
  [WIPEONFORK]: (_, vma) => {
    if (vma.file !== 0 || has(vma.flags, VM_SHARED)) refuse(EINVAL);
    return vma.flags | VM_WIPEONFORK;
  },
  [KEEPONFORK]: (_, vma) => {
    if (has(vma.flags, VM_DROPPABLE)) refuse(EINVAL);
    return vma.flags & ~VM_WIPEONFORK;
  },
  [DONTDUMP]: (_, vma) => vma.flags | VM_DONTDUMP,
  [DODUMP]: (_, vma) => {
    const special = has(vma.flags, VM_SPECIAL) && !has(vma.flags, VM_HUGETLB);
    if (special || has(vma.flags, VM_DROPPABLE)) refuse(EINVAL);
    return vma.flags & ~VM_DONTDUMP;
  },
  [MERGEABLE]: (_, vma) => {
    const unfit = VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE | VM_SPECIAL;
    return has(vma.flags, unfit) ? vma.flags : vma.flags | VM_MERGEABLE;
  },
  [UNMERGEABLE]: (_, vma) => vma.flags & ~VM_MERGEABLE,
  [HUGEPAGE]: (_, vma) => (vma.flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE,
  [NOHUGEPAGE]: (_, vma) => (vma.flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE,
};

type Check = (vma: Vma) => void;

const refuseFlags = (vma: Vma, flags: bigint) => {
  if (has(vma.flags, flags)) refuse(EINVAL);
};

/** What advice that changes no flag demands of a VMA. */
const CHECKS: Record<number, Check> = {
  [WILLNEED]: () => {},
  [COLLAPSE]: () => {},
  [DONTNEED]: (vma) => refuseFlags(vma, VM_LOCKED | VM_PFNMAP | VM_HUGETLB),
  [DONTNEED_LOCKED]: (vma) => refuseFlags(vma, VM_PFNMAP | VM_HUGETLB),
  [FREE]: (vma) => {
    if (!isAnonymous(vma)) refuse(EINVAL);
    refuseFlags(vma, VM_LOCKED | VM_PFNMAP | VM_HUGETLB);
  },
  [COLD]: (vma) => refuseFlags(vma, VM_LOCKED | VM_PFNMAP | VM_HUGETLB),
  [PAGEOUT]: (vma) => refuseFlags(vma, VM_LOCKED | VM_PFNMAP | VM_HUGETLB),
  [REMOVE]: (vma) => {
    refuseFlags(vma, VM_LOCKED);
    if (vma.file === 0) refuse(EINVAL);
    if (!has(vma.flags, VM_SHARED) || !has(vma.flags, VM_MAYWRITE)) refuse(EACCES);
  },
  [GUARD_REMOVE]: (vma) => refuseFlags(vma, VM_SPECIAL | VM_HUGETLB),
  [POPULATE_READ]: (vma) => {
    refuseFlags(vma, VM_IO | VM_PFNMAP);
    if (!has(vma.flags, VM_READ)) refuse(EINVAL);
  },
  [POPULATE_WRITE]: (vma) => {
    refuseFlags(vma, VM_IO | VM_PFNMAP);
    if (!has(vma.flags, VM_WRITE)) refuse(EINVAL);
  },
};

/** do_madvise */
export function madvise(space: Space, start: bigint, len: bigint, given: bigint): void {
  const advice = Number(given);
  const known = advice in CHANGES || advice in CHECKS || advice === GUARD_INSTALL;
  if (!known || (HUGE_PAGE_ADVICE.includes(advice) && !space.settings.thp)) refuse(EINVAL);
  if (GUARD_ADVICE.includes(advice) && !space.era.guards) refuse(EINVAL);
  const stopsAtGap = advice === POPULATE_READ || advice === POPULATE_WRITE;
  walk(space, start, len, stopsAtGap, (vma, from, to) => {
    if (DISCARDING.includes(advice)) askSeal(vma);
    const change = CHANGES[advice];
    if (change) return update(space, vma, from, to, change(space, vma));
    if (advice === GUARD_INSTALL) installGuard(space, vma);
    else CHECKS[advice]?.(vma);
    if (stopsAtGap && !populate(space, vma, from, to, advice === POPULATE_WRITE)) refuse(EFAULT);
    return vma;
  });
}

/** can_madvise_modify */
function askSeal(vma: Vma): void {
  if (has(vma.flags, VM_SEALED) && isAnonymous(vma) && !has(vma.flags, VM_WRITE)) refuse(EPERM);
}

/**
 * madvise_guard_install: from 7.0 on the VMA remembers it, in place and as a whole. Markers are
 * page-table entries, so anonymous memory that gets some has an anon_vma as if it had been written.
 */
function installGuard(space: Space, vma: Vma): void {
  refuseFlags(vma, VM_SPECIAL | VM_HUGETLB | VM_LOCKED);
  if (space.era.sticky) vma.flags |= VM_MAYBE_GUARD;
  if (isAnonymous(vma)) prepareAnon(space, vma);
}

/** madvise_update_vma for flags */
function update(space: Space, vma: Vma, start: bigint, end: bigint, flags: bigint): Vma {
  if (flags === vma.flags) return vma;
  return noMemoryIsAgain(() => modifyFlags(space, vma, start, end, flags));
}

/** PR_SET_VMA_ANON_NAME: only memory without a file of the user's has such a name. */
export function setName(space: Space, start: bigint, len: bigint, name: bigint): void {
  walk(space, start, len, false, (vma, from, to) => {
    if (vma.file !== 0 && !space.files.is(vma.file, FILE_MODE_UNNAMED)) refuse(EBADF);
    if (vma.name === Number(name)) return vma;
    return noMemoryIsAgain(() => modifyName(space, vma, from, to, Number(name)));
  });
}

/** madvise reports a lack of VMAs as EAGAIN; ENOMEM means a gap. */
function noMemoryIsAgain(action: () => Vma): Vma {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refused && error.errno === ENOMEM) refuse(EAGAIN);
    throw error;
  }
}

/**
 * madvise_walk_vmas: visits each VMA's part of the range; the visitor returns the VMA that holds
 * the part afterwards. Gaps are passed over and reported at the end, but populating stops at the
 * first.
 */
function walk(
  space: Space,
  start: bigint,
  len: bigint,
  stopsAtGap: boolean,
  visit: (vma: Vma, from: bigint, to: bigint) => Vma,
): void {
  const length = pageUp(len);
  if (!isAligned(start) || (len !== 0n && length === 0n)) refuse(EINVAL);
  const end = u64(start + length);
  if (end < start) refuse(EINVAL);
  let gaps = false;
  for (let at = start; at < end; ) {
    const vma = space.find(at);
    if (!vma || vma.start > at) gaps = true;
    if (gaps && stopsAtGap) break;
    if (!vma || vma.start >= end) break;
    const from = max(vma.start, at);
    const holder = visit(vma, from, min(vma.end, end));
    at = holder.end;
  }
  if (gaps) refuse(ENOMEM);
}
