// VMA, file, driver and address-space records. scripts/abi.js reads the classes and gives the shell their
// offsets, so keep one field a line, u32, i32, u64 or i64, widest first or naturally aligned.

import { DRIVERS_AT, FILES_AT, MM_AT, VMAS_AT } from "../memory";

//  One VMA, 84 bytes in a cell of 128, at VMAS_AT + n * 128. The tree stores the record's address.
//
//   0     8   16    24    32        40   44      48  52    56        60      64   68   72     76       80       84
//   +-----+---+-----+-----+---------+----+-------+---+-----+---------+-------+----+----+------+--------+--------+
//   |start|end|flags|pgoff|anonPgoff|file|anonVma|ops|chain|chainHead|private|name|uffd|policy|attached|nextFree|
//   +-----+---+-----+-----+---------+----+-------+---+-----+---------+-------+----+----+------+--------+--------+

/** One virtual memory area (vm_area_struct): [start, end) in bytes, page aligned. */
@unmanaged
export class Vma {
  start: u64;
  end: u64;
  /** vm_flags, VM_* of abi.ts. */
  flags: u64;
  /** File offset in pages; for anonymous memory the page number it was first mapped at. */
  pgoff: u64;
  /** 7.3: offset in the anonymous index, in pages. */
  anonPgoff: u64;
  /** File id from 1; 0 = none. */
  file: u32;
  /** anon_vma id from 1; 0 = never written. */
  anonVma: u32;
  /** 0 = vm_ops NULL (anonymous); otherwise OPS_* bits of the ops installed. */
  ops: u32;
  /** Entries in anon_vma_chain, and the first of them: the oldest anon_vma. */
  chain: u32;
  chainHead: u32;
  privateData: u32;
  /** Anonymous name id from 1; 0 = none. */
  name: u32;
  uffd: u32;
  policy: u32;
  /** 1 while not in an unmap list (vma_mark_attached). */
  attached: u32;
  /** Free list link while the record is free. */
  nextFree: u32;

  @inline get pages(): u64 { return (this.end - this.start) >> 12; }
  @inline get id(): u32 { return <u32>changetype<usize>(this); }
}
if (offsetof<Vma>() != 84) ERROR("a VMA record is 84 bytes");

export const VMA_CELL: usize = 128;

/** One open file description: what two mappings must share to share a VMA. */
@unmanaged
export class File {
  /** Index of its driver record. */
  driver: u32;
  /** FILE_MODE_* */
  mode: u32;
  inode: u32;
  /** References that VMAs hold; the opener's own is not counted. */
  refs: i32;
  /** VMAs in i_mmap. */
  mapped: i32;
  /** SHARED and MAYWRITE VMAs in i_mmap, and calls under way (i_mmap_writable); negative = writers denied. */
  writable: i32;
  /** Pages the file may be mapped to; 0 = no limit. */
  pages: u64;
  /** First page frame of its page cache, which is contiguous. */
  firstPfn: u64;
  /** Pages it has: an access beyond gets SIGBUS; 0 = as many as are asked for. */
  size: u64;
  id: u32;
}
if (offsetof<File>() > 64) ERROR("a file record is at most 64 bytes");

/** What a file's hook does. */
@unmanaged
export class Driver {
  flagsSet: u64;
  flagsCleared: u64;
  /** First page frame of the device's memory. */
  pfn: u64;
  /** Offset in pages that a BEHAVES_SETS_PGOFF hook writes, or a BEHAVES_ADDS_PGOFF hook adds. */
  pgoff: u64;
  /** What a rogue hook writes: a value for each byte of `writes`. */
  written0: u64;
  written1: u64;
  written2: u64;
  written3: u64;
  /** OPS_*: what the vm_ops it installs provide; OPS_NONE = it installs none. */
  ops: u32;
  /** EAGER_* */
  eager: u32;
  /** HOOK_FAILS_* */
  failPoint: u32;
  /** errno of the failure, positive. */
  errno: u32;
  /** PTEs installed before the failure (HOOK_FAILS_AFTER_PTES). */
  failAfter: u32;
  /** BEHAVES_* */
  behaviour: u32;
  /** Pages an eager driver installs; 0 = the whole range. */
  eagerPages: u32;
  /** File that the hook puts in place of its own; 0 = none, or what BEHAVES_NEW_SHMEM makes. */
  swapFile: u32;
  /** errno that replaces the error of an action or of vm_ops->mapped; 0 = none. */
  errorOverride: u32;
  /** Up to four WRITE_*, one a byte, in order; 0 = a hook that keeps to the rules. */
  writes: u32;
}
if (offsetof<Driver>() > 128) ERROR("a driver record is at most 128 bytes");

