// What the core and the shell agree on, written once. `scripts/abi.js` turns this file, memory.ts and
// events.ts into src/core/abi.ts; a test fails when that file is stale. Keep every line in the form
// `export const NAME: TYPE = number;` so that the generator can read it.

// Operation codes --------------------------------------------------------------------------------
export const OP_MMAP: u32 = 1; //       addr len prot flags pgoff file
export const OP_MUNMAP: u32 = 2; //     addr len
export const OP_MPROTECT: u32 = 3; //   addr len prot
export const OP_MREMAP: u32 = 4; //     addr len(old) prot(new length) flags pgoff(new address)
export const OP_BRK: u32 = 5; //        addr
export const OP_MADVISE: u32 = 6; //    addr len prot(advice)
export const OP_MLOCK: u32 = 7; //      addr len flags(mlock2 flags)
export const OP_MUNLOCK: u32 = 8; //    addr len
export const OP_MLOCKALL: u32 = 9; //   flags
export const OP_MUNLOCKALL: u32 = 10;
export const OP_TOUCH: u32 = 11; //     addr len flags(1 = write): one access a page
export const OP_STACK_GROW: u32 = 12; // addr: a fault below the stack
export const OP_PLACE: u32 = 13; //     addr len prot(vm_flags) pgoff file: a VMA as exec leaves it, no merge
export const OP_FORK: u32 = 14; //       flags(0 = go on as the parent, 1 = go on as the child; the other exits)
export const OP_EXIT: u32 = 15; //       the address space goes
export const OP_SET_NAME: u32 = 16; //  addr len prot(name id)
export const OP_NOP: u32 = 17; //       an empty operation: the suite's own overhead
export const OP_MSEAL: u32 = 18; //     addr len
export const OP_CPU: u32 = 19; //       addr(CPU) flags(CPU_*) prot(number of another process)
export const OP_STREAM: u32 = 20; //    addr len prot(STREAM_*) flags(seed) pgoff(accesses) file(parameter) at(writes of 256)

// What a CPU does from now on ---------------------------------------------------------------------
export const CPU_RUN: u32 = 0; //       executes the operations that follow
export const CPU_IDLE: u32 = 1;
export const CPU_OTHER: u32 = 2; //     runs another process

// Streams of accesses over the pages of a range ----------------------------------------------------
export const STREAM_LIMIT: u64 = 1 << 30; // accesses of one operation
export const STREAM_SEQUENTIAL: u32 = 0;
export const STREAM_STRIDED: u32 = 1;
export const STREAM_UNIFORM: u32 = 2;
export const STREAM_ZIPF: u32 = 3;
export const STREAM_CHASE: u32 = 4;
export const STREAM_PHASES: u32 = 5;
/** Recorded accesses that one call takes. */
export const BATCH_ACCESSES: u32 = 1048576;

// Which way of a full set has to go -----------------------------------------------------------------
export const TLB_LRU: u32 = 0;
export const TLB_FIFO: u32 = 1;
export const TLB_RANDOM: u32 = 2;
export const TLB_PLRU: u32 = 3; //          a binary tree of bits; ways a power of two
export const TLB_GROUPED_PLRU: u32 = 4; //  12 ways: three trees of 4, the group after the last one touched

// Operation record, 64 bytes -----------------------------------------------------------------------
//
//  0    4    8        16       24       32       40       48   52   56       64
//  +----+----+--------+--------+--------+--------+--------+----+----+--------+
//  | op |file| addr   | len    | prot   | flags  | pgoff  |fail|at  | spare  |
//  +----+----+--------+--------+--------+--------+--------+----+----+--------+
//
// fail/at: make the at-th event (from 1) of a kind fail in this operation (see FAIL_*); 0 = nothing fails.
export const COMMAND_SIZE: u32 = 64;
export const COMMAND_OP: u32 = 0;
export const COMMAND_FILE: u32 = 4;
export const COMMAND_ADDR: u32 = 8;
export const COMMAND_LEN: u32 = 16;
export const COMMAND_PROT: u32 = 24;
export const COMMAND_FLAGS: u32 = 32;
export const COMMAND_PGOFF: u32 = 40;
export const COMMAND_FAIL: u32 = 48;
export const COMMAND_AT: u32 = 52;

