// The driver: one description of what a hook does (Driver record), entered through each kind of hook.
//
//   .mmap(file, vma)           on a half-made VMA; sets flags, ops, file, offset, and PTEs
//   .mmap_prepare(desc)        before any VMA; the same but for PTEs, which become an action (7.0 on)
//   .mmap_proto(proto)         the same as first posted; a driver may have .mmap besides, for the PTEs
//   compat                     an outer .mmap that hands its VMA to an inner .mmap_prepare

import {
  ALARM_NULL_FILE, BEHAVES_ADDS_PGOFF, BEHAVES_ALLOCATES, BEHAVES_ANONYMOUS, BEHAVES_NEW_SHMEM, BEHAVES_SETS_PGOFF,
  EAGER_INSERT_PAGES, EAGER_NONE, EAGER_REMAP_PFN, EAGER_REMAP_PIECES, EINVAL, ENOMEM, FAIL_ALLOCATION, FAIL_HOOK, FILE_MODE_DEVZERO,
  FILE_MODE_UNNAMED, HOOK_FAILS_AFTER_PRIVATE, HOOK_FAILS_AFTER_PTES, HOOK_FAILS_AT_END, HOOK_FAILS_AT_ONCE,
  HOOK_FAILS_MAPPED, OPS_FAULT, OPS_INSTALLED, OPS_MAPPED, OPS_MAP_PAGES, PROFILE_7_0, PROFILE_7_3, VM_MIXEDMAP,
  VM_REMAP_FLAGS, VM_SHARED,
} from "../abi";
import {
  count, COUNTING, HOOK_ACTIONS, HOOK_ALLOCATIONS, HOOK_CALLS, HOOK_FAILURES, HOOK_LATE_FAILURES, HOOK_MAPPED,
} from "../events";
import { failsHere } from "../limits";
import { installFrames, NO_FAILURE, undoRemap } from "../paging/populate";
import {
  STEP_ACTION_COMPLETE, STEP_ACTION_PREPARE, STEP_HOOK_PREPARE, STEP_HOOK_PROTO, STEP_MAPPED, step,
} from "../steps";
import { getFile, newShmemFile, putFile } from "../vma/file";
import { isCopyOnWrite } from "../vma/flags";
import { Driver, driverOf, fileOf, mm, Vma } from "../vma/record";
import { describe, descriptor, Mapping, mapping } from "./mapping";
import { alarm, inspectEager, writeDescriptor, writeVma } from "./rogue";

@inline function failed(errno: u32): u32 {
  count(HOOK_FAILURES);
  return errno;
}

/** What every hook begins with: the call counted, and its failure if that is the one wanted. */
function enter(): bool {
  count(HOOK_CALLS);
  return !failsHere(FAIL_HOOK);
}

@inline function remaps(driver: Driver): bool {
  return driver.eager == EAGER_REMAP_PFN || driver.eager == EAGER_REMAP_PIECES;
}

/** What an eager driver's entry points set besides its own flags. */
@inline function eagerFlags(driver: Driver): u64 {
  if (remaps(driver)) return VM_REMAP_FLAGS;
  return driver.eager == EAGER_INSERT_PAGES ? VM_MIXEDMAP : 0;
}

/** PTEs after which the driver fails; NO_FAILURE when it does not. */
@inline function failAfter(driver: Driver): u64 {
  return driver.failPoint == HOOK_FAILS_AFTER_PTES ? <u64>driver.failAfter : NO_FAILURE;
}

/** Pages that the driver installs of a mapping. */
@inline function eagerPages(driver: Driver, pages: u64): u64 {
  return driver.eagerPages ? min<u64>(driver.eagerPages, pages) : pages;
}

@inline function changedFlags(driver: Driver, flags: u64): u64 {
  return (flags | driver.flagsSet) & ~driver.flagsCleared;
}

@inline function changedOffset(driver: Driver, pgoff: u64): u64 {
  if (driver.behaviour & BEHAVES_SETS_PGOFF) return driver.pgoff;
  return driver.behaviour & BEHAVES_ADDS_PGOFF ? pgoff + driver.pgoff : pgoff;
}

