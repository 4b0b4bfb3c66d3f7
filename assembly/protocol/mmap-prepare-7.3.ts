// mmap_prepare@7.3: .mmap_prepare() runs first, on a descriptor, for every mmap of the file; then one merge
// attempt with what it left. Actions and vm_ops->mapped run on the finished VMA. (__mmap_region, mm/vma.c)

import { ENOMEM, VM_SHARED } from "../abi";
import {
  ACCOUNT_UNCHARGES, count, counter, FILE_PUTS, FILE_RMAP_REMOVES, MAPLE_STORES, UNWIND_HOLES, UNWIND_STEPS,
  VMA_FREED,
} from "../events";
import { getFile, undoGetFile } from "../vma/file";
import { withKsm } from "../vma/flags";
import { exists, Vma } from "../vma/record";
import { munmap, unmap } from "../vma/unmap";
import { callPrepare, completeAction } from "./driver";
import {
  allocate, beginMapping, CHARGE_WHOLE, finish, firstMerge, giveShmem, insert, Mapping, setUp, undoAllocate, undoCharge,
  undoGather,
} from "./mapping";

/** Maps; 0 or an errno. */
export function mapRegionPrepare73(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  let error = setUp(m, CHARGE_WHOLE);
  if (error) {
    undoGather();
    return error;
  }
  if (file) {
    error = callPrepare(m);
    if (error) return unwind(m, error);
  }
  m.flags = withKsm(m.flags); // nobody can change the flags any more
  let vma = firstMerge(m);
  if (exists(vma)) {
    finish(m, vma);
    return 0;
  }
  error = newVma(m);
  if (error) return unwind(m, error);
  vma = made;
  finish(m, vma);
  if (file == 0) return 0;
  error = completeAction(m, vma);
  if (error) undoMapping(m);
  return error;
}

/** The mapping stood complete, and goes like any other: everything that munmap takes back is a step. */
function undoMapping(m: Mapping): void {
  if (unmap.pages) count(UNWIND_HOLES); // what the mapping had replaced is gone all the same
  const before = thingsTakenBack();
  munmap(m.start, m.end - m.start);
  count(UNWIND_STEPS, <u32>(thingsTakenBack() - before) + 1); // and the pages
}

function thingsTakenBack(): u64 {
  return counter(VMA_FREED) + counter(FILE_PUTS) + counter(FILE_RMAP_REMOVES) + counter(ACCOUNT_UNCHARGES)
    + counter(MAPLE_STORES);
}

let made: Vma = changetype<Vma>(0);

/** A VMA of its own, with what the hook asked for; no hook runs here. */
function newVma(m: Mapping): u32 {
  const vma = allocate(m);
  if (!exists(vma)) return ENOMEM;
  if (m.file) {
    vma.file = m.file;
    if (m.handedOver == 0) getFile(m.file);
  } else if (m.flags & VM_SHARED && !giveShmem(vma)) {
    undoAllocate(vma);
    return ENOMEM;
  }
  insert(m, vma);
  if (m.file) {
    vma.ops = m.ops;
    vma.privateData = m.privateData;
  }
  made = vma;
  return 0;
}

function unwind(m: Mapping, error: u32): u32 {
  undoCharge(m);
  if (m.handedOver) undoGetFile(m.file);
  undoGather();
  return error;
}
