// The steps of a mmap, in the order in which they were taken: what `vmabench explain` shows. The work build
// writes them down when asked to, each with the counters as they stood when it began; in the timing build
// nothing is left of it.

import { COUNTING, EVENT_COUNT } from "./events";
import { COUNTERS_AT, STEP_LIMIT, STEPS_AT } from "./memory";
import { heldNodes } from "./maple/node";
import { mm } from "./vma/record";

// Before the protocol --------------------------------------------------------------------------
export const STEP_CHECKS: u32 = 1; //            arguments, map_count
export const STEP_PLACE: u32 = 2; //             an address is chosen
export const STEP_FILE_CHECKS: u32 = 3; //       modes, lock limit, vm_flags
// The protocol ---------------------------------------------------------------------------------
export const STEP_REGION_CHECKS: u32 = 8; //     write-execute, writers of the file
export const STEP_UNMAP: u32 = 9; //             overlapped mappings unmapped for good (6.11)
export const STEP_GATHER: u32 = 10; //           overlapped VMAs split at the edges, into the side tree
export const STEP_NEIGHBOURS: u32 = 11; //       what the range overlaps or touches looked up
export const STEP_LIMITS: u32 = 12; //           RLIMIT_AS, RLIMIT_DATA
export const STEP_CHARGE: u32 = 13; //           committed memory
export const STEP_CLEAN_UP: u32 = 14; //         pages of what is replaced cleared, `close` called
export const STEP_HOOK_PROTO: u32 = 15;
export const STEP_HOOK_PREPARE: u32 = 16;
export const STEP_ACTION_PREPARE: u32 = 17; //   flags and checks of the action that the hook asked for
export const STEP_KSM: u32 = 18; //              the mergeable bit
export const STEP_FIRST_MERGE: u32 = 19;
export const STEP_ALLOCATE: u32 = 20; //         a VMA object
export const STEP_RESERVE: u32 = 21; //          maple nodes for its store
export const STEP_GET_FILE: u32 = 32;
export const STEP_HOOK_MMAP: u32 = 22;
export const STEP_HOOK_COMPAT: u32 = 23; //      .mmap of a stacked file; the inner hook is a step of its own
export const STEP_SHMEM: u32 = 24; //            a file for shared anonymous memory
export const STEP_LATE_CHECKS: u32 = 25; //      region checks after the hook (6.11)
export const STEP_INSERT: u32 = 26; //           into tree, map_count, reverse map
export const STEP_SECOND_MERGE: u32 = 27;
export const STEP_GIVE_OPS: u32 = 28; //         what the descriptor says goes to the VMA
export const STEP_COMPLETE: u32 = 29; //         replaced VMAs freed, counters
export const STEP_ACTION_COMPLETE: u32 = 30;
export const STEP_MAPPED: u32 = 31;
// Part of a merge attempt: what each side said; the detail is a REFUSED_* of abi.ts, the value says more -----
export const STEP_SIDE_BELOW: u32 = 33; //       the VMA below the range
export const STEP_SIDE_ABOVE: u32 = 34; //       the VMA above
export const STEP_SIDE_OWN: u32 = 35; //         the mapping itself, whatever stands beside it
// Unwinding ------------------------------------------------------------------------------------
export const STEP_UNDO_CLOSE: u32 = 40; //       `close` after a hook that succeeded (6.11)
export const STEP_UNDO_HOOK: u32 = 41; //        reference put, pages zapped
export const STEP_UNDO_ALLOCATE: u32 = 42; //    nodes and object given back
export const STEP_UNDO_CHARGE: u32 = 43;
export const STEP_UNDO_FILE: u32 = 44; //        the reference that the hook handed over
export const STEP_ABORT_REATTACH: u32 = 45; //   old mappings as they were, but for their splits
export const STEP_ABORT_HOLE: u32 = 46; //       old mappings lost
export const STEP_UNDO_MAPPING: u32 = 47; //     a finished mapping unmapped again
export const STEP_END: u32 = 63;

/** Bytes of one step: number, detail, value, the state and the counters when it began. */
export const STEP_SIZE: u32 = 744;
export const STEP_VALUE: u32 = 8;
export const STEP_VMAS: u32 = 16; //       u64, map_count
export const STEP_COMMITTED: u32 = 24; //  i64, pages charged
export const STEP_HELD: u32 = 32; //       u32, maple nodes reserved and not taken
export const STEP_COUNTERS: u32 = 40;
if (STEP_SIZE != STEP_COUNTERS + EVENT_COUNT * 8) ERROR("a step holds every counter");

//  STEPS_AT  +----+----+------+--------+-------+------+-----------+------+---+-------------------+----
//            | on | n  | step | detail | value | VMAs | committed | held | 0 | counter 0, 1, ... | ...
//            +----+----+------+--------+-------+------+-----------+------+---+-------------------+----

/** A step begins. */
@inline
export function step(id: u32, detail: u32 = 0): void {
  if (COUNTING) writeStep(id, detail, 0);
}

/** Whether steps are written down. False in the timing build. */
@inline
export function isWatched(): bool { return COUNTING && load<u32>(STEPS_AT) != 0; }

/** Part of a step; only to be called where the step is watched. */
export function note(id: u32, detail: u32, value: u64): void { writeStep(id, detail, value); }

function writeStep(id: u32, detail: u32, value: u64): void {
  if (load<u32>(STEPS_AT) == 0) return;
  const n = load<u32>(STEPS_AT, 4);
  if (n == STEP_LIMIT) return;
  const at = STEPS_AT + 8 + <usize>n * STEP_SIZE;
  store<u32>(at, id);
  store<u32>(at, detail, 4);
  store<u64>(at, value, STEP_VALUE);
  store<u64>(at, mm.mapCount, STEP_VMAS);
  store<i64>(at, mm.committed, STEP_COMMITTED);
  store<u32>(at, heldNodes(), STEP_HELD);
  memory.copy(at + STEP_COUNTERS, COUNTERS_AT, <usize>EVENT_COUNT << 3);
  store<u32>(STEPS_AT, n + 1, 4);
}
