// mmap(2): from arguments to a range and vm_flags, in the order in which the kernel refuses things (do_mmap).

import {
  EACCES, EAGAIN, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM, FILE_MODE_APPEND, FILE_MODE_NOEXEC,
  FILE_MODE_NO_MMAP, FILE_MODE_READ, FILE_MODE_SEALED, FILE_MODE_SYNC, FILE_MODE_WRITE, MAP_ANONYMOUS, MAP_DENYWRITE,
  MAP_DROPPABLE, MAP_EXECUTABLE, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_GROWSDOWN, MAP_HUGETLB, MAP_LOCKED, MAP_NONBLOCK,
  MAP_NORESERVE, MAP_POPULATE, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, MAP_STACK, MAP_32BIT, MAP_SYNC, MAP_TYPE,
  OVERCOMMIT_NEVER, PROT_EXEC, PROT_READ, PROT_WRITE, TASK_SIZE, VM_DONTDUMP, VM_DROPPABLE, VM_EXEC, VM_GROWSDOWN,
  VM_LOCKED, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_MAYWRITE, VM_NORESERVE, VM_SHARED, VM_WIPEONFORK, VM_WRITE,
} from "../abi";
import { lookup, vmaTree } from "../maple/cursor";
import { find } from "../maple/walk";
import { mapRegion } from "../protocol/profiles";
import { STEP_CHECKS, STEP_FILE_CHECKS, STEP_PLACE, step } from "../steps";
import { canLock, mayLock } from "./account";
import { flagsOfMap, flagsOfProt, keyOfProt } from "./flags";
import { choosePlace } from "./place";
import { populate } from "./populate";
import { fileOf, mm } from "./record";

/** Flags that MAP_SHARED takes notice of, and MAP_SHARED_VALIDATE accepts (LEGACY_MAP_MASK). */
const LEGACY_MAP: u64 = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE
  | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT
  | 0x80 /* ABOVE4G */ | 0xfc000000 /* HUGE_2MB, HUGE_1GB */;

let vmFlags: u64 = 0;
let pageOffset: u64 = 0;

/** The address mapped, or -errno. `file` 0 = anonymous; `pgoff` in pages. */
export function mmap(addr: u64, length: u64, prot: u64, mapFlags: u64, file: u32, pgoff: u64): i64 {
  step(STEP_CHECKS);
  if (length == 0) return -EINVAL;
  let access = prot;
  if (prot & PROT_READ && mm.readImpliesExec && !(file != 0 && fileOf(file).mode & FILE_MODE_NOEXEC)) access |= PROT_EXEC;
  let flags = mapFlags;
  if (flags & MAP_FIXED_NOREPLACE) flags |= MAP_FIXED;
  const hint = flags & MAP_FIXED ? addr : roundHint(addr);
  const size = (length + 0xfff) & ~0xfff;
  if (size == 0) return -ENOMEM;
  if (pgoff + (size >> 12) < pgoff) return -EOVERFLOW;
  if (mm.mapCount > mm.maxMapCount) return -ENOMEM;

  vmFlags = flagsOfProt(access) | keyOfProt(access) | flagsOfMap(flags) | mm.defFlags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  step(STEP_PLACE);
  const place = choosePlace(file, hint, size, pgoff, flags);
  if (place < 0) return place;
  if (flags & MAP_FIXED_NOREPLACE) {
    lookup.enter(vmaTree, place);
    if (find(lookup, place + size - 1)) return -EEXIST;
  }
  if (flags & MAP_LOCKED && !canLock()) return -EPERM;
  if (!mayLock(vmFlags, size >> 12)) return -EAGAIN;

  step(STEP_FILE_CHECKS);
  pageOffset = pgoff;
  const refused = file ? checkFile(file, access, flags, size) : checkAnonymous(flags, place);
  if (refused) return -(<i64>refused);
  if (flags & MAP_NORESERVE && mm.overcommit != OVERCOMMIT_NEVER) vmFlags |= VM_NORESERVE;
  const error = mapRegion(file, place, size, vmFlags, pageOffset);
  if (error) return -(<i64>error);
  const wanted = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
  if (wanted || vmFlags & VM_LOCKED) populate(place, size);
  return place;
}

/** A hint is page aligned, and not in the pages that nobody may map (round_hint_to_min). */
function roundHint(addr: u64): u64 {
  const hint = addr & ~0xfff;
  return hint != 0 && hint < mm.mmapMinAddr ? (mm.mmapMinAddr + 0xfff) & ~0xfff : hint;
}

function checkFile(id: u32, prot: u64, mapFlags: u64, size: u64): u32 {
  const file = fileOf(id);
  const mode = file.mode;
  const pages = size >> 12;
  if (file.pages && (pageOffset > file.pages || pages > file.pages - pageOffset)) return EOVERFLOW;
  const type = mapFlags & MAP_TYPE;
  if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE) {
    // MAP_SHARED drops what it does not know, MAP_SHARED_VALIDATE refuses it
    const known = LEGACY_MAP | MAP_SHARED_VALIDATE | (mode & FILE_MODE_SYNC ? MAP_SYNC : 0);
    if (type == MAP_SHARED_VALIDATE && mapFlags & ~known) return EOPNOTSUPP;
    const writable = (mode & FILE_MODE_WRITE) != 0;
    if (prot & PROT_WRITE && !writable) return EACCES;
    if (mode & FILE_MODE_APPEND && writable) return EACCES;
    vmFlags |= VM_SHARED | VM_MAYSHARE;
    if (!writable) vmFlags &= ~(VM_MAYWRITE | VM_SHARED);
  } else if (type != MAP_PRIVATE) {
    return EINVAL;
  }
  if ((mode & FILE_MODE_READ) == 0) return EACCES;
  if (mode & FILE_MODE_NOEXEC) {
    if (vmFlags & VM_EXEC) return EPERM;
    vmFlags &= ~VM_MAYEXEC;
  }
  if (mode & FILE_MODE_NO_MMAP) return ENODEV;
  if (vmFlags & VM_GROWSDOWN) return EINVAL;
  if (mode & FILE_MODE_SEALED && vmFlags & VM_SHARED) { // memfd_check_seals_mmap
    if (vmFlags & VM_WRITE) return EPERM;
    vmFlags &= ~VM_MAYWRITE;
  }
  return 0;
}

function checkAnonymous(mapFlags: u64, place: u64): u32 {
  const type = mapFlags & MAP_TYPE;
  switch (<u32>type) {
    case MAP_SHARED: {
      if (vmFlags & VM_GROWSDOWN) return EINVAL;
      pageOffset = 0;
      vmFlags |= VM_SHARED | VM_MAYSHARE;
      return 0;
    }
    case MAP_DROPPABLE: {
      if (mapFlags & (MAP_LOCKED | MAP_HUGETLB) || vmFlags & VM_GROWSDOWN) return EINVAL;
      vmFlags |= VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
      pageOffset = place >> 12;
      return 0;
    }
    case MAP_PRIVATE: {
      pageOffset = place >> 12;
      return 0;
    }
    default: return EINVAL;
  }
}
