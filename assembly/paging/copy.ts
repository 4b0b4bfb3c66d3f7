// fork: the child's page tables, entry by entry beside the parent's (copy_page_range; mm/memory.c, 7.3).

import { VM_MAYBE_GUARD, VM_MIXEDMAP, VM_PFNMAP } from "../abi";
import { count, PAGE_HUGE_SET, PAGE_PTES_SET } from "../events";
import { isCopyOnWrite } from "../vma/flags";
import { Vma } from "../vma/record";
import {
  ACCESSED, DIRTY, entryOffset, isHuge, isMapped, PMD_SIZE, PTE_SHIFT, tableBase, WRITABLE,
} from "./entry";
import { CHILD_ROOT, depositTable, findPmd, makePmd, makePteTable, ROOT, skipUnmapped } from "./tables";

/** Whether the child gets the entries of a VMA; everything else it faults in again (vma_needs_copy). */
export function isCopied(parent: Vma): bool {
  return parent.anonVma != 0 || (parent.flags & (VM_PFNMAP | VM_MIXEDMAP | VM_MAYBE_GUARD)) != 0;
}

/**
 * Copies the entries of a VMA into the child's tables. Private ones lose the right to write on both sides, so
 * that either copies before it changes them. False without memory; what is there until then stays.
 */
export function copyPages(vma: Vma): bool {
  const isPrivate = isCopyOnWrite(vma.flags);
  for (let addr = skipUnmapped(ROOT, vma.start, vma.end); addr < vma.end; addr = skipUnmapped(ROOT, addr, vma.end)) {
    const pmd = findPmd(ROOT, addr);
    const next = min<u64>((addr & ~(PMD_SIZE - 1)) + PMD_SIZE, vma.end);
    const target = makePmd(CHILD_ROOT, addr);
    if (target == 0) return false;
    if (isHuge(load<u64>(pmd))) {
      if (!depositTable()) return false;
      const entry = load<u64>(pmd) & ~WRITABLE;
      store<u64>(pmd, entry);
      store<u64>(target, entry & ~ACCESSED);
      count(PAGE_HUGE_SET, 2);
      addr = next;
      continue;
    }
    const table = makePteTable(target);
    if (table == 0) return false;
    copyEntries(tableBase(load<u64>(pmd)), table, addr, next, isPrivate);
    addr = next;
  }
  return true;
}

function copyEntries(from: usize, to: usize, start: u64, end: u64, isPrivate: bool): void {
  for (let addr = start; addr < end; addr += 0x1000) {
    const offset = entryOffset(addr, PTE_SHIFT);
    let entry = load<u64>(from + offset);
    if (!isMapped(entry)) continue;
    if (isPrivate && entry & WRITABLE) {
      entry &= ~WRITABLE;
      store<u64>(from + offset, entry);
      count(PAGE_PTES_SET);
    }
    store<u64>(to + offset, isPrivate ? entry & ~ACCESSED : entry & ~(ACCESSED | DIRTY));
    count(PAGE_PTES_SET);
  }
}
