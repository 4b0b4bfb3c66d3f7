// anon_vma: the object that ties anonymous pages to the VMAs that may map them. What merging asks of it:
// which one a VMA has, and how long its chain is. Forks are not modelled yet, so chains have one entry.

import { FAIL_ALLOCATION, VM_EXEC, VM_READ, VM_WRITE, PROFILE_7_3 } from "../abi";
import { ANON_ALLOCATED, ANON_LINKS, count } from "../events";
import { failsHere, ranOut } from "../limits";
import { vmaTree, lookup } from "../maple/cursor";
import { previous, walk } from "../maple/walk";
import { ANON_AT, ANON_LIMIT } from "../memory";
import { ignoredFlags } from "./flags";
import { exists, mm, Vma, vmaOf } from "./record";

/** One anon_vma, 8 bytes at ANON_AT + id * 8: VMAs linked to it; link of the free list. */
@unmanaged
class AnonVma {
  links: u32;
  nextFree: u32;
}

@inline function anonOf(id: u32): AnonVma { return changetype<AnonVma>(ANON_AT + ((<usize>id) << 3)); }

export function anonBytes(): u32 { return (mm.anonNext + 1) << 3; }

function allocateAnon(): u32 {
  if (failsHere(FAIL_ALLOCATION)) return 0;
  let id = mm.anonFree;
  if (id) {
    mm.anonFree = anonOf(id).nextFree;
  } else {
    if (mm.anonNext + 1 >= ANON_LIMIT) {
      ranOut();
      return 0;
    }
    id = ++mm.anonNext;
  }
  count(ANON_ALLOCATED);
  anonOf(id).links = 0;
  return id;
}

@inline function link(vma: Vma, id: u32, entries: u32): void {
  count(ANON_LINKS, entries);
  vma.anonVma = id;
  vma.chain = entries;
  anonOf(id).links++;
}

/** Takes over `from`'s anon_vma with a chain of its own; false without memory (anon_vma_clone). */
export function cloneAnon(to: Vma, from: Vma): bool {
  if (from.anonVma == 0) return true;
  if (failsHere(FAIL_ALLOCATION)) return false;
  link(to, from.anonVma, from.chain);
  return true;
}

/**
 * Before a merge: the survivor takes over the anon_vma of what is merged into it, if it has none of its own
 * (dup_anon_vma). False without memory.
 */
export function adoptAnon(to: Vma, from: Vma): bool {
  if (from.anonVma == 0 || to.anonVma != 0) return true;
  return cloneAnon(to, from);
}

/** Empties the chain (unlink_anon_vmas). */
export function unlinkAnon(vma: Vma): void {
  const id = vma.anonVma;
  if (id == 0) return;
  vma.anonVma = 0;
  vma.chain = 0;
  const anon = anonOf(id);
  if (--anon.links == 0) {
    anon.nextFree = mm.anonFree;
    mm.anonFree = id;
  }
}

/**
 * Gives a VMA an anon_vma before its first page is written: that of a neighbour it might be merged with later,
 * first the one above, then the one below, or a new one. False without memory (__anon_vma_prepare).
 */
export function prepareAnon(vma: Vma): bool {
  if (vma.anonVma) return true;
  const c = lookup;
  c.enter(vmaTree, vma.end);
  const above = vmaOf(walk(c));
  let id = exists(above) ? reusable(vma, above, above) : 0;
  if (id == 0) {
    previous(c, 0); //  the VMA itself
    const below = vmaOf(previous(c, 0));
    if (exists(below)) id = reusable(below, vma, below);
  }
  if (id == 0) id = allocateAnon();
  if (id == 0 || failsHere(FAIL_ALLOCATION)) return false;
  link(vma, id, 1);
  return true;
}

/** The anon_vma of `neighbour` when a and b, in this order, might one day be one VMA (reusable_anon_vma). */
function reusable(a: Vma, b: Vma, neighbour: Vma): u32 {
  if (neighbour.anonVma == 0 || neighbour.chain != 1) return 0;
  const ignored = ignoredFlags() | VM_READ | VM_WRITE | VM_EXEC;
  const alike = a.end == b.start && a.policy == b.policy && a.file == b.file
    && ((a.flags ^ b.flags) & ~ignored) == 0 && b.pgoff == a.pgoff + a.pages
    && (mm.profile < PROFILE_7_3 || b.anonPgoff == a.anonPgoff + a.pages);
  return alike ? neighbour.anonVma : 0;
}
