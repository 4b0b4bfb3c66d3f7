// References to files, and their reverse map.

import { FILE_MODE_READ, FILE_MODE_SHMEM, FILE_MODE_UNNAMED, FILE_MODE_WRITE } from "../abi";
import { count, FILE_GETS, FILE_PUTS, FILE_RMAP_INSERTS, FILE_RMAP_REMOVES, UNWIND_STEPS } from "../events";
import { ranOut } from "../limits";
import { FILE_LIMIT } from "../memory";
import { isSharedMayWrite } from "./flags";
import { File, fileOf, mm, Vma } from "./record";

export function getFile(id: u32): void {
  count(FILE_GETS);
  fileOf(id).refs++;
}

export function putFile(id: u32): void {
  count(FILE_PUTS);
  fileOf(id).refs--;
}

/** Drops the reference of a mapping that failed. */
export function undoGetFile(id: u32): void {
  count(UNWIND_STEPS);
  putFile(id);
}

/** Into the file's i_mmap, if the VMA has a file (__vma_link_file). */
export function linkFile(vma: Vma): void {
  if (!vma.file) return;
  count(FILE_RMAP_INSERTS);
  const file = fileOf(vma.file);
  file.mapped++;
  if (isSharedMayWrite(vma.flags)) file.writable++;
}

/** Out of it, for good (__remove_shared_vm_struct). */
export function unlinkFile(vma: Vma): void {
  if (vma.file) unlinkFrom(vma, vma.file);
}

/** Out of a file's i_mmap that need not be the VMA's own: the second merge of 6.13 to 6.15 takes the survivor's. */
export function unlinkFrom(vma: Vma, id: u32): void {
  count(FILE_RMAP_REMOVES);
  const file = fileOf(id);
  file.mapped--;
  if (isSharedMayWrite(vma.flags)) file.writable--;
}

/** Out of and back into the interval tree around a change of range (vma_prepare, vma_complete). */
export function reinsertFile(vma: Vma): void {
  if (!vma.file) return;
  count(FILE_RMAP_REMOVES);
  count(FILE_RMAP_INSERTS);
}

/** Asks for a writable mapping: false while writers are denied (mapping_map_writable). */
export function mapWritable(file: File): bool {
  if (file.writable < 0) return false;
  file.writable++;
  return true;
}

export function unmapWritable(file: File): void { file.writable--; }

/** A new shmem file of `size` pages for shared anonymous memory (shmem_zero_setup); 0 when the model has no more. */
export function newShmemFile(size: u64): u32 {
  if (mm.fileNext == 0) mm.fileNext = 1;
  const id = mm.fileNext;
  if (id == FILE_LIMIT) {
    ranOut();
    return 0;
  }
  mm.fileNext++;
  const file = fileOf(id);
  memory.fill(changetype<usize>(file), 0, offsetof<File>());
  file.id = id;
  file.mode = FILE_MODE_READ | FILE_MODE_WRITE | FILE_MODE_SHMEM | FILE_MODE_UNNAMED;
  file.inode = id;
  file.size = size;
  file.firstPfn = <u64>id << 20;
  return id;
}