export const FAIL_ALLOCATION: u32 = 1; // VMA objects, maple nodes, anon_vmas, table pages, in order
export const FAIL_CHARGE: u32 = 2; //     committed-memory charges
export const FAIL_HOOK: u32 = 3; //       driver hooks

// Result record, 16 bytes: an address, a count, or -errno; then map_count after the operation --------
export const RESULT_SIZE: u32 = 16;
export const RESULT_VALUE: u32 = 0; //  i64
export const RESULT_VMAS: u32 = 8; //   u32
export const RESULT_STATUS: u32 = 12; // u32, STATUS_*

export const STATUS_OK: u32 = 0;
export const STATUS_POOL_EMPTY: u32 = 1; // the model ran out of records: not a kernel answer
export const STATUS_BAD_OPERATION: u32 = 2;

// Kernel profiles and hooks --------------------------------------------------------------------------
export const PROFILE_6_11: u32 = 0;
export const PROFILE_6_12: u32 = 1;
export const PROFILE_6_15: u32 = 2;
export const PROFILE_RFC: u32 = 3;
export const PROFILE_6_16: u32 = 4;
export const PROFILE_6_18: u32 = 5;
export const PROFILE_7_0: u32 = 6;
export const PROFILE_7_3: u32 = 7;

export const HOOK_MMAP: u32 = 0;
export const HOOK_MMAP_PREPARE: u32 = 1;
export const HOOK_MMAP_PROTO: u32 = 2;
export const HOOK_COMPAT: u32 = 3;
export const HOOK_BOTH: u32 = 4; //       .mmap_proto together with .mmap, rfc only: the first sets, the second installs

// vm_flags, x86-64, positions of 7.3 (docs/model.md) ------------------------------------------
export const VM_READ: u64 = 0x1;
export const VM_WRITE: u64 = 0x2;
export const VM_EXEC: u64 = 0x4;
export const VM_SHARED: u64 = 0x8;
export const VM_MAYREAD: u64 = 0x10;
export const VM_MAYWRITE: u64 = 0x20;
export const VM_MAYEXEC: u64 = 0x40;
export const VM_MAYSHARE: u64 = 0x80;
export const VM_GROWSDOWN: u64 = 0x100;
export const VM_UFFD_MISSING: u64 = 0x200;
export const VM_PFNMAP: u64 = 0x400;
export const VM_MAYBE_GUARD: u64 = 0x800;
export const VM_UFFD_WP: u64 = 0x1000;
export const VM_LOCKED: u64 = 0x2000;
export const VM_IO: u64 = 0x4000;
export const VM_SEQ_READ: u64 = 0x8000;
export const VM_RAND_READ: u64 = 0x10000;
export const VM_DONTCOPY: u64 = 0x20000;
export const VM_DONTEXPAND: u64 = 0x40000;
export const VM_LOCKONFAULT: u64 = 0x80000;
export const VM_ACCOUNT: u64 = 0x100000;
export const VM_NORESERVE: u64 = 0x200000;
export const VM_HUGETLB: u64 = 0x400000;
export const VM_SYNC: u64 = 0x800000;
export const VM_WIPEONFORK: u64 = 0x2000000;
export const VM_DONTDUMP: u64 = 0x4000000;
export const VM_SOFTDIRTY: u64 = 0x8000000;
export const VM_MIXEDMAP: u64 = 0x10000000;
export const VM_HUGEPAGE: u64 = 0x20000000;
export const VM_NOHUGEPAGE: u64 = 0x40000000;
export const VM_MERGEABLE: u64 = 0x80000000;
export const VM_PKEY_BIT0: u64 = 0x100000000; // of a protection key: the one that means execute only
export const VM_SHADOW_STACK: u64 = 0x2000000000;
export const VM_DROPPABLE: u64 = 0x10000000000;
export const VM_SEALED: u64 = 0x40000000000;
/** IO | DONTEXPAND | PFNMAP | MIXEDMAP: such a mapping never merges. */
export const VM_SPECIAL: u64 = 0x10044400;
/** IO | PFNMAP | DONTEXPAND | DONTDUMP: what a PFN remap sets. */
export const VM_REMAP_FLAGS: u64 = 0x4044400;

