// mmap@7.3: .mmap() in today's kernel. One merge attempt, before the hook, on the caller's flags; whatever the
// hook makes of them, the VMA stays its own. (__mmap_region, mm/vma.c)

import { ENOMEM, FILE_MODE_SHMEM, VM_SHARED } from "../abi";
import { getFile } from "../vma/file";
import { withKsm } from "../vma/flags";
import { exists, fileOf, Vma } from "../vma/record";
import { callMmap } from "./driver";
import {
  allocate, beginMapping, CHARGE_WHOLE, finish, firstMerge, giveShmem, insert, Mapping, setUp, undoAllocate, undoCharge,
  undoGather, undoHook,
} from "./mapping";

/** Maps; 0 or an errno. */
export function mapRegion73(file: u32, start: u64, length: u64, flags: u64, pgoff: u64): u32 {
  const m = beginMapping(file, start, length, flags, pgoff);
  const ksmEarly = file == 0 || (fileOf(file).mode & FILE_MODE_SHMEM) != 0; // no driver that could interfere
  let error = setUp(m, CHARGE_WHOLE);
  if (error) {
    undoGather();
    return error;
  }
  if (ksmEarly) m.flags = withKsm(m.flags);
  let vma = firstMerge(m);
  if (!exists(vma)) {
    error = newVma(m, ksmEarly);
    if (error) {
      undoCharge(m);
      undoGather();
      return error;
    }
    vma = made;
  }
  finish(m, vma);
  return 0;
}

let made: Vma = changetype<Vma>(0);

/** A VMA of its own: the hook sees it with nodes reserved, and before it is in the tree. */
function newVma(m: Mapping, ksmEarly: bool): u32 {
  const vma = allocate(m);
  if (!exists(vma)) return ENOMEM;
  if (m.file) {
    vma.file = m.file;
    getFile(vma.file);
    const error = callMmap(vma);
    if (error) {
      undoHook(m, vma);
      undoAllocate(vma);
      return error;
    }
  } else if (m.flags & VM_SHARED && !giveShmem(vma)) {
    undoAllocate(vma);
    return ENOMEM;
  }
  if (!ksmEarly) vma.flags = withKsm(vma.flags);
  insert(m, vma);
  made = vma;
  return 0;
}
