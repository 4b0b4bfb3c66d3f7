// Kernels 6.13 to 6.15: the second merge attempt runs on the inserted VMA, which a merge removes again. It
// takes the hook's flags, but the caller's file and offset. (__mmap_region, mm/vma.c)

import { ALARM_MERGE_MOVED, VM_SPECIAL } from "../abi";
import { count, COUNTING, MERGE_SECOND_ATTEMPTS, MERGE_SECOND_MERGED } from "../events";
import { vmi } from "../maple/cursor";
import { STEP_SECOND_MERGE, step } from "../steps";
import { withKsm } from "../vma/flags";
import { mergeExisting, newMerge } from "../vma/merge";
import { exists, Vma } from "../vma/record";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, Mapping, setUp, undoCharge, undoGather,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";
import { alarm, isMoved } from "./rogue";

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
    error = makeVma(m);
    if (error) {
      undoCharge(m); // less what the replaced mappings had been charged: that part is lost
      undoGather();
      return error;
    }
    vma = madeVma();
    insert(m, vma);
    const asked = m.flags;
    m.flags = vma.flags;
    vma.flags = withKsm(vma.flags);
    if (file && m.flags != asked) vma = secondMerge(m, vma);
  }
  finish(m, vma);
  return 0;
}

/** On the inserted VMA, with the hook's flags but without KSM's bit: it goes again if a neighbour takes it. */
export function secondMerge(m: Mapping, vma: Vma): Vma {
  if (COUNTING && isMoved(m, vma)) { // what that merge would make of it is left out
    alarm(ALARM_MERGE_MOVED);
    return vma;
  }
  if (m.flags & VM_SPECIAL) return vma;
  step(STEP_SECOND_MERGE);
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
