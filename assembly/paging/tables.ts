// Page-table pages: allocation on the way down, freeing between neighbours. Table 0 is the PGD, table 1 that of
// a child under construction; they live as long as the address space and are not counted.

import { FAIL_ALLOCATION } from "../abi";
import { count, PAGE_TABLES_ALLOCATED, PAGE_TABLES_FREED } from "../events";
import { failsHere, ranOut } from "../limits";
import { TABLE_LIMIT, TABLE_POOL_AT, TABLES_AT } from "../memory";
import { mm } from "../vma/record";
import {
  entryOffset, isHuge, isTable, PGD_SHIFT, PMD_SHIFT, PMD_SIZE, PUD_SHIFT, tableBase, TABLE_BITS, TOP_SHIFT,
} from "./entry";
import { noteFreedTable } from "./gather";

@unmanaged
class TablePool {
  /** Tables handed out so far; the first is number FIRST. */
  next: u32;
  /** Free tables, chained through their first word; 0 = none. */
  free: u32;
  live: u32;
  /** PTE tables kept for the day a 2 MiB page is split, chained likewise (pgtable_trans_huge_deposit). */
  deposited: u32;
}

@inline const pool: TablePool = changetype<TablePool>(TABLE_POOL_AT);
const FIRST: u32 = 2;

/** The PGD of the address space, and of a child that fork is making. */
export const ROOT: usize = TABLES_AT;
export const CHILD_ROOT: usize = TABLES_AT + 4096;

export function liveTables(): u32 { return pool.live; }
export function tableBytes(): u32 { return (pool.next + FIRST) << 12; }

/** A zeroed table's number; 0 without memory. */
function allocateTable(): u32 {
  if (failsHere(FAIL_ALLOCATION)) return 0;
  let table = pool.free;
  if (table) {
    pool.free = load<u32>(TABLES_AT + ((<usize>table) << 12));
  } else {
    if (pool.next + FIRST == TABLE_LIMIT) {
      ranOut();
      return 0;
    }
    table = FIRST + pool.next++;
  }
  memory.fill(TABLES_AT + ((<usize>table) << 12), 0, 4096);
  count(PAGE_TABLES_ALLOCATED);
  pool.live++;
  return table;
}

/** Frees a table whose entries are cleared; the TLB is the caller's to tell. */
export function freeTable(base: usize): void {
  store<u32>(base, pool.free);
  pool.free = <u32>((base - TABLES_AT) >> 12);
  count(PAGE_TABLES_FREED);
  pool.live--;
}

/** Sets a table aside for a 2 MiB page about to be mapped. False without memory. */
export function depositTable(): bool {
  const table = allocateTable();
  if (table == 0) return false;
  store<u32>(TABLES_AT + ((<usize>table) << 12), pool.deposited);
  pool.deposited = table;
  return true;
}

/** A table that was set aside: there is one for every 2 MiB page. Its contents are undefined. */
export function withdrawTable(): usize {
  const base = TABLES_AT + ((<usize>pool.deposited) << 12);
  pool.deposited = load<u32>(base);
  return base;
}

/** The 2 MiB page has gone whole. */
export function freeDeposited(): void { freeTable(withdrawTable()); }

/** The entry that points to a table. */
@inline export function tableEntry(base: usize): u64 { return <u64>(base - TABLES_AT) | TABLE_BITS; }

/** The table below an entry, allocated if need be; 0 without memory. */
@inline function below(at: usize): usize {
  const entry = load<u64>(at);
  if (isTable(entry)) return tableBase(entry);
  const table = allocateTable();
  if (table == 0) return 0;
  const made = ((<u64>table) << 12) | TABLE_BITS;
  store<u64>(at, made);
  return tableBase(made);
}

/** Address of the PUD entry for `addr` under a root, tables above it allocated; 0 without memory. */
export function makePud(root: usize, addr: u64): usize {
  let top = root;
  if (mm.levels == 5) {
    top = below(root + entryOffset(addr, TOP_SHIFT));
    if (top == 0) return 0;
  }
  const pud = below(top + entryOffset(addr, PGD_SHIFT));
  return pud ? pud + entryOffset(addr, PUD_SHIFT) : 0;
}

/** Address of the PMD entry for `addr` under a root, tables above it allocated; 0 without memory. */
export function makePmd(root: usize, addr: u64): usize {
  const at = makePud(root, addr);
  if (at == 0) return 0;
  const pmd = below(at);
  return pmd ? pmd + entryOffset(addr, PMD_SHIFT) : 0;
}

/** Base of the PTE table below a PMD entry that is no 2 MiB page, allocated if need be; 0 without memory. */
export function makePteTable(pmd: usize): usize { return below(pmd); }

