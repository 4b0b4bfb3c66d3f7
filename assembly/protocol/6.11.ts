// Kernel 6.11 and before: what is overlapped is unmapped first, for good; nodes are reserved only after the
// hook, and the last checks come later still, on the hook's flags. Two merge attempts, the second one before
// the VMA is in the tree. (mmap_region, mm/mmap.c)

import { ALARM_MERGE_MOVED, ALARM_MOVED_START, ALARM_NULL_FILE, EACCES, EINVAL, ENOMEM, EPERM, OPS_CLOSE, VM_ACCOUNT, VM_SHARED, VM_SPECIAL } from "../abi";
import { count, COUNTING, MERGE_SECOND_ATTEMPTS, MERGE_SECOND_MERGED, UNWIND_STEPS } from "../events";
import { lookup, vmaTree, vmi } from "../maple/cursor";
import { TOP } from "../maple/node";
import { reserve } from "../maple/store";
import { find, nextRange, previous } from "../maple/walk";
import {
  STEP_ALLOCATE, STEP_CHARGE, STEP_GET_FILE, STEP_HOOK_MMAP, STEP_LATE_CHECKS, STEP_LIMITS, STEP_NEIGHBOURS,
  STEP_RESERVE, STEP_SECOND_MERGE, STEP_UNDO_CLOSE, STEP_UNMAP, step,
} from "../steps";
import { charge, isAccountable, mayExpand } from "../vma/account";
import { getFile, mapWritable, putFile, unmapWritable } from "../vma/file";
import { deniedByMdwe, isSharedMayWrite, withKsm } from "../vma/flags";
import { mergeNewRange, newMerge } from "../vma/merge";
import { allocateVma, discardVma, freeVma } from "../vma/pool";
import { exists, fileOf, Vma, vmaOf } from "../vma/record";
import { closeVma, munmap, unmap } from "../vma/unmap";
import { callMmap } from "./driver";
import { beginMapping, fillVma, finish, firstMerge, giveShmem, insert, Mapping, undoCharge, undoHook } from "./mapping";
import { alarm, isMoved } from "./rogue";

/** Maps; 0 or an errno. */
export function mapRegion611(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  step(STEP_LIMITS);
  if (!mayExpand(flags, m.pages) && !mayExpand(flags, m.pages - replacedPages(m))) return ENOMEM;
  step(STEP_UNMAP);
  const unmapped = munmap(start, length);
  if (unmapped) return unmapped == EPERM ? EPERM : ENOMEM;
  unmap.vmas = 0; // the unmap is complete: there is nothing to finish or to abort
  unmap.pages = 0;
  unmap.lockedVm = 0;
  if (isAccountable(flags)) {
    step(STEP_CHARGE);
    if (!charge(m.pages)) return ENOMEM; // with the old mapping gone
    m.charged = m.pages;
    m.flags |= VM_ACCOUNT;
  }
  findNeighbours(m);
  let vma = firstMerge(m);
  if (!exists(vma)) {
    const error = newVma(m, file);
    if (error) {
      undoCharge(m);
      return error;
    }
    vma = made;
    vma.flags = withKsm(vma.flags);
  }
  finish(m, vma);
  return 0;
}

/** Pages of the range that are mapped (count_vma_pages_range). */
function replacedPages(m: Mapping): u64 {
  let bytes: u64 = 0;
  lookup.enter(vmaTree, m.start);
  for (let id = find(lookup, m.end - 1); id; id = find(lookup, m.end - 1)) {
    const vma = vmaOf(id);
    bytes += min<u64>(vma.end, m.end) - max<u64>(vma.start, m.start);
  }
  return bytes >> 12;
}

/** The VMAs above and below, and back into the gap. */
function findNeighbours(m: Mapping): void {
  step(STEP_NEIGHBOURS);
  vmi.enter(vmaTree, m.start);
  m.next = find(vmi, TOP);
  m.prev = previous(vmi, 0);
  if (m.prev) nextRange(vmi, TOP);
}

let made: Vma = changetype<Vma>(0);

/** The hook on a VMA for which no node is reserved, then the late checks. */
function newVma(m: Mapping, file: u32): u32 {
  step(STEP_ALLOCATE);
  const vma = allocateVma();
  if (!exists(vma)) return ENOMEM;
  fillVma(m, vma);
  let writer: u32 = 0;
  if (file) {
    vma.file = file;
    step(STEP_GET_FILE);
    getFile(file);
    step(STEP_HOOK_MMAP);
    const error = callMmap(vma);
    if (error) return takeBack(m, vma, error);
    step(STEP_LATE_CHECKS);
    if (isSharedMayWrite(vma.flags)) {
      if (!mapWritable(fileOf(file))) return closeAndTakeBack(m, vma, EPERM);
      writer = file;
    }
    if (COUNTING && vma.start != m.start) { // the one kernel that refuses it
      alarm(ALARM_MOVED_START);
      const refused = closeAndTakeBack(m, vma, EINVAL);
      if (writer) unmapWritable(fileOf(writer));
      return refused;
    }
    if (vma.flags != m.flags && m.prev) {
      const survivor = secondMerge(m, vma);
      if (exists(survivor)) {
        if (writer) unmapWritable(fileOf(writer));
        made = survivor;
        return 0;
      }
    }
  } else if (m.flags & VM_SHARED && !giveShmem(vma)) {
    discardVma(vma);
    return ENOMEM;
  }
  step(STEP_LATE_CHECKS);
  const late = deniedByMdwe(vma.flags, vma.flags) ? EACCES : reserveFor(m, vma) ? 0 : ENOMEM;
  if (late) {
    const error = closeAndTakeBack(m, vma, late);
    if (writer) unmapWritable(fileOf(writer));
    return error;
  }
  insert(m, vma);
  if (writer) unmapWritable(fileOf(writer));
  made = vma;
  return 0;
}

function reserveFor(m: Mapping, vma: Vma): bool {
  step(STEP_RESERVE);
  vmi.narrow(m.start, m.end - 1);
  return reserve(vmi, vma.id);
}

/** With everything that the hook left: flags, file and offset. The VMA goes without its `close` being called. */
function secondMerge(m: Mapping, vma: Vma): Vma {
  if (COUNTING && isMoved(m, vma)) { // what that merge would make of it is left out
    alarm(ALARM_MERGE_MOVED);
    return changetype<Vma>(0);
  }
  if (vma.flags & VM_SPECIAL) return changetype<Vma>(0);
  step(STEP_SECOND_MERGE);
  const g = newMerge(m.start, m.end);
  g.flags = vma.flags;
  g.file = vma.file;
  g.pgoff = vma.pgoff;
  g.anonPgoff = m.start >> 12;
  g.prev = m.prev;
  g.next = m.next;
  count(MERGE_SECOND_ATTEMPTS);
  const survivor = mergeNewRange(g);
  if (!exists(survivor)) return survivor;
  count(MERGE_SECOND_MERGED);
  if (COUNTING && vma.file == 0) alarm(ALARM_NULL_FILE);
  if (!COUNTING || vma.file) putFile(vma.file);
  freeVma(vma);
  return survivor;
}

/** A failure after a successful hook: here `close` is called. */
function closeAndTakeBack(m: Mapping, vma: Vma, error: u32): u32 {
  step(STEP_UNDO_CLOSE);
  if (vma.ops & OPS_CLOSE) count(UNWIND_STEPS);
  closeVma(vma);
  return takeBack(m, vma, error);
}

function takeBack(m: Mapping, vma: Vma, error: u32): u32 {
  if (m.file || vma.file) undoHook(m, vma);
  discardVma(vma);
  return error;
}
