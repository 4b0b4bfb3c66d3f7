// do_mmap: arguments to vm_flags, with the checks in the order of sheet 5.3.

import {
  EACCES,
  EAGAIN,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  FILE_MODE_APPEND,
  FILE_MODE_NO_MMAP,
  FILE_MODE_NOEXEC,
  FILE_MODE_READ,
  FILE_MODE_SEALED,
  FILE_MODE_SYNC,
  FILE_MODE_WRITE,
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_DROPPABLE,
  MAP_EXECUTABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MAP_TYPE,
  OVERCOMMIT_NEVER,
  PROT_EXEC,
  PROT_READ,
} from "../../src/core/abi.js";
import { mayLock, mayLockFuture } from "./account.js";
import {
  has,
  isAligned,
  max,
  pageDown,
  pageUp,
  pg,
  u64,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_READ,
  VM_SHARED,
  VM_SYNC,
  VM_WIPEONFORK,
  VM_WRITE,
} from "./flags.js";
import { keyOf } from "./mapping.js";
import { getUnmappedArea } from "./place.js";
import { refuse } from "./refuse.js";
import { mmapRegion } from "./region.js";
import type { Space } from "./space.js";
import { faultIn } from "./touch.js";

export interface MmapArguments {
  address: bigint;
  length: bigint;
  prot: bigint;
  mapFlags: bigint;
  pgoff: bigint;
  /** 0 = anonymous. */
  file: number;
}

/** LEGACY_MAP_MASK: the flags from before MAP_SHARED_VALIDATE. */
const LEGACY_FLAGS = BigInt(
  MAP_SHARED |
    MAP_PRIVATE |
    MAP_FIXED |
    MAP_ANONYMOUS |
    MAP_32BIT |
    MAP_ABOVE4G |
    MAP_GROWSDOWN |
    MAP_DENYWRITE |
    MAP_EXECUTABLE |
    MAP_LOCKED |
    MAP_NORESERVE |
    MAP_POPULATE |
    MAP_NONBLOCK |
    MAP_STACK |
    MAP_HUGETLB,
);

const wants = (mapFlags: bigint, flag: number) => has(mapFlags, BigInt(flag));

/** The address and the length in bytes of the new mapping. */
export function doMmap(space: Space, given: MmapArguments): { address: bigint; length: bigint } {
  let { mapFlags, pgoff, prot } = given;
  const { file } = given;
  const mode = file === 0 ? 0 : space.files.modeOf(file);
  if (given.length === 0n) refuse(EINVAL);
  if (
    space.settings.readImpliesExec &&
    has(prot, BigInt(PROT_READ)) &&
    !(mode & FILE_MODE_NOEXEC)
  ) {
    prot |= BigInt(PROT_EXEC);
  }
  if (wants(mapFlags, MAP_FIXED_NOREPLACE)) mapFlags |= BigInt(MAP_FIXED);
  const hint = wants(mapFlags, MAP_FIXED) ? given.address : roundHint(space, given.address);
  const length = pageUp(given.length);
  if (length === 0n) refuse(ENOMEM);
  if (u64(pgoff + pg(length)) < pgoff) refuse(EOVERFLOW);
  if (space.mapCount > space.settings.maxMapCount) refuse(ENOMEM);

  let flags = vmFlagsOf(space, prot, mapFlags);
  const address = getUnmappedArea(space, { file, hint, length, pgoff, mapFlags });
  if (wants(mapFlags, MAP_FIXED_NOREPLACE)) {
    if (space.overlapping(address, address + length).length > 0) refuse(EEXIST);
  }
  if (wants(mapFlags, MAP_LOCKED) && !mayLock(space)) refuse(EPERM);
  if (!mayLockFuture(space, flags, pg(length))) refuse(EAGAIN);

  if (file !== 0) {
    const limit = space.files.pagesOf(file);
    if (limit !== 0n && pgoff + pg(length) > limit) refuse(EOVERFLOW);
    flags = fileFlags(mode, flags, mapFlags);
  } else {
    flags = anonymousFlags(flags, mapFlags);
    // Only a shared anonymous mapping starts at offset 0; a private one is its own address space.
    pgoff = has(flags, VM_SHARED) ? 0n : pg(address);
  }
  if (wants(mapFlags, MAP_NORESERVE) && space.settings.overcommit !== OVERCOMMIT_NEVER) {
    flags |= VM_NORESERVE;
  }
  mmapRegion(space, { start: address, length, flags, pgoff, file });
  const populates = wants(mapFlags, MAP_POPULATE) && !wants(mapFlags, MAP_NONBLOCK);
  if (populates || has(flags, VM_LOCKED)) faultIn(space, address, address + length, false);
  return { address, length };
}

