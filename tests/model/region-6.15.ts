// Era C, 6.13 to 6.15 (sheet 1.5): the second merge finds the new VMA in the tree already. The RFC
// stands on it (1.6).

import { HOOK_BOTH, HOOK_MMAP_PROTO, OPS_DUMMY } from "../../src/core/abi.js";
import { has, VM_SPECIAL } from "./flags.js";
import { mmapFile } from "./hook-mmap.js";
import { callPrepare } from "./hook-prepare.js";
import { linkVma } from "./lifecycle.js";
import {
  abort,
  finish,
  type MapState,
  mergeRequest,
  newVma,
  prepare,
  unwind,
  withKsmBit,
  withoutFile,
} from "./mapping.js";
import { mergeExistingRange, mergeNewRange } from "./merge.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";

export function mapRegion615(space: Space, map: MapState): void {
  const { hook } = space.settings;
  const hasProto = map.file !== 0 && (hook === HOOK_MMAP_PROTO || hook === HOOK_BOTH);
  prepare(space, map); // C1 to C4
  if (hasProto) callProto(space, map);

  const merged = mergeNewRange(space, mergeRequest(map)); // K5
  if (merged) {
    if (hasProto) setOps(merged, map, false);
    finish(space, map, merged);
    return;
  }
  const vma = newVma(map); // K6
  const retry = fillIn(space, map, vma);
  linkVma(space, vma);
  vma.flags = withKsmBit(space, vma.flags);
  if (hasProto) setOps(vma, map, true);
  finish(space, map, (retry && mergeAgain(space, map, vma)) || vma); // K8, K9
}

/** RFC: the hook comes before the first merge; its refusal keeps the charge. */
function callProto(space: Space, map: MapState): void {
  const errno = errnoOf(() => callPrepare(space, map));
  if (!errno) return;
  abort(space, map);
  refuse(errno);
}

/**
 * RFC: the descriptor's ops, where the VMA still has the dummy ones. NULL is for a new VMA only.
 */
function setOps(vma: Vma, map: MapState, isNew: boolean): void {
  if (vma.ops !== OPS_DUMMY || map.ops === undefined) return;
  if (isNew || map.ops !== 0) vma.ops = map.ops;
}

/** K6, the file's part. Returns whether a second merge is worth a try. */
function fillIn(space: Space, map: MapState, vma: Vma): boolean {
  if (map.file === 0) {
    withoutFile(space, vma);
    return false;
  }
  if (space.settings.hook === HOOK_MMAP_PROTO) {
    space.files.get(vma.file); // there is no .mmap
    return false;
  }
  const errno = mmapFile(space, vma);
  if (errno) {
    unwind(space, map); // K7
    refuse(errno);
  }
  const retry = vma.flags !== map.flags && !has(vma.flags, VM_SPECIAL);
  map.flags = vma.flags; // file and offset stay the ones before .mmap
  return retry;
}

/** K8: the second merge attempt, on the hook's flags but without the KSM bit. */
function mergeAgain(space: Space, map: MapState, vma: Vma): Vma | undefined {
  space.secondAttempts++;
  const merged = mergeExistingRange(space, { ...mergeRequest(map), next: undefined, middle: vma });
  if (merged) space.secondMerged++;
  return merged;
}
