// brk (sheet 3.5). The system call never fails: it answers with the break it left.

import { ENOMEM, MAP_FIXED } from "../../src/core/abi.js";
import { charge, heapLimitAllows, mayExpand, mayLockFuture } from "./account.js";
import {
  has,
  PAGE,
  pageUp,
  pg,
  u64,
  VM_ACCOUNT,
  VM_EXEC,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_SOFTDIRTY,
  VM_WRITE,
} from "./flags.js";
import { withKsmBit } from "./mapping.js";
import { mergeNewRange } from "./merge.js";
import { getUnmappedArea, startGap } from "./place.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { faultIn } from "./touch.js";
import { unmapRange } from "./unmap.js";

export function brk(space: Space, wanted: bigint): void {
  const startBrk = BigInt(space.settings.startBrk);
  if (wanted < startBrk || !heapLimitAllows(space, wanted - startBrk)) return;
  const oldEnd = pageUp(space.brk);
  const newEnd = pageUp(wanted);
  if (oldEnd === newEnd) {
    space.brk = wanted;
    return;
  }
  const errno = errnoOf(() => {
    if (wanted <= space.brk) shrink(space, newEnd, oldEnd);
    else grow(space, oldEnd, newEnd);
  });
  if (!errno) space.brk = wanted;
}

function shrink(space: Space, newEnd: bigint, oldEnd: bigint): void {
  const vma = space.find(newEnd);
  if (!vma || vma.start >= oldEnd) refuse(ENOMEM);
  unmapRange(space, newEnd, oldEnd);
}

function grow(space: Space, oldEnd: bigint, newEnd: bigint): void {
  const length = u64(newEnd - oldEnd);
  // check_brk_limits
  const fixed = { file: 0, hint: oldEnd, length, pgoff: 0n, mapFlags: BigInt(MAP_FIXED) };
  getUnmappedArea(space, fixed);
  if (!mayLockFuture(space, space.defFlags, pg(length))) refuse(ENOMEM);
  // One page and the guard gap of the next VMA stay free.
  const next = space.find(oldEnd);
  if (next && newEnd + PAGE > startGap(space, next)) refuse(ENOMEM);
  doBrkFlags(space, oldEnd, newEnd);
  if (has(space.defFlags, VM_LOCKED)) faultIn(space, oldEnd, newEnd, false);
}

/** do_brk_flags */
function doBrkFlags(space: Space, start: bigint, end: bigint): void {
  const pages = pg(end - start);
  let flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC; // x86 data defaults
  if (space.settings.readImpliesExec) flags |= VM_EXEC;
  flags |= VM_ACCOUNT | space.defFlags;
  if (space.era.earlyKsm) flags = withKsmBit(space, flags);
  if (!mayExpand(space, flags, pages)) refuse(ENOMEM);
  if (space.mapCount > space.settings.maxMapCount) refuse(ENOMEM);
  charge(space, pages);

  const fields = { start, end, flags, pgoff: pg(start), anonPgoff: pg(start), file: 0, name: 0 };
  const merged = mergeNewRange(space, {
    ...fields,
    anonVma: undefined,
    // looked for no lower than start_brk: a VMA that ends there, such as .bss, stays apart
    prev: start > BigInt(space.settings.startBrk) ? space.below(start) : undefined,
    next: undefined,
    justExpand: true,
  });
  const vma = merged ?? newHeap(space, { ...fields, ops: 0, anonVma: undefined, chain: [] });
  space.totalVm += pages;
  space.dataVm += pages; // whatever the class of the flags
  if (has(flags, VM_LOCKED)) space.lockedVm += pages;
  if (space.settings.softDirty) vma.flags |= VM_SOFTDIRTY;
}

function newHeap(space: Space, vma: Vma): Vma {
  space.insert(vma);
  if (!space.era.earlyKsm) vma.flags = withKsmBit(space, vma.flags); // ksm_add_vma
  return vma;
}
