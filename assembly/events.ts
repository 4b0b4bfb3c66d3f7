// The work counters. One index an event; the shell derives the public name from the constant:
// MAPLE_NODE_READS is `maple.nodeReads` (group up to the first underscore, the rest in camel case).
//
// Only the work build counts: `count()` and everything passed to it disappear from the timing build,
// and a test compares the two texts.

import { COUNTERS_AT } from "./memory";

/** True in the work build (`asc --use COUNT=1`). */
@inline export const COUNTING: bool = isDefined(COUNT);

// maple tree -----------------------------------------------------------------------------------
export const MAPLE_NODE_READS: u32 = 0; //         nodes visited by lookups and iteration
export const MAPLE_WRITE_WALK_READS: u32 = 1; //   nodes visited to classify or place a store
export const MAPLE_GAP_WALK_READS: u32 = 2; //     nodes visited by the search for an empty area
export const MAPLE_NODE_WRITES: u32 = 3; //        nodes written, in place or newly built
export const MAPLE_NODES_ALLOCATED: u32 = 4; //    nodes taken out of a reservation ("pops")
export const MAPLE_NODES_FREED: u32 = 5;
export const MAPLE_NODES_RESERVED: u32 = 6; //     nodes requested before stores
export const MAPLE_RESERVATIONS: u32 = 7; //       preallocations, also those that need no node
export const MAPLE_STORES: u32 = 8; //             stores into the main tree
export const MAPLE_SIDE_STORES: u32 = 9; //        stores into the tree of detached VMAs
export const MAPLE_SIDE_NODES: u32 = 10; //        nodes that tree took, part of nodesAllocated
export const MAPLE_SLOTS_MOVED: u32 = 11;
export const MAPLE_PARENT_WRITES: u32 = 12; //     parent words rewritten in adopted children
export const MAPLE_GAP_LEVELS: u32 = 13; //        parents updated by gap propagation
export const MAPLE_SPLITS: u32 = 14;
export const MAPLE_REBALANCES: u32 = 15;
export const MAPLE_SPANNING_STORES: u32 = 16;
export const MAPLE_NODE_STORES: u32 = 17;
export const MAPLE_SLOT_STORES: u32 = 18;
export const MAPLE_EXACT_FITS: u32 = 19;
export const MAPLE_APPENDS: u32 = 20;
export const MAPLE_ROOT_STORES: u32 = 21;
export const MAPLE_NEW_ROOTS: u32 = 22;
export const MAPLE_EXTRA_ASCENDS: u32 = 23; //     further ancestors visited to learn a node's range
// VMA objects ----------------------------------------------------------------------------------
export const VMA_ALLOCATED: u32 = 24;
export const VMA_FREED: u32 = 25;
export const VMA_SPLIT: u32 = 26;
export const VMA_EXPANDED: u32 = 27;
export const VMA_SHRUNK: u32 = 28;
// merge attempts (only those that test a neighbour) ---------------------------------------------
export const MERGE_ATTEMPTS: u32 = 32; //          first and second attempts of every call
export const MERGE_MERGED: u32 = 33;
export const MERGE_SECOND_ATTEMPTS: u32 = 34; //   part of attempts: the retry after a .mmap hook
export const MERGE_SECOND_MERGED: u32 = 35;
export const MERGE_CORRUPTIONS: u32 = 56; //       second merges that settle a swapped file's books with the old file
// driver hook ----------------------------------------------------------------------------------
export const HOOK_CALLS: u32 = 36;
export const HOOK_FAILURES: u32 = 37;
export const HOOK_CLOSES: u32 = 38; //             vm_ops->close calls
export const HOOK_OPENS: u32 = 39; //              vm_ops->open calls
export const HOOK_MAPPED: u32 = 40; //             vm_ops->mapped calls
export const HOOK_ACTIONS: u32 = 41; //            actions begun after insertion
export const HOOK_LATE_FAILURES: u32 = 51; //      actions and mapped calls that failed: the mapping stood already
export const HOOK_ALLOCATIONS: u32 = 59; //       memory that drivers took for a mapping
// file references and reverse map ----------------------------------------------------------------
export const FILE_GETS: u32 = 42;
export const FILE_PUTS: u32 = 43;
export const FILE_RMAP_INSERTS: u32 = 44;
export const FILE_RMAP_REMOVES: u32 = 45;
// accounting -------------------------------------------------------------------------------------
export const ACCOUNT_CHARGES: u32 = 46; //         calls, not pages
export const ACCOUNT_UNCHARGES: u32 = 47;
export const ACCOUNT_FAILURES: u32 = 48;
// anon_vma -----------------------------------------------------------------------------------------
export const ANON_ALLOCATED: u32 = 49;
export const ANON_LINKS: u32 = 50; //              entries made in anon_vma chains
// unwinding --------------------------------------------------------------------------------------
export const UNWIND_ABORTS: u32 = 52; //           aborted MAP_FIXED gathers, of either behaviour
export const UNWIND_REATTACHED: u32 = 53; //       VMAs put back by abort behaviour 1
export const UNWIND_HOLES: u32 = 54; //            failures that leave a hole: the old mappings are lost
export const UNWIND_STEPS: u32 = 55; //            single things undone (object, reference, charge, ...)
// pages ------------------------------------------------------------------------------------------
export const PAGE_FAULTS: u32 = 60;
export const PAGE_WALKS: u32 = 61; //              hardware walks
export const PAGE_WALK_STEPS: u32 = 62; //         table entries the hardware walker read
export const PAGE_PTES_SET: u32 = 63;
export const PAGE_PTES_CLEARED: u32 = 64;
export const PAGE_TABLES_ALLOCATED: u32 = 65;
export const PAGE_TABLES_FREED: u32 = 66;
export const PAGE_FRAMES_ALLOCATED: u32 = 67;
export const PAGE_FRAMES_FREED: u32 = 68;
export const PAGE_HUGE_SET: u32 = 69; //           PMD entries that are pages of 2 MiB
export const PAGE_HUGE_CLEARED: u32 = 70;
export const PAGE_HUGE_SPLITS: u32 = 71;
export const PAGE_STEPS_FROM_L1: u32 = 83; //      walk steps by the cache that had the entry, where caches are modelled
export const PAGE_STEPS_FROM_L2: u32 = 84;
export const PAGE_STEPS_FROM_L3: u32 = 85;
export const PAGE_STEPS_FROM_MEMORY: u32 = 86;
// TLB --------------------------------------------------------------------------------------------
export const TLB_L1_HITS: u32 = 72;
export const TLB_L2_HITS: u32 = 73;
export const TLB_MISSES: u32 = 74;
export const TLB_PSC_HITS: u32 = 75; //            walks that a paging-structure cache shortened
export const TLB_SINGLE_FLUSHES: u32 = 76;
export const TLB_FULL_FLUSHES: u32 = 77;
export const TLB_SHOOTDOWNS: u32 = 78; //          flushes that interrupted other CPUs
export const TLB_IPIS: u32 = 79; //                CPUs interrupted by them
export const TLB_FLUSHES_SKIPPED: u32 = 80; //     CPUs left alone: idle, or running something else
export const TLB_BROADCASTS: u32 = 81; //          INVLPGB
export const TLB_SWITCHES: u32 = 82; //            address spaces loaded

/** Size of the counter table, in events. */
export const EVENT_COUNT: u32 = 88;

/** Adds `by` to an event. Nothing is left of it in the timing build. */
@inline
export function count(event: u32, by: u32 = 1): void {
  if (COUNTING) {
    const at = COUNTERS_AT + ((<usize>event) << 3);
    store<u64>(at, load<u64>(at) + <u64>by);
  }
}

/** What an event has been counted to; 0 in the timing build. */
export function counter(event: u32): u64 {
  return COUNTING ? load<u64>(COUNTERS_AT + ((<usize>event) << 3)) : 0;
}
