// One mmap under way, and the steps that kernels share. What sets a kernel apart stands in its own file, in
// order; these are the words it is written in.
//
//   setUp        gather what is overlapped, limits, charge, old pages gone        __mmap_prepare, __mmap_setup
//   firstMerge   with the VMAs beside the range                                    vma_merge_new_range
//   allocate     object and tree nodes for a VMA of its own                        __mmap_new_vma, first half
//   insert       into tree, counters, reverse map                                  __mmap_new_vma, second half
//   finish       old VMAs freed, counters                                          __mmap_complete
//   undo...      one for each thing that may have to be taken back

import {
  ALARM_ANON_OFFSET, ALARM_NULL_FILE, EACCES, ENOMEM, EPERM, FILE_MODE_SHMEM, OPS_DUMMY, OPS_FAULT, OPS_INSTALLED, OPS_MAP_PAGES, PROFILE_6_11, PROFILE_7_3,
  VM_ACCOUNT, VM_LOCKED, VM_SHARED, VM_SOFTDIRTY,
} from "../abi";
import {
  ACCOUNT_UNCHARGES, count, counter, COUNTING, FILE_PUTS, FILE_RMAP_REMOVES, MAPLE_STORES, UNWIND_HOLES, UNWIND_STEPS,
  VMA_FREED,
} from "../events";
import { clearRecord, SCRATCH_AT } from "../memory";
import { vmaTree, vmi } from "../maple/cursor";
import { TOP } from "../maple/node";
import { commit, reserve } from "../maple/store";
import { find, nextRange, previous } from "../maple/walk";
import { beginFlush, endFlush } from "../paging/gather";
import { freeTables, ROOT } from "../paging/tables";
import { zapRange } from "../paging/zap";
import {
  STEP_ALLOCATE, STEP_CHARGE, STEP_CLEAN_UP, STEP_COMPLETE, STEP_FIRST_MERGE, STEP_GATHER, STEP_INSERT, STEP_LIMITS,
  STEP_NEIGHBOURS, STEP_RESERVE, STEP_SHMEM, STEP_UNDO_ALLOCATE, STEP_UNDO_CHARGE, STEP_UNDO_FILE, STEP_UNDO_HOOK,
  STEP_UNDO_MAPPING, step,
} from "../steps";
import { charge, isAccountable, mayExpand, statAccount, uncharge } from "../vma/account";
import { getFile, linkFile, mapWritable, newShmemFile, undoGetFile, unmapWritable } from "../vma/file";
import { deniedByMdwe, isSharedMayWrite, supportsLockInMmap, VM_LOCKED_MASK } from "../vma/flags";
import { mergeNewRange, newMerge } from "../vma/merge";
import { allocateVma, discardVma } from "../vma/pool";
import { exists, fileOf, mm, Vma, vmaOf } from "../vma/record";
import { abort, beginUnmap, cleanUp, complete, gather, munmap, unmap } from "../vma/unmap";
import { alarm, inspectUndo, isMoved, storeMoved } from "./rogue";

/** What one mmap wants and has so far (mmap_state; the descriptor of .mmap_prepare is part of it). */
@unmanaged
export class Mapping {
  start: u64;
  end: u64;
  flags: u64;
  pgoff: u64;
  /** Pages charged and owned by the new mapping. */
  charged: u64;
  /** PFN of the range's first page, for an action. */
  firstPfn: u64;
  file: u32;
  /** OPS_* for the VMA, and whether the hook has given them. */
  ops: u32;
  opsGiven: u32;
  /** The hook wants anonymous memory (private /dev/zero). */
  becomesAnonymous: u32;
  privateData: u32;
  /** VMAs below and above. */
  prev: u32;
  next: u32;
  /** EAGER_*: what is left to do once the VMA stands (desc->action). */
  action: u32;
  /** The hook has handed over its own reference to `file`. */
  handedOver: u32;

  @inline get pages(): u64 { return (this.end - this.start) >> 12; }
}

if (offsetof<Mapping>() > 128) ERROR("a mapping record is at most 128 bytes");

@inline export const mapping: Mapping = changetype<Mapping>(SCRATCH_AT + 256);
/** The descriptor that the compatibility layer makes of a VMA. */
@inline export const descriptor: Mapping = changetype<Mapping>(SCRATCH_AT + 384);

