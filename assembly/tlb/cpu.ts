// CPUs and the address spaces that they have loaded. Each keeps the translations of up to six address spaces at once,
// told apart by slot (PCID), with the generation that each was last brought up to (arch/x86/mm/tlb.c, 7.3).

import { EINVAL, CPU_IDLE, CPU_OTHER } from "../abi";
import { count, TLB_FULL_FLUSHES, TLB_SWITCHES } from "../events";
import { purge } from "./bank";
import {
  areaOf, contextOf, Cpu, cpuAt, epochAt, generationOf, LAST_EPOCH, NO_PAGE, setContext, setGeneration, tagEnd, tlb,
} from "./geometry";

/** Loaded when no process is: the kernel's own tables (init_mm). */
export const KERNEL_CONTEXT: u32 = 0;
/** Slots handed out in turn (TLB_NR_DYN_ASIDS); one more is the number of an address space that is global. */
const SLOTS: u32 = 6;
export const GLOBAL_SLOT: u32 = 6;
/** Numbers of other processes: out of the way of the forks of ours. */
const OTHERS: u32 = 0x10000;

/** The state at the start: CPU 0 runs the first address space. The shell has described the geometry. */
export function startCpus(): void {
  tlb.random = 88172645463325252;
  tlb.context = 1;
  tlb.contexts = 1;
  tlb.generation = 1;
  for (let cpu: u32 = 0; cpu < tlb.cpus; cpu++) {
    for (let slot: u32 = 0; slot <= GLOBAL_SLOT; slot++) {
      store<u16>(epochAt(cpu, slot, 0), 1);
      store<u16>(epochAt(cpu, slot, 1), 1);
    }
  }
  const first = cpuAt(0);
  first.loaded = 1;
  first.nextSlot = 1;
  setContext(0, 0, 1);
  setGeneration(0, 0, 1);
  tlb.mask = 1;
  select(0);
}

/** Makes a CPU the one that translates, fills and drops. */
export function select(cpu: u32): void {
  tlb.cpu = cpu;
  tlb.base = <u32>areaOf(cpu);
  tlb.lastPage = NO_PAGE;
  refreshTags();
}

/** After an epoch or the slot of the selected CPU changed. */
function refreshTags(): void {
  const slot = cpuAt(tlb.cpu).slot;
  tlb.pageTag = tagEnd(tlb.cpu, slot, 0);
  tlb.tableTag = tagEnd(tlb.cpu, slot, 1);
}

/** A CR3 write without the no-flush bit. */
export function flushSlot(cpu: u32, slot: u32): void {
  count(TLB_FULL_FLUSHES);
  forgetSlot(cpu, slot);
}

/** Everything that a CPU holds for a slot is dead. */
export function forgetSlot(cpu: u32, slot: u32): void {
  raiseEpoch(cpu, slot, 0);
  dropTables(cpu, slot);
}

/** The paging-structure caches of a slot. */
export function dropTables(cpu: u32, slot: u32): void {
  raiseEpoch(cpu, slot, 1);
  if (cpu == tlb.cpu) {
    tlb.lastPage = NO_PAGE;
    refreshTags();
  }
}

function raiseEpoch(cpu: u32, slot: u32, tables: u32): void {
  const at = epochAt(cpu, slot, tables);
  const epoch: u32 = load<u16>(at);
  if (epoch == LAST_EPOCH) purge(cpu, slot, tables);
  store<u16>(at, <u16>(epoch == LAST_EPOCH ? 1 : epoch + 1));
}

/**
 * What the scheduler does with a CPU; 0 or EINVAL. Running makes it the one that executes. Time that an idle or a
 * foreign process takes on the executing CPU is over when this returns: ours goes on.
 */
export function schedule(index: u64, what: u32, process: u32): u32 {
  if (index >= <u64>tlb.cpus) return EINVAL;
  const cpu = <u32>index;
  const here = tlb.cpu;
  if (what == CPU_IDLE) {
    if (cpuAt(cpu).loaded != KERNEL_CONTEXT) cpuAt(cpu).lazy = 1;
  } else if (what == CPU_OTHER) {
    switchTo(cpu, OTHERS + process, 0);
  }
  if ((what != CPU_IDLE && what != CPU_OTHER) || cpu == here) {
    switchTo(cpu, tlb.context, tlb.generation);
    select(cpu);
  }
  return 0;
}

/** Loads an address space on a CPU, which thereby may hold some of it (switch_mm_irqs_off). */
export function switchTo(index: u32, context: u32, generation: u64): void {
  const cpu = cpuAt(index);
  const wasLazy = cpu.lazy != 0;
  cpu.lazy = 0;
  if (context == tlb.context) tlb.mask |= 1 << index;
  if (cpu.loaded == context) {
    if (wasLazy && generationOf(index, cpu.slot) != generation) bringUp(index, cpu.slot, generation);
    return;
  }
  count(TLB_SWITCHES);
  cpu.loaded = context;
  if (context == KERNEL_CONTEXT) return; // its tables are everybody's upper half
  if (tlb.isGlobal && context == tlb.context) {
    cpu.slot = GLOBAL_SLOT; // kept up to date by broadcast
    return;
  }
  cpu.slot = chooseSlot(index, cpu, context, generation);
}

/** The slot of an address space; a new or stale one is flushed (choose_new_asid). */
function chooseSlot(index: u32, cpu: Cpu, context: u32, generation: u64): u32 {
  if (tlb.pcid == 0) {
    setContext(index, 0, context);
    bringUp(index, 0, generation);
    return 0;
  }
  for (let slot: u32 = 0; slot < SLOTS; slot++) {
    if (contextOf(index, slot) != context) continue;
    if (generationOf(index, slot) < generation) bringUp(index, slot, generation);
    return slot;
  }
  const slot = cpu.nextSlot >= SLOTS ? 0 : cpu.nextSlot;
  cpu.nextSlot = slot + 1;
  setContext(index, slot, context);
  bringUp(index, slot, generation);
  return slot;
}

function bringUp(index: u32, slot: u32, generation: u64): void {
  flushSlot(index, slot);
  setGeneration(index, slot, generation);
}

/** The executing CPU goes on in a new address space, of which nobody holds anything yet. */
export function newAddressSpace(): void {
  tlb.context = ++tlb.contexts;
  tlb.generation = 1;
  tlb.isGlobal = 0;
  tlb.mask = 0;
  switchTo(tlb.cpu, tlb.context, tlb.generation);
  select(tlb.cpu);
}

/** From the next switch on every CPU uses one number for the address space; those that run it switch now. */
export function becomeGlobal(): void {
  tlb.isGlobal = 1;
  for (let index: u32 = 0; index < tlb.cpus; index++) {
    forgetSlot(index, GLOBAL_SLOT);
    if (cpuAt(index).loaded == tlb.context) cpuAt(index).slot = GLOBAL_SLOT;
  }
  select(tlb.cpu);
}
