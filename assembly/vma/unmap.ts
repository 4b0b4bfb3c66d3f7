// Unmapping: gather what overlaps a range, clean it up, complete or abort. munmap does all of it at once; a
// mmap over existing mappings keeps the gathered VMAs in the tree until its own store replaces them.
// (vms_gather_munmap_vmas, vms_complete_munmap_vmas, vms_abort_munmap_vmas; mm/vma.c, 6.12 to 7.3)

import { EINVAL, ENOMEM, EPERM, OPS_CLOSE, OPS_DUMMY, TASK_SIZE, VM_ACCOUNT, VM_LOCKED, VM_SEALED } from "../abi";
import {
  count, HOOK_CLOSES, MAPLE_SIDE_STORES, MAPLE_STORES, UNWIND_ABORTS, UNWIND_HOLES,
  UNWIND_REATTACHED, UNWIND_STEPS,
} from "../events";
import { PATH_UNMAP, slow } from "../slow";
import { clearRecord, SCRATCH_AT } from "../memory";
import { detached, detachedTree, vmi, vmaTree } from "../maple/cursor";
import { TOP } from "../maple/node";
import { destroyTree, storeNow } from "../maple/store";
import { find, previous, previousRange } from "../maple/walk";
import { beginFlush, endFlush } from "../paging/gather";
import { freeTables, ROOT } from "../paging/tables";
import { zapRange } from "../paging/zap";
import { STEP_ABORT_HOLE, STEP_ABORT_REATTACH, step } from "../steps";
import { isData, isExecutable, isStack, uncharge } from "./account";
import { unlinkAnon } from "./anon";
import { putFile, unlinkFile } from "./file";
import { freeVma } from "./pool";
import { exists, mm, Vma, vmaOf } from "./record";
import { splitVma } from "./split";

/** The range being unmapped and what was gathered in it (vma_munmap_struct). Page counts, except `vmas`. */
@unmanaged
export class Unmap {
  start: u64;
  end: u64;
  /** Between these nothing is mapped once the range is gone: end of the VMA below, start of the one above; 0 = no limit. */
  floor: u64;
  ceiling: u64;
  pages: u64;
  lockedVm: u64;
  /** Pages whose charge goes with them. */
  accounted: u64;
  execVm: u64;
  stackVm: u64;
  dataVm: u64;
  /** First overlapping VMA, before gathering; 0 = none. */
  first: u32;
  vmas: u32;
  prev: u32;
  next: u32;
  /** PTEs are still there: an abort can put everything back. */
  populated: u32;
}
if (offsetof<Unmap>() > 128) ERROR("an unmap record is at most 128 bytes");

/** The unmap of the call under way. */
@inline export const unmap: Unmap = changetype<Unmap>(SCRATCH_AT + 128);

/** Starts an unmap of [start, end) whose first overlapping VMA is `first`, or NO_VMA (init_vma_munmap). */
export function beginUnmap(first: Vma, start: u64, end: u64): Unmap {
  const u = unmap;
  clearRecord(changetype<usize>(u));
  u.first = first.id;
  if (exists(first)) {
    u.start = start;
    u.end = end;
  }
  return u;
}

/**
 * Splits at the edges and puts every VMA of the range into the side tree. All of them stay in the main tree.
 * Returns 0 or an errno, with everything attached again; splits that succeeded stay.
 */
export function gather(u: Unmap): u32 {
  slow(PATH_UNMAP);
  const first = vmaOf(u.first);
  if (u.start > first.start) {
    if (u.end < first.end && mm.mapCount >= mm.maxMapCount) return ENOMEM; // it would punch a hole
    if (first.flags & VM_SEALED) return EPERM;
    const error = splitVma(first, u.start, true);
    if (error) return error;
  }
  u.prev = previous(vmi, 0);
  if (u.prev) u.floor = vmaOf(u.prev).end;

  detached.enter(detachedTree, 0);
  while (true) {
    const id = find(vmi, u.end - 1);
    if (id == 0) break;
    const error = gatherOne(u, vmaOf(id));
    if (error) {
      reattach();
      return error;
    }
  }
  u.next = find(vmi, TOP);
  if (u.next) u.ceiling = vmaOf(u.next).start;
  while (vmi.index > u.start) previousRange(vmi, 0);
  u.populated = 1;
  return 0;
}

function gatherOne(u: Unmap, vma: Vma): u32 {
  if (vma.flags & VM_SEALED) return EPERM;
  if (vma.end > u.end) {
    const error = splitVma(vma, u.end, false);
    if (error) return error;
  }
  const place = u.vmas++;
  detached.set(place, place);
  if (!storeNow(detached, vma.id)) return ENOMEM;
  count(MAPLE_SIDE_STORES);
  vma.attached = 0;
  const pages = vma.pages;
  u.pages += pages;
  if (vma.flags & VM_LOCKED) u.lockedVm += pages;
  if (vma.flags & VM_ACCOUNT) u.accounted += pages;
  if (isExecutable(vma.flags)) u.execVm += pages;
  else if (isStack(vma.flags)) u.stackVm += pages;
  else if (isData(vma.flags)) u.dataVm += pages;
  return 0;
}

