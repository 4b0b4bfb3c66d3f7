// Page-table entries as x86-64 has them, and the tables' place in linear memory.
//
//   63  62..59  58..52  51 ................ 12  11 10  9  8  7  6  5  4 3  2  1  0
//   NX  key     soft    page frame number       soft  SP G PSE D  A  - -  US RW P
//
//   SP is the kernel's "special" software bit: no page behind it (a PFN mapping, the zero page). A PROT_NONE
//   entry has P clear and G set. Entries of upper levels point to table number n as frame n; a PMD entry with
//   PSE is a page of 2 MiB by itself.
//
//   virtual address, 4 levels   | PGD 47..39 | PUD 38..30 | PMD 29..21 | PTE 20..12 | offset 11..0 |
//                    5 levels   | PGD 56..48 | P4D 47..39 | PUD ...

import { VM_EXEC, VM_PKEY_BIT0, VM_READ, VM_WRITE } from "../abi";
import { TABLES_AT } from "../memory";

export const PRESENT: u64 = 0x1;
export const WRITABLE: u64 = 0x2;
export const USER: u64 = 0x4;
export const ACCESSED: u64 = 0x20;
export const DIRTY: u64 = 0x40;
export const HUGE: u64 = 0x80;
export const GLOBAL: u64 = 0x100;
export const SPECIAL: u64 = 0x200;
/** Protection key 1: the one that forbids data accesses. */
export const KEY: u64 = 0x0800000000000000;
export const NO_EXECUTE: u64 = 0x8000000000000000;
export const FRAME_MASK: u64 = 0x000ffffffffff000;
/** P, RW, US, A, D: what the kernel gives entries that point to tables. */
export const TABLE_BITS: u64 = 0x67;

/** Frames from here on are anonymous pages of this process; below are page cache, devices, tables. */
export const FIRST_ANONYMOUS_FRAME: u64 = 0x1000000000;
/** The page of zeroes that reads of untouched anonymous memory see, and its 2 MiB counterpart. */
export const ZERO_FRAME: u64 = 0x1;
export const HUGE_ZERO_FRAME: u64 = 0x200;

export const PTE_SHIFT: u64 = 12;
export const PMD_SHIFT: u64 = 21;
export const PUD_SHIFT: u64 = 30;
/** P4D with five levels. */
export const PGD_SHIFT: u64 = 39;
/** PGD with five levels. */
export const TOP_SHIFT: u64 = 48;
export const PMD_SIZE: u64 = 0x200000;
export const PUD_SIZE: u64 = 0x40000000;
/** 4 KiB pages in a 2 MiB page, entries in a table. */
export const ENTRIES: u64 = 512;

/** Offset in bytes of the entry for an address in a table of the level with that shift. */
@inline export function entryOffset(addr: u64, shift: u64): usize { return <usize>((addr >> shift) & 511) << 3; }

/** Where a table lies, from the entry that points to it. */
@inline export function tableBase(entry: u64): usize { return TABLES_AT + <usize>(entry & FRAME_MASK); }

/** A PMD entry may also be a page of its own; PROT_NONE takes only its P away. */
@inline export function isTable(entry: u64): bool { return (entry & (PRESENT | HUGE)) == PRESENT; }
@inline export function isHuge(entry: u64): bool { return (entry & HUGE) != 0; }
/** Something is there: present, or PROT_NONE. */
@inline export function isMapped(entry: u64): bool { return (entry & (PRESENT | GLOBAL)) != 0; }
/** A page of this process's own, not the page cache's, a device's or the zero page. */
@inline export function isOwn(entry: u64): bool {
  return (entry & SPECIAL) == 0 && frameOf(entry) >= FIRST_ANONYMOUS_FRAME;
}
@inline export function frameOf(entry: u64): u64 { return (entry & FRAME_MASK) >> 12; }

/** The frame of a cached page: below the process's own, also at offsets that no page cache reaches. */
@inline export function cacheFrame(frame: u64): u64 { return frame & (FIRST_ANONYMOUS_FRAME - 1); }

/** A 4 KiB entry for a frame under the access rights of vm_flags; never writable yet. */
@inline export function makeEntry(frame: u64, flags: u64): u64 {
  let entry = ((frame << 12) & FRAME_MASK) | USER | ACCESSED;
  entry |= flags & (VM_READ | VM_WRITE | VM_EXEC) ? PRESENT : GLOBAL;
  if ((flags & VM_EXEC) == 0) entry |= NO_EXECUTE;
  if (flags & VM_PKEY_BIT0) entry |= KEY;
  return entry;
}
