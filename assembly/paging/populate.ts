// Drivers that fill a mapping before mmap returns.

import { ENOMEM, VM_SHARED, VM_WRITE } from "../abi";
import { count, PAGE_PTES_SET, UNWIND_STEPS } from "../events";
import { Vma } from "../vma/record";
import { DIRTY, entryOffset, makeEntry, PTE_SHIFT, SPECIAL, WRITABLE } from "./entry";
import { beginFlush, endFlush } from "./gather";
import { makePmd, makePteTable, ROOT } from "./tables";
import { zapRange } from "./zap";

/** Installs at most this many entries, then fails; see `installFrames`. */
export const NO_FAILURE: u64 = u64.MAX_VALUE;

/**
 * Installs `pages` entries from `start` on for consecutive frames, page by page: `special` ones have no page
 * behind them. Stops with ENOMEM after `failAfter` of them, or when a table cannot be had. Returns 0 or the
 * errno; `installed()` tells how many there are.
 */
export function installFrames(vma: Vma, start: u64, pages: u64, frame: u64, special: bool, failAfter: u64): u32 {
  let bits: u64 = special ? SPECIAL : 0;
  if (vma.flags & VM_WRITE && (vma.flags & VM_SHARED || special)) bits |= WRITABLE | DIRTY;
  let table: usize = 0;
  done = 0;
  for (let addr = start; done < pages; addr += 0x1000) {
    if (done == failAfter) return ENOMEM;
    const offset = entryOffset(addr, PTE_SHIFT);
    if (table == 0 || offset == 0) {
      const pmd = makePmd(ROOT, addr);
      table = pmd ? makePteTable(pmd) : 0;
      if (table == 0) return ENOMEM;
    }
    store<u64>(table + offset, makeEntry(frame + done, vma.flags) | bits);
    count(PAGE_PTES_SET);
    done++;
  }
  return 0;
}

let done: u64 = 0;
export function installed(): u64 { return done; }

/** remap_pfn_range takes its own partial work back before it reports an error. */
export function undoRemap(start: u64): void {
  count(UNWIND_STEPS);
  beginFlush();
  zapRange(start, start + (done << 12));
  endFlush();
}
