// mremap: entries go to another address, a whole upper entry at once where both sides allow it, else page by
// page (move_page_tables; mm/mremap.c, 7.3).

import { count, PAGE_HUGE_CLEARED, PAGE_HUGE_SET, PAGE_PTES_CLEARED, PAGE_PTES_SET } from "../events";
import { lookup, vmaTree } from "../maple/cursor";
import { find } from "../maple/walk";
import { Vma } from "../vma/record";
import { entryOffset, isHuge, isTable, PMD_SIZE, PTE_SHIFT, PUD_SIZE, tableBase } from "./entry";
import { beginFlush, endFlush, flushHuge, noteSpan, notePage } from "./gather";
import { splitHuge } from "./huge";
import { findPmd, findPud, makePmd, makePteTable, makePud, ROOT } from "./tables";

/**
 * Moves the entries of [from, from + length), part of `source`, to `to` in `target`; the number of bytes done,
 * less without memory.
 *
 *        2 MiB border                    both starts equally far behind a border, and nothing before them down to
 *   .          |  source ******* |       it: the move begins at the border, so that whole tables can go
 */
export function movePages(source: Vma, target: Vma, from: u64, to: u64, length: u64): u64 {
  const end = from + length;
  let addr = from;
  let place = to;
  const into = from & (PMD_SIZE - 1);
  const aligned = into != 0 && into == (to & (PMD_SIZE - 1)) && length >= PMD_SIZE - into;
  if (aligned && isFreeBelow(source, from, into) && isFreeBelow(target, to, into)) {
    addr -= into;
    place -= into;
  }
  while (addr < end) {
    let step = reach(addr, place, end, PUD_SIZE);
    const oldPud = findPud(ROOT, addr);
    if (oldPud != 0 && isTable(load<u64>(oldPud))) {
      const newPud = makePud(ROOT, place);
      if (newPud == 0) break;
      if (step < PUD_SIZE || !moveTable(oldPud, newPud, addr, PUD_SIZE)) {
        step = reach(addr, place, end, PMD_SIZE);
        if (!moveBelowPmd(addr, place, step)) break;
      }
    }
    addr += step;
    place += step;
  }
  return addr < from ? 0 : min<u64>(addr, end) - from;
}

/** Nothing is mapped from the border below a VMA that begins at `addr` up to it (can_align_down). */
function isFreeBelow(vma: Vma, addr: u64, into: u64): bool {
  if (vma.start != addr) return false;
  lookup.enter(vmaTree, addr - into);
  return find(lookup, addr - 1) == 0;
}

/** Bytes to the next border of `size` on either side, or the end (get_extent). */
function reach(addr: u64, place: u64, end: u64, size: u64): u64 {
  const old = size - (addr & (size - 1));
  const made = size - (place & (size - 1));
  return min<u64>(min<u64>(old, made), end - addr);
}

/** One PMD entry's worth. False without memory. */
function moveBelowPmd(addr: u64, place: u64, step: u64): bool {
  const old = findPmd(ROOT, addr);
  if (old == 0 || load<u64>(old) == 0) return true;
  const made = makePmd(ROOT, place);
  if (made == 0) return false;
  if (isHuge(load<u64>(old))) {
    if (step == PMD_SIZE && moveHuge(old, made, addr)) return true;
    splitHuge(old, addr);
  } else if (step == PMD_SIZE && moveTable(old, made, addr, PMD_SIZE)) {
    return true;
  }
  const table = makePteTable(made);
  if (table == 0) return false;
  moveEntries(tableBase(load<u64>(old)), table, addr, place, step);
  return true;
}

function moveEntries(source: usize, table: usize, from: u64, to: u64, length: u64): void {
  beginFlush();
  for (let done: u64 = 0; done < length; done += 0x1000) {
    const at = source + entryOffset(from + done, PTE_SHIFT);
    const entry = load<u64>(at);
    if (entry == 0) continue;
    store<u64>(at, 0);
    store<u64>(table + entryOffset(to + done, PTE_SHIFT), entry);
    count(PAGE_PTES_CLEARED);
    count(PAGE_PTES_SET);
    notePage(from); // all of the step is flushed when anything was there
    notePage(from + length - 0x1000);
  }
  endFlush();
}

/** Hangs a whole table under another entry of its level; false when there is one already. */
function moveTable(old: usize, made: usize, addr: u64, size: u64): bool {
  if (load<u64>(made)) return false;
  store<u64>(made, load<u64>(old));
  store<u64>(old, 0);
  beginFlush();
  noteSpan(addr, addr + size);
  endFlush();
  return true;
}

function moveHuge(old: usize, made: usize, addr: u64): bool {
  if (load<u64>(made)) return false;
  store<u64>(made, load<u64>(old));
  store<u64>(old, 0);
  count(PAGE_HUGE_CLEARED);
  count(PAGE_HUGE_SET);
  flushHuge(addr);
  return true;
}
