// What the processor's translation caches look like, and what they hold now. The shell describes them; the rest of
// tlb/ only reads the description.
//
// A bank is one associative structure: an L1 for 4 KiB pages, the shared L2, a paging-structure cache. Structures
// that hold several kinds of entries (AMD's L1, every L2) are one bank under several names.
//
//   one set of a bank    | tags, 8 bytes a way, by fours | recency, 8 bytes a way | values, 8 bytes a way | state |
//
//   tag      | key 63..19 (address bits of its span) | kind 18..16 | slot 15..13 | epoch 12..0 |
//
// `slot` stands for the address space (a PCID). Flushing one raises its epoch, and entries of an older epoch are dead:
// no flush has to look for them. Tag 0 is an empty way.

import { CPUS_AT, TLB_AT, TLB_BANKS_AT, TLB_STATE_AT } from "../memory";

/** Kinds of entries: pages of three sizes, and upper-level entries that point to a table. */
export const KIND_4K: u32 = 0;
export const KIND_2M: u32 = 1;
export const KIND_1G: u32 = 2;
export const KIND_PDE: u32 = 3;
export const KIND_PDPTE: u32 = 4;
export const KIND_PML4E: u32 = 5;
export const KIND_PML5E: u32 = 6;
/** A cache line of page-table entries: physical, so no address space's flush touches it. */
export const KIND_LINE: u32 = 7;
/** What tags of lines end in: a slot and an epoch that nobody else has. */
export const LINE_TAG: u64 = 7 << 13;

@unmanaged
export class Bank {
  /** Offset of its sets in a CPU's area. */
  at: u32;
  /** Sets less one; their number is a power of two. */
  setMask: u32;
  /** The set's number is key ^ (key >> hashShift), masked; 63 = the key's low bits alone. */
  hashShift: u32;
  ways: u32;
  setBytes: u32;
  /** TLB_* (abi.ts) */
  policy: u32;
  /** Offsets in a set. */
  recencyAt: u32;
  valuesAt: u32;
  stateAt: u32;
}

@unmanaged
export class Tlb {
  // what the shell says
  cpus: u32;
  /** Bytes of a CPU's area. */
  bytes: u32;
  banks: u32;
  /** Address spaces are told apart: switching need not flush. */
  pcid: u32;
  /** The processor can invalidate on all CPUs without interrupting them. */
  invlpgb: u32;
  /** Which bank holds what: index + 1, 0 = none does. L1 for 4 KiB is always the first. */
  l1Large: u32;
  l1Giant: u32;
  l2: u32;
  l2Large: u32;
  l2Giant: u32;
  pde: u32;
  pdpte: u32;
  pml4e: u32;
  pml5e: u32;
  /** Data caches as the walker sees them: lines of page-table entries. */
  lineL1: u32;
  lineL2: u32;
  lineL3: u32;
  // what there is now
  /** The CPU that executes, and copies of what the hot path needs of it: where its area is, what its tags end in. */
  cpu: u32;
  base: u32;
  pageTag: u64;
  tableTag: u64;
  /** The page translated last, while it is sure to be the most recent of its set; NO_PAGE when it is not. */
  lastPage: u64;
  lastMayWrite: u32;
  /** Pages above 4 KiB were cached since the last reset: only then need they be looked for. */
  largeSeen: u32;
  clock: u64;
  random: u64;
  /** The address space: its number, generation (context.tlb_gen), CPUs that may hold some of it (mm_cpumask). */
  context: u32;
  mask: u32;
  generation: u64;
  /** It has one number on all CPUs and is invalidated by broadcast. */
  isGlobal: u32;
  /** Numbers given to address spaces so far. */
  contexts: u32;
}

/** A CPU: what is loaded, and the address spaces that its slots stand for. */
@unmanaged
export class Cpu {
  /** Number of the address space loaded; KERNEL_CONTEXT = none. */
  loaded: u32;
  slot: u32;
  /** A kernel thread runs on the tables of the process before it. */
  lazy: u32;
  nextSlot: u32;
}

@inline export const tlb: Tlb = changetype<Tlb>(TLB_STATE_AT);
@inline export function bankAt(index: u32): Bank { return changetype<Bank>(TLB_BANKS_AT + (<usize>index << 6)); }
/** The first bank: 4 KiB pages, first level. */
@inline export const l1: Bank = changetype<Bank>(TLB_BANKS_AT);

const CPU_SHIFT: usize = 8;
const SLOT_CONTEXTS: usize = 32;
const SLOT_GENERATIONS: usize = 64;
const EPOCHS: usize = 128;

@inline export function cpuAt(cpu: u32): Cpu { return changetype<Cpu>(CPUS_AT + (<usize>cpu << CPU_SHIFT)); }
@inline export function contextOf(cpu: u32, slot: u32): u32 {
  return load<u32>(changetype<usize>(cpuAt(cpu)) + SLOT_CONTEXTS + (<usize>slot << 2));
}
@inline export function setContext(cpu: u32, slot: u32, context: u32): void {
  store<u32>(changetype<usize>(cpuAt(cpu)) + SLOT_CONTEXTS + (<usize>slot << 2), context);
}
@inline export function generationOf(cpu: u32, slot: u32): u64 {
  return load<u64>(changetype<usize>(cpuAt(cpu)) + SLOT_GENERATIONS + (<usize>slot << 3));
}
@inline export function setGeneration(cpu: u32, slot: u32, generation: u64): void {
  store<u64>(changetype<usize>(cpuAt(cpu)) + SLOT_GENERATIONS + (<usize>slot << 3), generation);
}

/** Epochs of a slot's pages (0) and tables (1) on a CPU. */
@inline export function epochAt(cpu: u32, slot: u32, tables: u32): usize {
  return changetype<usize>(cpuAt(cpu)) + EPOCHS + (<usize>(tables << 3 | slot) << 1);
}

export const LAST_EPOCH: u32 = 0x1fff;
export const NO_PAGE: u64 = u64.MAX_VALUE;

@inline export function areaOf(cpu: u32): usize { return TLB_AT + <usize>cpu * tlb.bytes; }

/** What tags of a slot's pages or tables end in. */
@inline export function tagEnd(cpu: u32, slot: u32, tables: u32): u64 {
  return <u64>(slot << 13 | <u32>load<u16>(epochAt(cpu, slot, tables)));
}
@inline export function tagOf(key: u64, kind: u32, end: u64): u64 { return (key << 19) | <u64>(kind << 16) | end; }
@inline export function kindOf(tag: u64): u32 { return <u32>(tag >> 16) & 7; }
@inline export function slotOf(tag: u64): u32 { return <u32>(tag >> 13) & 7; }

/** Whether the entry of a tag is still valid on a CPU. */
@inline export function isAlive(cpu: u32, tag: u64): bool {
  const tables: u32 = kindOf(tag) >= KIND_PDE ? 1 : 0;
  return (<u32>tag & LAST_EPOCH) == <u32>load<u16>(epochAt(cpu, slotOf(tag), tables));
}

/** Bytes of all CPUs' areas. */
export function tlbBytes(): u32 { return tlb.cpus * tlb.bytes; }