@inline function makesShmem(driver: Driver, flags: u64): bool {
  return (driver.behaviour & BEHAVES_NEW_SHMEM) != 0 && (flags & VM_SHARED) != 0;
}

@inline function makesAnonymous(driver: Driver, flags: u64): bool {
  return (driver.behaviour & BEHAVES_ANONYMOUS) != 0 && (flags & VM_SHARED) == 0;
}

/** Whether vm_ops->mapped is there to take a driver's own memory: a descriptor's hook cannot keep it (7.1 on). */
@inline function hasMapped(driver: Driver): bool {
  return mm.profile >= PROFILE_7_3 && (driver.ops & (OPS_INSTALLED | OPS_MAPPED)) == (OPS_INSTALLED | OPS_MAPPED);
}

/** The driver's own memory for a mapping, and the failure that may follow it. Returns 0 or an errno. */
function allocatePrivate(driver: Driver): u32 {
  if (driver.behaviour & BEHAVES_ALLOCATES) {
    count(HOOK_ALLOCATIONS);
    if (failsHere(FAIL_ALLOCATION)) return ENOMEM;
  }
  return driver.failPoint == HOOK_FAILS_AFTER_PRIVATE ? driver.errno : 0;
}

// .mmap -------------------------------------------------------------------------------------------------

/** Returns 0 or an errno; what the hook did until then stays for the caller to unwind (mmap_file). */
export function callMmap(vma: Vma): u32 {
  if (!enter()) return failed(ENOMEM);
  const file = fileOf(vma.file);
  if (file.mode & FILE_MODE_DEVZERO) return mmapZero(vma);
  const driver = driverOf(file);
  if (COUNTING && driver.writes) writeVma(driver, vma, false, false);
  if (driver.failPoint == HOOK_FAILS_AT_ONCE) return failed(driver.errno);
  const asked = vma.flags;
  if (makesShmem(driver, asked)) {
    const shmem = newShmemFile(vma.pages);
    if (shmem == 0) return failed(ENOMEM);
    swapFile(vma, shmem);
  } else if (driver.swapFile && driver.swapFile != vma.file) {
    swapFile(vma, driver.swapFile);
  }
  const error = allocatePrivate(driver);
  if (error) return failed(error);
  vma.flags = changedFlags(driver, asked);
  if (makesAnonymous(driver, asked)) vma.ops = 0;
  else if (driver.ops & OPS_INSTALLED) vma.ops = driver.ops;
  vma.pgoff = changedOffset(driver, vma.pgoff);
  const eager = installEagerly(driver, vma);
  if (COUNTING && driver.writes) writeVma(driver, vma, true, false);
  return eager;
}

/** The hook that a driver with .mmap_proto keeps for what only a VMA can take: its PTEs. */
export function callMmapAfterProto(vma: Vma): u32 {
  if (!enter()) return failed(ENOMEM);
  const file = fileOf(vma.file); // perhaps one that .mmap_proto has put in: /dev/zero's has no driver
  if (file.mode & (FILE_MODE_DEVZERO | FILE_MODE_UNNAMED)) return 0;
  const driver = driverOf(file);
  if (COUNTING && driver.writes) writeVma(driver, vma, false, true);
  const error = installEagerly(driver, vma);
  if (COUNTING && driver.writes) writeVma(driver, vma, true, false);
  return error;
}

function installEagerly(driver: Driver, vma: Vma): u32 {
  const fits = !COUNTING || driver.writes == 0 || inspectEager(driver, mapping, vma);
  if (driver.eager != EAGER_NONE && fits) {
    const first = driver.pfn + vma.pgoff;
    vma.flags |= eagerFlags(driver);
    if (isCopyOnWrite(vma.flags)) {
      if (driver.eager == EAGER_REMAP_PIECES) return failed(EINVAL);
      if (driver.eager == EAGER_REMAP_PFN) vma.pgoff = first;
    }
    const error = populate(driver, vma, first);
    if (error) return failed(error);
  }
  return driver.failPoint == HOOK_FAILS_AT_END ? failed(driver.errno) : 0;
}