// prot and flags of the calls -------------------------------------------------------------------------
export const PROT_READ: u32 = 1;
export const PROT_WRITE: u32 = 2;
export const PROT_EXEC: u32 = 4;
export const PROT_GROWSDOWN: u32 = 0x1000000;
export const PROT_GROWSUP: u32 = 0x2000000;
export const MAP_SHARED: u32 = 0x1;
export const MAP_PRIVATE: u32 = 0x2;
export const MAP_SHARED_VALIDATE: u32 = 0x3;
export const MAP_DROPPABLE: u32 = 0x8;
export const MAP_TYPE: u32 = 0xf;
export const MAP_FIXED: u32 = 0x10;
export const MAP_ANONYMOUS: u32 = 0x20;
export const MAP_32BIT: u32 = 0x40;
export const MAP_ABOVE4G: u32 = 0x80;
export const MAP_GROWSDOWN: u32 = 0x100;
export const MAP_DENYWRITE: u32 = 0x800;
export const MAP_EXECUTABLE: u32 = 0x1000;
export const MAP_LOCKED: u32 = 0x2000;
export const MAP_NORESERVE: u32 = 0x4000;
export const MAP_POPULATE: u32 = 0x8000;
export const MAP_NONBLOCK: u32 = 0x10000;
export const MAP_STACK: u32 = 0x20000;
export const MAP_HUGETLB: u32 = 0x40000;
export const MAP_SYNC: u32 = 0x80000;
export const MAP_FIXED_NOREPLACE: u32 = 0x100000;
export const MREMAP_MAYMOVE: u32 = 1;
export const MREMAP_FIXED: u32 = 2;
export const MREMAP_DONTUNMAP: u32 = 4;
export const MLOCK_ONFAULT: u32 = 1;
export const MCL_CURRENT: u32 = 1;
export const MCL_FUTURE: u32 = 2;
export const MCL_ONFAULT: u32 = 4;

// errno ---------------------------------------------------------------------------------------------
export const EPERM: i32 = 1;
export const EIO: i32 = 5;
export const ENXIO: i32 = 6;
export const ENOEXEC: i32 = 8;
export const EBADF: i32 = 9;
export const EAGAIN: i32 = 11;
export const ENOMEM: i32 = 12;
export const EACCES: i32 = 13;
export const EFAULT: i32 = 14;
export const EBUSY: i32 = 16;
export const EEXIST: i32 = 17;
export const ENODEV: i32 = 19;
export const EINVAL: i32 = 22;
export const ETXTBSY: i32 = 26;
export const ENOSPC: i32 = 28;
export const EROFS: i32 = 30;
export const ENOSYS: i32 = 38;
export const EOVERFLOW: i32 = 75;
export const EOPNOTSUPP: i32 = 95;

// What a file was opened as ----------------------------------------------------------------------------
export const FILE_MODE_READ: u32 = 0x1; //       opened for reading
export const FILE_MODE_WRITE: u32 = 0x2; //      opened for writing
export const FILE_MODE_SHMEM: u32 = 0x4; //      shmem: tmpfs, memfd, shared anonymous
export const FILE_MODE_THP_ALIGN: u32 = 0x8; //  its file system aligns large mappings for huge pages
export const FILE_MODE_NOEXEC: u32 = 0x10; //    on a noexec mount
export const FILE_MODE_DEVZERO: u32 = 0x20; //   /dev/zero: shared becomes shmem, private becomes anonymous
export const FILE_MODE_APPEND: u32 = 0x40;
export const FILE_MODE_SEALED: u32 = 0x80; //    memfd sealed against writes
export const FILE_MODE_NO_MMAP: u32 = 0x100; //  its file operations have no mmap hook: ENODEV
export const FILE_MODE_UNNAMED: u32 = 0x200; //  made by mmap for shared anonymous memory: may have a name of its own
export const FILE_MODE_SYNC: u32 = 0x800; //     accepts MAP_SYNC

