// The hooks that work on a descriptor before there is a VMA: `.mmap_prepare` with its actions
// (sheet 1.7 to 1.9), and the `.mmap_proto` of the RFC, which is the same without actions (1.6).

import {
  HOOK_BOTH,
  HOOK_FAILS_AT_END,
  HOOK_FAILS_AT_ONCE,
  HOOK_FAILS_MAPPED,
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
  desc.file = replacementFor(space, file, desc);
  if (desc.file !== file && space.era.handsOverFile) space.files.get(desc.file);
  applyFields(space, file, desc);
}

/** mmap_action_prepare. Without actions a driver cannot ask for pages at once. */
export function prepareAction(space: Space, driver: DriverRecord, desc: Descriptor): void {
  if (space.era.actions) applyEager(driver, desc);
}

/** mmap_action_complete: the errno of the action or of vm_ops->mapped, 0 if all is well. */
export function completeAction(space: Space, driver: DriverRecord, vma: Vma): number {
  if (!space.era.actions) return 0;
  const mappedFails =
    space.era.callsMapped && driver.failPoint === HOOK_FAILS_MAPPED && (vma.ops & OPS_MAPPED) !== 0;
  return failsAfterPtes(driver, pagesOf(vma)) || mappedFails ? (driver.errno ?? 0) : 0;
}
