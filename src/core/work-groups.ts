// Events that can be added up, by group: none is part of another.

import type { EventName } from "./abi.js";

export interface WorkGroup {
  name: string;
  events: readonly EventName[];
}

export const WORK_GROUPS: readonly WorkGroup[] = [
  {
    name: "maple nodes visited",
    events: ["maple.nodeReads", "maple.writeWalkReads", "maple.gapWalkReads"],
  },
  {
    name: "maple nodes written, allocated, freed",
    events: ["maple.nodeWrites", "maple.nodesAllocated", "maple.nodesFreed"],
  },
  {
    name: "VMAs allocated, freed, split, resized",
    events: ["vma.allocated", "vma.freed", "vma.split", "vma.expanded", "vma.shrunk"],
  },
  { name: "merge attempts", events: ["merge.attempts"] },
  {
    name: "hook and vm_ops calls",
    events: ["hook.calls", "hook.closes", "hook.opens", "hook.mapped", "hook.actions"],
  },
  {
    name: "file references and reverse map",
    events: ["file.gets", "file.puts", "file.rmapInserts", "file.rmapRemoves"],
  },
  { name: "accounting", events: ["account.charges", "account.uncharges"] },
  {
    name: "PTEs and page tables",
    events: ["page.ptesSet", "page.ptesCleared", "page.tablesAllocated", "page.tablesFreed"],
  },
  {
    name: "TLB flushes and shootdowns",
    events: ["tlb.singleFlushes", "tlb.fullFlushes", "tlb.shootdowns"],
  },
];

/** Events of a group in some counts; absent ones are none. */
export function groupWork(
  counts: Readonly<{ [name in EventName]?: number | undefined }>,
  events: readonly EventName[],
): number {
  return events.reduce((sum, event) => sum + (counts[event] ?? 0), 0);
}

/** Events of all groups. */
export function totalWork(counts: Readonly<{ [name in EventName]?: number | undefined }>): number {
  return WORK_GROUPS.reduce((sum, group) => sum + groupWork(counts, group.events), 0);
}
