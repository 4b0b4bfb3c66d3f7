// What a driver record says that a hook does, whichever hook the kernel enters the driver by (sheet
// 1.1, 1.9).

import {
  BEHAVES_ADDS_PGOFF,
  BEHAVES_ANONYMOUS,
  BEHAVES_NEW_SHMEM,
  BEHAVES_SETS_PGOFF,
  EAGER_INSERT_PAGES,
  EAGER_NONE,
  EAGER_REMAP_PFN,
  EAGER_REMAP_PIECES,
  EINVAL,
  ENOMEM,
  FAIL_HOOK,
  FILE_MODE_DEVZERO,
  HOOK_FAILS_AFTER_PTES,
  OPS_FAULT,
  OPS_INSTALLED,
  OPS_MAP_PAGES,
} from "../../src/core/abi.js";
import type { DriverRecord } from "../../src/core/core.js";
import { has, isCow, pg, VM_MIXEDMAP, VM_REMAP_FLAGS, VM_SHARED } from "./flags.js";
import { Refused, refuse } from "./refuse.js";
import type { Space } from "./space.js";

/** What every hook lets a driver change: fields of the VMA, or of the descriptor. */
export interface HookFields {
  start: bigint;
  end: bigint;
  file: number;
  flags: bigint;
  pgoff: bigint;
  /** Of a descriptor undefined: the hook has set none. */
  ops: number | undefined;
}

/** What shmem installs for shared anonymous memory. */
export const SHMEM_OPS = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;

/** Counts a call and runs it; an injected failure comes before the driver has done anything. */
export function countedCall(space: Space, hook: () => void): void {
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

/** Refuses with the driver's errno if it fails at one of these points (HOOK_FAILS_*). */
export function failAt(driver: DriverRecord, ...points: number[]): void {
  if (points.includes(driver.failPoint ?? 0)) refuse(driver.errno ?? 0);
}

/** Whether installing PTEs for so many pages breaks off. */
export function failsAfterPtes(driver: DriverRecord, pages: bigint): boolean {
  return (
    driver.failPoint === HOOK_FAILS_AFTER_PTES &&
    (driver.eager ?? EAGER_NONE) !== EAGER_NONE &&
    BigInt(driver.failAfter ?? 0) < pages
  );
}

/** The file that the hook puts in place of `file`, or that file itself. */
export function replacementFor(
  space: Space,
  file: number,
  { start, end, flags }: { start: bigint; end: bigint; flags: bigint },
): number {
  const driver = space.files.driverOf(file);
  const zero = space.files.is(file, FILE_MODE_DEVZERO);
  const shmem = zero || (driver.behaviour ?? 0) & BEHAVES_NEW_SHMEM;
  if (shmem && has(flags, VM_SHARED)) return space.files.newSharedMemory(pg(end - start));
  return zero ? file : driver.swapFile || file;
}

/**
 * Flags, ops and offset. A mapping of /dev/zero has become anonymous memory, shared or private (6
 * iv).
 */
export function applyFields(space: Space, file: number, fields: HookFields): void {
  if (space.files.is(file, FILE_MODE_DEVZERO)) {
    fields.ops = has(fields.flags, VM_SHARED) ? SHMEM_OPS : 0;
    return;
  }
  const driver = space.files.driverOf(file);
  const ops = driver.ops ?? 0;
  const behaviour = driver.behaviour ?? 0;
  const anonymous = behaviour & BEHAVES_ANONYMOUS && !has(fields.flags, VM_SHARED);
  fields.flags = (fields.flags | BigInt(driver.flagsSet ?? 0)) & ~BigInt(driver.flagsCleared ?? 0);
  if (anonymous) fields.ops = 0;
  else if (ops & OPS_INSTALLED) fields.ops = ops;
  if (behaviour & BEHAVES_ADDS_PGOFF) fields.pgoff += BigInt(driver.pgoff ?? 0);
  if (behaviour & BEHAVES_SETS_PGOFF) fields.pgoff = BigInt(driver.pgoff ?? 0);
}

/** remap_pfn_range or vm_insert_pages inside `.mmap`; the prepare step of an action (1.9). */
export function applyEager(driver: DriverRecord, fields: HookFields): void {
  if (driver.eager === EAGER_REMAP_PIECES) {
    fields.flags |= VM_REMAP_FLAGS;
    if (isCow(fields.flags)) refuse(EINVAL);
  }
  if (driver.eager === EAGER_REMAP_PFN) {
    fields.flags |= VM_REMAP_FLAGS;
    // A copy-on-write PFN mapping remembers its first page frame in the offset.
    if (isCow(fields.flags)) fields.pgoff += BigInt(driver.pfn ?? 0);
  }
  if (driver.eager === EAGER_INSERT_PAGES) fields.flags |= VM_MIXEDMAP;
}