/** Starts a mapping. `file` 0 = anonymous. */
export function beginMapping(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): Mapping {
  const m = mapping;
  clearRecord(changetype<usize>(m));
  m.start = start;
  m.end = start + length;
  m.flags = flags;
  m.pgoff = pgoff;
  m.file = file;
  m.ops = OPS_DUMMY;
  vmi.enter(vmaTree, start);
  return m;
}

/** Makes a descriptor of a VMA that has no driver's changes yet. */
export function describe(m: Mapping, vma: Vma): void {
  clearRecord(changetype<usize>(m));
  m.start = vma.start;
  m.end = vma.end;
  m.flags = vma.flags;
  m.pgoff = vma.pgoff;
  m.file = vma.file;
  m.ops = vma.ops;
}

/**
 * What mmap_region asks before anything is touched: memory-deny-write-execute, and whether the file takes
 * writers; the latter is held for the length of the call. Returns 0 or an errno.
 */
export function enterRegion(file: u32, flags: u64): u32 {
  if (deniedByMdwe(flags, flags)) return EACCES;
  return file != 0 && isSharedMayWrite(flags) && !mapWritable(fileOf(file)) ? EPERM : 0;
}

/** Whatever came of the call, it no longer counts as a writer. */
export function leaveRegion(file: u32, flags: u64): void {
  if (file != 0 && isSharedMayWrite(flags)) unmapWritable(fileOf(file));
}

/** Whose charge a MAP_FIXED mapping takes: see `setUp`. */
export const CHARGE_DIFFERENCE: u32 = 0; // up to 7.0: what is not charged already
export const CHARGE_WHOLE: u32 = 1; //      7.3: the same, but the new mapping owns the charge of all its pages

/**
 * Gathers what the range overlaps, checks limits, charges, clears old pages and closes old VMAs. Returns 0 or
 * an errno; then nothing but edge splits has happened that `abort` does not take back.
 */
export function setUp(m: Mapping, ownership: u32): u32 {
  step(STEP_NEIGHBOURS);
  const first = vmaOf(find(vmi, m.end - 1));
  const u = beginUnmap(first, m.start, m.end);
  if (exists(first)) {
    step(STEP_GATHER);
    const error = gather(u);
    if (error) {
      u.pages = 0; // everything is attached again: nothing to abort
      return error;
    }
    m.prev = u.prev;
    m.next = u.next;
  } else {
    // the VMA above, the one below, and back into the gap (vma_iter_next_rewind)
    m.next = find(vmi, TOP);
    m.prev = previous(vmi, 0);
    if (m.prev) nextRange(vmi, TOP);
  }
  step(STEP_LIMITS);
  if (!mayExpand(m.flags, m.pages - u.pages)) return ENOMEM;
  if (isAccountable(m.flags)) {
    step(STEP_CHARGE);
    const missing = m.pages - u.accounted;
    if (missing && !charge(missing)) return ENOMEM;
    m.charged = ownership == CHARGE_WHOLE ? m.pages : missing;
    u.accounted = 0;
    m.flags |= VM_ACCOUNT;
  }
  if (u.pages) step(STEP_CLEAN_UP);
  cleanUp(u);
  return 0;
}

/** The attempt before a VMA is made: the survivor, or NO_VMA. */
export function firstMerge(m: Mapping): Vma {
  if (m.prev == 0 && m.next == 0) return changetype<Vma>(0);
  step(STEP_FIRST_MERGE);
  const g = newMerge(m.start, m.end);
  g.flags = m.flags;
  g.pgoff = m.pgoff;
  g.anonPgoff = m.start >> 12;
  g.file = m.file;
  g.prev = m.prev;
  g.next = m.next;
  g.rightFirst = mm.profile == PROFILE_6_11 ? 1 : 0;
  return mergeNewRange(g);
}

/** A VMA for the range and nodes to insert it, held. NO_VMA without memory. */
export function allocate(m: Mapping): Vma {
  step(STEP_ALLOCATE);
  const vma = allocateVma();
  if (!exists(vma)) return vma;
  vmi.narrow(m.start, m.end - 1);
  fillVma(m, vma);
  step(STEP_RESERVE);
  if (reserve(vmi, vma.id)) return vma;
  discardVma(vma);
  return changetype<Vma>(0);
}

