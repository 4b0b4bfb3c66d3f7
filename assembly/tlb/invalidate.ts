// Invalidation as the kernel decides it (flush_tlb_mm_range and what it calls; arch/x86/mm/tlb.c, 7.3). Every flush
// is a new generation of the address space. A CPU that is exactly one behind may invalidate page by page; one that
// missed something, or is asked for more than 33 pages, flushes the address space whole.
//
//   this CPU alone may hold entries        it flushes itself
//   others may                             an interrupt to each that has the address space loaded. Idle ones are left
//                                          alone and catch up later, unless tables were freed: then they must let go
//   the address space is global            one broadcast, no interrupt (INVLPGB)

import { TASK_SIZE } from "../abi";
import {
  count, TLB_BROADCASTS, TLB_FLUSHES_SKIPPED, TLB_IPIS, TLB_SHOOTDOWNS, TLB_SINGLE_FLUSHES,
} from "../events";
import { becomeGlobal, dropTables, flushSlot, forgetSlot, GLOBAL_SLOT, KERNEL_CONTEXT, select, switchTo } from "./cpu";
import { cpuAt, generationOf, setGeneration, tlb } from "./geometry";
import { forget } from "./translate";

/** More pages than this in one flush, and everything is flushed (tlb_single_page_flush_ceiling). */
const SINGLE_FLUSH_CEILING: u64 = 33;
/** CPUs on which an address space must be active to get a global number (consider_global_asid). */
const GLOBAL_CPUS: u32 = 4;

/**
 * Invalidates [start, end) of the process in steps of 1 << shift bytes, on every CPU that may hold it. `freedTables`:
 * the walker must not use what it remembers of tables either.
 */
export function flushRange(start: u64, end: u64, shift: u64, freedTables: bool): void {
  const isPartial = (end - start) >> shift <= SINGLE_FLUSH_CEILING;
  const target = ++tlb.generation;
  const here = tlb.cpu;
  if (tlb.isGlobal) {
    broadcast(start, end, shift, isPartial);
  } else if (tlb.mask & ~(<u32>1 << here)) {
    interruptOthers(start, end, shift, isPartial, freedTables, target);
    if (tlb.invlpgb && <u32>popcnt(tlb.mask) >= GLOBAL_CPUS) becomeGlobal();
  } else {
    handle(here, start, end, shift, isPartial, target);
  }
}

/** Everything the process has (flush_tlb_mm). */
export function flushAll(): void { flushRange(0, TASK_SIZE, 12, true); }

/** One page whose entry was replaced (flush_tlb_page). */
export function flushPage(addr: u64): void { flushRange(addr, addr + 0x1000, 12, false); }

function interruptOthers(
  start: u64, end: u64, shift: u64, isPartial: bool, freedTables: bool, target: u64,
): void {
  const here = tlb.cpu;
  const context = tlb.context;
  const mask = tlb.mask;
  let interrupted = false;
  for (let index: u32 = 0; index < tlb.cpus; index++) {
    if ((mask >> index & 1) == 0) continue;
    const cpu = cpuAt(index);
    if (!freedTables && (cpu.lazy != 0 || cpu.loaded != context)) {
      count(TLB_FLUSHES_SKIPPED);
      continue;
    }
    if (index != here) {
      interrupted = true;
      count(TLB_IPIS);
      select(index);
    }
    handle(index, start, end, shift, isPartial, target);
    if (index != here) select(here);
  }
  if (interrupted) count(TLB_SHOOTDOWNS);
}

/** What a CPU does when asked to flush (flush_tlb_func). It is the selected one. */
function handle(index: u32, start: u64, end: u64, shift: u64, isPartial: bool, target: u64): void {
  const cpu = cpuAt(index);
  if (cpu.loaded != tlb.context) {
    tlb.mask &= ~(<u32>1 << index);
    return;
  }
  if (cpu.lazy) {
    switchTo(index, KERNEL_CONTEXT, 0);
    return;
  }
  const generation = generationOf(index, cpu.slot);
  if (isPartial && target == generation + 1) {
    dropPages(index, cpu.slot, start, end, shift);
  } else {
    flushSlot(index, cpu.slot);
  }
  setGeneration(index, cpu.slot, target);
}

/** INVLPG of each page: it also drops every paging-structure entry of the address space. */
function dropPages(index: u32, slot: u32, start: u64, end: u64, shift: u64): void {
  for (let addr = start; addr < end; addr += (<u64>1) << shift) {
    count(TLB_SINGLE_FLUSHES);
    forget(addr);
  }
  dropTables(index, slot);
}

/** INVLPGB and TLBSYNC: at once on all CPUs, whatever they run. */
function broadcast(start: u64, end: u64, shift: u64, isPartial: bool): void {
  count(TLB_BROADCASTS);
  const here = tlb.cpu;
  for (let index: u32 = 0; index < tlb.cpus; index++) {
    const slot = cpuAt(index).slot;
    cpuAt(index).slot = GLOBAL_SLOT;
    select(index);
    if (isPartial) {
      for (let addr = start; addr < end; addr += (<u64>1) << shift) forget(addr);
      dropTables(index, GLOBAL_SLOT);
    } else {
      forgetSlot(index, GLOBAL_SLOT);
    }
    cpuAt(index).slot = slot;
  }
  select(here);
}