// The gathered VMAs, one after the other. Most often there is one, and its side tree has no node.

function firstGathered(): u32 {
  if (detachedTree.height == 0) return detachedTree.root;
  detached.set(0, 0);
  return find(detached, TOP);
}

@inline function nextGathered(): u32 { return detachedTree.height ? find(detached, TOP) : 0; }

/** Every gathered VMA is a member again; the side tree goes. */
function reattach(): void {
  for (let id = firstGathered(); id; id = nextGathered()) {
    count(UNWIND_REATTACHED);
    vmaOf(id).attached = 1;
  }
  destroyTree(detachedTree);
}

/** vm_ops->close, at most once for a VMA (vma_close). */
export function closeVma(vma: Vma): void {
  if ((vma.ops & OPS_CLOSE) == 0) return;
  count(HOOK_CLOSES);
  vma.ops = OPS_DUMMY;
}

/** Clears the PTEs of all gathered VMAs, frees page tables between their neighbours, and takes them off rmap. */
function clearPages(u: Unmap): void {
  if (u.populated == 0) return;
  u.populated = 0;
  beginFlush();
  for (let id = firstGathered(); id; id = nextGathered()) {
    const vma = vmaOf(id);
    zapRange(vma.start, vma.end);
  }
  freeGathered(u);
  endFlush();
}

/** free_pgtables: VMAs no more than 2 MiB apart are taken as one run. */
function freeGathered(u: Unmap): void {
  let id = firstGathered();
  while (id) {
    let vma = vmaOf(id);
    const start = vma.start;
    let end = vma.end;
    while (true) {
      unlinkAnon(vma);
      unlinkFile(vma);
      id = nextGathered();
      if (id == 0) break;
      vma = vmaOf(id);
      if (vma.start > end + 0x200000) break;
      end = vma.end;
    }
    freeTables(ROOT, start, end, u.floor, id ? vmaOf(id).start : u.ceiling);
  }
}

/** What a mmap does before its hook: old pages gone, `close` called, VMAs still in the tree (vms_clean_up_area). */
export function cleanUp(u: Unmap): void {
  if (u.pages == 0) return;
  clearPages(u);
  for (let id = firstGathered(); id; id = nextGathered()) closeVma(vmaOf(id));
}

/** The gathered VMAs have left the main tree: counters down, objects freed. */
export function complete(u: Unmap): void {
  mm.mapCount -= u.vmas;
  mm.lockedVm -= u.lockedVm;
  if (u.pages == 0) return;
  clearPages(u);
  mm.totalVm -= u.pages;
  mm.execVm -= u.execVm;
  mm.stackVm -= u.stackVm;
  mm.dataVm -= u.dataVm;
  for (let id = firstGathered(); id; id = nextGathered()) removeVma(vmaOf(id));
  uncharge(u.accounted);
  destroyTree(detachedTree);
}

/** Closes and frees a VMA that is in no tree and on no reverse map (remove_vma). */
function removeVma(vma: Vma): void {
  closeVma(vma);
  if (vma.file) putFile(vma.file);
  freeVma(vma);
}

/**
 * A mmap over what was gathered has failed. As long as the pages are there, everything is put back; only edge
 * splits stay. Afterwards the old mappings are lost: a hole takes their place.
 */
export function abort(u: Unmap): void {
  if (u.pages == 0) return;
  count(UNWIND_ABORTS);
  if (u.populated) {
    step(STEP_ABORT_REATTACH);
    u.populated = 0;
    reattach();
    return;
  }
  step(STEP_ABORT_HOLE);
  count(UNWIND_HOLES);
  count(UNWIND_STEPS);
  storeHole(u.start, u.end);
  complete(u);
}

/** Stores nothing over a range, whatever it takes: the kernel asks for memory that cannot fail. */
function storeHole(start: u64, end: u64): void {
  const kind = mm.failKind;
  mm.failKind = 0;
  vmi.set(start, end - 1);
  count(MAPLE_STORES);
  storeNow(vmi, 0);
  mm.failKind = kind;
}

/** Unmaps [start, end), in which `first` is the first VMA and the iterator stands on it (do_vmi_align_munmap). */
export function unmapFrom(first: Vma, start: u64, end: u64): u32 {
  const u = beginUnmap(first, start, end);
  const error = gather(u);
  if (error) return error;
  vmi.narrow(start, end - 1);
  if (!storeNow(vmi, 0)) {
    u.populated = 0;
    reattach();
    return ENOMEM;
  }
  count(MAPLE_STORES);
  complete(u);
  return 0;
}

/** munmap(2): 0 or an errno (do_vmi_munmap). */
export function munmap(start: u64, length: u64): u32 {
  if (start & 0xfff || start > TASK_SIZE || length > TASK_SIZE - start) return EINVAL;
  const end = start + ((length + 0xfff) & ~0xfff);
  if (end == start) return EINVAL;
  vmi.enter(vmaTree, start);
  const first = vmaOf(find(vmi, end - 1));
  return exists(first) ? unmapFrom(first, start, end) : 0;
}
