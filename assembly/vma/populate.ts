// Faulting in what a call promised to have in memory: MAP_POPULATE, MAP_LOCKED, the mlock family, and what grows
// or becomes writable while it is locked. It writes to private writable memory, which so gets its anon_vma.
// (mm_populate, populate_vma_page_range; mm/gup.c)

import { ENOMEM, VM_IO, VM_LOCKONFAULT, VM_PFNMAP, VM_SHARED, VM_WRITE } from "../abi";
import { scan, vmaTree } from "../maple/cursor";
import { find } from "../maple/walk";
import { faultIn } from "../paging/fault";
import { isReadable } from "./flags";
import { Vma, vmaOf } from "./record";

/** Faults a range in; what cannot be is passed over. */
export function populate(start: u64, length: u64): void {
  const end = start + length;
  scan.enter(vmaTree, start);
  for (let id = find(scan, end - 1); id; id = find(scan, end - 1)) {
    const vma = vmaOf(id);
    if (canPopulate(vma)) populateVma(vma, max<u64>(vma.start, start), min<u64>(vma.end, end));
  }
}

/** The same for mlock, which stops at the first page that cannot be and says so: 0 or an errno. */
export function populateStrictly(start: u64, length: u64): u32 {
  const end = start + length;
  scan.enter(vmaTree, start);
  for (let id = find(scan, end - 1); id; id = find(scan, end - 1)) {
    const vma = vmaOf(id);
    if (canPopulate(vma) && !populateVma(vma, max<u64>(vma.start, start), min<u64>(vma.end, end))) return ENOMEM;
  }
  return 0;
}

@inline function canPopulate(vma: Vma): bool { return (vma.flags & (VM_IO | VM_PFNMAP)) == 0; }

/** Faults a VMA's part in; false at the first page that gets a signal, or without memory. */
export function populateVma(vma: Vma, start: u64, end: u64): bool {
  if (vma.flags & VM_LOCKONFAULT) return true;
  if (!isReadable(vma.flags)) return false;
  const write = (vma.flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
  for (let page = start; page < end; page += 0x1000) {
    if (!faultIn(page, write)) return false;
  }
  return true;
}
