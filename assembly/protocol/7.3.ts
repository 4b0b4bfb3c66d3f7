// Kernel 7.3: .mmap_prepare() runs first, on a descriptor, for every mmap of the file; then one merge attempt
// with what it left. A .mmap() hook runs only when that attempt, on the caller's flags, has failed. Actions and
// vm_ops->mapped run on the finished VMA; accounting is exact whatever fails. (__mmap_region, mm/vma.c)

import { HOOK_MMAP_PREPARE } from "../abi";
import { STEP_GIVE_OPS, step } from "../steps";
import { withKsm } from "../vma/flags";
import { exists, mm, Vma } from "../vma/record";
import { callPrepare, completeAction } from "./driver";
import {
  beginMapping, CHARGE_WHOLE, finish, firstMerge, insert, ksmIsSafe, Mapping, setUp, undoCharge, undoGather,
  undoHandOver, undoMapping,
} from "./mapping";
import { madeVma, makeVma } from "./new-vma";

/** Maps; 0 or an errno. */
export function mapRegion73(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  const prepares = file != 0 && mm.hook == HOOK_MMAP_PREPARE;
  const early = ksmIsSafe(file, prepares);
  let error = setUp(m, CHARGE_WHOLE);
  if (error) {
    undoGather();
    return error;
  }
  if (prepares) error = callPrepare(m);
  if (error) return unwind(m, error);
  if (early) m.flags = withKsm(m.flags);
  let vma = firstMerge(m);
  if (exists(vma)) {
    finish(m, vma);
    return 0;
  }
  error = makeVma(m);
  if (error) return unwind(m, error);
  vma = madeVma();
  if (!early) vma.flags = withKsm(vma.flags);
  insert(m, vma);
  if (prepares) giveDescribedOps(m, vma);
  finish(m, vma);
  if (!prepares) return 0;
  error = completeAction(m, vma, file);
  if (error) undoMapping(m);
  return error;
}

/** Only a new VMA gets the descriptor's ops: dummy ones if the hook has given none. */
function giveDescribedOps(m: Mapping, vma: Vma): void {
  step(STEP_GIVE_OPS);
  vma.ops = m.becomesAnonymous ? 0 : m.ops;
  vma.privateData = m.privateData;
}

function unwind(m: Mapping, error: u32): u32 {
  undoCharge(m);
  undoHandOver(m);
  undoGather();
  return error;
}
