// What may be found wrong after a hook, and how a real kernel takes what the hook did.

import * as abi from "../core/abi.js";

/** Classes of outcome, in the order of the table. A run may be of several, but `clean` and `refused` stand alone. */
export const CLASSES = {
  clean: "mapped, and nothing else happened",
  refused: "refused, and nothing else happened",
  leaked: "a file reference or a charge is left that nothing owns",
  overput: "a mapping owns a file reference or a charge that was never taken, or that is gone",
  lost: "what was mapped before is gone, though mmap failed or asked for another range",
  skipped: "the hook would have changed the mapping and was never called",
  altered: "a mapping outside the range, there before, has other attributes",
  late: "the mapping stood complete, visible to everyone, before it failed and went again",
  bypassed: "a check that mmap makes does not hold for the mapping that came of it",
  broken: "an invariant of the address space does not hold",
} as const;

export type ClassId = keyof typeof CLASSES;
export const CLASS_IDS = Object.keys(CLASSES) as readonly ClassId[];

/** What was found, finer than its class. */
export const FINDINGS = {
  "file-leak": { class: "leaked", text: "a file keeps a reference of no mapping" },
  "charge-leak": { class: "leaked", text: "committed memory stays charged" },
  "file-overput": { class: "overput", text: "a mapping's file may be freed under it" },
  undercharge: { class: "overput", text: "a mapping gives back a charge that was never made" },
  "old-mapping": { class: "lost", text: "the call failed, and the old mapping is gone" },
  "neighbour-pages": { class: "lost", text: "pages of a neighbour were cleared" },
  "hook-skipped": { class: "skipped", text: "merged before the hook could be called" },
  "neighbour-altered": { class: "altered", text: "a merge overwrote a neighbour's fields" },
  "undone-late": { class: "late", text: "an action or vm_ops->mapped failed" },
  "write-execute": { class: "bypassed", text: "writable and executable in spite of MDWE" },
  "read-only-file": {
    class: "bypassed",
    text: "shared and writable, of a file opened for reading",
  },
  "locked-limit": { class: "bypassed", text: "more locked than RLIMIT_MEMLOCK allows" },
  "data-limit": { class: "bypassed", text: "more data than RLIMIT_DATA allows" },
  tree: { class: "broken", text: "tree and VMAs disagree (rules 1 to 21, 24, 28 to 31)" },
  accounts: { class: "broken", text: "total_vm and its parts are wrong (rules 22, 23, 25)" },
  "anon-offset": { class: "broken", text: "anonymous memory has a file's offset (rule 27)" },
  "reverse-map": { class: "broken", text: "i_mmap and the VMAs disagree" },
} as const satisfies Record<string, { class: ClassId; text: string }>;

export type FindingId = keyof typeof FINDINGS;
export const FINDING_IDS = Object.keys(FINDINGS) as readonly FindingId[];

export interface Reaction {
  /** `warns`: a line in the log, and on it goes. `breaks`: an oops, memory used after it was freed, or corruption. */
  kind: "warns" | "breaks";
  /** What the kernel does, where, in which releases. */
  text: string;
}

/** How real kernels take it; 7.3 was read in its source, older ones as docs/hazards.md says. */
export const REACTIONS = {
  "moved-start": {
    kind: "warns",
    text: "addr != vma->vm_start: WARN_ON and EINVAL up to 6.11, WARN_ON_ONCE and on from 6.12",
  },
  "stored-elsewhere": {
    kind: "breaks",
    text: "stored with the nodes and the kind of store meant for another range; under CONFIG_DEBUG_VM_MAPLE_TREE MAS_WARN_ON, then VM_BUG_ON_MM in validate_mm()",
  },
  "nothing-stored": {
    kind: "breaks",
    text: "vm_start >= vm_end: mas_store_prealloc() over an upside-down range",
  },
  "freed-in-tree": {
    kind: "breaks",
    text: "the store left a replaced VMA in the tree, which is then freed: use after free at the next lookup",
  },
  "neighbour-zapped": {
    kind: "breaks",
    text: "unmap_region() clears vm_start to vm_end as the hook left them: a neighbour's pages, silently",
  },
  "ptes-elsewhere": {
    kind: "breaks",
    text: "remap_pfn_range(): BUG_ON(addr >= end), or BUG_ON(!pte_none) over a neighbour's page; vm_insert_pages(): EBUSY",
  },
  "null-file": { kind: "breaks", text: "fput() or get_file() of NULL: oops" },
  "file-freed": {
    kind: "breaks",
    text: "the last reference is put while a VMA maps the file: use after free",
  },
  "bad-page-map": {
    kind: "warns",
    text: 'special PTEs without PFNMAP or MIXEDMAP: "BUG: Bad page map" when they are cleared',
  },
  "maywrite-gained": {
    kind: "warns",
    text: "VM_WARN_ON_ONCE (CONFIG_DEBUG_VM) in __mmap_new_file_vma(), 7.3",
  },
  "anon-offset": {
    kind: "warns",
    text: "VM_WARN_ON_ONCE (CONFIG_DEBUG_VM) in assert_sane_pgoff(), 7.3",
  },
  "merge-moved": {
    kind: "breaks",
    text: "the second merge (up to 6.11, 6.13 to 6.15) takes a range that is not the one asked for; under CONFIG_DEBUG_VM VM_WARN_ON_VMG from 6.13",
  },
  "merge-swapped": {
    kind: "breaks",
    text: "the second merge settles with the survivor's file what the VMA holds of another, 6.13 to 6.15",
  },
} as const satisfies Record<string, Reaction>;

export type ReactionId = keyof typeof REACTIONS;
export const REACTION_IDS = Object.keys(REACTIONS) as readonly ReactionId[];

/** The reactions that the core reports itself. */
export const OF_ALARM: readonly (readonly [number, ReactionId])[] = [
  [abi.ALARM_MOVED_START, "moved-start"],
  [abi.ALARM_STORED_ELSEWHERE, "stored-elsewhere"],
  [abi.ALARM_NOTHING_STORED, "nothing-stored"],
  [abi.ALARM_ZAPPED_ELSEWHERE, "neighbour-zapped"],
  [abi.ALARM_PTES_ELSEWHERE, "ptes-elsewhere"],
  [abi.ALARM_NULL_FILE, "null-file"],
  [abi.ALARM_MAYWRITE, "maywrite-gained"],
  [abi.ALARM_MERGE_MOVED, "merge-moved"],
  [abi.ALARM_ANON_OFFSET, "anon-offset"],
];
