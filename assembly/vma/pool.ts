// VMA objects: allocation, duplication, freeing.

import { FAIL_ALLOCATION, OPS_DUMMY } from "../abi";
import { count, UNWIND_STEPS, VMA_ALLOCATED, VMA_FREED } from "../events";
import { failsHere, ranOut } from "../limits";
import { clearRecord, copyRecord, VMA_LIMIT } from "../memory";
import { exists, mm, NO_VMA, Vma, VMA_CELL, vmaCell, vmaOf } from "./record";

/** Bytes of the pool that were ever used. */
export function vmaBytes(): u32 { return mm.vmaNext * <u32>VMA_CELL; }

/** VMA objects in use; walks the free list. */
export function liveVmas(): u32 {
  let free: u32 = 0;
  for (let vma = vmaOf(mm.vmaFree); exists(vma); vma = vmaOf(vma.nextFree)) free++;
  return mm.vmaNext - free;
}

/** A VMA with nothing in it but dummy ops (vm_area_alloc); NO_VMA without memory. */
export function allocateVma(): Vma {
  const vma = takeVma();
  if (!exists(vma)) return vma;
  clearRecord(changetype<usize>(vma));
  vma.ops = OPS_DUMMY;
  return vma;
}

/** A VMA with anything in it. */
function takeVma(): Vma {
  if (failsHere(FAIL_ALLOCATION)) return NO_VMA;
  let vma = vmaOf(mm.vmaFree);
  if (exists(vma)) {
    mm.vmaFree = vma.nextFree;
  } else {
    if (mm.vmaNext == VMA_LIMIT) {
      ranOut();
      return NO_VMA;
    }
    vma = vmaCell(mm.vmaNext++);
  }
  count(VMA_ALLOCATED);
  return vma;
}

/** A copy of a VMA with an empty anon_vma chain (vm_area_dup); NO_VMA without memory. */
export function duplicateVma(from: Vma): Vma {
  const vma = takeVma();
  if (!exists(vma)) return vma;
  copyRecord(changetype<usize>(vma), changetype<usize>(from));
  vma.chain = 0;
  vma.chainHead = 0;
  vma.attached = 0;
  return vma;
}

/** vm_area_free */
export function freeVma(vma: Vma): void {
  count(VMA_FREED);
  vma.nextFree = mm.vmaFree;
  mm.vmaFree = vma.id;
}

/** Frees a VMA that never came into the tree. */
export function discardVma(vma: Vma): void {
  count(UNWIND_STEPS);
  freeVma(vma);
}
