// Kernel 6.16: .mmap_prepare runs before the only merge attempt; there is no second one. What it gives in ops
// goes to the VMA that results, a merged one included. (__mmap_region, mm/vma.c)

import { HOOK_MMAP_PREPARE } from "../abi";
import { STEP_GIVE_OPS, step } from "../steps";
import { withKsm } from "../vma/flags";
import { exists, mm, Vma } from "../vma/record";
import { callPrepare } from "./driver";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, Mapping, setUp, undoCharge, undoGather,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";

/** Maps; 0 or an errno. */
export function mapRegion616(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  let error = setUp(m, CHARGE_DIFFERENCE);
  const prepares = file != 0 && mm.hook == HOOK_MMAP_PREPARE;
  if (error == 0 && prepares) error = callPrepare(m);
  if (error) {
    undoGather(); // what was charged stays charged, also when it was the hook that failed
    return error;
  }
  let vma = firstMerge(m);
  const merged = exists(vma);
  if (!merged) {
    error = makeVma(m);
    if (error) {
      undoCharge(m);
      undoGather();
      return error;
    }
    vma = madeVma();
    insert(m, vma);
    vma.flags = withKsm(vma.flags);
  }
  if (prepares) overwriteOps(m, vma, merged);
  finish(m, vma);
  return 0;
}

/** The descriptor's ops, also over those of a VMA that was there before. */
export function overwriteOps(m: Mapping, vma: Vma, merged: bool): void {
  step(STEP_GIVE_OPS);
  if (m.opsGiven) vma.ops = m.ops;
  else if (m.becomesAnonymous && !merged) vma.ops = 0;
  vma.privateData = m.privateData;
}
