// Era B, 6.12 (sheet 1.4): the checks come first, what is replaced stays until the end, and the
// second merge happens before the VMA is inserted.

import { has, VM_SPECIAL } from "./flags.js";
import { mmapFile } from "./hook-mmap.js";
import { linkVma } from "./lifecycle.js";
import {
  finish,
  type MapState,
  mergeRequest,
  newVma,
  prepare,
  unwind,
  withKsmBit,
  withoutFile,
} from "./mapping.js";
import { mergeNewRange } from "./merge.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";

export function mapRegion612(space: Space, map: MapState): void {
  prepare(space, map); // C1 to C4
  const merged = mergeNewRange(space, mergeRequest(map)); // C5
  if (merged) {
    finish(space, map, merged);
    return;
  }
  const vma = makeVma(space, map);
  vma.flags = withKsmBit(space, vma.flags); // C11, also after the second merge
  finish(space, map, vma);
}

/**
 * C6 to C10. Returns the VMA that holds the range: the new one, or a neighbour after a second
 * merge.
 */
function makeVma(space: Space, map: MapState): Vma {
  const vma = newVma(map);
  if (map.file !== 0) {
    const errno = mmapFile(space, vma); // C8
    if (errno) {
      unwind(space, map); // X5
      refuse(errno);
    }
    const merged = mergeAgain(space, map, vma);
    if (merged) return merged;
  } else {
    withoutFile(space, vma);
  }
  linkVma(space, vma); // C9, C10
  return vma;
}

/**
 * C8: on the hook's flags, but on the file and the offset asked for, whatever the hook has put
 * there. The VMA is dropped without a close.
 */
function mergeAgain(space: Space, map: MapState, vma: Vma): Vma | undefined {
  if (vma.flags === map.flags || !map.prev) return undefined;
  // such a VMA merges with nothing: the call returns before it looks at a neighbour
  if (!has(vma.flags, VM_SPECIAL)) space.secondAttempts++;
  const merged = mergeNewRange(space, { ...mergeRequest(map), flags: vma.flags });
  if (!merged) return undefined;
  space.secondMerged++;
  space.files.put(vma.file);
  return merged;
}
