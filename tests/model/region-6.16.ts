// Eras D to F, 6.16 to 7.3 (sheet 1.7 to 1.9): one merge, after .mmap_prepare or before .mmap.

import { FILE_MODE_SHMEM, HOOK_MMAP_PREPARE } from "../../src/core/abi.js";
import { mmapFile } from "./hook-mmap.js";
import { callPrepare, completeAction } from "./hook-prepare.js";
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
import { mergeNewRange } from "./merge.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { unmapRange } from "./unmap.js";

export function mapRegion616(space: Space, map: MapState): void {
  const { fileAsked: file } = map;
  const prepares = file !== 0 && space.settings.hook === HOOK_MMAP_PREPARE;
  const safeForKsm = file === 0 || prepares || space.files.is(file, FILE_MODE_SHMEM); // F1
  const early = space.era.earlyKsm && safeForKsm;

  prepare(space, map); // D1, F2
  if (prepares) callHook(space, map); // D2, F3
  if (early) map.flags = withKsmBit(space, map.flags); // D3, F4

  const merged = mergeNewRange(space, mergeRequest(map)); // D4, F5
  if (merged) {
    if (prepares && space.era.overwritesSurvivor && map.ops) merged.ops = map.ops; // D6
    finish(space, map, merged);
    return;
  }
  const vma = newVma(map); // D5, F6
  fillIn(space, map, vma, prepares);
  if (!early) vma.flags = withKsmBit(space, vma.flags);
  linkVma(space, vma);
  if (prepares && map.ops !== undefined) vma.ops = map.ops; // D6, F7
  finish(space, map, vma); // D7, F8
  if (prepares) act(space, map, vma);
}

/** A refusal keeps the charge up to 7.0: the way out is X1, not X2. */
function callHook(space: Space, map: MapState): void {
  const errno = errnoOf(() => callPrepare(space, map));
  if (!errno) return;
  if (space.era.unchargesPrepare) unwind(space, map);
  else abort(space, map);
  refuse(errno);
}

/** D5, F6, the file's part. A reference that the hook has handed over is the VMA's from here on. */
function fillIn(space: Space, map: MapState, vma: Vma, prepares: boolean): void {
  if (map.file === 0) {
    withoutFile(space, vma);
  } else if (prepares) {
    const handedOver = space.era.handsOverFile && map.file !== map.fileAsked;
    if (!handedOver) space.files.get(vma.file);
  } else {
    const errno = mmapFile(space, vma);
    if (!errno) return;
    unwind(space, map); // X2
    refuse(errno);
  }
}

/**
 * F9: the action of the driver that the caller's file has. Its failure takes the new mapping away
 * again.
 */
function act(space: Space, map: MapState, vma: Vma): void {
  const driver = space.files.driverOf(map.fileAsked);
  const errno = completeAction(space, driver, vma);
  if (!errno) return;
  errnoOf(() => unmapRange(space, vma.start, vma.end)); // its own failure is ignored
  refuse(driver.errorOverride || errno);
}
