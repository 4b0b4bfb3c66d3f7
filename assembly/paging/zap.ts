// Taking entries out of the tables, and changing their rights.

import { VM_EXEC, VM_PKEY_BIT0, VM_READ, VM_SHARED, VM_WRITE } from "../abi";
import { count, PAGE_FRAMES_FREED, PAGE_PTES_CLEARED, PAGE_PTES_SET } from "../events";
import { Vma } from "../vma/record";
import {
  DIRTY, entryOffset, GLOBAL, isHuge, isMapped, isOwn, KEY, NO_EXECUTE, PMD_SHIFT, PMD_SIZE, PRESENT, PTE_SHIFT,
  tableBase, WRITABLE,
} from "./entry";
import { noteFreedTable, noteHuge, notePage } from "./gather";
import { changeHuge, clearHuge, splitHuge } from "./huge";
import { findPmd, freeTable, ROOT, skipUnmapped } from "./tables";

@inline function endOfTable(addr: u64, end: u64): u64 {
  const next = (addr & ~(PMD_SIZE - 1)) + PMD_SIZE;
  return next < end ? next : end;
}

/** Clears every entry of [start, end) (unmap_page_range). Spans without tables cost nothing. */
export function zapRange(start: u64, end: u64): void { zapUnder(ROOT, start, end, true, false); }

/** The same for madvise, which also gives back tables that it has emptied whole. */
export function discardRange(start: u64, end: u64): void { zapUnder(ROOT, start, end, true, true); }

/** The same below any root; `gone`: nobody else maps the frames; `reclaims`: emptied tables go. */
export function zapUnder(root: usize, start: u64, end: u64, gone: bool, reclaims: bool): void {
  for (let addr = skipUnmapped(root, start, end); addr < end; addr = skipUnmapped(root, addr, end)) {
    const pmd = findPmd(root, addr);
    const stop = endOfTable(addr, end);
    const whole = stop - addr == PMD_SIZE;
    if (isHuge(load<u64>(pmd))) {
      if (whole) {
        clearHuge(pmd, addr, gone);
        addr = stop;
        continue;
      }
      splitHuge(pmd, addr);
    }
    const table = tableBase(load<u64>(pmd));
    const first = addr;
    for (; addr < stop; addr += 0x1000) {
      const at = table + entryOffset(addr, PTE_SHIFT);
      const entry = load<u64>(at);
      if (entry) zapEntry(at, entry, addr, gone);
    }
    if (reclaims && whole) {
      store<u64>(pmd, 0);
      freeTable(table);
      noteFreedTable(first, PMD_SHIFT);
    }
  }
}

@inline function zapEntry(at: usize, entry: u64, addr: u64, gone: bool): void {
  store<u64>(at, 0);
  count(PAGE_PTES_CLEARED);
  if (gone && isOwn(entry)) count(PAGE_FRAMES_FREED);
  notePage(addr);
}

/** Gives the entries of [start, end) the rights that the VMA has now (change_protection). */
export function changeProtection(vma: Vma, start: u64, end: u64): void {
  const flags = vma.flags;
  for (let addr = skipUnmapped(ROOT, start, end); addr < end; addr = skipUnmapped(ROOT, addr, end)) {
    const pmd = findPmd(ROOT, addr);
    const stop = endOfTable(addr, end);
    const huge = load<u64>(pmd);
    if (isHuge(huge)) {
      if (stop - addr == PMD_SIZE) {
        const entry = withRights(huge, flags);
        changeHuge(pmd, entry);
        if (isStricter(huge, entry)) noteHuge(addr);
        addr = stop;
        continue;
      }
      splitHuge(pmd, addr);
    }
    const table = tableBase(load<u64>(pmd));
    for (; addr < stop; addr += 0x1000) {
      const at = table + entryOffset(addr, PTE_SHIFT);
      const old = load<u64>(at);
      if (!isMapped(old)) continue;
      const entry = withRights(old, flags);
      store<u64>(at, entry);
      count(PAGE_PTES_SET);
      if (isStricter(old, entry)) notePage(addr);
    }
  }
}

function withRights(old: u64, flags: u64): u64 {
  let entry = old & ~(WRITABLE | PRESENT | GLOBAL | NO_EXECUTE | KEY);
  entry |= flags & (VM_READ | VM_WRITE | VM_EXEC) ? PRESENT : GLOBAL;
  if ((flags & VM_EXEC) == 0) entry |= NO_EXECUTE;
  if (flags & VM_PKEY_BIT0) entry |= KEY;
  if (flags & VM_WRITE && mayWriteAtOnce(entry, flags)) entry |= WRITABLE;
  return entry;
}

/** Write permission without a fault: a page of our own, or a dirty page of a shared mapping. */
@inline function mayWriteAtOnce(entry: u64, flags: u64): bool {
  return flags & VM_SHARED ? (entry & DIRTY) != 0 : isOwn(entry);
}

/** Whether a right went: only then must the TLB forget the entry. */
@inline function isStricter(old: u64, now: u64): bool {
  return (old & ~now & (PRESENT | WRITABLE)) != 0 || (now & ~old & (NO_EXECUTE | KEY)) != 0;
}
