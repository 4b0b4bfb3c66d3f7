// The memory map: every region's base is the one before it plus its size. Nothing is allocated after
// start; pools hand out records and keep free lists inside them. All bases are compile-time constants: a load
// takes them as its offset, where a global would have to be read and added first.
//
//   0          AssemblyScript's static data (there is hardly any)
//   CONTROL    address-space record, cursors, allocators, settings
//   COUNTERS   one u64 an event, then the steps of an operation; written by the work build only
//   TLB        sets of the translation caches, one area a CPU
//   STREAM     quantiles of the distribution that accesses are drawn from
//   COMMANDS   operation records, filled by the shell
//   RESULTS    one record an operation, filled by the core
//   FILES      open file descriptions
//   DRIVERS    what a file's hook does
//   NODES      maple nodes
//   VMAS       VMA records
//   ANON       anon_vma records
//   LINKS      entries of anon_vma chains
//   TABLES     page-table pages

export const CONTROL_AT: usize = 0x10000;
export const CONTROL_SIZE: usize = 0x10000;

/** Address-space record (vma/record.ts). */
export const MM_AT: usize = CONTROL_AT;
/** Allocator of maple nodes. */
export const NODE_POOL_AT: usize = MM_AT + 0x800;
/** Allocator of page-table pages, and the flush under way. */
export const TABLE_POOL_AT: usize = NODE_POOL_AT + 0x40;
export const GATHER_AT: usize = TABLE_POOL_AT + 0x40;
/** Trees and cursors (maple/cursor.ts). */
export const TREES_AT: usize = NODE_POOL_AT + 0x100;
export const CURSORS_AT: usize = TREES_AT + 0x100;
/** Records that live for one operation: merge, unmap, mapping, descriptor. */
export const SCRATCH_AT: usize = CURSORS_AT + 0x1000;
/** Slots of a level under reconstruction (maple/rebuild.ts). */
export const REBUILD_AT: usize = SCRATCH_AT + 0x1000;
/** Translation caches: what they look like, and the state outside their sets (tlb/geometry.ts). */
export const TLB_STATE_AT: usize = REBUILD_AT + 0x1000;
export const TLB_BANKS_AT: usize = TLB_STATE_AT + 0x100;
export const BANK_LIMIT: u32 = 12;
export const CPUS_AT: usize = TLB_BANKS_AT + 0x300;
export const CPU_LIMIT: u32 = 16;

export const COUNTERS_AT: usize = CONTROL_AT + CONTROL_SIZE;
export const COUNTERS_SIZE: usize = 0x20000;
/** Steps that are written down of one operation (steps.ts). */
export const STEP_LIMIT: u32 = 160;
export const STEPS_AT: usize = COUNTERS_AT + 0x1000;

export const TLB_AT: usize = COUNTERS_AT + COUNTERS_SIZE;
export const TLB_SIZE: usize = 0x200000;

export const STREAM_AT: usize = TLB_AT + TLB_SIZE;
export const STREAM_SIZE: usize = 0x50000;

/** Operation records a batch may hold. */
export const BATCH_LIMIT: u32 = 131072;

export const COMMANDS_AT: usize = STREAM_AT + STREAM_SIZE;
export const COMMANDS_SIZE: usize = <usize>BATCH_LIMIT * 64;

export const RESULTS_AT: usize = COMMANDS_AT + COMMANDS_SIZE;
export const RESULTS_SIZE: usize = <usize>BATCH_LIMIT * 16;

export const FILE_LIMIT: u32 = 65536;
export const FILES_AT: usize = RESULTS_AT + RESULTS_SIZE;
export const FILES_SIZE: usize = <usize>FILE_LIMIT * 64;

export const DRIVER_LIMIT: u32 = 256;
export const DRIVERS_AT: usize = FILES_AT + FILES_SIZE;
export const DRIVERS_SIZE: usize = <usize>DRIVER_LIMIT * 128;

export const NODE_LIMIT: u32 = 131072;
export const NODES_AT: usize = DRIVERS_AT + DRIVERS_SIZE;
export const NODES_SIZE: usize = <usize>NODE_LIMIT * 256;

export const VMA_LIMIT: u32 = 262144;
export const VMAS_AT: usize = NODES_AT + NODES_SIZE;
export const VMAS_SIZE: usize = <usize>VMA_LIMIT * 128;

export const ANON_LIMIT: u32 = 262144;
export const ANON_AT: usize = VMAS_AT + VMAS_SIZE;
export const ANON_SIZE: usize = <usize>ANON_LIMIT * 32;

export const LINK_LIMIT: u32 = 524288;
export const LINKS_AT: usize = ANON_AT + ANON_SIZE;
export const LINKS_SIZE: usize = <usize>LINK_LIMIT * 8;

/** Page-table pages there is room for. */
export const TABLE_LIMIT: u32 = 24576;
export const TABLES_AT: usize = LINKS_AT + LINKS_SIZE;
export const TABLES_SIZE: usize = <usize>TABLE_LIMIT * 4096;

/** What asconfig.json gives, in pages of 64 KiB, has to reach here. */
export const MEMORY_END: usize = TABLES_AT + TABLES_SIZE;

/**
 * Zeroes a record of 128 bytes. memory.fill is a call out of WebAssembly, which takes longer than these stores:
 * they save 2 to 6 % of a mmap.
 */
@inline
export function clearRecord(at: usize): void {
  const zero = i64x2.splat(0);
  v128.store(at, zero, 0);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
  v128.store(at, zero, 64);
  v128.store(at, zero, 80);
  v128.store(at, zero, 96);
  v128.store(at, zero, 112);
}

/** Makes the record of 128 bytes at `to` what the one at `from` is; memory.copy is a call as well. */
@inline
export function copyRecord(to: usize, from: usize): void {
  v128.store(to, v128.load(from, 0), 0);
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
  v128.store(to, v128.load(from, 64), 64);
  v128.store(to, v128.load(from, 80), 80);
  v128.store(to, v128.load(from, 96), 96);
  v128.store(to, v128.load(from, 112), 112);
}
