// Kernel 7.0: a descriptor may ask for an action, which fills the mapping once it stands. A hook that puts in
// another file hands its reference over. (__mmap_region, mm/vma.c)

import { HOOK_MMAP_PREPARE } from "../abi";
import { withKsm } from "../vma/flags";
import { exists, mm } from "../vma/record";
import { overwriteOps } from "./6.16";
import { callPrepare, completeAction } from "./driver";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, ksmIsSafe, setUp, undoCharge, undoGather, undoHandOver,
  undoMapping,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";

/** Maps; 0 or an errno. */
export function mapRegion70(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
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
      undoHandOver(m);
      undoGather();
      return error;
    }
    vma = madeVma();
    if (!early) vma.flags = withKsm(vma.flags);
    insert(m, vma);
  }
  if (prepares) overwriteOps(m, vma, merged);
  finish(m, vma);
  if (!prepares || merged) return 0;
  error = completeAction(m, vma, file);
  if (error) undoMapping(m);
  return error;
}
