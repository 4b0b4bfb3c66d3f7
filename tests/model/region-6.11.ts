// Era A, up to 6.11 (sheet 1.3): the old mappings go first and for good, the checks come after the
// hook.

import { EACCES, ENOMEM, EPERM, FILE_MODE_SEALED } from "../../src/core/abi.js";
import { charge, isAccountable, mayExpand, uncharge } from "./account.js";
import { isWritableMapping } from "./files.js";
import { has, max, min, pg, VM_ACCOUNT, VM_SPECIAL } from "./flags.js";
import { mmapFile } from "./hook-mmap.js";
import { closeVma, linkVma } from "./lifecycle.js";
import {
  finish,
  type MapState,
  mdweDenies,
  mergeRequest,
  newVma,
  withKsmBit,
  withoutFile,
} from "./mapping.js";
import { expand, leftFits, mergeNewRange, rightFits } from "./merge.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { unmapRange } from "./unmap.js";

export function mapRegion611(space: Space, map: MapState): void {
  // A1; the kernel counts the replaced pages only if it must, which comes to the same
  if (!mayExpand(space, map.flags, map.pages - pagesReplaced(space, map))) refuse(ENOMEM);
  clearRange(space, map); // A2
  if (isAccountable(map.flags)) {
    charge(space, map.pages); // A3; a refusal leaves the hole
    map.charged = map.pages;
    map.flags |= VM_ACCOUNT;
  }
  map.prev = space.below(map.start); // A4
  map.next = space.above(map.end);
  const merged = mergeAtOnce(space, map);
  if (merged) {
    finish(space, map, merged); // A16; no KSM bit on this way
    return;
  }
  const vma = makeVma(space, map);
  vma.flags = withKsmBit(space, vma.flags); // A15
  finish(space, map, vma);
}

/** count_vma_pages_range */
function pagesReplaced(space: Space, map: MapState): bigint {
  return space
    .overlapping(map.start, map.end)
    .reduce((sum, vma) => sum + pg(min(vma.end, map.end) - max(vma.start, map.start)), 0n);
}

/** A2: a munmap. Only a seal is reported as such. */
function clearRange(space: Space, map: MapState): void {
  const errno = errnoOf(() => unmapRange(space, map.start, map.end));
  if (errno) refuse(errno === EPERM ? EPERM : ENOMEM);
}

/** A5, A6: right first; the left side is then asked with the right one's anon_vma. */
function mergeAtOnce(space: Space, map: MapState): Vma | undefined {
  const g = mergeRequest(map);
  if (has(g.flags, VM_SPECIAL)) return undefined;
  const right = rightFits(space, g, false);
  const left = leftFits(space, { ...g, anonVma: right ? map.next?.anonVma : undefined });
  return expand(space, g, left, right);
}

/**
 * A7 to A14. Returns the VMA that holds the range: the new one, or a neighbour after a second
 * merge.
 */
function makeVma(space: Space, map: MapState): Vma {
  const vma = newVma(map);
  if (map.file !== 0) {
    const errno = mmapFile(space, vma); // A8
    if (errno) giveUp(space, map, errno);
    // A9: mapping_map_writable, on the file asked for
    if (isWritableMapping(vma.flags) && space.files.is(map.file, FILE_MODE_SEALED)) {
      closeAndGiveUp(space, map, vma, EPERM);
    }
    const merged = mergeAgain(space, map, vma); // A11
    if (merged) return merged;
  } else {
    withoutFile(space, vma);
  }
  if (mdweDenies(space, vma.flags, vma.flags)) closeAndGiveUp(space, map, vma, EACCES); // A12
  linkVma(space, vma); // A14
  return vma;
}

/**
 * A11: vma_merge with the hook's own file, offset and flags. The VMA is dropped without a close.
 */
function mergeAgain(space: Space, map: MapState, vma: Vma): Vma | undefined {
  if (vma.flags === map.flags || !map.prev) return undefined;
  const { flags, file, pgoff } = vma;
  // such a VMA merges with nothing: the call returns before it looks at a neighbour
  if (!has(vma.flags, VM_SPECIAL)) space.secondAttempts++;
  const merged = mergeNewRange(space, { ...mergeRequest(map), flags, file, pgoff });
  if (!merged) return undefined;
  space.secondMerged++;
  space.files.put(file);
  return merged;
}

/** U1 */
function closeAndGiveUp(space: Space, map: MapState, vma: Vma, errno: number): never {
  if (map.file !== 0) closeVma(space, vma);
  space.files.put(vma.file); // U2
  giveUp(space, map, errno);
}

/** U4 */
function giveUp(space: Space, map: MapState, errno: number): never {
  uncharge(space, map.charged);
  refuse(errno);
}
