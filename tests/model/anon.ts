// The life of anon_vmas as far as merging sees it (sheet 2.8): who shares one, and how long the
// chains are.

import { has, VM_ACCESS } from "./flags.js";
import { pagesOf, type Space, type Vma } from "./space.js";

export class AnonVma {
  /** The anon_vma that the parent's VMA used at the fork; a root is its own parent. */
  readonly parent: AnonVma;
  /** anon_vmas whose parent this is; a root counts itself. */
  children = 0;
  /** VMAs that use it as their own. */
  users = 0;
  /** Chain entries that name it. With the last one it dies. */
  entries = 0;

  constructor(
    readonly id: number,
    parent?: AnonVma,
  ) {
    this.parent = parent ?? this;
    this.parent.children++;
  }
}

function link(vma: Vma, anonVma: AnonVma): void {
  vma.chain.push(anonVma);
  anonVma.entries++;
}

function use(vma: Vma, anonVma: AnonVma): void {
  vma.anonVma = anonVma;
  anonVma.users++;
}

/** anon_vma_prepare: what the first write fault in a private VMA does. */
export function prepareAnon(space: Space, vma: Vma): void {
  if (vma.anonVma) return;
  const anonVma = reusable(space, vma) ?? new AnonVma(space.newAnonId());
  link(vma, anonVma);
  use(vma, anonVma);
}

/** find_mergeable_anon_vma: the neighbour above first, then the one below. */
function reusable(space: Space, vma: Vma): AnonVma | undefined {
  const index = space.vmas.indexOf(vma);
  const above = space.vmas[index + 1];
  if (above && areCompatible(space, vma, above) && isReusable(above)) return above.anonVma;
  const below = space.vmas[index - 1];
  if (below && areCompatible(space, below, vma) && isReusable(below)) return below.anonVma;
  return undefined;
}

function isReusable(vma: Vma): boolean {
  return vma.anonVma !== undefined && vma.chain.length === 1;
}

/** anon_vma_compatible: could the pair become one VMA after a mere mprotect? */
function areCompatible(space: Space, lower: Vma, upper: Vma): boolean {
  const ignored = VM_ACCESS | space.ignoredFlags;
  return (
    lower.end === upper.start &&
    lower.file === upper.file &&
    !has(lower.flags ^ upper.flags, ~ignored) &&
    lower.pgoff + pagesOf(lower) === upper.pgoff &&
    (!space.era.anonOffsets || lower.anonPgoff + pagesOf(lower) === upper.anonPgoff)
  );
}

/**
 * anon_vma_clone for a split or a copy (2.6, 3.4): the same anon_vma, one entry for each of the
 * source's.
 */
export function cloneAnon(target: Vma, source: Vma): void {
  target.chain = [];
  target.anonVma = undefined;
  for (const anonVma of source.chain) link(target, anonVma);
  if (source.anonVma) use(target, source.anonVma);
}

/** dup_anon_vma: a merge hands the source's anon_vma to a target that has none (2.3). */
export function duplicateAnon(target: Vma, source: Vma | undefined): void {
  if (source?.anonVma && !target.anonVma) cloneAnon(target, source);
}

/** unlink_anon_vmas */
export function unlinkAnon(vma: Vma): void {
  for (const anonVma of vma.chain) {
    anonVma.entries--;
    if (anonVma.entries === 0) anonVma.parent.children--;
  }
  if (vma.anonVma) vma.anonVma.users--;
  vma.chain = [];
  vma.anonVma = undefined;
}

/**
 * anon_vma_fork. The child sees every anon_vma of the parent's VMA. For its own pages it takes the
 * oldest of them that is nobody's own any more and has at most one child, else a new one.
 */
export function forkAnon(space: Space, child: Vma, parent: Vma): void {
  child.chain = [];
  child.anonVma = undefined;
  if (!parent.anonVma) return;
  for (const anonVma of parent.chain) link(child, anonVma);
  const idle = child.chain.find(({ users, children }) => users === 0 && children < 2);
  if (idle) {
    use(child, idle);
    return;
  }
  const own = new AnonVma(space.newAnonId(), parent.anonVma);
  link(child, own);
  use(child, own);
}
