// Taking mappings away (sheet 3.1): gather, clean-up, complete, and the two ways to abort (1.2).
//
// In the kernel gathered VMAs stay in the tree until the final store. Here they leave the array at
// once, which nobody can see: the next look at the layout is after complete or after an abort.

import { EINVAL, ENOMEM, EPERM } from "../../src/core/abi.js";
import { statAccount, uncharge } from "./account.js";
import { has, isAligned, pageUp, TASK_SIZE, VM_ACCOUNT, VM_LOCKED, VM_SEALED } from "./flags.js";
import { closeVma, unlinkVma } from "./lifecycle.js";
import { splitUnchecked } from "./modify.js";
import { refuse } from "./refuse.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/** vma_munmap_struct */
export interface Gathered {
  vmas: Vma[];
  pages: bigint;
  /**
   * Pages to uncharge when it completes; mmap sets it to 0 when the new mapping takes the charge
   * over.
   */
  accounted: bigint;
  /** Clean-up has happened: no way back. */
  cleaned: boolean;
}

export function nothingGathered(): Gathered {
  return { vmas: [], pages: 0n, accounted: 0n, cleaned: false };
}

/** vms_gather_munmap_vmas. Refuses with everything attached again; edge splits stay. */
export function gather(space: Space, start: bigint, end: bigint): Gathered {
  const gathered = nothingGathered();
  const [first] = space.overlapping(start, end);
  if (!first) return gathered;
  if (start > first.start) {
    if (end < first.end && space.mapCount >= space.settings.maxMapCount) refuse(ENOMEM);
    if (has(first.flags, VM_SEALED)) refuse(EPERM);
    splitUnchecked(space, first, start, true);
  }
  try {
    for (const vma of space.overlapping(start, end)) {
      if (has(vma.flags, VM_SEALED)) refuse(EPERM);
      if (vma.end > end) splitUnchecked(space, vma, end, false);
      space.remove(vma);
      gathered.vmas.push(vma);
      gathered.pages += pagesOf(vma);
      if (has(vma.flags, VM_ACCOUNT)) gathered.accounted += pagesOf(vma);
    }
  } catch (error) {
    reattach(space, gathered);
    throw error;
  }
  return gathered;
}

/** Abort 1, the old PTEs are still there: every gathered VMA is a mapping again. */
export function reattach(space: Space, gathered: Gathered): void {
  for (const vma of gathered.vmas) space.insert(vma);
  gathered.vmas = [];
}

/** vms_clean_up_area: the old pages go, and the drivers hear of it. */
export function cleanUp(space: Space, gathered: Gathered): void {
  if (gathered.cleaned) return;
  gathered.cleaned = true;
  for (const vma of gathered.vmas) unlinkVma(space, vma);
  for (const vma of gathered.vmas) closeVma(space, vma);
}

/** vms_complete_munmap_vmas; also abort 2, where a hole is all that is left. */
export function complete(space: Space, gathered: Gathered): void {
  cleanUp(space, gathered);
  for (const vma of gathered.vmas) {
    if (has(vma.flags, VM_LOCKED)) space.lockedVm -= pagesOf(vma);
    statAccount(space, vma.flags, -pagesOf(vma));
    space.files.put(vma.file);
  }
  uncharge(space, gathered.accounted);
}

/** do_vmi_align_munmap: removes whatever is mapped in [start, end). */
export function unmapRange(space: Space, start: bigint, end: bigint): void {
  complete(space, gather(space, start, end));
}

/** do_vmi_munmap, the munmap system call. */
export function munmap(space: Space, start: bigint, length: bigint): void {
  if (!isAligned(start) || start > TASK_SIZE || length > TASK_SIZE - start) refuse(EINVAL);
  const end = start + pageUp(length);
  if (end === start) refuse(EINVAL);
  unmapRange(space, start, end);
}
