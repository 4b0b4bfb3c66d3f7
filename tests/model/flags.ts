// vm_flags as 64-bit words, the masks the rules are written in (sheet 5.1, 2.1), and page
// arithmetic.

import * as abi from "../../src/core/abi.js";

export const VM_READ = BigInt(abi.VM_READ);
export const VM_WRITE = BigInt(abi.VM_WRITE);
export const VM_EXEC = BigInt(abi.VM_EXEC);
export const VM_SHARED = BigInt(abi.VM_SHARED);
export const VM_MAYREAD = BigInt(abi.VM_MAYREAD);
export const VM_MAYWRITE = BigInt(abi.VM_MAYWRITE);
export const VM_MAYEXEC = BigInt(abi.VM_MAYEXEC);
export const VM_MAYSHARE = BigInt(abi.VM_MAYSHARE);
export const VM_GROWSDOWN = BigInt(abi.VM_GROWSDOWN);
export const VM_PFNMAP = BigInt(abi.VM_PFNMAP);
export const VM_MAYBE_GUARD = BigInt(abi.VM_MAYBE_GUARD);
export const VM_LOCKED = BigInt(abi.VM_LOCKED);
export const VM_IO = BigInt(abi.VM_IO);
export const VM_SEQ_READ = BigInt(abi.VM_SEQ_READ);
export const VM_RAND_READ = BigInt(abi.VM_RAND_READ);
export const VM_DONTCOPY = BigInt(abi.VM_DONTCOPY);
export const VM_DONTEXPAND = BigInt(abi.VM_DONTEXPAND);
export const VM_LOCKONFAULT = BigInt(abi.VM_LOCKONFAULT);
export const VM_ACCOUNT = BigInt(abi.VM_ACCOUNT);
export const VM_NORESERVE = BigInt(abi.VM_NORESERVE);
export const VM_HUGETLB = BigInt(abi.VM_HUGETLB);
export const VM_SYNC = BigInt(abi.VM_SYNC);
export const VM_WIPEONFORK = BigInt(abi.VM_WIPEONFORK);
export const VM_DONTDUMP = BigInt(abi.VM_DONTDUMP);
export const VM_SOFTDIRTY = BigInt(abi.VM_SOFTDIRTY);
export const VM_MIXEDMAP = BigInt(abi.VM_MIXEDMAP);
export const VM_HUGEPAGE = BigInt(abi.VM_HUGEPAGE);
export const VM_NOHUGEPAGE = BigInt(abi.VM_NOHUGEPAGE);
export const VM_MERGEABLE = BigInt(abi.VM_MERGEABLE);
export const VM_PKEY_BIT0 = BigInt(abi.VM_PKEY_BIT0);
export const VM_SHADOW_STACK = BigInt(abi.VM_SHADOW_STACK);
export const VM_DROPPABLE = BigInt(abi.VM_DROPPABLE);
export const VM_SEALED = BigInt(abi.VM_SEALED);

/** A mapping with one of these never merges. */
export const VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;
/** What a PFN remap sets. */
export const VM_REMAP_FLAGS = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
export const VM_ACCESS = VM_READ | VM_WRITE | VM_EXEC;
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;
/** VMAs that want free space below them. */
export const VM_STARTGAP = VM_GROWSDOWN | VM_SHADOW_STACK;

export function has(flags: bigint, mask: bigint): boolean {
  return (flags & mask) !== 0n;
}

/** Private and writable one day: writes go to copies of the file's pages. */
export function isCow(flags: bigint): boolean {
  return has(flags, VM_MAYWRITE) && !has(flags, VM_SHARED);
}

export const PAGE = BigInt(abi.PAGE_SIZE);
export const TASK_SIZE = BigInt(abi.TASK_SIZE);

/** Unsigned long arithmetic wraps. */
export function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** pg(x) of the sheet. */
export function pg(address: bigint): bigint {
  return address >> 12n;
}

export function pageDown(address: bigint): bigint {
  return address & ~(PAGE - 1n);
}

/** PAGE_ALIGN, which wraps to 0 at the top. */
export function pageUp(address: bigint): bigint {
  return pageDown(u64(address + PAGE - 1n));
}

export function isAligned(address: bigint): boolean {
  return address % PAGE === 0n;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