/** Gives a fresh VMA the mapping's range, flags and offset. */
export function fillVma(m: Mapping, vma: Vma): void {
  vma.start = m.start;
  vma.end = m.end;
  vma.pgoff = m.pgoff;
  vma.anonPgoff = m.start >> 12;
  vma.flags = m.flags;
  if (m.file == 0 && (m.flags & VM_SHARED) == 0) {
    vma.ops = 0;
    if (COUNTING && mm.profile >= PROFILE_7_3 && m.pgoff != m.start >> 12) alarm(ALARM_ANON_OFFSET);
  }
}

/**
 * Whether KSM's bit can be set before the merge: no .mmap hook could change the flags afterwards
 * (can_set_ksm_flags_early).
 */
export function ksmIsSafe(file: u32, prepares: bool): bool {
  return file == 0 || prepares || (fileOf(file).mode & FILE_MODE_SHMEM) != 0;
}

/** Shared anonymous memory is a file that has no name (shmem_zero_setup). False when the model has no more files. */
export function giveShmem(vma: Vma): bool {
  step(STEP_SHMEM);
  const file = newShmemFile(vma.pages);
  if (file == 0) return false;
  vma.file = file;
  vma.ops = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;
  getFile(file);
  return true;
}

/** Takes back `allocate`. */
export function undoAllocate(vma: Vma): void {
  step(STEP_UNDO_ALLOCATE);
  count(UNWIND_STEPS);
  vmi.release();
  discardVma(vma);
}

/**
 * Takes back what a failed .mmap hook leaves: reference put, pages it installed zapped, tables freed up to the
 * neighbours. `close` is not called: the ops are dummy by now.
 */
export function undoHook(m: Mapping, vma: Vma): void {
  step(STEP_UNDO_HOOK);
  const isRange = !COUNTING || inspectUndo(m, vma);
  if (!COUNTING || vma.file) undoGetFile(vma.file);
  vma.file = 0;
  vma.ops = OPS_DUMMY;
  count(UNWIND_STEPS);
  if (!isRange) return;
  beginFlush();
  zapRange(vma.start, vma.end);
  freeTables(ROOT, vma.start, vma.end, m.prev ? vmaOf(m.prev).end : 0, m.next ? vmaOf(m.next).start : 0);
  endFlush();
}

/** Takes back the charge. */
export function undoCharge(m: Mapping): void {
  if (m.charged == 0) return;
  step(STEP_UNDO_CHARGE);
  count(UNWIND_STEPS);
  uncharge(m.charged);
}

/** A mapping that stood complete goes like any other: everything that munmap takes back is a step. */
export function undoMapping(m: Mapping): void {
  step(STEP_UNDO_MAPPING);
  if (unmap.pages) count(UNWIND_HOLES); // what it had replaced is gone all the same
  const before = thingsTakenBack();
  munmap(m.start, m.end - m.start);
  count(UNWIND_STEPS, <u32>(thingsTakenBack() - before) + 1); // and the pages
}

function thingsTakenBack(): u64 {
  return counter(VMA_FREED) + counter(FILE_PUTS) + counter(FILE_RMAP_REMOVES) + counter(ACCOUNT_UNCHARGES)
    + counter(MAPLE_STORES);
}

/** Puts the reference that a hook of 7.0 or later has handed over with its file. */
export function undoHandOver(m: Mapping): void {
  if (m.handedOver == 0) return;
  step(STEP_UNDO_FILE);
  if (COUNTING && m.file == 0) alarm(ALARM_NULL_FILE);
  if (!COUNTING || m.file) undoGetFile(m.file);
}

/** Old mappings come back, or leave a hole. */
export function undoGather(): void { abort(unmap); }

/** Stores the VMA with the nodes held: it replaces all that is still in its range. */
export function insert(m: Mapping, vma: Vma): void {
  step(STEP_INSERT);
  vma.attached = 1;
  count(MAPLE_STORES);
  if (COUNTING && isMoved(m, vma)) storeMoved(vma);
  else commit(vmi, vma.id);
  mm.mapCount++;
  linkFile(vma);
}

/** Frees what was replaced, and counts what there is now. */
export function finish(m: Mapping, vma: Vma): void {
  step(STEP_COMPLETE);
  complete(unmap);
  statAccount(vma.flags, m.pages);
  if (vma.flags & VM_LOCKED) {
    if (supportsLockInMmap(vma.flags)) mm.lockedVm += m.pages;
    else vma.flags &= ~VM_LOCKED_MASK;
  }
  if (mm.softDirty) vma.flags |= VM_SOFTDIRTY;
}
