// Kernel 6.12: what is overlapped is gathered and replaced late; nodes are reserved before the hook. The second
// merge attempt comes before the VMA is in the tree, and takes the caller's file and offset, whatever the hook
// made of them. (__mmap_region, mm/vma.c)

import { ALARM_NULL_FILE, VM_SPECIAL } from "../abi";
import { count, COUNTING, MERGE_SECOND_ATTEMPTS, MERGE_SECOND_MERGED } from "../events";
import { vmi } from "../maple/cursor";
import { reserve } from "../maple/store";
import { STEP_SECOND_MERGE, step } from "../steps";
import { putFile } from "../vma/file";
import { withKsm } from "../vma/flags";
import { mergeNewRange, newMerge, NO_MEMORY } from "../vma/merge";
import { freeVma } from "../vma/pool";
import { exists, mm, Vma } from "../vma/record";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, Mapping, setUp, undoCharge, undoGather,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";
import { alarm } from "./rogue";

/** Maps; 0 or an errno. */
export function mapRegion612(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
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
    const survivor = file && vma.flags != m.flags && m.prev ? secondMerge(m, vma) : changetype<Vma>(0);
    if (exists(survivor)) vma = survivor;
    else insert(m, vma);
    vma.flags = withKsm(vma.flags);
  }
  finish(m, vma);
  return 0;
}

/** With the hook's flags. The VMA, never inserted, goes without its `close` being called. */
function secondMerge(m: Mapping, vma: Vma): Vma {
  if (vma.flags & VM_SPECIAL) return changetype<Vma>(0);
  step(STEP_SECOND_MERGE);
  const g = newMerge(m.start, m.end);
  g.flags = vma.flags;
  g.file = m.file;
  g.pgoff = m.pgoff;
  g.anonPgoff = m.start >> 12;
  g.prev = m.prev;
  g.next = m.next;
  count(MERGE_SECOND_ATTEMPTS);
  const held = vmi.setAside();
  const survivor = mergeNewRange(g);
  if (!exists(survivor)) {
    vmi.takeUp(held);
    if (g.state == NO_MEMORY) reserveAgain(m, vma);
    return survivor;
  }
  vmi.takeUp(held);
  vmi.release();
  count(MERGE_SECOND_MERGED);
  if (COUNTING && vma.file == 0) alarm(ALARM_NULL_FILE);
  if (!COUNTING || vma.file) putFile(vma.file);
  freeVma(vma);
  return survivor;
}

/** The attempt has lost the place that was reserved for; this allocation cannot fail. */
function reserveAgain(m: Mapping, vma: Vma): void {
  vmi.release();
  const kind = mm.failKind;
  mm.failKind = 0;
  vmi.set(m.start, m.end - 1);
  reserve(vmi, vma.id);
  mm.failKind = kind;
}
