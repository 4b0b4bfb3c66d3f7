// mmap_region: from checked arguments to a mapping, and back when something fails (sheet 1.5 for 6.15,
// 1.9 for 7.3). The steps carry the sheet's numbers.

import {
  EACCES,
  ENOMEM,
  FILE_MODE_SHMEM,
  HOOK_MMAP_PREPARE,
  OPS_DUMMY,
  OPS_FAULT,
  OPS_INSTALLED,
  OPS_MAP_PAGES,
} from "../../src/core/abi.js";
import { charge, isAccountable, mayExpand, statAccount, uncharge } from "./account.js";
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
  VM_SHARED,
  VM_SOFTDIRTY,
  VM_SPECIAL,
  VM_WRITE,
} from "./flags.js";
import { callMmap, callMmapPrepare, completeAction, type Descriptor } from "./hook.js";
import { type MergeRequest, mergeExistingRange, mergeNewRange } from "./merge.js";
import { errnoOf, refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";
import { complete, type Gathered, gather, reattach, unmapRange } from "./unmap.js";

/** mmap_state: the descriptor's fields are what the mapping is going to have. */
interface MapState extends Descriptor {
  pages: bigint;
  charged: bigint;
  gathered: Gathered;
  prev: Vma | undefined;
  next: Vma | undefined;
}

export interface RegionRequest {
  start: bigint;
  length: bigint;
  flags: bigint;
  pgoff: bigint;
  file: number;
}

/** PR_SET_MDWE: memory is writable or executable, not both, and does not become executable. */
export function mdweDenies(space: Space, old: bigint, wanted: bigint): boolean {
  if (!space.settings.mdwe || !has(wanted, VM_EXEC)) return false;
  return has(wanted, VM_WRITE) || !has(old, VM_EXEC);
}

/** The MERGEABLE bit where PR_SET_MEMORY_MERGE asks for it and the mapping is fit for KSM. */
export function withKsmBit(space: Space, flags: bigint): bigint {
  const unfit = VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE | VM_SPECIAL;
  return space.settings.mergeAny && !has(flags, unfit) ? flags | VM_MERGEABLE : flags;
}

/** B1 to B5. mapping_map_writable cannot fail here: a sealed memfd has lost MAYWRITE in do_mmap. */
export function mmapRegion(space: Space, request: RegionRequest): void {
  if (mdweDenies(space, request.flags, request.flags)) refuse(EACCES);
  const map: MapState = {
    start: request.start,
    end: request.start + request.length,
    flags: request.flags,
    pgoff: request.pgoff,
    file: request.file,
    ops: OPS_DUMMY,
    pages: pg(request.length),
    charged: 0n,
    gathered: { vmas: [], pages: 0n, accounted: 0n },
    prev: undefined,
    next: undefined,
  };
  setUp(space, map);
  if (space.is73) mapRegion73(space, map);
  else mapRegion615(space, map);
}

/** C1 to C4, F2: take hold of what is replaced, test the limits, charge. */
function setUp(space: Space, map: MapState): void {
  map.gathered = gather(space, map.start, map.end);
  map.prev = space.below(map.start);
  map.next = space.above(map.end);
  try {
    if (!mayExpand(space, map.flags, map.pages - map.gathered.pages)) refuse(ENOMEM);
    if (!isAccountable(map.flags)) return;
    const due = map.pages - map.gathered.accounted;
    if (due !== 0n) charge(space, due);
    // 7.3 lets the new mapping own its whole charge; 6.15 remembers only the difference, and leaks the
    // rest if the mapping fails later.
    map.charged = space.is73 ? map.pages : due;
    map.gathered.accounted = 0n;
    map.flags |= VM_ACCOUNT;
  } catch (error) {
    reattach(space, map.gathered);
    throw error;
  }
}

/** X2, X1 after clean-up: the old mappings are lost, so a hole remains. */
function unwind(space: Space, map: MapState): void {
  uncharge(space, map.charged);
  complete(space, map.gathered);
}

function mergeRequest(map: MapState): MergeRequest {
  return {
    start: map.start,
    end: map.end,
    pgoff: map.pgoff,
    anonPgoff: pg(map.start),
    flags: map.flags,
    file: map.file,
    anonVma: 0,
    name: 0,
    prev: map.prev,
    next: map.next,
  };
}

function vmaOf(map: MapState): Vma {
  return {
    start: map.start,
    end: map.end,
    flags: map.flags,
    pgoff: map.pgoff,
    anonPgoff: pg(map.start),
    file: map.file,
    ops: OPS_DUMMY,
    anonVma: 0,
    chain: 0,
    name: 0,
  };
}

/** What a VMA without a driver becomes: anonymous, or shared memory with a file of its own. */
function withoutDriver(space: Space, vma: Vma): void {
  if (has(vma.flags, VM_SHARED)) {
    vma.file = space.newSharedMemory(); // shmem_zero_setup
    vma.ops = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES;
  } else {
    vma.ops = 0;
  }
}

/** C12, F8: __mmap_complete. `vma` may be a neighbour that has grown. */
function finish(space: Space, map: MapState, vma: Vma): void {
  complete(space, map.gathered);
  statAccount(space, vma.flags, map.pages);
  if (has(vma.flags, VM_LOCKED)) {
    // DROPPABLE became unlockable here only later, see the note in 1.5.
    const unlockable = VM_SPECIAL | VM_HUGETLB | (space.is73 ? VM_DROPPABLE : 0n);
    if (has(vma.flags, unlockable)) vma.flags &= ~VM_LOCKED_MASK;
    else space.lockedVm += map.pages;
  }
  if (space.settings.softDirty) vma.flags |= VM_SOFTDIRTY;
}

// 6.15 -----------------------------------------------------------------------------------------------

function mapRegion615(space: Space, map: MapState): void {
  const merged = mergeNewRange(space, mergeRequest(map)); // K5
  if (merged) {
    finish(space, map, merged);
    return;
  }

  const vma = vmaOf(map); // K6
  let retry = false;
  if (map.file !== 0) {
    const errno = errnoOf(() => callMmap(space, vma));
    if (errno) {
      unwind(space, map); // K7
      refuse(errno);
    }
    retry = vma.flags !== map.flags && !has(vma.flags, VM_SPECIAL);
    map.flags = vma.flags; // the offset stays the one asked for
  } else {
    withoutDriver(space, vma);
  }
  space.insert(vma);
  vma.flags = withKsmBit(space, vma.flags);

  finish(space, map, (retry && mergeAgain(space, map, vma)) || vma);
}

/** K8: the second merge attempt, on the hook's flags but without the KSM bit. */
function mergeAgain(space: Space, map: MapState, vma: Vma): Vma | undefined {
  space.secondAttempts++;
  const merged = mergeExistingRange(space, { ...mergeRequest(map), next: undefined, middle: vma });
  if (merged) space.secondMerged++;
  return merged;
}

// 7.3 ------------------------------------------------------------------------------------------------

function mapRegion73(space: Space, map: MapState): void {
  const prepares = map.file !== 0 && space.settings.hook === HOOK_MMAP_PREPARE;
  const ksmEarly = map.file === 0 || prepares || (space.fileMode(map.file) & FILE_MODE_SHMEM) !== 0; // F1

  if (prepares) {
    const errno = errnoOf(() => callMmapPrepare(space, map)); // F3
    if (errno) {
      unwind(space, map);
      refuse(errno);
    }
  }
  if (ksmEarly) map.flags = withKsmBit(space, map.flags); // F4

  const merged = mergeNewRange(space, mergeRequest(map)); // F5
  if (merged) {
    finish(space, map, merged);
    return;
  }

  const vma = vmaOf(map); // F6
  if (map.file === 0) {
    withoutDriver(space, vma);
  } else if (!prepares) {
    const errno = errnoOf(() => callMmap(space, vma));
    if (errno) {
      unwind(space, map);
      refuse(errno);
    }
  }
  if (!ksmEarly) vma.flags = withKsmBit(space, vma.flags);
  space.insert(vma);
  if (prepares) vma.ops = map.ops; // F7
  finish(space, map, vma); // F8
  if (!prepares) return;

  const errno = completeAction(space, vma); // F9
  if (errno) {
    errnoOf(() => unmapRange(space, vma.start, vma.end)); // its own failure is ignored
    refuse(errno);
  }
}
