// Page-table pages: allocation on the way down, freeing between neighbours. Table 0 is the PGD; it lives as
// long as the address space and is not counted.

import { FAIL_ALLOCATION } from "../abi";
import { count, PAGE_TABLES_ALLOCATED, PAGE_TABLES_FREED } from "../events";
import { failsHere, ranOut } from "../limits";
import { TABLE_LIMIT, TABLE_POOL_AT, TABLES_AT } from "../memory";
import {
  entryOffset, isTable, PGD_SHIFT, PMD_SHIFT, PMD_SIZE, PUD_SHIFT, tableBase, TABLE_BITS,
} from "./entry";
import { noteFreedTable } from "./gather";

@unmanaged
class TablePool {
  /** Highest table number handed out. */
  next: u32;
  /** Free tables, chained through their first word; 0 = none. */
  free: u32;
  live: u32;
}

@inline const pool: TablePool = changetype<TablePool>(TABLE_POOL_AT);

export function liveTables(): u32 { return pool.live; }
export function tableBytes(): u32 { return (pool.next + 1) << 12; }

/** A zeroed table's number; 0 without memory. */
function allocateTable(): u32 {
  if (failsHere(FAIL_ALLOCATION)) return 0;
  let table = pool.free;
  if (table) {
    pool.free = load<u32>(TABLES_AT + ((<usize>table) << 12));
  } else {
    if (pool.next + 1 == TABLE_LIMIT) {
      ranOut();
      return 0;
    }
    table = ++pool.next;
  }
  memory.fill(TABLES_AT + ((<usize>table) << 12), 0, 4096);
  count(PAGE_TABLES_ALLOCATED);
  pool.live++;
  return table;
}

function releaseTable(entry: u64): void {
  const base = tableBase(entry);
  store<u32>(base, pool.free);
  pool.free = <u32>((base - TABLES_AT) >> 12);
  count(PAGE_TABLES_FREED);
  pool.live--;
}

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

/** Address of the PMD entry for `addr`, tables above it allocated; 0 without memory. */
export function makePmd(addr: u64): usize {
  const pud = below(TABLES_AT + entryOffset(addr, PGD_SHIFT));
  if (pud == 0) return 0;
  const pmd = below(pud + entryOffset(addr, PUD_SHIFT));
  return pmd ? pmd + entryOffset(addr, PMD_SHIFT) : 0;
}

/** Base of the PTE table for `addr`, all tables allocated; 0 without memory. */
export function makePteTable(addr: u64): usize {
  const pmd = makePmd(addr);
  return pmd ? below(pmd) : 0;
}

/** Address of the PMD entry for `addr`; 0 where there is no table. */
export function findPmd(addr: u64): usize {
  const pgd = load<u64>(TABLES_AT + entryOffset(addr, PGD_SHIFT));
  if (!isTable(pgd)) return 0;
  const pud = load<u64>(tableBase(pgd) + entryOffset(addr, PUD_SHIFT));
  return isTable(pud) ? tableBase(pud) + entryOffset(addr, PMD_SHIFT) : 0;
}

/** Base of the PTE table for `addr`; 0 where there is none. */
export function findPteTable(addr: u64): usize {
  const at = findPmd(addr);
  if (at == 0) return 0;
  const pmd = load<u64>(at);
  return isTable(pmd) ? tableBase(pmd) : 0;
}

/**
 * The first address at or after `addr`, below `end`, that a PTE table may cover: what no table covers is
 * skipped a span of an upper entry at a time.
 */
export function skipUnmapped(addr: u64, end: u64): u64 {
  let at = addr;
  while (at < end) {
    const pgd = load<u64>(TABLES_AT + entryOffset(at, PGD_SHIFT));
    if (!isTable(pgd)) {
      at = ((at >> PGD_SHIFT) + 1) << PGD_SHIFT;
      continue;
    }
    const pud = load<u64>(tableBase(pgd) + entryOffset(at, PUD_SHIFT));
    if (!isTable(pud)) {
      at = ((at >> PUD_SHIFT) + 1) << PUD_SHIFT;
      continue;
    }
    if (isTable(load<u64>(tableBase(pud) + entryOffset(at, PMD_SHIFT)))) return at;
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
export function freeTables(start: u64, end: u64, floor: u64, ceiling: u64): void {
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
  freeLevel(TABLES_AT, PGD_SHIFT, addr, last, floor, top);
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
        releaseTable(entry);
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
