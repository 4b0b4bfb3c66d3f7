// mmap@6.15: .mmap() as 6.13 to 6.15 call it. One merge attempt before the hook, on the caller's flags; a
// second after it, on the inserted VMA, when the hook has changed them. (__mmap_region, mm/vma.c)

import { ENOMEM, VM_SHARED, VM_SPECIAL } from "../abi";
import { count, MERGE_SECOND_ATTEMPTS, MERGE_SECOND_MERGED } from "../events";
import { vmi } from "../maple/cursor";
import { getFile } from "../vma/file";
import { withKsm } from "../vma/flags";
import { mergeExisting, newMerge } from "../vma/merge";
import { exists, Vma } from "../vma/record";
import { callMmap } from "./driver";
import {
  allocate, beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, giveShmem, insert, Mapping, setUp, undoAllocate, undoCharge,
  undoGather, undoHook,
} from "./mapping";

/** Maps; 0 or an errno. */
export function mapRegion615(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  let error = setUp(m, CHARGE_DIFFERENCE);
  if (error) {
    undoGather();
    return error;
  }
  let vma = firstMerge(m);
  if (!exists(vma)) {
    error = newVma(m);
    if (error) {
      undoCharge(m); // less what the replaced mappings had been charged: that part is lost
      undoGather();
      return error;
    }
    vma = made;
    if (flagsChanged && (vma.flags & VM_SPECIAL) == 0) vma = secondMerge(m, vma);
  }
  finish(m, vma);
  return 0;
}

let made: Vma = changetype<Vma>(0);
let flagsChanged: bool = false;

/** A VMA of its own: the hook sees it with nodes reserved, and before it is in the tree. */
function newVma(m: Mapping): u32 {
  const vma = allocate(m);
  if (!exists(vma)) return ENOMEM;
  flagsChanged = false;
  if (m.file) {
    vma.file = m.file;
    getFile(vma.file);
    const error = callMmap(vma);
    if (error) {
      undoHook(m, vma);
      undoAllocate(vma);
      return error;
    }
    flagsChanged = vma.flags != m.flags;
    m.flags = vma.flags; // file and offset stay the caller's, whatever the hook did
  } else if (m.flags & VM_SHARED && !giveShmem(vma)) {
    undoAllocate(vma);
    return ENOMEM;
  }
  insert(m, vma);
  vma.flags = withKsm(vma.flags);
  made = vma;
  return 0;
}

/** With the hook's flags, but without KSM's bit: the inserted VMA goes again if a neighbour takes it. */
function secondMerge(m: Mapping, vma: Vma): Vma {
  const g = newMerge(m.start, m.end);
  g.flags = m.flags;
  g.file = m.file;
  g.pgoff = m.pgoff;
  g.anonPgoff = m.start >> 12;
  g.prev = m.prev;
  g.middle = vma.id;
  vmi.narrow(m.start, m.end - 1);
  count(MERGE_SECOND_ATTEMPTS);
  const survivor = mergeExisting(g);
  if (!exists(survivor)) return vma; // also without memory: it just stays separate
  count(MERGE_SECOND_MERGED);
  return survivor;
}
