// Anonymous 2 MiB pages: one PMD entry instead of a table of 512. Whether the VMA wants them is a matter of
// policy (settings.thpEnabled, madvise); khugepaged, which makes them later, is left out. (mm/huge_memory.c, 7.3)

import { THP_ALWAYS, THP_NEVER, VM_HUGEPAGE, VM_NOHUGEPAGE } from "../abi";
import {
  count, PAGE_FRAMES_ALLOCATED, PAGE_FRAMES_FREED, PAGE_HUGE_CLEARED, PAGE_HUGE_SET, PAGE_HUGE_SPLITS, PAGE_PTES_SET,
} from "../events";
import { prepareAnon } from "../vma/anon";
import { mm, Vma } from "../vma/record";
import {
  DIRTY, ENTRIES, FIRST_ANONYMOUS_FRAME, frameOf, HUGE, HUGE_ZERO_FRAME, isOwn, makeEntry, PMD_SIZE, SPECIAL,
  WRITABLE, ZERO_FRAME,
} from "./entry";
import { flushHuge, noteHuge } from "./gather";
import { depositTable, freeDeposited, tableEntry, withdrawTable } from "./tables";

/** Whether a fault at `addr` may map 2 MiB at once: policy, and the aligned range all inside the VMA. */
export function suitsHuge(vma: Vma, addr: u64): bool {
  if (mm.thp == 0 || mm.thpEnabled == THP_NEVER || vma.ops != 0 || vma.flags & VM_NOHUGEPAGE) return false;
  if (mm.thpEnabled != THP_ALWAYS && (vma.flags & VM_HUGEPAGE) == 0) return false;
  const start = addr & ~(PMD_SIZE - 1);
  return start >= vma.start && start + PMD_SIZE <= vma.end;
}

/**
 * Maps 2 MiB where nothing is: for a write a fresh page, for a read the page of zeroes. Either gives the VMA its
 * anon_vma. False without memory (do_huge_pmd_anonymous_page).
 */
export function installHuge(vma: Vma, pmd: usize, write: bool): bool {
  if (!prepareAnon(vma) || !depositTable()) return false;
  if (write) {
    setHuge(pmd, freshEntry(vma));
  } else {
    setHuge(pmd, makeEntry(HUGE_ZERO_FRAME, vma.flags) | HUGE | SPECIAL);
  }
  return true;
}

/** A write to a present 2 MiB page that is not writable: ours by now, or the page of zeroes (do_huge_pmd_wp_page). */
export function makeHugeWritable(vma: Vma, pmd: usize, addr: u64): void {
  const entry = load<u64>(pmd);
  if (isOwn(entry)) { // more rights: a stale entry costs at most another fault
    setHuge(pmd, entry | WRITABLE | DIRTY);
    return;
  }
  setHuge(pmd, freshEntry(vma));
  flushHuge(addr);
}

function freshEntry(vma: Vma): u64 {
  count(PAGE_FRAMES_ALLOCATED, <u32>ENTRIES);
  const first = (mm.frameNext + ENTRIES - 1) & ~(ENTRIES - 1);
  mm.frameNext = first + ENTRIES;
  return makeEntry(FIRST_ANONYMOUS_FRAME + first, vma.flags) | HUGE | WRITABLE | DIRTY;
}

@inline function setHuge(pmd: usize, entry: u64): void {
  count(PAGE_HUGE_SET);
  store<u64>(pmd, entry);
}

/** Takes a 2 MiB page out of the tables; `gone`: its frames are free (zap_huge_pmd). */
export function clearHuge(pmd: usize, addr: u64, gone: bool): void {
  const entry = load<u64>(pmd);
  store<u64>(pmd, 0);
  count(PAGE_HUGE_CLEARED);
  if (gone && isOwn(entry)) count(PAGE_FRAMES_FREED, <u32>ENTRIES);
  freeDeposited();
  noteHuge(addr & ~(PMD_SIZE - 1));
}

/** Gives a 2 MiB page other rights. */
export function changeHuge(pmd: usize, entry: u64): void { setHuge(pmd, entry); }

/** Turns a 2 MiB page into 512 entries of the table set aside for it (__split_huge_pmd). */
export function splitHuge(pmd: usize, addr: u64): void {
  const entry = load<u64>(pmd);
  const table = withdrawTable();
  const own = isOwn(entry);
  const frame = own ? frameOf(entry) : ZERO_FRAME;
  const bits = (entry & ~HUGE) - (frameOf(entry) << 12);
  for (let i: u64 = 0; i < ENTRIES; i++) {
    store<u64>(table + (<usize>i << 3), ((frame + (own ? i : 0)) << 12) | bits);
  }
  count(PAGE_HUGE_SPLITS);
  count(PAGE_PTES_SET, <u32>ENTRIES);
  store<u64>(pmd, tableEntry(table));
  flushHuge(addr);
}