/** Address of the PUD entry for `addr`; 0 where there is no table. */
export function findPud(root: usize, addr: u64): usize {
  let top = root;
  if (mm.levels == 5) {
    const entry = load<u64>(root + entryOffset(addr, TOP_SHIFT));
    if (!isTable(entry)) return 0;
    top = tableBase(entry);
  }
  const entry = load<u64>(top + entryOffset(addr, PGD_SHIFT));
  return isTable(entry) ? tableBase(entry) + entryOffset(addr, PUD_SHIFT) : 0;
}

/** Address of the PMD entry for `addr`; 0 where there is no table. */
export function findPmd(root: usize, addr: u64): usize {
  const at = findPud(root, addr);
  if (at == 0) return 0;
  const pud = load<u64>(at);
  return isTable(pud) ? tableBase(pud) + entryOffset(addr, PMD_SHIFT) : 0;
}

/**
 * The first address at or after `addr`, below `end`, whose PMD entry holds a table or a 2 MiB page: what has
 * neither is skipped a span of an upper entry at a time.
 */
export function skipUnmapped(root: usize, addr: u64, end: u64): u64 {
  if (pool.live == 0) return end;
  let at = addr;
  while (at < end) {
    let top = root;
    if (mm.levels == 5) {
      const entry = load<u64>(root + entryOffset(at, TOP_SHIFT));
      if (!isTable(entry)) return end; // one entry spans more than all of user space
      top = tableBase(entry);
    }
    const pgd = load<u64>(top + entryOffset(at, PGD_SHIFT));
    if (!isTable(pgd)) {
      at = ((at >> PGD_SHIFT) + 1) << PGD_SHIFT;
      continue;
    }
    const pud = load<u64>(tableBase(pgd) + entryOffset(at, PUD_SHIFT));
    if (!isTable(pud)) {
      at = ((at >> PUD_SHIFT) + 1) << PUD_SHIFT;
      continue;
    }
    const pmd = load<u64>(tableBase(pud) + entryOffset(at, PMD_SHIFT));
    if (isTable(pmd) || isHuge(pmd)) return at;
    at = (at & ~(PMD_SIZE - 1)) + PMD_SIZE;
  }
  return end;
}

/**
 * Frees the tables of [start, end) whose whole span lies between `floor` and `ceiling`, the ends of what
 * remains mapped; 0 = no limit (free_pgd_range). All limits are compared one below, so that a ceiling of 0 is
 * the top.
 *
 *   |--below--|  floor . . [ start ******** end ) . . ceiling  |--above--|
 *                 |<-------- a table spanning this goes -------->|
 */
export function freeTables(root: usize, start: u64, end: u64, floor: u64, ceiling: u64): void {
  if (pool.live == 0) return; // nothing was touched yet
  let addr = start & ~(PMD_SIZE - 1);
  if (addr < floor) {
    addr += PMD_SIZE;
    if (addr == 0) return;
  }
  let top = ceiling;
  if (top) {
    top &= ~(PMD_SIZE - 1);
    if (top == 0) return;
  }
  let last = end;
  if (last - 1 > top - 1) last -= PMD_SIZE;
  if (addr > last - 1) return;
  freeLevel(root, mm.levels == 5 ? TOP_SHIFT : PGD_SHIFT, addr, last, floor, top);
}

/** Frees what lies below the entries of one table for [start, end). */
function freeLevel(table: usize, shift: u64, start: u64, end: u64, floor: u64, ceiling: u64): void {
  const span = (<u64>1) << shift;
  let addr = start;
  while (true) {
    const boundary = (addr + span) & ~(span - 1);
    const next = boundary - 1 < end - 1 ? boundary : end;
    const at = table + entryOffset(addr, shift);
    const entry = load<u64>(at);
    if (isTable(entry)) {
      if (shift > PMD_SHIFT) freeLevel(tableBase(entry), shift - 9, addr, next, floor, ceiling);
      if (shift == PMD_SHIFT || spanIsFree(addr, next, span, floor, ceiling)) {
        store<u64>(at, 0);
        freeTable(tableBase(entry));
        noteFreedTable(addr & ~(span - 1), shift);
      }
    }
    if (next == end) return;
    addr = next;
  }
}

/** Whether nothing mapped remains in the span of an upper entry: the part below and above [start, end) included. */
function spanIsFree(start: u64, end: u64, span: u64, floor: u64, ceiling: u64): bool {
  if ((start & ~(span - 1)) < floor) return false;
  if (ceiling == 0) return true;
  const top = ceiling & ~(span - 1);
  return top != 0 && end - 1 <= top - 1;
}
