// Address translation: the TLB levels, then the walk from the deepest paging-structure cache that knows the way. An
// L2 hit refills L1 only; a walk fills both levels, and the structure caches below the entry it started from.

import {
  count, PAGE_WALKS, TLB_L1_HITS, TLB_L2_HITS, TLB_MISSES, TLB_PSC_HITS,
} from "../events";
import { TABLES_AT } from "../memory";
import {
  ACCESSED, DIRTY, entryOffset, FRAME_MASK, isHuge, isTable, KEY, PGD_SHIFT, PMD_SHIFT, PRESENT, PTE_SHIFT, PUD_SHIFT,
  tableBase, TOP_SHIFT, WRITABLE,
} from "../paging/entry";
import { mm } from "../vma/record";
import { drop, place, put, search, setOf, touchWay, valueOf } from "./bank";
import {
  Bank, bankAt, KIND_2M, KIND_4K, KIND_PDE, KIND_PDPTE, KIND_PML4E, KIND_PML5E, l1, NO_PAGE, tagOf, tlb,
} from "./geometry";
import { visit } from "./lines";

/** In a value beside the frame: the first write has set the dirty bit, and further ones need no walk. */
export const MAY_WRITE: u64 = 2;

/** Whether the first level serves an access; most do. It goes wherever accesses are made, without a call. */
@inline export function hitsL1(addr: u64, write: bool): bool {
  const page = addr >> 12;
  if (page == tlb.lastPage && (!write || tlb.lastMayWrite != 0)) {
    count(TLB_L1_HITS);
    return true;
  }
  const set = setOf(l1, page);
  const at = search(set, l1.ways, tagOf(page, KIND_4K, tlb.pageTag));
  if (at == 0) return false;
  if (write && (valueOf(l1, set, at) & MAY_WRITE) == 0) return false;
  touchWay(l1, set, at);
  tlb.lastPage = page;
  tlb.lastMayWrite = <u32>write;
  count(TLB_L1_HITS);
  return true;
}

/** Translates an access that the first level does not serve. False when it faults: nothing there, or no right to write. */
export function translate(addr: u64, write: bool): bool {
  const page = addr >> 12;
  const at = search(setOf(l1, page), l1.ways, tagOf(page, KIND_4K, tlb.pageTag));
  return at ? walk(addr, write, true) : beyondL1(addr, write);
}

@inline function remember(page: u64, value: u64): void {
  tlb.lastPage = page;
  tlb.lastMayWrite = <u32>value & 2;
}

@inline function bankOf(number: u32): Bank { return bankAt(number - 1); }

function beyondL1(addr: u64, write: bool): bool {
  const page = addr >> 12;
  if (tlb.largeSeen) {
    const value = lookUp(tlb.l1Large, addr >> PMD_SHIFT, KIND_2M);
    if (value) {
      if (write && (value & MAY_WRITE) == 0) return walk(addr, write, true);
      remember(page, value);
      count(TLB_L1_HITS);
      return true;
    }
  }
  let value = lookUp(tlb.l2, page, KIND_4K);
  if (value) {
    if (write && (value & MAY_WRITE) == 0) return walk(addr, write, true);
    place(l1, page, tagOf(page, KIND_4K, tlb.pageTag), value);
    remember(page, value);
    count(TLB_L2_HITS);
    return true;
  }
  if (tlb.largeSeen) {
    value = lookUp(tlb.l2Large, addr >> PMD_SHIFT, KIND_2M);
    if (value) {
      if (write && (value & MAY_WRITE) == 0) return walk(addr, write, true);
      fill(tlb.l1Large, addr >> PMD_SHIFT, KIND_2M, value, false);
      remember(page, value);
      count(TLB_L2_HITS);
      return true;
    }
  }
  return walk(addr, write, false);
}

/** Value of an entry in a bank, which becomes the most recent; 0 = not there, or no such bank. */
function lookUp(number: u32, key: u64, kind: u32): u64 {
  if (number == 0) return 0;
  const bank = bankOf(number);
  const set = setOf(bank, key);
  const at = search(set, bank.ways, tagOf(key, kind, kind >= KIND_PDE ? tlb.tableTag : tlb.pageTag));
  if (at == 0) return 0;
  touchWay(bank, set, at);
  return valueOf(bank, set, at);
}

/** `known`: an older entry for the span may be there. */
function fill(number: u32, key: u64, kind: u32, value: u64, known: bool): void {
  if (number == 0) return;
  const tag = tagOf(key, kind, kind >= KIND_PDE ? tlb.tableTag : tlb.pageTag);
  if (known) put(bankOf(number), key, tag, value);
  else place(bankOf(number), key, tag, value);
}