/** round_hint_to_min */
function roundHint(space: Space, address: bigint): bigint {
  const hint = pageDown(address);
  if (hint === 0n) return 0n;
  const lowest = BigInt(space.settings.mmapMinAddr);
  return max(hint, isAligned(lowest) ? lowest : pageUp(lowest));
}

/** calc_vm_prot_bits, calc_vm_flag_bits and what every mapping starts with. */
function vmFlagsOf(space: Space, prot: bigint, mapFlags: bigint): bigint {
  let flags = prot & (VM_READ | VM_WRITE | VM_EXEC); // PROT_* and VM_* agree in these bits
  flags |= keyOf(space, prot);
  if (wants(mapFlags, MAP_GROWSDOWN)) flags |= VM_GROWSDOWN;
  if (wants(mapFlags, MAP_LOCKED)) flags |= VM_LOCKED;
  if (wants(mapFlags, MAP_SYNC)) flags |= VM_SYNC;
  if (wants(mapFlags, MAP_STACK) && space.settings.thp) flags |= VM_NOHUGEPAGE;
  return flags | space.defFlags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
}

function fileFlags(mode: number, start: bigint, mapFlags: bigint): bigint {
  let flags = start;
  const type = Number(mapFlags & BigInt(MAP_TYPE));
  if (type !== MAP_SHARED && type !== MAP_SHARED_VALIDATE && type !== MAP_PRIVATE) refuse(EINVAL);
  if (type !== MAP_PRIVATE) {
    // Plain MAP_SHARED forgets the flags it does not know, MAP_SHARED_VALIDATE refuses them.
    const known = LEGACY_FLAGS | BigInt(mode & FILE_MODE_SYNC ? MAP_SYNC : 0);
    if (type === MAP_SHARED_VALIDATE && has(mapFlags, ~known)) refuse(EOPNOTSUPP);
    if (has(flags, VM_WRITE) && !(mode & FILE_MODE_WRITE)) refuse(EACCES);
    if (mode & FILE_MODE_APPEND && mode & FILE_MODE_WRITE) refuse(EACCES);
    flags |= VM_SHARED | VM_MAYSHARE;
    if (!(mode & FILE_MODE_WRITE)) flags &= ~(VM_MAYWRITE | VM_SHARED);
  }
  if (!(mode & FILE_MODE_READ)) refuse(EACCES);
  if (mode & FILE_MODE_NOEXEC) {
    if (has(flags, VM_EXEC)) refuse(EPERM);
    flags &= ~VM_MAYEXEC;
  }
  if (mode & FILE_MODE_NO_MMAP) refuse(ENODEV);
  if (has(flags, VM_GROWSDOWN)) refuse(EINVAL);
  if (mode & FILE_MODE_SEALED && has(flags, VM_SHARED)) {
    if (has(flags, VM_WRITE)) refuse(EPERM);
    flags &= ~VM_MAYWRITE;
  }
  return flags;
}

function anonymousFlags(flags: bigint, mapFlags: bigint): bigint {
  switch (Number(mapFlags & BigInt(MAP_TYPE))) {
    case MAP_SHARED:
      if (has(flags, VM_GROWSDOWN)) refuse(EINVAL);
      return flags | VM_SHARED | VM_MAYSHARE;
    case MAP_DROPPABLE:
      if (wants(mapFlags, MAP_LOCKED) || wants(mapFlags, MAP_HUGETLB)) refuse(EINVAL);
      if (has(flags, VM_GROWSDOWN)) refuse(EINVAL);
      return flags | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
    case MAP_PRIVATE:
      return flags;
    default:
      return refuse(EINVAL);
  }
}
