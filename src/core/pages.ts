// What the page tables map: read entry by entry from the core's memory, as a processor would find it.

import { TABLES_AT } from "./abi.js";
import type { Core } from "./core.js";

/** One page that an entry maps. Addresses in bytes. */
export interface MappedPage {
  addr: number;
  /** 4096 or 2097152. */
  size: number;
  /** Readable: false for PROT_NONE. */
  present: boolean;
  writable: boolean;
  executable: boolean;
  accessed: boolean;
  dirty: boolean;
  /** No page behind it: a PFN mapping, the page of zeroes. */
  special: boolean;
  frame: number;
}

export interface PageTables {
  pages: MappedPage[];
  /** Table pages by level, PTE tables first; the PGD is not among them. */
  tables: number[];
}

const PRESENT = 1n;
const WRITABLE = 2n;
const ACCESSED = 0x20n;
const DIRTY = 0x40n;
const HUGE = 0x80n;
const GLOBAL = 0x100n;
const SPECIAL = 0x200n;
const NO_EXECUTE = 1n << 63n;
const FRAME = 0x000ffffffffff000n;
const ENTRIES = 512;
const PMD_LEVEL = 1;

/** Everything that the tables of the address space map, in address order. */
export function pageTables(core: Core, levels: 4 | 5 = 4): PageTables {
  const pages: MappedPage[] = [];
  const tables = new Array<number>(levels - 1).fill(0);
  const visit = (at: number, level: number, base: number) => {
    const span = 4096 * ENTRIES ** level;
    core.words(at, ENTRIES).forEach((entry, i) => {
      if ((entry & (PRESENT | GLOBAL)) === 0n) return;
      const addr = base + i * span;
      if (level === 0 || (level === PMD_LEVEL && (entry & HUGE) !== 0n)) {
        pages.push(mapped(entry, addr, span));
        return;
      }
      tables[level - 1] = (tables[level - 1] ?? 0) + 1;
      visit(TABLES_AT + Number(entry & FRAME), level - 1, addr);
    });
  };
  visit(TABLES_AT, levels - 1, 0);
  return { pages, tables };
}

function mapped(entry: bigint, addr: number, size: number): MappedPage {
  const has = (bit: bigint) => (entry & bit) !== 0n;
  return {
    addr,
    size,
    present: has(PRESENT),
    writable: has(WRITABLE),
    executable: !has(NO_EXECUTE),
    accessed: has(ACCESSED),
    dirty: has(DIRTY),
    special: has(SPECIAL),
    frame: Number((entry & FRAME) >> 12n),
  };
}