/** The address space: the part of mm_struct that mmap looks at, limits, and the model's allocators. */
@unmanaged
export class Mm {
  // counters, all but mapCount in pages
  mapCount: u64;
  totalVm: u64;
  dataVm: u64;
  execVm: u64;
  stackVm: u64;
  lockedVm: u64;
  /** The global committed-memory counter (vm_committed_as), as far as this mm fills it. */
  committed: i64;
  // layout
  mmapBase: u64;
  mmapLegacyBase: u64;
  startBrk: u64;
  brk: u64;
  defFlags: u64;
  startData: u64;
  endData: u64;
  // limits: bytes, except maxMapCount; NO_LIMIT = unlimited
  maxMapCount: u64;
  limitAs: u64;
  limitData: u64;
  limitStack: u64;
  limitMemlock: u64;
  stackGuardGap: u64;
  mmapMinAddr: u64;
  /** Pages that overcommit mode GUESS refuses to exceed in one call (RAM and swap). */
  ramPages: u64;
  /** Pages that overcommit mode NEVER allows in all. */
  commitLimit: u64;
  /** Page frame number that the next anonymous page gets. */
  frameNext: u64;
  // switches
  overcommit: u32;
  thp: u32;
  mdwe: u32;
  /** PR_SET_MEMORY_MERGE (MMF_VM_MERGE_ANY). */
  mergeAny: u32;
  readImpliesExec: u32;
  /** CAP_IPC_LOCK: may lock more than RLIMIT_MEMLOCK. */
  ipcLock: u32;
  /** Kernel built with soft-dirty tracking. */
  softDirty: u32;
  /** The CPU has protection keys: memory that may only be executed cannot be read. */
  protectionKeys: u32;
  /** THP_* */
  thpEnabled: u32;
  /** Levels of page tables: 4 or 5. */
  levels: u32;
  /** PROFILE_* */
  profile: u32;
  /** HOOK_*: how every file's driver is entered. */
  hook: u32;
  /** TOUCH_* */
  touch: u32;
  // allocators
  /** VMA cells handed out so far. */
  vmaNext: u32;
  /** Free VMAs, chained; 0 = none. */
  vmaFree: u32;
  anonNext: u32;
  anonFree: u32;
  linkNext: u32;
  linkFree: u32;
  /** Highest file id in use + 1. */
  fileNext: u32;
  // the operation under way
  /** FAIL_*, and which one of them fails, from 1. */
  failKind: u32;
  failAt: u32;
  failSeen: u32;
  /** Set when a pool of the model (not of the kernel) ran out. */
  poolEmpty: u32;
  /** ALARM_* that a rogue hook has set off. */
  alarms: u32;
  /** A fork emptied a VMA (MADV_WIPEONFORK): it is unwritten, with the offset that it had when it was not. */
  wiped: u32;
}
if (offsetof<Mm>() > 0x800) ERROR("the address-space record has 2 KiB");

@inline export const mm: Mm = changetype<Mm>(MM_AT);

/** The file with an id from 1. */
@inline export function fileOf(id: u32): File { return changetype<File>(FILES_AT + ((<usize>id) << 6)); }

@inline export function driverOf(file: File): Driver {
  return changetype<Driver>(DRIVERS_AT + ((<usize>file.driver) << 7));
}

/** A VMA by what the tree stores for it. */
@inline export function vmaOf(id: u32): Vma { return changetype<Vma>(<usize>id); }

/** No VMA: what vmaOf gives for 0. */
@inline export const NO_VMA: Vma = changetype<Vma>(0);
@inline export function exists(vma: Vma): bool { return changetype<usize>(vma) != 0; }
@inline export function same(a: Vma, b: Vma): bool { return changetype<usize>(a) == changetype<usize>(b); }

/** Cell number `n` of the VMA pool. */
@inline export function vmaCell(n: u32): Vma { return changetype<Vma>(VMAS_AT + ((<usize>n) << 7)); }