// What a driver's hook does ------------------------------------------------------------------------------
export const OPS_NONE: u32 = 0; //        the hook installs nothing: the dummy ops stay
export const OPS_INSTALLED: u32 = 0x1; // the hook installs ops of its own (also without any below)
export const OPS_OPEN: u32 = 0x2;
export const OPS_CLOSE: u32 = 0x4;
export const OPS_FAULT: u32 = 0x8;
export const OPS_MAP_PAGES: u32 = 0x10; // fault-around
export const OPS_PAGE_MKWRITE: u32 = 0x20;
export const OPS_MAY_SPLIT: u32 = 0x40; // vetoes every split (EINVAL)
export const OPS_MAPPED: u32 = 0x80;
export const OPS_MREMAP: u32 = 0x100;
export const OPS_MPROTECT: u32 = 0x200;
export const OPS_DUMMY: u32 = 0x400; //    the shared empty ops every VMA starts with

export const EAGER_NONE: u32 = 0;
export const EAGER_REMAP_PFN: u32 = 1; //     remap_pfn_range, or the REMAP_PFN action
export const EAGER_INSERT_PAGES: u32 = 2; //  vm_insert_pages, or the MAP_KERNEL_PAGES action
export const EAGER_REMAP_PIECES: u32 = 3; //  several remap_pfn_range over pieces: only a VMA takes it, and no private writable one

export const HOOK_FAILS_NEVER: u32 = 0;
export const HOOK_FAILS_AT_ONCE: u32 = 1; //     before it did anything
export const HOOK_FAILS_AFTER_PTES: u32 = 2; //  after failAfter PTEs
export const HOOK_FAILS_AT_END: u32 = 3; //      after everything it does
export const HOOK_FAILS_MAPPED: u32 = 4; //      vm_ops->mapped fails (7.1 on)
export const HOOK_FAILS_AFTER_PRIVATE: u32 = 5; // once it has its own memory and the new file, before PTEs

export const BEHAVES_SETS_PGOFF: u32 = 0x1;
export const BEHAVES_ADDS_PGOFF: u32 = 0x10; // adds to the offset
export const BEHAVES_ALLOCATES: u32 = 0x2; //  memory of its own for each mapping: in .mmap, or in vm_ops->mapped where there is one
export const BEHAVES_NEW_SHMEM: u32 = 0x4; //  shared: a shmem file made for the mapping replaces the file (/dev/zero)
export const BEHAVES_ANONYMOUS: u32 = 0x8; //  private: the mapping becomes anonymous memory that keeps its file (/dev/zero)

// What a rogue hook writes besides, past every helper (Driver.writes; work builds only). START and END belong to a
// VMA; a descriptor has the rest.
export const WRITE_START: u32 = 1; //       vm_start, moved by a number of pages, which may be negative
export const WRITE_END: u32 = 2; //         vm_end, likewise
export const WRITE_FLAGS_SET: u32 = 3;
export const WRITE_FLAGS_CLEAR: u32 = 4;
export const WRITE_PGOFF: u32 = 5;
export const WRITE_FILE: u32 = 6; //        another file's id, or 0 = NULL; no reference is taken or put
export const WRITE_FILE_HELD: u32 = 7; //   another file's id, with a reference taken; none is put
export const WRITE_OPS: u32 = 8; //         OPS_* bits, or 0 = NULL
export const WRITE_PRIVATE: u32 = 9;
export const WRITE_PAGE_PROT: u32 = 10; //  overwritten from vm_flags when the call completes; the model has none
/** Added to a WRITE_*: after everything else the hook does; without it, before. */
export const WRITE_LATE: u32 = 0x80;
export const WRITE_LIMIT: u32 = 4;

