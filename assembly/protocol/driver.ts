// The driver: one description of what a hook does (Driver record), entered through each kind of hook.

import {
  BEHAVES_SETS_PGOFF, EAGER_INSERT_PAGES, EAGER_NONE, EAGER_REMAP_PFN, ENOMEM, FAIL_HOOK, FILE_MODE_DEVZERO,
  HOOK_FAILS_AFTER_PTES, HOOK_FAILS_AT_END, HOOK_FAILS_AT_ONCE, HOOK_FAILS_MAPPED, OPS_DUMMY, OPS_FAULT,
  OPS_INSTALLED, OPS_MAPPED, OPS_MAP_PAGES, VM_MIXEDMAP, VM_REMAP_FLAGS, VM_SHARED,
} from "../abi";
import { count, HOOK_ACTIONS, HOOK_CALLS, HOOK_FAILURES, HOOK_LATE_FAILURES, HOOK_MAPPED } from "../events";
import { failsHere } from "../limits";
import { installFrames, NO_FAILURE, undoRemap } from "../paging/populate";
import { getFile, newShmemFile, putFile } from "../vma/file";
import { isCopyOnWrite } from "../vma/flags";
import { Driver, driverOf, fileOf, Vma } from "../vma/record";
import { Mapping } from "./mapping";

@inline function failed(errno: u32): u32 {
  count(HOOK_FAILURES);
  return errno;
}

/** What an eager driver's entry points set besides its own flags. */
@inline function eagerFlags(driver: Driver): u64 {
  if (driver.eager == EAGER_REMAP_PFN) return VM_REMAP_FLAGS;
  return driver.eager == EAGER_INSERT_PAGES ? VM_MIXEDMAP : 0;
}

/** PTEs after which the driver fails; NO_FAILURE when it does not, or the range is not that long. */
@inline function failAfter(driver: Driver): u64 {
  return driver.failPoint == HOOK_FAILS_AFTER_PTES ? <u64>driver.failAfter : NO_FAILURE;
}

/** Pages that the driver installs of a mapping. */
@inline function eagerPages(driver: Driver, pages: u64): u64 {
  return driver.eagerPages ? min<u64>(driver.eagerPages, pages) : pages;
}

/**
 * .mmap(file, vma): free to change the half-made VMA, its PTEs included. Returns 0 or an errno; what it did
 * until then stays for the caller to unwind (mmap_file).
 */
export function callMmap(vma: Vma): u32 {
  count(HOOK_CALLS);
  const file = fileOf(vma.file);
  if (failsHere(FAIL_HOOK)) return failed(ENOMEM);
  if (file.mode & FILE_MODE_DEVZERO) return mmapZero(vma);
  const driver = driverOf(file);
  if (driver.failPoint == HOOK_FAILS_AT_ONCE) return failed(driver.errno);

  vma.flags = (vma.flags | driver.flagsSet) & ~driver.flagsCleared;
  if (driver.ops & OPS_INSTALLED) vma.ops = driver.ops;
  if (driver.behaviour & BEHAVES_SETS_PGOFF) vma.pgoff = driver.pgoff;
  if (driver.eager != EAGER_NONE) {
    const first = driver.pfn + vma.pgoff;
    vma.flags |= eagerFlags(driver);
    if (driver.eager == EAGER_REMAP_PFN && isCopyOnWrite(vma.flags)) vma.pgoff = first;
    const error = populate(driver, vma, first);
    if (error) return failed(error);
  }
  return driver.failPoint == HOOK_FAILS_AT_END ? failed(driver.errno) : 0;
}

/** The PTEs of an eager driver. 0, or its errno; a PFN remap has taken its part back by then. */
function populate(driver: Driver, vma: Vma, first: u64): u32 {
  const remap = driver.eager == EAGER_REMAP_PFN;
  const pages = eagerPages(driver, vma.pages);
  const limit = failAfter(driver);
  const error = installFrames(vma, vma.start, pages, first, remap, limit);
  if (error == 0) return 0;
  if (remap) undoRemap(vma.start);
  return limit < pages ? driver.errno : error;
}

/** /dev/zero: shared becomes a shmem file, private becomes anonymous memory that has a file. */
function mmapZero(vma: Vma): u32 {
  if ((vma.flags & VM_SHARED) == 0) {
    vma.ops = 0;
    return 0;
  }
  const shmem = newShmemFile(0);
  if (shmem == 0) return failed(ENOMEM);
  getFile(shmem);
  putFile(vma.file);
  vma.file = shmem;
  vma.ops = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;
  return 0;
}

/**
 * .mmap_prepare(desc): no VMA exists; the hook may change flags, offset, file, ops and ask for an action. With
 * it the action's first half, which adds the flags an action needs and checks its range. Returns 0 or an errno,
 * and then nothing is kept (call_mmap_prepare, mmap_action_prepare).
 */
export function callPrepare(m: Mapping): u32 {
  count(HOOK_CALLS);
  const file = fileOf(m.file);
  if (failsHere(FAIL_HOOK)) return failed(ENOMEM);
  if (file.mode & FILE_MODE_DEVZERO) return prepareZero(m);
  const driver = driverOf(file);
  if (driver.failPoint == HOOK_FAILS_AT_ONCE || driver.failPoint == HOOK_FAILS_AT_END) return failed(driver.errno);

  m.flags = (m.flags | driver.flagsSet) & ~driver.flagsCleared;
  if (driver.ops & OPS_INSTALLED) m.ops = driver.ops;
  if (driver.behaviour & BEHAVES_SETS_PGOFF) m.pgoff = driver.pgoff;
  if (driver.eager != EAGER_NONE) {
    m.action = driver.eager;
    m.firstPfn = driver.pfn + m.pgoff;
    if (driver.eager == EAGER_REMAP_PFN && isCopyOnWrite(m.flags)) m.pgoff = m.firstPfn;
    m.flags |= eagerFlags(driver);
  }
  return 0;
}

function prepareZero(m: Mapping): u32 {
  if ((m.flags & VM_SHARED) == 0) {
    m.ops = 0;
    return 0;
  }
  const shmem = newShmemFile(0);
  if (shmem == 0) return failed(ENOMEM);
  getFile(shmem);
  m.file = shmem;
  m.handedOver = 1;
  m.ops = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;
  return 0;
}

/**
 * The action's second half, on the VMA that now stands in the tree, and vm_ops->mapped. Returns 0 or an errno;
 * the caller unmaps (mmap_action_complete, mmap_action_finish).
 */
export function completeAction(m: Mapping, vma: Vma): u32 {
  const driver = driverOf(fileOf(m.file));
  let error: u32 = 0;
  if (m.action != EAGER_NONE) {
    count(HOOK_ACTIONS);
    error = populate(driver, vma, m.firstPfn);
  }
  if (error == 0 && vma.ops & OPS_MAPPED) {
    count(HOOK_MAPPED);
    if (driver.failPoint == HOOK_FAILS_MAPPED) error = driver.errno;
  }
  if (error == 0) return 0;
  count(HOOK_LATE_FAILURES);
  return driver.errorOverride ? driver.errorOverride : error;
}
