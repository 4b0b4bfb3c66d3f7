// The life of anon_vmas as far as merging sees it (sheet 2.8). Without fork a chain is 0 or 1 long, but
// the rules ask for its length, so it is kept.

import { has, VM_ACCESS } from "./flags.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/** anon_vma_prepare: what the first write fault in a private VMA does. */
export function prepareAnon(space: Space, vma: Vma): void {
  if (vma.anonVma !== 0) return;
  vma.anonVma = reusable(space, vma) || space.newAnonVma();
  vma.chain = 1;
}

/** find_mergeable_anon_vma: the neighbour above first, then the one below. */
function reusable(space: Space, vma: Vma): number {
  const index = space.vmas.indexOf(vma);
  const above = space.vmas[index + 1];
  if (above && areCompatible(space, vma, above) && isReusable(above)) return above.anonVma;
  const below = space.vmas[index - 1];
  if (below && areCompatible(space, below, vma) && isReusable(below)) return below.anonVma;
  return 0;
}

function isReusable(vma: Vma): boolean {
  return vma.anonVma !== 0 && vma.chain === 1;
}

/** anon_vma_compatible: could the pair become one VMA after a mere mprotect? */
function areCompatible(space: Space, lower: Vma, upper: Vma): boolean {
  const ignored = VM_ACCESS | space.ignoredFlags;
  return (
    lower.end === upper.start &&
    lower.file === upper.file &&
    !has(lower.flags ^ upper.flags, ~ignored) &&
    lower.pgoff + pagesOf(lower) === upper.pgoff &&
    (!space.is73 || lower.anonPgoff + pagesOf(lower) === upper.anonPgoff)
  );
}

/** dup_anon_vma: a merge hands the source's anon_vma to a target that has none (2.3). */
export function duplicateAnon(target: Vma, source: Vma | undefined): void {
  if (!source?.anonVma || target.anonVma) return;
  target.anonVma = source.anonVma;
  target.chain = source.chain;
}

/** unlink_anon_vmas */
export function dropAnon(vma: Vma): void {
  vma.anonVma = 0;
  vma.chain = 0;
}