/** The PTEs of an eager driver. 0, or its errno; a PFN remap, or its driver, has taken its part back by then. */
function populate(driver: Driver, vma: Vma, first: u64): u32 {
  const remap = remaps(driver);
  const pages = eagerPages(driver, vma.pages);
  const limit = failAfter(driver);
  const error = installFrames(vma, vma.start, pages, first, remap, limit);
  if (error == 0) return 0;
  if (remap) undoRemap(vma.start);
  return limit < pages ? driver.errno : error;
}

/** vma_set_file */
function swapFile(vma: Vma, file: u32): void {
  if (COUNTING && (file == 0 || vma.file == 0)) alarm(ALARM_NULL_FILE); // only a rogue hook comes here with one
  if (!COUNTING || file) getFile(file);
  if (!COUNTING || vma.file) putFile(vma.file);
  vma.file = file;
}

const SHMEM_OPS: u32 = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;

/** /dev/zero: shared becomes a shmem file, private becomes anonymous memory that has a file. */
function mmapZero(vma: Vma): u32 {
  if ((vma.flags & VM_SHARED) == 0) {
    vma.ops = 0;
    return 0;
  }
  const shmem = newShmemFile(vma.pages);
  if (shmem == 0) return failed(ENOMEM);
  swapFile(vma, shmem);
  vma.ops = SHMEM_OPS;
  return 0;
}

// .mmap_prepare and .mmap_proto ---------------------------------------------------------------------------

/** Kernels from 7.0 on finish a mapping for the driver; before, a descriptor cannot ask for PTEs. */
@inline function hasActions(): bool { return mm.profile >= PROFILE_7_0; }

/** A descriptor carries one action, for one contiguous run. */
@inline function hasAction(driver: Driver): bool {
  return hasActions() && driver.eager != EAGER_NONE && driver.eager != EAGER_REMAP_PIECES;
}

/** Since 7.0 a hook that puts another file into the descriptor hands over a reference of its own. */
@inline function handsOver(): bool { return mm.profile >= PROFILE_7_0; }

/**
 * .mmap_prepare(desc): the hook may change flags, offset, file, ops and ask for an action. With it the action's
 * first half, which adds the flags an action needs and checks its range. Returns 0 or an errno, and then
 * nothing is kept (call_mmap_prepare, mmap_action_prepare).
 */
export function callPrepare(m: Mapping): u32 {
  step(STEP_HOOK_PREPARE);
  if (!enter()) return failed(ENOMEM);
  const file = fileOf(m.file);
  if (file.mode & FILE_MODE_DEVZERO) return prepareZero(m);
  const driver = driverOf(file);
  const asked = m.file;
  if (COUNTING && driver.writes) writeDescriptor(driver, m, false);
  const fails = driver.failPoint == HOOK_FAILS_AT_ONCE || driver.failPoint == HOOK_FAILS_AT_END;
  let error: u32 = fails ? driver.errno : hasMapped(driver) ? 0 : allocatePrivate(driver);
  if (!fails && error == 0 && !fill(m, driver)) error = ENOMEM;
  if (COUNTING && driver.writes) {
    if (driver.failPoint != HOOK_FAILS_AT_ONCE) writeDescriptor(driver, m, true);
    takeFile(m, asked, error != 0);
  }
  if (fails || error != 0) return failed(error);
  if (hasAction(driver)) {
    step(STEP_ACTION_PREPARE);
    m.action = driver.eager;
    m.firstPfn = driver.pfn + m.pgoff;
    if (driver.eager == EAGER_REMAP_PFN && isCopyOnWrite(m.flags)) m.pgoff = m.firstPfn;
    m.flags |= eagerFlags(driver);
  }
  return 0;
}

/** .mmap_proto(proto), as posted on 30 April 2025; `alone`: the driver has no .mmap that could fail later. */
export function callProto(m: Mapping, alone: bool): u32 {
  step(STEP_HOOK_PROTO);
  if (!enter()) return failed(ENOMEM);
  const file = fileOf(m.file);
  if (file.mode & FILE_MODE_DEVZERO) return prepareZero(m);
  const driver = driverOf(file);
  const point = driver.failPoint;
  if (COUNTING && driver.writes) writeDescriptor(driver, m, false);
  if (point == HOOK_FAILS_AT_ONCE || (alone && point == HOOK_FAILS_AT_END)) return failed(driver.errno);
  const error = allocatePrivate(driver);
  if (error) return failed(error);
  if (!fill(m, driver)) return failed(ENOMEM);
  if (COUNTING && driver.writes && alone) writeDescriptor(driver, m, true); // else .mmap makes the late ones
  return 0;
}