/** The walk. `known`: a TLB entry that does not allow the write is there, and is replaced. */
function walk(addr: u64, write: bool, known: bool): bool {
  count(TLB_MISSES);
  tlb.lastPage = NO_PAGE;
  const at = walkTables(addr);
  const entry = at ? load<u64>(at) : 0;
  if ((entry & (PRESENT | KEY)) != PRESENT || (write && (entry & WRITABLE) == 0)) {
    forget(addr); // a fault drops what there was
    return false;
  }
  const marked = entry | ACCESSED | (write ? DIRTY : 0);
  if (marked != entry) store<u64>(at, marked);
  const mayWrite = (marked & (WRITABLE | DIRTY)) == (WRITABLE | DIRTY);
  // bit 0 keeps a value from being 0, which means that there is none
  const value = (marked & FRAME_MASK) | 1 | (mayWrite ? MAY_WRITE : 0);
  if (isHuge(entry)) {
    tlb.largeSeen = 1;
    fill(tlb.l1Large, addr >> PMD_SHIFT, KIND_2M, value, known);
    fill(tlb.l2Large, addr >> PMD_SHIFT, KIND_2M, value, known);
  } else {
    fill(1, addr >> 12, KIND_4K, value, known);
    fill(tlb.l2, addr >> 12, KIND_4K, value, known);
  }
  remember(addr >> 12, value);
  return true;
}

/** Where the entry of an address is, by the tables; 0 when they do not reach that far. */
function walkTables(addr: u64): usize {
  count(PAGE_WALKS);
  let table = <usize>lookUp(tlb.pde, addr >> PMD_SHIFT, KIND_PDE);
  if (table) {
    count(TLB_PSC_HITS);
    return leaf(table, addr, PTE_SHIFT);
  }
  let level: u32 = 2;
  table = <usize>lookUp(tlb.pdpte, addr >> PUD_SHIFT, KIND_PDPTE);
  if (table == 0) {
    level = 3;
    table = <usize>lookUp(tlb.pml4e, addr >> PGD_SHIFT, KIND_PML4E);
  }
  if (table == 0 && mm.levels == 5) {
    level = 4;
    table = <usize>lookUp(tlb.pml5e, addr >> TOP_SHIFT, KIND_PML5E);
  }
  if (table) {
    count(TLB_PSC_HITS);
  } else {
    level = <u32>mm.levels;
    table = TABLES_AT;
  }
  if (level == 5) table = follow(table, addr, TOP_SHIFT, tlb.pml5e, KIND_PML5E);
  if (table && level >= 4) table = follow(table, addr, PGD_SHIFT, tlb.pml4e, KIND_PML4E);
  if (table && level >= 3) table = follow(table, addr, PUD_SHIFT, tlb.pdpte, KIND_PDPTE);
  if (table == 0) return 0;
  const at = table + entryOffset(addr, PMD_SHIFT);
  if (isHuge(load<u64>(at))) return leaf(table, addr, PMD_SHIFT);
  table = follow(table, addr, PMD_SHIFT, tlb.pde, KIND_PDE);
  return table ? leaf(table, addr, PTE_SHIFT) : 0;
}

@inline function leaf(table: usize, addr: u64, shift: u64): usize {
  const at = table + entryOffset(addr, shift);
  visit(at);
  return at;
}

/** One upper level: the table below, remembered in the level's structure cache; 0 where nothing is mapped. */
function follow(table: usize, addr: u64, shift: u64, number: u32, kind: u32): usize {
  const at = table + entryOffset(addr, shift);
  visit(at);
  const entry = load<u64>(at);
  if (!isTable(entry)) return 0;
  fill(number, addr >> shift, kind, <u64>tableBase(entry), false);
  return tableBase(entry);
}

/** Drops the page of an address, whatever its size, on the CPU that is selected. */
export function forget(addr: u64): void {
  tlb.lastPage = NO_PAGE;
  const page = addr >> 12;
  const small = tagOf(page, KIND_4K, tlb.pageTag);
  drop(l1, page, small);
  if (tlb.l2) drop(bankOf(tlb.l2), page, small);
  if (tlb.largeSeen == 0) return;
  const key = addr >> PMD_SHIFT;
  const large = tagOf(key, KIND_2M, tlb.pageTag);
  if (tlb.l1Large) drop(bankOf(tlb.l1Large), key, large);
  if (tlb.l2Large) drop(bankOf(tlb.l2Large), key, large);
}
