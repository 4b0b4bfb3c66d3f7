// The terms of a model for nanoseconds: what is counted together because it costs about the same, or because no
// measurement of calls could tell it apart.

/** A term: its price times how often these things happened. */
export interface Term {
  id: string;
  title: string;
  /** Events of the core, and calls as src/predict/work.ts names them. */
  counts: readonly string[];
}

const term = (id: string, title: string, ...counts: string[]): Term => ({ id, title, counts });

/** All terms that are tried; a fit leaves out or joins those that its data cannot tell apart. */
export const TERMS: readonly Term[] = [
  term("call", "what every memory call does", "call"),
  term("mmap", "a mmap that succeeds", "call.mmap"),
  term("munmap", "a munmap that succeeds", "call.munmap"),
  term("mprotect", "a mprotect that succeeds", "call.mprotect"),
  term("mremap", "a mremap that succeeds", "call.mremap"),
  term("brk", "a brk that succeeds", "call.brk"),
  term("madvise", "a madvise that succeeds", "call.madvise"),
  term("fork", "a fork, and the end of the child", "call.fork"),
  term("memory-object", "an object for shared memory without a file", "call.memory-object"),
  term(
    "node-read",
    "maple node visited",
    "maple.nodeReads",
    "maple.writeWalkReads",
    "maple.gapWalkReads",
    "maple.extraAscends",
  ),
  term("store", "store into a maple tree", "maple.stores", "maple.sideStores"),
  term("node", "maple node built, its slots filled, an old one freed", "maple.nodesAllocated"),
  term("gap", "gap propagated to a parent", "maple.gapLevels"),
  term(
    "rebuild",
    "split, rebalance or spanning store",
    "maple.splits",
    "maple.rebalances",
    "maple.spanningStores",
  ),
  term("vma-allocated", "VMA made", "vma.allocated"),
  term("vma-freed", "VMA freed", "vma.freed"),
  term("vma-border", "VMA's border moved", "vma.expanded", "vma.shrunk"),
  term("merge", "merge attempt", "merge.attempts"),
  term("hook", "driver's hook called", "hook.calls"),
  term("file", "file reference taken or given back", "file.gets", "file.puts"),
  term("rmap", "reverse map changed", "file.rmapInserts", "file.rmapRemoves"),
  term("anon", "anon_vma made or linked", "anon.allocated", "anon.links"),
  term("charge", "committed memory charged or given back", "account.charges", "account.uncharges"),
  term("unwind", "single thing undone", "unwind.steps"),
  term("fault", "page fault", "page.faults"),
  term("frame-allocated", "page taken and cleared", "page.framesAllocated"),
  term("frame-freed", "page given back", "page.framesFreed"),
  term("pte-set", "page-table entry set", "page.ptesSet"),
  term("pte-cleared", "page-table entry cleared", "page.ptesCleared"),
  term("table-allocated", "page table made", "page.tablesAllocated"),
  term("table-freed", "page table freed", "page.tablesFreed"),
  term("flush-page", "TLB flush of a page", "tlb.singleFlushes"),
  term("flush-all", "TLB flush of everything", "tlb.fullFlushes"),
  term("access", "memory access", "access"),
  term("tlb-l2", "address found in the second TLB", "tlb.l2Hits"),
  term("tlb-miss", "address that had to be walked for", "tlb.misses"),
];

/** How often a term happened. */
export function timesOf(
  { counts }: Pick<Term, "counts">,
  work: Readonly<Record<string, number>>,
): number {
  return counts.reduce((sum, name) => sum + (work[name] ?? 0), 0);
}
