// A VMA of the mapping's own, as 6.13 and later make it: object and nodes first, then the .mmap hook if the
// driver has one, then the store. (__mmap_new_vma)

import { ENOMEM, HOOK_BOTH, HOOK_COMPAT, HOOK_MMAP, OPS_DUMMY, VM_SHARED } from "../abi";
import { COUNTING } from "../events";
import { STEP_GET_FILE, STEP_GIVE_OPS, STEP_HOOK_COMPAT, STEP_HOOK_MMAP, step } from "../steps";
import { getFile } from "../vma/file";
import { exists, mm, Vma } from "../vma/record";
import { callCompat, callMmap, callMmapAfterProto } from "./driver";
import { allocate, giveShmem, Mapping, undoAllocate, undoHook } from "./mapping";
import { inspect } from "./rogue";

let made: Vma = changetype<Vma>(0);

/** The VMA that makeVma has made. */
export function madeVma(): Vma { return made; }

/**
 * Allocates the VMA and runs the hook on it; `insert` is the caller's next step. Returns 0 or an errno, with
 * everything taken back.
 */
export function makeVma(m: Mapping): u32 {
  const vma = allocate(m);
  if (!exists(vma)) return ENOMEM;
  if (m.file) {
    vma.file = m.file;
    step(STEP_GET_FILE);
    if (m.handedOver == 0) getFile(m.file);
    const error = callHook(vma);
    if (error) {
      undoHook(m, vma);
      undoAllocate(vma);
      return error;
    }
    if (COUNTING) inspect(m, vma);
  } else if (m.flags & VM_SHARED && !giveShmem(vma)) {
    undoAllocate(vma);
    return ENOMEM;
  }
  made = vma;
  return 0;
}

/** The .mmap hook, for drivers that have one. */
function callHook(vma: Vma): u32 {
  switch (mm.hook) {
    case HOOK_MMAP: {
      step(STEP_HOOK_MMAP);
      return callMmap(vma);
    }
    case HOOK_BOTH: {
      step(STEP_HOOK_MMAP);
      return callMmapAfterProto(vma);
    }
    case HOOK_COMPAT: {
      step(STEP_HOOK_COMPAT);
      return callCompat(vma);
    }
    default: return 0;
  }
}

/** Ops that a descriptor has given, for a VMA that still has none (rfc). */
export function giveOps(m: Mapping, vma: Vma): void {
  if (m.becomesAnonymous == 0 && m.opsGiven == 0) return;
  step(STEP_GIVE_OPS);
  if (m.becomesAnonymous) vma.ops = 0;
  else if (vma.ops == OPS_DUMMY) vma.ops = m.ops;
}
