// Stack growth, as a fault below the stack causes it (sheet 3.8).

import { EFAULT, ENOMEM, EPERM } from "../../src/core/abi.js";
import { charge, mayExpand, mayLockFuture, stackLimitAllows, statAccount } from "./account.js";
import { prepareAnon } from "./anon.js";
import { has, pageDown, pg, VM_ACCESS, VM_GROWSDOWN, VM_LOCKED } from "./flags.js";
import { lowerStart } from "./merge.js";
import { refuse } from "./refuse.js";
import type { Space } from "./space.js";

/** expand_downwards. No map_count test, no merge. */
export function growStack(space: Space, given: bigint): void {
  const vma = space.find(given);
  if (!vma) refuse(EFAULT);
  if (vma.start <= given) return;
  if (!has(vma.flags, VM_GROWSDOWN)) refuse(EFAULT);

  const address = pageDown(given);
  if (address < BigInt(space.settings.mmapMinAddr)) refuse(EPERM);
  const below = space.below(vma.start);
  if (below && !has(below.flags, VM_GROWSDOWN) && has(below.flags, VM_ACCESS)) {
    if (address - below.end < BigInt(space.settings.stackGuardGap)) refuse(ENOMEM);
  }
  prepareAnon(space, vma); // stays even if a limit refuses below

  const pages = pg(vma.start - address);
  if (pages > vma.pgoff) refuse(ENOMEM);
  // acct_stack_growth
  if (!mayExpand(space, vma.flags, pages)) refuse(ENOMEM);
  if (!stackLimitAllows(space, vma.end - address)) refuse(ENOMEM);
  if (!mayLockFuture(space, vma.flags, pages)) refuse(ENOMEM);
  charge(space, pages);

  if (has(vma.flags, VM_LOCKED)) space.lockedVm += pages;
  statAccount(space, vma.flags, pages);
  lowerStart(vma, address);
}
