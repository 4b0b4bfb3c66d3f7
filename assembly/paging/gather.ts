// mmu_gather: what has to leave the TLB before pages and tables may be reused, flushed once at the end.

import { TASK_SIZE } from "../abi";
import { GATHER_AT } from "../memory";
import { flushRange } from "../tlb/invalidate";
import { PMD_SHIFT, PMD_SIZE, PTE_SHIFT, PUD_SHIFT } from "./entry";

@unmanaged
class Gather {
  /** Addresses recorded; start above end when there are none. */
  start: u64;
  end: u64;
  /** log2 of the smallest span cleared. */
  shift: u64;
  freedTables: u32;
}

@inline const gather: Gather = changetype<Gather>(GATHER_AT);

const NOTHING: u64 = 63;

export function beginFlush(): void {
  gather.start = TASK_SIZE;
  gather.end = 0;
  gather.shift = NOTHING;
  gather.freedTables = 0;
}

/** A cleared or restricted 4 KiB entry. */
@inline export function notePage(addr: u64): void {
  if (addr < gather.start) gather.start = addr;
  if (addr + 0x1000 > gather.end) gather.end = addr + 0x1000;
  gather.shift = PTE_SHIFT;
}

/** Every 4 KiB entry of a range. */
export function noteSpan(start: u64, end: u64): void {
  notePage(start);
  notePage(end - 0x1000);
}

/** A cleared or restricted 2 MiB entry. */
export function noteHuge(addr: u64): void {
  if (addr < gather.start) gather.start = addr;
  if (addr + PMD_SIZE > gather.end) gather.end = addr + PMD_SIZE;
  if (PMD_SHIFT < gather.shift) gather.shift = PMD_SHIFT;
}

/** A 2 MiB page that is split, moved or replaced leaves at once, as 512 pages of 4 KiB (flush_pmd_tlb_range). */
export function flushHuge(addr: u64): void {
  const start = addr & ~(PMD_SIZE - 1);
  flushRange(start, start + PMD_SIZE, PTE_SHIFT, true);
}

/** A queued table: one page at the start of its span, at the level of the entry that pointed to it. */
export function noteFreedTable(addr: u64, shift: u64): void {
  gather.freedTables = 1;
  if (addr < gather.start) gather.start = addr;
  if (addr + 0x1000 > gather.end) gather.end = addr + 0x1000;
  if (shift < gather.shift) gather.shift = shift;
}

/** One flush for all of it (tlb_finish_mmu). */
export function endFlush(): void {
  if (gather.shift == NOTHING) return;
  flushRange(gather.start, gather.end, min<u64>(gather.shift, PUD_SHIFT), gather.freedTables != 0);
}
