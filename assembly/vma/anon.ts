// anon_vma: the object that ties anonymous pages to the VMAs that may map them. Merging asks which one a VMA
// has and how long its chain is; forks make chains longer. (mm/rmap.c, 7.3)
//
//   after fork, and the child's first write:
//
//      parent's VMA                 child's VMA
//        own: A   chain: A            own: B   chain: A -> B
//                        \_______________________/
//            pages from before the fork are found through A on both sides

import { FAIL_ALLOCATION, PROFILE_7_3, VM_EXEC, VM_READ, VM_WRITE } from "../abi";
import { ANON_ALLOCATED, ANON_LINKS, count } from "../events";
import { failsHere, ranOut } from "../limits";
import { lookup, vmaTree } from "../maple/cursor";
import { previous, walk } from "../maple/walk";
import { ANON_AT, ANON_LIMIT, LINKS_AT, LINK_LIMIT } from "../memory";
import { ignoredFlags } from "./flags";
import { exists, mm, Vma, vmaOf } from "./record";

/** One anon_vma, at ANON_AT + id * 32. */
@unmanaged
class AnonVma {
  /** Chain entries that name it; it dies with the last. */
  links: u32;
  /** anon_vmas forked off it; a root counts itself. */
  children: u32;
  /** VMAs whose own it is. */
  active: u32;
  /** The anon_vma it was forked off; a root is its own parent. */
  parent: u32;
  nextFree: u32;
}

/** An entry of a VMA's chain, at LINKS_AT + n * 8; oldest anon_vma first. */
@unmanaged
class Link {
  anon: u32;
  next: u32;
}

@inline function anonOf(id: u32): AnonVma { return changetype<AnonVma>(ANON_AT + ((<usize>id) << 5)); }
@inline function linkOf(n: u32): Link { return changetype<Link>(LINKS_AT + ((<usize>n) << 3)); }

export function anonBytes(): u32 { return (mm.anonNext + 1) << 5; }
export function linkBytes(): u32 { return (mm.linkNext + 1) << 3; }

/** Chain entries in use; walks the free list. */
export function liveLinks(): u32 {
  let free: u32 = 0;
  for (let n = mm.linkFree; n; n = linkOf(n).next) free++;
  return mm.linkNext - free;
}

/** Whether every anon_vma in use is in some chain; walks the free list. */
export function anonsAreLinked(): bool {
  let unlinked: u32 = 0;
  for (let id: u32 = 1; id <= mm.anonNext; id++) if (anonOf(id).links == 0) unlinked++;
  for (let id = mm.anonFree; id; id = anonOf(id).nextFree) unlinked--;
  return unlinked == 0;
}

/** A root, with no VMA yet; 0 without memory (anon_vma_alloc). */
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
  const anon = anonOf(id);
  anon.links = 0;
  anon.children = 0;
  anon.active = 0;
  anon.parent = id;
  return id;
}

function freeAnon(id: u32): void {
  const anon = anonOf(id);
  anon.nextFree = mm.anonFree;
  mm.anonFree = id;
}

/** Adds an anon_vma at the young end of a chain; false without memory. */
function append(vma: Vma, id: u32): bool {
  if (failsHere(FAIL_ALLOCATION)) return false;
  let n = mm.linkFree;
  if (n) {
    mm.linkFree = linkOf(n).next;
  } else {
    if (mm.linkNext + 1 >= LINK_LIMIT) {
      ranOut();
      return false;
    }
    n = ++mm.linkNext;
  }
  count(ANON_LINKS);
  const link = linkOf(n);
  link.anon = id;
  link.next = 0;
  if (vma.chain == 0) {
    vma.chainHead = n;
  } else {
    let last = vma.chainHead;
    while (linkOf(last).next) last = linkOf(last).next;
    linkOf(last).next = n;
  }
  vma.chain++;
  anonOf(id).links++;
  return true;
}

/** Empties a chain; anon_vmas that nothing names any more are freed. */
function clearChain(vma: Vma): void {
  let n = vma.chainHead;
  for (let left = vma.chain; left; left--) {
    const link = linkOf(n);
    const next = link.next;
    const anon = anonOf(link.anon);
    if (--anon.links == 0) {
      if (anon.parent != link.anon) anonOf(anon.parent).children--;
      freeAnon(link.anon);
    }
    link.next = mm.linkFree;
    mm.linkFree = n;
    n = next;
  }
  vma.chain = 0;
  vma.chainHead = 0;
}

/** Copies a chain entry by entry; false, and nothing copied, without memory. */
function copyChain(to: Vma, from: Vma): bool {
  let n = from.chainHead;
  for (let left = from.chain; left; left--) {
    if (!append(to, linkOf(n).anon)) {
      clearChain(to);
      return false;
    }
    n = linkOf(n).next;
  }
  return true;
}

/** Takes over `from`'s anon_vma with a chain of its own; false without memory (anon_vma_clone). */
export function cloneAnon(to: Vma, from: Vma): bool {
  if (from.anonVma == 0) return true;
  if (!copyChain(to, from)) {
    to.anonVma = 0;
    return false;
  }
  to.anonVma = from.anonVma;
  anonOf(to.anonVma).active++;
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

/** unlink_anon_vmas */
export function unlinkAnon(vma: Vma): void {
  if (vma.anonVma == 0) return;
  anonOf(vma.anonVma).active--;
  vma.anonVma = 0;
  clearChain(vma);
}

/**
 * The child's side of a fork: the whole chain of the parent's VMA, and an anon_vma for pages to come: the
 * oldest in the chain that nobody uses and that was forked off at most once, or a new one (anon_vma_fork).
 */
export function forkAnon(child: Vma, parent: Vma): bool {
  child.anonVma = 0;
  child.chain = 0;
  child.chainHead = 0;
  if (parent.anonVma == 0) return true;
  const own = allocateAnon();
  if (own == 0) return false;
  if (!copyChain(child, parent)) {
    freeAnon(own);
    return false;
  }
  let n = child.chainHead;
  for (let left = child.chain; left; left--) {
    const id = linkOf(n).anon;
    if (anonOf(id).active == 0 && anonOf(id).children < 2) {
      freeAnon(own);
      child.anonVma = id;
      anonOf(id).active++;
      return true;
    }
    n = linkOf(n).next;
  }
  if (!append(child, own)) {
    clearChain(child);
    freeAnon(own);
    return false;
  }
  anonOf(own).active = 1;
  anonOf(own).parent = parent.anonVma;
  anonOf(parent.anonVma).children++;
  child.anonVma = own;
  return true;
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
  const fresh = id == 0;
  if (fresh) id = allocateAnon();
  if (id == 0) return false;
  if (!append(vma, id)) {
    if (fresh) freeAnon(id);
    return false;
  }
  const anon = anonOf(id);
  if (fresh) anon.children = 1; // a root is its own child
  anon.active++;
  vma.anonVma = id;
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
