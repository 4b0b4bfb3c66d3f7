// Page faults: what the kernel puts into the tables when a page is touched.

import {
  OPS_FAULT, OPS_MAP_PAGES, VM_MIXEDMAP, VM_PFNMAP, VM_SHARED, VM_WRITE,
} from "../abi";
import { count, PAGE_FAULTS, PAGE_FRAMES_ALLOCATED, PAGE_PTES_SET } from "../events";
import { PATH_FAULT, slow } from "../slow";
import { lookup, vmaTree } from "../maple/cursor";
import { walk } from "../maple/walk";
import { prepareAnon } from "../vma/anon";
import { isReadable } from "../vma/flags";
import { driverOf, exists, fileOf, mm, Vma, vmaOf } from "../vma/record";
import { flushPage } from "../tlb/invalidate";
import { hitsL1, translate } from "../tlb/translate";
import {
  cacheFrame, DIRTY, entryOffset, FIRST_ANONYMOUS_FRAME, isHuge, isMapped, isOwn, isTable, makeEntry, PMD_SIZE,
  PTE_SHIFT, SPECIAL, tableBase, WRITABLE, ZERO_FRAME,
} from "./entry";
import { installHuge, makeHugeWritable, suitsHuge } from "./huge";
import { findPmd, makePmd, makePteTable, ROOT } from "./tables";

/** Entries that one read fault may install for pages already in the page cache (fault_around_bytes / 4096). */
const FAULT_AROUND: u64 = 16;

/** Accesses one page as the processor does, with faults as needed. False where the program would get a signal. */
@inline export function access(addr: u64, write: bool): bool { return hitsL1(addr, write) || accessBeyond(addr, write); }

function accessBeyond(addr: u64, write: bool): bool {
  do {
    if (translate(addr, write)) return true;
  } while (fault(addr & ~0xfff, write));
  return false;
}

/** Has a page's entry made as a fault would, without an access (faultin_page). False as for `access`. */
export function faultIn(page: u64, write: bool): bool {
  const pmd = findPmd(ROOT, page);
  const upper = pmd ? load<u64>(pmd) : 0;
  if (isHuge(upper) || isTable(upper)) {
    const entry = isHuge(upper) ? upper : load<u64>(tableBase(upper) + entryOffset(page, PTE_SHIFT));
    if (isMapped(entry) && (!write || (entry & WRITABLE) != 0)) return true;
  }
  return fault(page, write);
}

/** handle_mm_fault: false for SIGSEGV, SIGBUS, or no memory. */
function fault(page: u64, write: bool): bool {
  slow(PATH_FAULT);
  count(PAGE_FAULTS);
  const c = lookup;
  c.enter(vmaTree, page);
  const vma = vmaOf(walk(c));
  if (!exists(vma)) return false;
  if (write ? (vma.flags & VM_WRITE) == 0 : !isReadable(vma.flags)) return false;
  const pmd = makePmd(ROOT, page);
  if (pmd == 0) return false;
  const upper = load<u64>(pmd);
  if (isHuge(upper)) {
    if (!write || (upper & WRITABLE) != 0) return false; // PROT_NONE by its entry, whatever the VMA says
    makeHugeWritable(vma, pmd, page);
    return true;
  }
  if (upper == 0 && suitsHuge(vma, page)) return installHuge(vma, pmd, write);
  const table = makePteTable(pmd);
  if (table == 0) return false;
  const at = table + entryOffset(page, PTE_SHIFT);
  const entry = load<u64>(at);
  if (isMapped(entry)) return write && makeWritable(vma, at, entry, page);
  if (vma.ops == 0) { // shared, it lacks the file that ops would have come with (do_anonymous_page)
    if (vma.flags & VM_SHARED) return false;
    return write ? installOwn(vma, at) : installZero(vma, at);
  }
  return vma.file != 0 && (vma.ops & OPS_FAULT) != 0 && fileFault(vma, table, page, write);
}

/** A write to a present, read-only entry: copy on write, or write notification of a shared mapping. */
function makeWritable(vma: Vma, at: usize, entry: u64, page: u64): bool {
  const own = isOwn(entry);
  if (!own && (vma.flags & (VM_SHARED | VM_PFNMAP)) == 0) {
    if (!installOwn(vma, at)) return false;
    flushPage(page);
    return true;
  }
  setEntry(at, entry | WRITABLE | DIRTY);
  return true;
}

@inline function setEntry(at: usize, entry: u64): void {
  count(PAGE_PTES_SET);
  store<u64>(at, entry);
}

/** A fresh page of the process's own. */
function installOwn(vma: Vma, at: usize): bool {
  if (!prepareAnon(vma)) return false;
  count(PAGE_FRAMES_ALLOCATED);
  setEntry(at, makeEntry(FIRST_ANONYMOUS_FRAME + mm.frameNext++, vma.flags) | WRITABLE | DIRTY);
  return true;
}

function installZero(vma: Vma, at: usize): bool {
  setEntry(at, makeEntry(ZERO_FRAME, vma.flags) | SPECIAL);
  return true;
}

function fileFault(vma: Vma, table: usize, page: u64, write: bool): bool {
  const file = fileOf(vma.file);
  const offset = vma.pgoff + ((page - vma.start) >> 12);
  if (vma.flags & (VM_PFNMAP | VM_MIXEDMAP)) {
    // a private mapping of inserted pages is copied when written, like any other (do_cow_fault)
    const isCopied = (vma.flags & (VM_SHARED | VM_PFNMAP)) == 0;
    if (write && isCopied) return installOwn(vma, table + entryOffset(page, PTE_SHIFT));
    const bits = SPECIAL | (vma.flags & VM_WRITE && !isCopied ? WRITABLE | DIRTY : 0);
    setEntry(table + entryOffset(page, PTE_SHIFT), makeEntry(driverOf(file).pfn + offset, vma.flags) | bits);
    return true;
  }
  if (file.size != 0 && offset >= file.size) return false;
  if (write && (vma.flags & VM_SHARED) == 0) return installOwn(vma, table + entryOffset(page, PTE_SHIFT));
  if (!write && vma.ops & OPS_MAP_PAGES) {
    faultAround(vma, table, page);
    return true;
  }
  const bits: u64 = write ? WRITABLE | DIRTY : 0;
  setEntry(table + entryOffset(page, PTE_SHIFT), makeEntry(cacheFrame(file.firstPfn + offset), vma.flags) | bits);
  return true;
}

/**
 * Maps cached pages around a read: 16 from the aligned start, or from the VMA's start if that is higher, within
 * VMA and table (do_fault_around). Every page counts as cached.
 */
function faultAround(vma: Vma, table: usize, page: u64): void {
  const first = max<u64>(page & ~(FAULT_AROUND * 0x1000 - 1), vma.start);
  const stop = min<u64>(min<u64>(first + FAULT_AROUND * 0x1000, vma.end), (page & ~(PMD_SIZE - 1)) + PMD_SIZE);
  const file = fileOf(vma.file);
  const frame = file.firstPfn + vma.pgoff;
  for (let addr = first; addr < stop; addr += 0x1000) {
    if (file.size != 0 && vma.pgoff + ((addr - vma.start) >> 12) >= file.size) return;
    const at = table + entryOffset(addr, PTE_SHIFT);
    if (load<u64>(at) == 0) setEntry(at, makeEntry(cacheFrame(frame + ((addr - vma.start) >> 12)), vma.flags));
  }
}
