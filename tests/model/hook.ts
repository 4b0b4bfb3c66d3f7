// What a driver's hook does to the mapping, for both protocols (sheet 1.1, 1.9).

import {
  BEHAVES_SETS_PGOFF,
  EAGER_INSERT_PAGES,
  EAGER_NONE,
  EAGER_REMAP_PFN,
  ENOMEM,
  FAIL_HOOK,
  HOOK_FAILS_AFTER_PTES,
  HOOK_FAILS_AT_END,
  HOOK_FAILS_AT_ONCE,
  HOOK_FAILS_MAPPED,
  OPS_DUMMY,
  OPS_INSTALLED,
  OPS_MAPPED,
} from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import { isCow, VM_MIXEDMAP, VM_REMAP_FLAGS } from "./flags.js";
import { Refused, refuse } from "./refuse.js";
import { pagesOf, type Space, type Vma } from "./space.js";

/** What both protocols let a driver change: fields of the VMA, or of the descriptor. */
export interface HookFields {
  flags: bigint;
  pgoff: bigint;
  ops: number;
}

/** vm_area_desc */
export interface Descriptor extends HookFields {
  start: bigint;
  end: bigint;
  file: number;
}

/** Counts a call and runs it; an injected failure comes before the driver has done anything. */
function countedCall(space: Space, hook: () => void): void {
  space.hookCalls++;
  space.hooksSeen++;
  try {
    if (space.failKind === FAIL_HOOK && space.failAt === space.hooksSeen) refuse(ENOMEM);
    hook();
  } catch (error) {
    if (error instanceof Refused) space.hookFailures++;
    throw error;
  }
}

const failsAt = (driver: DriverRecord, point: number) => driver.failPoint === point;
const errnoOfDriver = (driver: DriverRecord) => driver.errno ?? 0;

/** The `.mmap` hook on a VMA that is not in the tree yet. Its changes to a refused VMA do not matter. */
export function callMmap(space: Space, vma: Vma): void {
  const driver = space.driverOf(vma.file);
  countedCall(space, () => {
    if (failsAt(driver, HOOK_FAILS_AT_ONCE)) refuse(errnoOfDriver(driver));
    applyFields(driver, vma);
    applyEager(driver, vma);
    if (failsAfterPtes(driver, pagesOf(vma)) || failsAt(driver, HOOK_FAILS_AT_END)) {
      refuse(errnoOfDriver(driver));
    }
  });
}

/** The `.mmap_prepare` hook on the descriptor, then mmap_action_prepare. */
export function callMmapPrepare(space: Space, desc: Descriptor): void {
  const driver = space.driverOf(desc.file);
  countedCall(space, () => {
    if (failsAt(driver, HOOK_FAILS_AT_ONCE) || failsAt(driver, HOOK_FAILS_AT_END)) {
      refuse(errnoOfDriver(driver));
    }
    applyFields(driver, desc);
  });
  applyEager(driver, desc);
}

/** mmap_action_complete on a new VMA: the errno of the action or of vm_ops->mapped, 0 if all is well. */
export function completeAction(space: Space, vma: Vma): number {
  const driver = space.driverOf(vma.file);
  const mappedFails = failsAt(driver, HOOK_FAILS_MAPPED) && (vma.ops & OPS_MAPPED) !== 0;
  if (!failsAfterPtes(driver, pagesOf(vma)) && !mappedFails) return 0;
  return driver.errorOverride || errnoOfDriver(driver);
}

function applyFields(driver: DriverRecord, fields: HookFields): void {
  const ops = driver.ops ?? 0;
  fields.flags = (fields.flags | BigInt(driver.flagsSet ?? 0)) & ~BigInt(driver.flagsCleared ?? 0);
  fields.ops = ops & OPS_INSTALLED ? ops : OPS_DUMMY;
  if ((driver.behaviour ?? 0) & BEHAVES_SETS_PGOFF) fields.pgoff = BigInt(driver.pgoff ?? 0);
}

/** remap_pfn_range or vm_insert_pages inside `.mmap`; the prepare step of the action in 7.3. */
function applyEager(driver: DriverRecord, fields: HookFields): void {
  if (driver.eager === EAGER_REMAP_PFN) {
    fields.flags |= VM_REMAP_FLAGS;
    // A copy-on-write PFN mapping remembers its first page frame in the offset.
    if (isCow(fields.flags)) fields.pgoff += BigInt(driver.pfn ?? 0);
  }
  if (driver.eager === EAGER_INSERT_PAGES) fields.flags |= VM_MIXEDMAP;
}

function failsAfterPtes(driver: DriverRecord, pages: bigint): boolean {
  return (
    failsAt(driver, HOOK_FAILS_AFTER_PTES) &&
    (driver.eager ?? EAGER_NONE) !== EAGER_NONE &&
    BigInt(driver.failAfter ?? 0) < pages
  );
}
