// The steps of mmap_region that kernels share, each named after the sheet's section 1; the regions
// put them into their eras' order.

import { ENOMEM, OPS_DUMMY } from "../../src/core/abi.js";
import { charge, isAccountable, mayExpand, statAccount, uncharge } from "./account.js";
import { SHMEM_OPS } from "./driver.js";
import {
  has,
  pg,
  VM_ACCOUNT,
  VM_DROPPABLE,
  VM_EXEC,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_MAYSHARE,
  VM_MERGEABLE,
  VM_PKEY_BIT0,
  VM_SHARED,
  VM_SOFTDIRTY,
  VM_SPECIAL,
  VM_WRITE,
} from "./flags.js";
import type { Descriptor } from "./hook-prepare.js";
import type { MergeRequest } from "./merge.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { cleanUp, complete, type Gathered, gather, nothingGathered, reattach } from "./unmap.js";

/** A mapping that do_mmap has found right. */
export interface RegionRequest {
  start: bigint;
  length: bigint;
  flags: bigint;
  pgoff: bigint;
  file: number;
}

/** mmap_state: the descriptor's fields are what the mapping is going to have. */
export interface MapState extends Descriptor {
  /** The file of the call; a hook may put another one into `file`. */
  readonly fileAsked: number;
  pages: bigint;
  charged: bigint;
  gathered: Gathered;
  prev: Vma | undefined;
  next: Vma | undefined;
}

export function mapState(request: RegionRequest): MapState {
  const { start, length, flags, pgoff, file } = request;
  return {
    start,
    end: start + length,
    flags,
    pgoff,
    file,
    fileAsked: file,
    ops: undefined,
    pages: pg(length),
    charged: 0n,
    gathered: nothingGathered(),
    prev: undefined,
    next: undefined,
  };
}

/** PR_SET_MDWE: memory is writable or executable, not both, and does not become executable. */
export function mdweDenies(space: Space, old: bigint, wanted: bigint): boolean {
  if (!space.settings.mdwe || !has(wanted, VM_EXEC)) return false;
  return has(wanted, VM_WRITE) || !has(old, VM_EXEC);
}

/** ksm_add_vma: MERGEABLE where PR_SET_MEMORY_MERGE asks for it and the mapping is fit for KSM. */
export function withKsmBit(space: Space, flags: bigint): bigint {
  const unfit = VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE | VM_SPECIAL;
  return space.settings.mergeAny && !has(flags, unfit) ? flags | VM_MERGEABLE : flags;
}

/** C1 to C4, F2: take hold of what is replaced, test the limits, charge, clear the old pages. */
export function prepare(space: Space, map: MapState): void {
  map.gathered = gather(space, map.start, map.end);
  map.prev = space.below(map.start);
  map.next = space.above(map.end);
  try {
    if (!mayExpand(space, map.flags, map.pages - map.gathered.pages)) refuse(ENOMEM);
    if (isAccountable(map.flags)) chargeFor(space, map);
  } catch (error) {
    reattach(space, map.gathered);
    throw error;
  }
  cleanUp(space, map.gathered);
}

/** C3, F2c: the new mapping takes over what the replaced ones had paid. */
function chargeFor(space: Space, map: MapState): void {
  const due = map.pages - map.gathered.accounted;
  if (due !== 0n) charge(space, due);
  // Before 7.3 only the difference is remembered, and the rest leaks if the mapping fails later.
  map.charged = space.era.ownsWholeCharge ? map.pages : due;
  map.gathered.accounted = 0n;
  map.flags |= VM_ACCOUNT;
}

/** X2, then X1: the charge back, and abort. */
export function unwind(space: Space, map: MapState): void {
  uncharge(space, map.charged);
  abort(space, map);
}

/** X1 after clean-up: the old mappings are lost, so a hole remains. */
export function abort(space: Space, map: MapState): void {
  complete(space, map.gathered);
}

export function mergeRequest(map: MapState): MergeRequest {
  return {
    start: map.start,
    end: map.end,
    pgoff: map.pgoff,
    anonPgoff: pg(map.start),
    flags: map.flags,
    file: map.file,
    anonVma: undefined,
    name: 0,
    prev: map.prev,
    next: map.next,
  };
}

/** vm_area_alloc and what every new VMA starts with. */
export function newVma(map: MapState): Vma {
  return {
    start: map.start,
    end: map.end,
    flags: map.flags,
    pgoff: map.pgoff,
    anonPgoff: pg(map.start),
    file: map.file,
    ops: OPS_DUMMY,
    anonVma: undefined,
    chain: [],
    name: 0,
  };
}

/** What a VMA without a file becomes: anonymous, or shared memory with a file of its own. */
export function withoutFile(space: Space, vma: Vma): void {
  if (has(vma.flags, VM_SHARED)) {
    vma.file = space.files.newSharedMemory(pg(vma.end - vma.start)); // shmem_zero_setup
    vma.ops = SHMEM_OPS;
    space.files.get(vma.file);
  } else {
    vma.ops = 0;
  }
}

/** C12, F8: __mmap_complete. `vma` may be a neighbour that has grown. */
export function finish(space: Space, map: MapState, vma: Vma): void {
  complete(space, map.gathered);
  statAccount(space, vma.flags, map.pages);
  if (has(vma.flags, VM_LOCKED)) {
    const droppable = space.era.droppableIsUnlockable ? VM_DROPPABLE : 0n;
    if (has(vma.flags, VM_SPECIAL | VM_HUGETLB | droppable)) vma.flags &= ~VM_LOCKED_MASK;
    else space.lockedVm += map.pages;
  }
  if (space.settings.softDirty) vma.flags |= VM_SOFTDIRTY;
}

/** PROT_EXEC alone means execute only where there are protection keys: the first key guards the data. */
export function keyOf(space: Space, prot: bigint): bigint {
  return space.settings.protectionKeys && prot === VM_EXEC ? VM_PKEY_BIT0 : 0n;
}
