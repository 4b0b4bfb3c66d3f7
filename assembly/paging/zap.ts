// Taking entries out of the tables, and changing their rights.

import { VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from "../abi";
import { count, PAGE_FRAMES_FREED, PAGE_PTES_CLEARED, PAGE_PTES_SET } from "../events";
import { Vma } from "../vma/record";
import {
  DIRTY, entryOffset, FIRST_ANONYMOUS_FRAME, frameOf, FRAME_MASK, GLOBAL, isMapped, NO_EXECUTE, PMD_SIZE, PRESENT,
  PTE_SHIFT, SPECIAL, WRITABLE,
} from "./entry";
import { notePage } from "./gather";
import { findPteTable, skipUnmapped } from "./tables";

@inline function endOfTable(addr: u64, end: u64): u64 {
  const next = (addr & ~(PMD_SIZE - 1)) + PMD_SIZE;
  return next < end ? next : end;
}

/** Clears every entry of [start, end) (unmap_page_range). Spans without tables cost nothing. */
export function zapRange(start: u64, end: u64): void {
  for (let addr = skipUnmapped(start, end); addr < end; addr = skipUnmapped(addr, end)) {
    const table = findPteTable(addr);
    for (const stop = endOfTable(addr, end); addr < stop; addr += 0x1000) {
      const at = table + entryOffset(addr, PTE_SHIFT);
      const entry = load<u64>(at);
      if (entry) zapEntry(at, entry, addr);
    }
  }
}

function zapEntry(at: usize, entry: u64, addr: u64): void {
  store<u64>(at, 0);
  count(PAGE_PTES_CLEARED);
  if ((entry & SPECIAL) == 0 && frameOf(entry) >= FIRST_ANONYMOUS_FRAME) count(PAGE_FRAMES_FREED);
  notePage(addr);
}

/** Gives the entries of [start, end) the rights that the VMA has now (change_protection). */
export function changeProtection(vma: Vma, start: u64, end: u64): void {
  const flags = vma.flags;
  const accessible = (flags & (VM_READ | VM_WRITE | VM_EXEC)) != 0;
  for (let addr = skipUnmapped(start, end); addr < end; addr = skipUnmapped(addr, end)) {
    const table = findPteTable(addr);
    for (const stop = endOfTable(addr, end); addr < stop; addr += 0x1000) {
      const at = table + entryOffset(addr, PTE_SHIFT);
      const old = load<u64>(at);
      if (!isMapped(old)) continue;
      let entry = old & ~(WRITABLE | PRESENT | GLOBAL | NO_EXECUTE);
      entry |= accessible ? PRESENT : GLOBAL;
      if ((flags & VM_EXEC) == 0) entry |= NO_EXECUTE;
      if (flags & VM_WRITE && mayWriteAtOnce(entry, flags)) entry |= WRITABLE;
      store<u64>(at, entry);
      count(PAGE_PTES_SET);
      if (isStricter(old, entry)) notePage(addr);
    }
  }
}

/** Write permission without a fault: a page of our own, or a dirty page of a shared mapping. */
@inline function mayWriteAtOnce(entry: u64, flags: u64): bool {
  if (flags & VM_SHARED) return (entry & DIRTY) != 0;
  return (entry & SPECIAL) == 0 && ((entry & FRAME_MASK) >> 12) >= FIRST_ANONYMOUS_FRAME;
}

/** Whether a right went: only then must the TLB forget the entry. */
@inline function isStricter(old: u64, now: u64): bool {
  return (old & ~now & (PRESENT | WRITABLE)) != 0 || (now & ~old & NO_EXECUTE) != 0;
}

/** Fork: private entries lose their right to write, so that either side copies before it changes them. */
export function shareForCopy(vma: Vma): void {
  if (vma.flags & VM_SHARED) return;
  for (let addr = skipUnmapped(vma.start, vma.end); addr < vma.end; addr = skipUnmapped(addr, vma.end)) {
    const table = findPteTable(addr);
    for (const stop = endOfTable(addr, vma.end); addr < stop; addr += 0x1000) {
      const at = table + entryOffset(addr, PTE_SHIFT);
      const entry = load<u64>(at);
      if (!isMapped(entry)) continue;
      store<u64>(at, entry & ~WRITABLE);
      count(PAGE_PTES_SET);
    }
  }
}
