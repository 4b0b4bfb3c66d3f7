// fork and exit. fork copies the VMAs one by one (dup_mmap, which the sheet does not describe); one
// of the two processes goes on in the model, and the other exits at once. Charges follow VM_ACCOUNT
// (sheet 4.4).

import { charge, statAccount, uncharge } from "./account.js";
import { forkAnon } from "./anon.js";
import { has, VM_ACCOUNT, VM_DONTCOPY, VM_LOCKED_MASK, VM_WIPEONFORK } from "./flags.js";
import { closeVma, openVma, unlinkVma } from "./lifecycle.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/** fork; the child goes on if `asChild`, else the parent. Refuses with ENOMEM if a charge does. */
export function fork(space: Space, asChild: boolean): void {
  const child = copyVmas(space);
  if (!asChild) {
    tearDown(space, child);
    return;
  }
  const left = space.vmas.filter((vma) => has(vma.flags, VM_DONTCOPY));
  tearDown(space, space.vmas);
  space.vmas = child;
  // The child's counters are the parent's, less what it did not get; it has locked nothing.
  for (const vma of left) statAccount(space, vma.flags, -pagesOf(vma));
  space.lockedVm = 0n;
  space.defFlags = 0n;
}

/** dup_mmap: the child's VMAs. If memory does not suffice, what was copied so far goes again. */
function copyVmas(space: Space): Vma[] {
  const copies: Vma[] = [];
  try {
    for (const vma of space.vmas) {
      if (!has(vma.flags, VM_DONTCOPY)) copies.push(copyVma(space, vma));
    }
  } catch (error) {
    tearDown(space, copies);
    throw error;
  }
  return copies;
}

function copyVma(space: Space, parent: Vma): Vma {
  if (has(parent.flags, VM_ACCOUNT)) charge(space, pagesOf(parent));
  const child: Vma = { ...parent, anonVma: undefined, chain: [] };
  if (!has(parent.flags, VM_WIPEONFORK)) forkAnon(space, child, parent);
  child.flags &= ~VM_LOCKED_MASK; // locks are not inherited
  space.files.get(child.file);
  space.files.link(child.file, child.flags);
  openVma(space, child);
  return child;
}

/** exit_mmap: everything VMAs hold is given back. The counters are left to the caller. */
function tearDown(space: Space, vmas: readonly Vma[]): void {
  for (const vma of vmas) {
    unlinkVma(space, vma);
    closeVma(space, vma);
    space.files.put(vma.file);
    if (has(vma.flags, VM_ACCOUNT)) uncharge(space, pagesOf(vma));
  }
}

/** exit: the address space is empty afterwards. A charge that leaked earlier stays. */
export function exit(space: Space): void {
  tearDown(space, space.vmas);
  space.vmas = [];
  space.totalVm = 0n;
  space.dataVm = 0n;
  space.execVm = 0n;
  space.stackVm = 0n;
  space.lockedVm = 0n;
}