/** Writes into the descriptor what the driver changes. False when the model has no more files. */
function fill(m: Mapping, driver: Driver): bool {
  const asked = m.flags;
  const file = makesShmem(driver, asked) ? newShmemFile(m.pages) : driver.swapFile ? driver.swapFile : m.file;
  if (file == 0) return false;
  if (file != m.file) {
    m.file = file;
    if (handsOver()) {
      getFile(file);
      m.handedOver = 1;
    }
  }
  m.flags = changedFlags(driver, asked);
  m.pgoff = changedOffset(driver, m.pgoff);
  if (makesAnonymous(driver, asked)) {
    m.becomesAnonymous = 1;
  } else if (driver.ops & OPS_INSTALLED) {
    m.ops = driver.ops;
    m.opsGiven = 1;
  }
  return true;
}

/** What the kernel makes of a rogue hook's file: handed over if it is another one; nothing of a hook that failed. */
function takeFile(m: Mapping, asked: u32, fails: bool): void {
  m.handedOver = handsOver() && m.file != asked && !fails ? 1 : 0;
}

function prepareZero(m: Mapping): u32 {
  if ((m.flags & VM_SHARED) == 0) {
    m.becomesAnonymous = 1;
    return 0;
  }
  const shmem = newShmemFile(m.pages);
  if (shmem == 0) return failed(ENOMEM);
  m.file = shmem;
  if (handsOver()) {
    getFile(shmem);
    m.handedOver = 1;
  }
  m.ops = SHMEM_OPS;
  m.opsGiven = 1;
  return 0;
}

/**
 * The action's second half, on the VMA that now stands in the tree, and vm_ops->mapped. `file` is the one the
 * hook was called for. Returns 0 or an errno; the caller unmaps (mmap_action_complete, mmap_action_finish).
 */
export function completeAction(m: Mapping, vma: Vma, file: u32): u32 {
  const driver = driverOf(fileOf(file));
  const error = finishAction(m, vma, driver);
  if (error == 0) return 0;
  count(HOOK_LATE_FAILURES);
  return driver.errorOverride ? driver.errorOverride : error;
}

function finishAction(m: Mapping, vma: Vma, driver: Driver): u32 {
  if (m.action != EAGER_NONE) {
    step(STEP_ACTION_COMPLETE);
    count(HOOK_ACTIONS);
    const error = populate(driver, vma, m.firstPfn);
    if (error) return error;
  }
  if (mm.profile < PROFILE_7_3 || (vma.ops & OPS_MAPPED) == 0) return 0;
  step(STEP_MAPPED);
  count(HOOK_MAPPED);
  if (driver.failPoint == HOOK_FAILS_MAPPED) return driver.errno;
  return hasMapped(driver) ? allocatePrivate(driver) : 0;
}

// compat --------------------------------------------------------------------------------------------------

/**
 * A stacked file's .mmap that reaches an inner .mmap_prepare: a descriptor made of the VMA, the hook, and what
 * it left written back. Actions and `mapped` run at once, on a VMA that is in no tree; their errors come back
 * as they are (compat_vma_mmap).
 */
export function callCompat(vma: Vma): u32 {
  const m = descriptor;
  describe(m, vma);
  const file = vma.file;
  const error = callPrepare(m);
  if (error) return error;
  vma.pgoff = m.pgoff;
  // a reference of its own that a hook has handed over is one too many here, and leaks
  if (m.file != vma.file) swapFile(vma, m.file);
  // until 7.0 flags are only ever added, and ops that the hook did not give take the VMA's away
  vma.flags = hasActions() ? m.flags : vma.flags | m.flags;
  if (m.becomesAnonymous) vma.ops = 0;
  else if (m.opsGiven || !hasActions()) vma.ops = m.opsGiven ? m.ops : 0;
  vma.privateData = m.privateData;
  const late = finishAction(m, vma, driverOf(fileOf(file)));
  return late ? failed(late) : 0; // of the outer .mmap: the mapping does not stand yet
}
