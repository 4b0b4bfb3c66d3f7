// vm_flags: what the eras make of them.

import {
  MAP_GROWSDOWN, MAP_LOCKED, MAP_STACK, MAP_SYNC, PROFILE_6_12, PROFILE_6_18, PROFILE_7_3, PROT_EXEC, PROT_READ,
  PROT_WRITE, VM_DROPPABLE, VM_EXEC, VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_LOCKONFAULT, VM_MAYBE_GUARD, VM_MAYSHARE,
  VM_MAYWRITE, VM_MERGEABLE, VM_NOHUGEPAGE, VM_PKEY_BIT0, VM_READ, VM_SHARED, VM_SOFTDIRTY, VM_SPECIAL, VM_SYNC,
  VM_WRITE,
} from "../abi";
import { STEP_KSM, step } from "../steps";
import { mm, Vma } from "./record";

export const VM_LOCKED_MASK: u64 = VM_LOCKED | VM_LOCKONFAULT;
export const VM_ACCESS: u64 = VM_READ | VM_WRITE | VM_EXEC;

/** READ, WRITE, EXEC of a prot argument (calc_vm_prot_bits). */
@inline export function flagsOfProt(prot: u64): u64 { return prot & (PROT_READ | PROT_WRITE | PROT_EXEC); }

/** The protection key of memory that may only be executed, for a prot argument (execute_only_pkey). */
export function keyOfProt(prot: u64): u64 { return mm.protectionKeys != 0 && prot == PROT_EXEC ? VM_PKEY_BIT0 : 0; }

/** Flags that map flags turn into one to one (calc_vm_flag_bits, x86). */
export function flagsOfMap(map: u64): u64 {
  let flags: u64 = 0;
  if (map & MAP_GROWSDOWN) flags |= VM_GROWSDOWN;
  if (map & MAP_LOCKED) flags |= VM_LOCKED;
  if (map & MAP_SYNC) flags |= VM_SYNC;
  if (map & MAP_STACK && mm.thp) flags |= VM_NOHUGEPAGE;
  return flags;
}

@inline export function isSharedMayWrite(flags: u64): bool {
  return (flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

/** A private mapping that may be written: pages are copied on write (is_cow_mapping). */
@inline export function isCopyOnWrite(flags: u64): bool {
  return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/** Bits that do not keep two VMAs apart; the guard mark is one, since 7.0 and in 6.18.y. */
@inline export function ignoredFlags(): u64 {
  return mm.profile >= PROFILE_6_18 ? VM_SOFTDIRTY | VM_MAYBE_GUARD : VM_SOFTDIRTY;
}

/** The bits that a merged VMA keeps of any of its parts (VMA_STICKY_FLAGS). */
export function stickyFlags(): u64 {
  if (mm.profile < PROFILE_6_18) return 0;
  return mm.softDirty ? VM_SOFTDIRTY | VM_MAYBE_GUARD : VM_MAYBE_GUARD;
}

/** Whether mlock counts in this VMA. mmap() itself asks about DROPPABLE in 6.12.y and 7.3 only. */
export function supportsLock(flags: u64): bool {
  return (flags & (VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE)) == 0;
}

export function supportsLockInMmap(flags: u64): bool {
  const asksDroppable = mm.profile == PROFILE_6_12 || mm.profile >= PROFILE_7_3;
  const refused = VM_SPECIAL | VM_HUGETLB | (asksDroppable ? VM_DROPPABLE : 0);
  return (flags & refused) == 0;
}

/** Whether KSM may merge the pages of such a mapping (vma_ksm_compatible). */
@inline function suitsKsm(flags: u64): bool {
  return (flags & (VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE | VM_SPECIAL)) == 0;
}

/** The flags, with MERGEABLE where the process asked for it with PR_SET_MEMORY_MERGE (ksm_vma_flags). */
@inline export function withKsm(flags: u64): u64 {
  if (!mm.mergeAny || !suitsKsm(flags)) return flags;
  step(STEP_KSM);
  return flags | VM_MERGEABLE;
}

/** MADV_MERGEABLE on a mapping that KSM cannot take is ignored. */
@inline export function ksmAdvisable(flags: u64): bool { return suitsKsm(flags); }

/** Whether KSM's bit is decided before the first merge (6.17 on), where the driver cannot change its mind. */
@inline export function ksmBeforeMerge(): bool { return mm.profile >= PROFILE_6_18; }

/** Memory-deny-write-execute: whether a change from `old` to `flags` is refused (map_deny_write_exec). */
export function deniedByMdwe(old: u64, flags: u64): bool {
  if (!mm.mdwe || (flags & VM_EXEC) == 0) return false;
  return (flags & VM_WRITE) != 0 || (old & VM_EXEC) == 0;
}

/**
 * Whether data can be read. Of x86's own bits every accessible page can; a protection key takes that from memory
 * that may only be executed (execute_only_pkey).
 */
export function isReadable(flags: u64): bool {
  return (flags & VM_ACCESS) != 0 && (flags & VM_PKEY_BIT0) == 0;
}

/** Anonymous: vm_ops is NULL (vma_is_anonymous). Dummy ops are ops. */
@inline export function isAnonymous(vma: Vma): bool { return vma.ops == 0; }
