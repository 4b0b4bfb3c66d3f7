// How VMAs come and go, and what they hold meanwhile: a file reference, a place in i_mmap,
// anon_vmas, and what their driver hears of it (sheet 1.2, 2.5, 2.6).

import { OPS_CLOSE, OPS_DUMMY, OPS_OPEN } from "../../src/core/abi.js";
import { cloneAnon, unlinkAnon } from "./anon.js";
import type { Space, Vma } from "./space.js";

/** vma_link: into the tree and into i_mmap. The file reference is the caller's business. */
export function linkVma(space: Space, vma: Vma): void {
  space.insert(vma);
  space.files.link(vma.file, vma.flags);
}

/** vma_set_file, of a VMA that is not linked yet. */
export function setFile(space: Space, vma: Vma, file: number): void {
  space.files.get(file);
  space.files.put(vma.file);
  vma.file = file;
}

/** A second VMA like `vma` for a split or a copy: the same anon_vmas, file, ops and name. */
export function duplicateVma(space: Space, vma: Vma): Vma {
  const copy = { ...vma };
  cloneAnon(copy, vma);
  space.files.get(copy.file);
  openVma(space, copy);
  return copy;
}

/** vm_ops->open: the driver hears that there is one more VMA of its kind. */
export function openVma(space: Space, vma: Vma): void {
  if (vma.ops & OPS_OPEN) space.openCalls++;
}

/** vma_close: the driver hears of it once at most. */
export function closeVma(space: Space, vma: Vma): void {
  if ((vma.ops & OPS_CLOSE) === 0) return;
  space.closeCalls++;
  vma.ops = OPS_DUMMY;
}

/** free_pgtables: out of i_mmap and out of all anon_vmas. */
export function unlinkVma(space: Space, vma: Vma): void {
  space.files.unlink(vma.file, vma.flags);
  unlinkAnon(vma);
}

/**
 * vma_complete, for a VMA that a merge has swallowed. Both the i_mmap removal and the put go to the
 * survivor's file. That is the wrong one if a hook swapped the file and the second merge of 6.13 to
 * 6.15 succeeded (1.5).
 */
export function deleteSwallowed(space: Space, vma: Vma, survivor: Vma): void {
  space.remove(vma);
  space.files.unlink(survivor.file, vma.flags);
  space.files.put(survivor.file);
  unlinkAnon(vma);
}
