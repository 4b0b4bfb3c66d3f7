// Address translation: two TLB levels and paging-structure caches before the walk. Geometry of a Skylake
// server core (docs/model.md gives the sources): L1 16 sets of 4, L2 128 sets of 12, PDE/PDPTE/PML4E caches of
// 32/4/2 entries; true LRU everywhere. An L2 hit refills L1 only; a walk fills both, and the structure caches
// below the entry it started from.

import {
  count, PAGE_WALKS, PAGE_WALK_STEPS, TLB_FULL_FLUSHES, TLB_L1_HITS, TLB_L2_HITS, TLB_MISSES, TLB_PSC_HITS,
  TLB_SINGLE_FLUSHES,
} from "../events";
import { TABLES_AT, TLB_AT } from "../memory";
import {
  ACCESSED, DIRTY, entryOffset, isHuge, isTable, KEY, PGD_SHIFT, PMD_SHIFT, PRESENT, PTE_SHIFT, PUD_SHIFT, tableBase,
  TOP_SHIFT, WRITABLE,
} from "../paging/entry";
import { mm } from "../vma/record";
import { clearSet, dropKey, fillSet, findKey } from "./set";

const L1_SETS: u64 = 16;
const L1_WAYS: u32 = 4;
const L2_SETS: u64 = 128;
const L2_WAYS: u32 = 12;
const PDE_WAYS: u32 = 32;
const PDPTE_WAYS: u32 = 4;
const PML4E_WAYS: u32 = 2;

// One word a way, most recent first:  | key 63..12 (page number) | 11..2 | writable 1 | valid 0 |
// Structure caches: | key 63..28 (address bits of the level) | table number 27..1 | valid 0 |
const L1_AT: usize = TLB_AT;
const L2_AT: usize = L1_AT + 16 * 4 * 8;
const PDE_AT: usize = L2_AT + 128 * 12 * 8;
const PDPTE_AT: usize = PDE_AT + 32 * 8;
const PML4E_AT: usize = PDPTE_AT + 4 * 8;
const TLB_END: usize = PML4E_AT + 2 * 8;

export function tlbBytes(): u32 { return <u32>(TLB_END - TLB_AT); }

/** The TLB remembers a right to write only once the entry is dirty: the first write must set the bit. */
const MAY_WRITE: u64 = 2;

@inline function l1Set(page: u64): usize { return L1_AT + <usize>(page & (L1_SETS - 1)) * (4 * 8); }
@inline function l2Set(page: u64): usize { return L2_AT + <usize>(page & (L2_SETS - 1)) * (12 * 8); }

/** Translates one access. False when it faults: nothing there, or a write that is not allowed. */
export function translate(addr: u64, write: bool): bool {
  const page = addr >> 12;
  let word = findKey(l1Set(page), L1_WAYS, page, 12);
  if (word != 0 && (!write || word & MAY_WRITE)) {
    count(TLB_L1_HITS);
    return true;
  }
  if (word == 0) {
    word = findKey(l2Set(page), L2_WAYS, page, 12);
    if (word != 0 && (!write || word & MAY_WRITE)) {
      count(TLB_L2_HITS);
      fillSet(l1Set(page), L1_WAYS, word);
      return true;
    }
  }
  count(TLB_MISSES);
  const walked = walkTables(addr, write);
  forget(page); //  what it held for the page could not serve the access; a fault drops it as well
  if (walked == 0) return false;
  fillSet(l1Set(page), L1_WAYS, walked);
  fillSet(l2Set(page), L2_WAYS, walked);
  return true;
}

@inline function forget(page: u64): void {
  dropKey(l1Set(page), L1_WAYS, page, 12);
  dropKey(l2Set(page), L2_WAYS, page, 12);
}

@inline function structureWord(key: u64, entry: u64): u64 { return (key << 28) | ((entry >> 12) << 1) & 0xfffffff | 1; }
@inline function structureTable(word: u64): usize { return TABLES_AT + (<usize>(word >> 1 & 0x7ffffff) << 12); }

