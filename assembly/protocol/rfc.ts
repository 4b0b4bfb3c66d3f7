// The series as posted on 30 April 2025: .mmap_proto before the first merge, .mmap and the second merge still
// there. A driver may have either hook or both. (PATCH RFC of the .mmap_proto series)

import { HOOK_BOTH, HOOK_MMAP } from "../abi";
import { withKsm } from "../vma/flags";
import { exists, mm } from "../vma/record";
import { secondMerge } from "./6.15";
import { callProto } from "./driver";
import {
  beginMapping, CHARGE_DIFFERENCE, finish, firstMerge, insert, setUp, undoCharge, undoGather,
} from "./mapping";
import { giveOps, madeVma, makeVma } from "./new-vma";

/** Maps; 0 or an errno. */
export function mapRegionRfc(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  let error = setUp(m, CHARGE_DIFFERENCE);
  if (error == 0 && file && mm.hook != HOOK_MMAP) error = callProto(m, mm.hook != HOOK_BOTH);
  if (error) {
    undoGather(); // what was charged stays charged
    return error;
  }
  let vma = firstMerge(m);
  if (!exists(vma)) {
    error = makeVma(m);
    if (error) {
      undoCharge(m);
      undoGather();
      return error;
    }
    vma = madeVma();
    insert(m, vma);
    giveOps(m, vma);
    const asked = m.flags;
    m.flags = vma.flags;
    vma.flags = withKsm(vma.flags);
    if (file && m.flags != asked) vma = secondMerge(m, vma);
  }
  finish(m, vma);
  return 0;
}
