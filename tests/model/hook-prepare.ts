// The hooks that work on a descriptor before there is a VMA: `.mmap_prepare` with its actions
// (sheet 1.7 to 1.9), and the `.mmap_proto` of the RFC, which is the same without actions (1.6).

import {
  EAGER_REMAP_PIECES,
  HOOK_BOTH,
  HOOK_FAILS_AFTER_PRIVATE,
  HOOK_FAILS_AT_END,
  HOOK_FAILS_AT_ONCE,
  HOOK_FAILS_MAPPED,
  OPS_INSTALLED,
  OPS_MAPPED,
} from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import {
  applyEager,
  applyFields,
  countedCall,
  failAt,
  failsAfterPtes,
  type HookFields,
  replacementFor,
} from "./driver.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/** vm_area_desc; vma_proto in the RFC. */
export type Descriptor = HookFields;

/** The `.mmap_prepare` or `.mmap_proto` hook, and mmap_action_prepare, which cannot fail here. */
export function callPrepare(space: Space, desc: Descriptor): void {
  const driver = space.files.driverOf(desc.file);
  countedCall(space, () => describeMapping(space, desc));
  prepareAction(space, driver, desc);
}

/** What the driver does in the hook. One that fails leaves the descriptor as it was. */
export function describeMapping(space: Space, desc: Descriptor): void {
  const { file } = desc;
  const driver = space.files.driverOf(file);
  failAt(driver, HOOK_FAILS_AT_ONCE);
  // With both hooks the end comes in .mmap.
  if (space.settings.hook !== HOOK_BOTH) failAt(driver, HOOK_FAILS_AT_END);
  if (!worksInMapped(space, driver)) failAt(driver, HOOK_FAILS_AFTER_PRIVATE);
  desc.file = replacementFor(space, file, desc);
  if (desc.file !== file && space.era.handsOverFile) space.files.get(desc.file);
  applyFields(space, file, desc);
}

/** What a driver does for each mapping belongs into vm_ops->mapped, where the kernel calls it. */
function worksInMapped(space: Space, driver: DriverRecord): boolean {
  const wanted = OPS_INSTALLED | OPS_MAPPED;
  return space.era.callsMapped && ((driver.ops ?? 0) & wanted) === wanted;
}

/**
 * mmap_action_prepare. Without actions a driver cannot ask for pages at once, and one action is one
 * run of pages.
 */
export function prepareAction(space: Space, driver: DriverRecord, desc: Descriptor): void {
  if (space.era.actions && driver.eager !== EAGER_REMAP_PIECES) applyEager(driver, desc);
}

/** mmap_action_complete: the errno of the action or of vm_ops->mapped, 0 if all is well. */
export function completeAction(space: Space, driver: DriverRecord, vma: Vma): number {
  if (!space.era.actions) return 0;
  const points = [HOOK_FAILS_MAPPED, HOOK_FAILS_AFTER_PRIVATE];
  const mappedFails =
    space.era.callsMapped && points.includes(driver.failPoint ?? 0) && (vma.ops & OPS_MAPPED) !== 0;
  const scattered = driver.eager === EAGER_REMAP_PIECES;
  const actionFails = !scattered && failsAfterPtes(driver, pagesOf(vma));
  return actionFails || mappedFails ? (driver.errno ?? 0) : 0;
}
