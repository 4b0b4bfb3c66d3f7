// The `.mmap` hook: it works on a VMA that is not in the tree yet (sheet 1.1).

import {
  HOOK_BOTH,
  HOOK_COMPAT,
  HOOK_FAILS_AFTER_PRIVATE,
  HOOK_FAILS_AFTER_PTES,
  HOOK_FAILS_AT_END,
  HOOK_FAILS_AT_ONCE,
} from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import {
  applyEager,
  applyFields,
  countedCall,
  failAt,
  failsAfterPtes,
  replacementFor,
} from "./driver.js";
import { callThroughCompat } from "./hook-compat.js";
import { setFile } from "./lifecycle.js";
import { errnoOf } from "./refuse.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/**
 * get_file and mmap_file: the errno, 0 if all is well. A refused VMA gives back the file it has by
 * then and goes no further, so its other fields do not matter, and no close is called (1.2).
 */
export function mmapFile(space: Space, vma: Vma): number {
  space.files.get(vma.file);
  const errno = errnoOf(() => countedCall(space, () => enterDriver(space, vma)));
  if (errno) space.files.put(vma.file);
  return errno;
}

function enterDriver(space: Space, vma: Vma): void {
  switch (space.settings.hook) {
    case HOOK_COMPAT:
      callThroughCompat(space, vma);
      break;
    case HOOK_BOTH:
      installPages(space.files.driverOf(vma.file), vma); // the rest was done by .mmap_proto (1.6)
      break;
    default:
      callDriver(space, vma);
  }
}

/** A `.mmap` hook that does everything a driver does. */
function callDriver(space: Space, vma: Vma): void {
  const { file } = vma;
  const driver = space.files.driverOf(file);
  failAt(driver, HOOK_FAILS_AT_ONCE);
  setFile(space, vma, replacementFor(space, file, vma));
  failAt(driver, HOOK_FAILS_AFTER_PRIVATE);
  applyFields(space, file, vma);
  installPages(driver, vma);
}

function installPages(driver: DriverRecord, vma: Vma): void {
  applyEager(driver, vma);
  if (failsAfterPtes(driver, pagesOf(vma))) failAt(driver, HOOK_FAILS_AFTER_PTES);
  failAt(driver, HOOK_FAILS_AT_END);
}
