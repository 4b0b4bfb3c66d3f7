// Accounting and limits (sheet 4): committed memory, RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK.

import {
  ENOMEM,
  FAIL_CHARGE,
  NO_LIMIT,
  OVERCOMMIT_GUESS,
  OVERCOMMIT_NEVER,
} from "../../src/core/abi.js";
import {
  has,
  pg,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SHADOW_STACK,
  VM_SHARED,
  VM_WRITE,
} from "./flags.js";
import { refuse } from "./refuse.js";
import type { Space } from "./space.js";

export type MemoryClass = "exec" | "stack" | "data" | "none";

/** A VMA counts in one class only, tried in this order (3.1). */
export function classOf(flags: bigint): MemoryClass {
  if (has(flags, VM_EXEC) && !has(flags, VM_WRITE | VM_GROWSDOWN)) return "exec";
  if (has(flags, VM_GROWSDOWN | VM_SHADOW_STACK)) return "stack";
  if (isData(flags)) return "data";
  return "none";
}

function isData(flags: bigint): boolean {
  return has(flags, VM_WRITE) && !has(flags, VM_SHARED | VM_GROWSDOWN);
}

/** vm_stat_account */
export function statAccount(space: Space, flags: bigint, pages: bigint): void {
  space.totalVm += pages;
  const kind = classOf(flags);
  if (kind === "exec") space.execVm += pages;
  if (kind === "stack") space.stackVm += pages;
  if (kind === "data") space.dataVm += pages;
}

/** A limit in pages; undefined = unlimited. */
function limitInPages(bytes: number): bigint | undefined {
  return bytes === NO_LIMIT ? undefined : pg(BigInt(bytes));
}

function exceeds(pages: bigint, limit: bigint | undefined): boolean {
  return limit !== undefined && pages > limit;
}

/**
 * may_expand_vm. The hard RLIMIT_DATA is taken to equal the soft one, so a soft limit of 0 refuses.
 */
export function mayExpand(space: Space, flags: bigint, pages: bigint): boolean {
  if (exceeds(space.totalVm + pages, limitInPages(space.settings.limitAs))) return false;
  if (!isData(flags)) return true;
  return !exceeds(space.dataVm + pages, limitInPages(space.settings.limitData));
}

/** accountable_mapping: private writable memory that nobody declared overcommitted. */
export function isAccountable(flags: bigint): boolean {
  return has(flags, VM_WRITE) && !has(flags, VM_NORESERVE | VM_SHARED);
}

/** security_vm_enough_memory: takes `pages` of committed memory or refuses with ENOMEM. */
export function charge(space: Space, pages: bigint): void {
  space.chargesSeen++;
  if (space.failKind === FAIL_CHARGE && space.failAt === space.chargesSeen) refuse(ENOMEM);
  const { overcommit, ramPages, commitLimit } = space.settings;
  space.committed += pages;
  const tooMuch =
    (overcommit === OVERCOMMIT_GUESS && ramPages !== NO_LIMIT && pages > BigInt(ramPages)) ||
    (overcommit === OVERCOMMIT_NEVER &&
      commitLimit !== NO_LIMIT &&
      space.committed >= BigInt(commitLimit));
  if (!tooMuch) return;
  space.committed -= pages;
  refuse(ENOMEM);
}

export function uncharge(space: Space, pages: bigint): void {
  space.committed -= pages;
}

/** can_do_mlock */
export function mayLock(space: Space): boolean {
  return space.settings.ipcLock || space.settings.limitMemlock !== 0;
}

export function memlockLimitAllows(space: Space, pages: bigint): boolean {
  return space.settings.ipcLock || !exceeds(pages, limitInPages(space.settings.limitMemlock));
}

/** mlock_future_ok: whether `pages` more of a mapping with these flags fit RLIMIT_MEMLOCK. */
export function mayLockFuture(space: Space, flags: bigint, pages: bigint): boolean {
  return !has(flags, VM_LOCKED) || memlockLimitAllows(space, space.lockedVm + pages);
}

/** RLIMIT_STACK against the whole stack's size in bytes. */
export function stackLimitAllows(space: Space, bytes: bigint): boolean {
  const { limitStack } = space.settings;
  return limitStack === NO_LIMIT || bytes <= BigInt(limitStack);
}

/**
 * RLIMIT_DATA as brk tests it: the heap's size in bytes (the data segment's size is not modelled).
 */
export function heapLimitAllows(space: Space, bytes: bigint): boolean {
  const { limitData } = space.settings;
  return limitData === NO_LIMIT || bytes <= BigInt(limitData);
}