/** The walk: from the deepest structure cache that knows the way, or the PGD. The word for the TLB, 0 = fault. */
function walkTables(addr: u64, write: bool): u64 {
  count(PAGE_WALKS);
  let level: u32 = 4;
  let word = findKey(PDE_AT, PDE_WAYS, addr >> PMD_SHIFT, 28);
  if (word) {
    level = 1;
  } else {
    word = findKey(PDPTE_AT, PDPTE_WAYS, addr >> PUD_SHIFT, 28);
    if (word) {
      level = 2;
    } else {
      word = findKey(PML4E_AT, PML4E_WAYS, addr >> PGD_SHIFT, 28);
      if (word) level = 3;
    }
  }
  if (word) count(TLB_PSC_HITS);
  let table = word ? structureTable(word) : TABLES_AT;
  if (level == 4 && mm.levels == 5) {
    count(PAGE_WALK_STEPS);
    const entry = load<u64>(table + entryOffset(addr, TOP_SHIFT));
    if (!isTable(entry)) return 0;
    table = tableBase(entry);
  }
  if (level >= 4) {
    table = follow(table, addr, PGD_SHIFT, PML4E_AT, PML4E_WAYS);
    if (table == 0) return 0;
  }
  if (level >= 3) {
    table = follow(table, addr, PUD_SHIFT, PDPTE_AT, PDPTE_WAYS);
    if (table == 0) return 0;
  }
  if (level >= 2) {
    const at = table + entryOffset(addr, PMD_SHIFT);
    if (isHuge(load<u64>(at))) {
      count(PAGE_WALK_STEPS);
      return leaf(at, addr, write);
    }
    table = follow(table, addr, PMD_SHIFT, PDE_AT, PDE_WAYS);
    if (table == 0) return 0;
  }
  count(PAGE_WALK_STEPS);
  return leaf(table + entryOffset(addr, PTE_SHIFT), addr, write);
}

/** The last entry of a walk: checked, marked, and the TLB's word of it. */
function leaf(at: usize, addr: u64, write: bool): u64 {
  const entry = load<u64>(at);
  if ((entry & (PRESENT | KEY)) != PRESENT || (write && (entry & WRITABLE) == 0)) return 0;
  const marked = entry | ACCESSED | (write ? DIRTY : 0);
  if (marked != entry) store<u64>(at, marked);
  const mayWrite = (marked & (WRITABLE | DIRTY)) == (WRITABLE | DIRTY);
  return ((addr >> 12) << 12) | (mayWrite ? MAY_WRITE : 0) | 1;
}

/** One upper level: the table below, remembered in the level's structure cache; 0 where nothing is mapped. */
@inline function follow(table: usize, addr: u64, shift: u64, cache: usize, ways: u32): usize {
  count(PAGE_WALK_STEPS);
  const entry = load<u64>(table + entryOffset(addr, shift));
  if (!isTable(entry)) return 0;
  fillSet(cache, ways, structureWord(addr >> shift, entry));
  return tableBase(entry);
}

/** INVLPG: the page, and every paging-structure entry. */
export function flushPage(addr: u64): void {
  count(TLB_SINGLE_FLUSHES);
  forget(addr >> 12);
  clearStructures();
}

/** INVLPG of a 2 MiB page, whose parts are cached one by one. */
export function flushHugePage(addr: u64): void {
  count(TLB_SINGLE_FLUSHES);
  for (let page = addr >> 12; page < (addr >> 12) + 512; page++) forget(page);
  clearStructures();
}

/** A CR3 write without the no-flush bit. */
export function flushAll(): void {
  count(TLB_FULL_FLUSHES);
  memory.fill(TLB_AT, 0, TLB_END - TLB_AT);
}

function clearStructures(): void {
  clearSet(PDE_AT, PDE_WAYS + PDPTE_WAYS + PML4E_WAYS);
}