// Where a real kernel warns or breaks on what a hook wrote (Mm.alarms) ------------------------------------
export const ALARM_MOVED_START: u32 = 0x1; //       vm_start is not the address mapped
export const ALARM_STORED_ELSEWHERE: u32 = 0x2; //  stored over another range than nodes were reserved for
export const ALARM_NOTHING_STORED: u32 = 0x4; //    the range is empty or outside user space
export const ALARM_ZAPPED_ELSEWHERE: u32 = 0x8; //  unwinding clears pages of a neighbour
export const ALARM_PTES_ELSEWHERE: u32 = 0x10; //   the hook's PTEs went outside the mapping
export const ALARM_NULL_FILE: u32 = 0x20; //        a reference taken or put on a file that is NULL
export const ALARM_MAYWRITE: u32 = 0x40; //         MAYWRITE gained
export const ALARM_MERGE_MOVED: u32 = 0x80; //      second merge of a VMA that is not where it was asked for
export const ALARM_ANON_OFFSET: u32 = 0x100; //     a new anonymous VMA whose offset is not its page number

// Why a side of a merge attempt refused (STEP_SIDE_*) -------------------------------------------------------
export const REFUSED_NOT: u32 = 0; //         it fits
export const REFUSED_NOBODY: u32 = 1; //      nothing stands there
export const REFUSED_GAP: u32 = 2; //         it does not touch the range
export const REFUSED_FLAGS: u32 = 3; //       value: the bits that differ
export const REFUSED_FILE: u32 = 4; //        value: its file
export const REFUSED_POLICY: u32 = 5;
export const REFUSED_UFFD: u32 = 6;
export const REFUSED_NAME: u32 = 7;
export const REFUSED_ANON: u32 = 8; //        written meets unwritten, forked, or two anon_vmas
export const REFUSED_OFFSET: u32 = 9; //      value: the offset at which it would have to begin
export const REFUSED_ANON_INDEX: u32 = 10; // the same, in the anonymous index (7.3)
export const REFUSED_CLOSE: u32 = 11; //      its ops have close (6.11)
export const REFUSED_OTHER_SIDE: u32 = 12; // its anon_vma is not that of the VMA on the other side
export const REFUSED_STAYS: u32 = 13; //      fits, but must not vanish: its ops have close
export const REFUSED_SPECIAL: u32 = 14; //    value: the bits of VM_SPECIAL asked for; no side is asked
export const REFUSED_OWN_CLOSE: u32 = 15; //  the VMA that would vanish has close
export const REFUSED_INSIDE: u32 = 16; //     the range lies in the middle of its VMA
export const REFUSED_MEMORY: u32 = 17;

// Write-fault policy of a replay (which VMAs count as written right after the call that made them) ------
export const TOUCH_NONE: u32 = 0;
export const TOUCH_WRITTEN: u32 = 1; // every private writable anonymous VMA
export const TOUCH_ALL: u32 = 2; //     private writable file mappings as well

// Transparent huge pages for anonymous memory (/sys/kernel/mm/transparent_hugepage/enabled) ----------------
export const THP_NEVER: u32 = 0;
export const THP_MADVISE: u32 = 1;
export const THP_ALWAYS: u32 = 2;

// Overcommit modes (vm.overcommit_memory) ------------------------------------------------------------------
export const OVERCOMMIT_GUESS: u32 = 0;
export const OVERCOMMIT_ALWAYS: u32 = 1;
export const OVERCOMMIT_NEVER: u32 = 2;

export const PAGE_SIZE: u64 = 4096;
/** End of user space, 4-level tables: 2^47 less one guard page. */
export const TASK_SIZE: u64 = 0x7ffffffff000;
export const NO_LIMIT: u64 = 0x1fffffffffffff;
