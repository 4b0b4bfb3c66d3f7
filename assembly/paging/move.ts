// mremap: entries go to another address, page by page, or a whole PTE table at once where both sides allow it.

import { count, PAGE_PTES_CLEARED, PAGE_PTES_SET } from "../events";
import { entryOffset, isTable, PMD_SIZE, PTE_SHIFT } from "./entry";
import { beginFlush, endFlush, notePage } from "./gather";
import { findPmd, findPteTable, makePmd, makePteTable, skipUnmapped } from "./tables";

/** Moves the entries of [from, from + length) to `to`; the number of bytes done, less without memory (move_page_tables). */
export function movePages(from: u64, to: u64, length: u64): u64 {
  const end = from + length;
  beginFlush();
  let addr = from;
  while (true) {
    addr = skipUnmapped(addr, end);
    if (addr >= end) break;
    const target = addr - from + to;
    // as far as one PTE table reaches on both sides
    const reach = PMD_SIZE - max<u64>(addr & (PMD_SIZE - 1), target & (PMD_SIZE - 1));
    const step = min<u64>(reach, end - addr);
    if (step == PMD_SIZE && moveTable(addr, target)) {
      addr += step;
      continue;
    }
    const source = findPteTable(addr);
    const table = source ? makePteTable(target) : 0;
    if (source != 0 && table == 0) break;
    moveEntries(source, table, addr, target, step);
    addr += step;
  }
  endFlush();
  return min<u64>(addr, end) - from;
}

function moveEntries(source: usize, table: usize, from: u64, to: u64, length: u64): void {
  for (let done: u64 = 0; done < length; done += 0x1000) {
    const at = source + entryOffset(from + done, PTE_SHIFT);
    const entry = load<u64>(at);
    if (entry == 0) continue;
    store<u64>(at, 0);
    store<u64>(table + entryOffset(to + done, PTE_SHIFT), entry);
    count(PAGE_PTES_CLEARED);
    count(PAGE_PTES_SET);
    notePage(from + done);
  }
}

/** Hangs a whole PTE table under another PMD entry; false when that has a table already or there is no memory. */
function moveTable(from: u64, to: u64): bool {
  const old = findPmd(from);
  const at = makePmd(to);
  if (at == 0 || isTable(load<u64>(at))) return false;
  store<u64>(at, load<u64>(old));
  store<u64>(old, 0);
  for (let addr = from; addr < from + PMD_SIZE; addr += 0x1000) notePage(addr);
  return true;
}
