// Limits and the two kinds of accounting: the global commit charge, and per-mm counters by class.

import {
  FAIL_CHARGE, NO_LIMIT, OVERCOMMIT_ALWAYS, OVERCOMMIT_GUESS, VM_EXEC, VM_GROWSDOWN, VM_LOCKED, VM_NORESERVE,
  VM_SHADOW_STACK, VM_SHARED, VM_WRITE,
} from "../abi";
import { ACCOUNT_CHARGES, ACCOUNT_FAILURES, ACCOUNT_UNCHARGES, count } from "../events";
import { failsHere } from "../limits";
import { mm } from "./record";

// Class of a mapping: one, in this order (is_exec_mapping, is_stack_mapping, is_data_mapping).
@inline export function isExecutable(flags: u64): bool {
  return (flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) == VM_EXEC;
}
@inline export function isStack(flags: u64): bool { return (flags & (VM_GROWSDOWN | VM_SHADOW_STACK)) != 0; }
@inline export function isData(flags: u64): bool {
  return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

@inline function pagesOf(limit: u64): u64 { return limit == NO_LIMIT ? limit : limit >> 12; }

/**
 * Whether a mapping of these flags may grow by `pages`, which may be negative and wrap (may_expand_vm).
 * RLIMIT_AS and RLIMIT_DATA.
 */
export function mayExpand(flags: u64, pages: u64): bool {
  if (mm.totalVm + pages > pagesOf(mm.limitAs)) return false;
  return !isData(flags) || mm.dataVm + pages <= pagesOf(mm.limitData);
}

/** Whether a new mapping is charged for; hugetlbfs aside (accountable_mapping). */
@inline export function isAccountable(flags: u64): bool {
  return (flags & (VM_WRITE | VM_NORESERVE | VM_SHARED)) == VM_WRITE;
}

/** Charges pages against the overcommit policy; false, and nothing charged, when it refuses (__vm_enough_memory). */
export function charge(pages: u64): bool {
  count(ACCOUNT_CHARGES);
  if (!failsHere(FAIL_CHARGE)) {
    mm.committed += pages;
    if (mm.overcommit == OVERCOMMIT_ALWAYS) return true;
    if (mm.overcommit == OVERCOMMIT_GUESS) {
      if (pages <= mm.ramPages) return true;
    } else if (mm.committed < <i64>mm.commitLimit) {
      return true;
    }
    mm.committed -= pages;
  }
  count(ACCOUNT_FAILURES);
  return false;
}

/** vm_unacct_memory */
export function uncharge(pages: u64): void {
  if (pages == 0) return;
  count(ACCOUNT_UNCHARGES);
  mm.committed -= pages;
}

/** Adds pages, perhaps a negative number, to total_vm and to the class of `flags` (vm_stat_account). */
export function statAccount(flags: u64, pages: i64): void {
  mm.totalVm += pages;
  if (isExecutable(flags)) mm.execVm += pages;
  else if (isStack(flags)) mm.stackVm += pages;
  else if (isData(flags)) mm.dataVm += pages;
}

/** Whether `pages` more may be locked (mlock_future_ok). */
export function mayLock(flags: u64, pages: u64): bool {
  if ((flags & VM_LOCKED) == 0 || mm.ipcLock) return true;
  return mm.lockedVm + pages <= pagesOf(mm.limitMemlock);
}

/** Whether locking is allowed at all (can_do_mlock). */
export function canLock(): bool { return mm.limitMemlock != 0 || mm.ipcLock != 0; }
