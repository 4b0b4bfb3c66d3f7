// Kernels 6.17 and 6.18: as 6.16, and KSM's bit is there before the merge where no .mmap hook can interfere.
// (__mmap_region, mm/vma.c)

import { HOOK_MMAP_PREPARE } from "../abi";
import { withKsm } from "../vma/flags";
import { exists, mm } from "../vma/record";
import { overwriteOps } from "./6.16";
import { callPrepare } from "./driver";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, ksmIsSafe, setUp, undoCharge, undoGather,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";

/** Maps; 0 or an errno. */
export function mapRegion618(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  const prepares = file != 0 && mm.hook == HOOK_MMAP_PREPARE;
  const early = ksmIsSafe(file, prepares);
  let error = setUp(m, CHARGE_DIFFERENCE);
  if (error == 0 && prepares) error = callPrepare(m);
  if (error) {
    undoGather(); // what was charged stays charged, also when it was the hook that failed
    return error;
  }
  if (early) m.flags = withKsm(m.flags);
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
    if (!early) vma.flags = withKsm(vma.flags);
    insert(m, vma);
  }
  if (prepares) overwriteOps(m, vma, merged);
  finish(m, vma);
  return 0;
}
