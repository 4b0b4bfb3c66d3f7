// What the steps of a mmap are called: short names for programs and tests, sentences and kernel functions for
// people.

import * as abi from "../core/abi.js";

export interface StepName {
  /** Stable name, as tests and `--json` have it. */
  id: string;
  title: string;
  /** The kernel's function, of 7.3 where the profiles differ. */
  kernel: string;
  /** Part of taking things back. */
  unwinding?: true;
}

const NAMES: Readonly<Record<number, StepName>> = {
  [abi.STEP_CHECKS]: {
    id: "checks",
    title: "check the arguments and map_count",
    kernel: "do_mmap",
  },
  [abi.STEP_PLACE]: {
    id: "place",
    title: "choose the address",
    kernel: "__get_unmapped_area",
  },
  [abi.STEP_FILE_CHECKS]: {
    id: "file-checks",
    title: "check the file, work out vm_flags",
    kernel: "do_mmap",
  },
  [abi.STEP_REGION_CHECKS]: {
    id: "region-checks",
    title: "write-execute, and whether the file takes writers",
    kernel: "mmap_region",
  },
  [abi.STEP_UNMAP]: {
    id: "unmap",
    title: "unmap what is there, for good",
    kernel: "do_vmi_munmap",
  },
  [abi.STEP_GATHER]: {
    id: "gather",
    title: "split at the edges, detach what is overlapped (it stays in the tree)",
    kernel: "vms_gather_munmap_vmas",
  },
  [abi.STEP_NEIGHBOURS]: {
    id: "neighbours",
    title: "find what it overlaps or touches",
    kernel: "vma_iter_next_rewind",
  },
  [abi.STEP_LIMITS]: { id: "limits", title: "RLIMIT_AS, RLIMIT_DATA", kernel: "may_expand_vm" },
  [abi.STEP_CHARGE]: {
    id: "charge",
    title: "charge committed memory",
    kernel: "security_vm_enough_memory_mm",
  },
  [abi.STEP_CLEAN_UP]: {
    id: "clean-up",
    title: "clear the old pages, close the old VMAs",
    kernel: "vms_clean_up_area",
  },
  [abi.STEP_HOOK_PROTO]: {
    id: "hook.proto",
    title: ".mmap_proto() on a descriptor",
    kernel: "call_mmap_proto",
  },
  [abi.STEP_HOOK_PREPARE]: {
    id: "hook.prepare",
    title: ".mmap_prepare() on a descriptor",
    kernel: "call_mmap_prepare",
  },
  [abi.STEP_ACTION_PREPARE]: {
    id: "action.prepare",
    title: "flags and checks of the action it asks for",
    kernel: "mmap_action_prepare",
  },
  [abi.STEP_KSM]: { id: "ksm", title: "set the mergeable bit", kernel: "ksm_vma_flags" },
  [abi.STEP_FIRST_MERGE]: {
    id: "merge.first",
    title: "try to merge with the neighbours",
    kernel: "vma_merge_new_range",
  },
  [abi.STEP_ALLOCATE]: { id: "allocate", title: "allocate a VMA", kernel: "vm_area_alloc" },
  [abi.STEP_RESERVE]: {
    id: "reserve",
    title: "reserve maple nodes for its store",
    kernel: "vma_iter_prealloc",
  },
  [abi.STEP_GET_FILE]: { id: "file", title: "the VMA's reference to the file", kernel: "get_file" },
  [abi.STEP_HOOK_MMAP]: { id: "hook.mmap", title: ".mmap() on the VMA", kernel: "mmap_file" },
  [abi.STEP_HOOK_COMPAT]: {
    id: "hook.compat",
    title: ".mmap() of the stacked file: a descriptor made of the VMA",
    kernel: "compat_vma_mmap",
  },
  [abi.STEP_SHMEM]: {
    id: "shmem",
    title: "a file for shared anonymous memory",
    kernel: "shmem_zero_setup",
  },
  [abi.STEP_LATE_CHECKS]: {
    id: "late-checks",
    title: "writers and write-execute, on what the hook made of the flags",
    kernel: "mmap_region",
  },
  [abi.STEP_INSERT]: {
    id: "insert",
    title: "store the VMA; map_count, reverse map",
    kernel: "vma_iter_store_new",
  },
  [abi.STEP_SECOND_MERGE]: {
    id: "merge.second",
    title: "try again, with the hook's flags",
    kernel: "vma_merge_existing_range",
  },
  [abi.STEP_GIVE_OPS]: {
    id: "give-ops",
    title: "the descriptor's ops and private data go to the VMA",
    kernel: "set_vma_user_defined_fields",
  },
  [abi.STEP_COMPLETE]: {
    id: "complete",
    title: "free what was replaced, count pages",
    kernel: "__mmap_complete",
  },
  [abi.STEP_ACTION_COMPLETE]: {
    id: "action.complete",
    title: "carry out the action: set PTEs",
    kernel: "mmap_action_complete",
  },
  [abi.STEP_MAPPED]: { id: "mapped", title: "vm_ops->mapped()", kernel: "mmap_action_finish" },
  [abi.STEP_UNDO_CLOSE]: {
    id: "undo.close",
    title: "vm_ops->close() after a hook that succeeded",
    kernel: "vma_close",
    unwinding: true,
  },
  [abi.STEP_UNDO_HOOK]: {
    id: "undo.hook",
    title: "put the file, zap the hook's pages, free tables",
    kernel: "unmap_region",
    unwinding: true,
  },
  [abi.STEP_UNDO_ALLOCATE]: {
    id: "undo.allocate",
    title: "give back nodes and VMA",
    kernel: "vma_iter_free",
    unwinding: true,
  },
  [abi.STEP_UNDO_CHARGE]: {
    id: "undo.charge",
    title: "give back the charge",
    kernel: "vm_unacct_memory",
    unwinding: true,
  },
  [abi.STEP_UNDO_FILE]: {
    id: "undo.file",
    title: "put the file that the hook handed over",
    kernel: "fput",
    unwinding: true,
  },
  [abi.STEP_ABORT_REATTACH]: {
    id: "abort.reattach",
    title: "put the old VMAs back; edge splits stay",
    kernel: "reattach_vmas",
    unwinding: true,
  },
  [abi.STEP_ABORT_HOLE]: {
    id: "abort.hole",
    title: "the old pages are gone: leave a hole",
    kernel: "vms_abort_munmap_vmas",
    unwinding: true,
  },
  [abi.STEP_UNDO_MAPPING]: {
    id: "undo.mapping",
    title: "unmap the finished mapping again",
    kernel: "do_munmap",
    unwinding: true,
  },
};

/** What a STEP_* is called. */
export function stepName(step: number): StepName {
  return NAMES[step] ?? { id: `step-${step}`, title: `step ${step}`, kernel: "" };
}

/** Whether the driver's hook runs in a step. */
export function runsHook(id: string): boolean {
  return id.startsWith("hook.") || id === "mapped";
}
