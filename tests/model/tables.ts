// A naive page table, for comparing with the core's: a set of pages, and for every level a set of the spans that
// have a table. It is told what each call did to the VMAs and applies the rules of docs/model.md to its sets.

import * as abi from "../../src/core/abi.js";

const PAGE = 4096;
/** Bytes that one table of a level spans: PTE, PMD, PUD table. */
const SPANS = [PAGE * 512, PAGE * 512 ** 2, PAGE * 512 ** 3];
const WHOLE = 2 ** 47;

export interface Area {
  start: number;
  end: number;
  flags: number;
  file: number;
  anonVma: number;
  ops: number;
}

export type Kind = "own" | "zero" | "file";
export interface NaivePage {
  kind: Kind;
  writable: boolean;
  dirty: boolean;
}

const has = (flags: number, bit: number) => Math.floor(flags / bit) % 2 === 1;
const down = (n: number, size: number) => Math.floor(n / size) * size;

export class NaiveTables {
  readonly pages = new Map<number, NaivePage>();
  readonly tables = SPANS.map(() => new Set<number>());

  private makeTables(addr: number): void {
    SPANS.forEach((span, level) => {
      this.tables[level]?.add(down(addr, span));
    });
  }

  /** One access to a page of a VMA. */
  touch(vma: Area, addr: number, write: boolean): void {
    const isPrivate = !has(vma.flags, abi.VM_SHARED);
    const before = this.pages.get(addr);
    if (before && (!write || before.writable)) return;
    this.makeTables(addr);
    const dirty = { writable: true, dirty: true };
    if (before?.kind === "own" || (before && !isPrivate)) {
      this.pages.set(addr, { kind: before.kind, ...dirty });
    } else if (write && isPrivate) {
      this.pages.set(addr, { kind: "own", ...dirty });
    } else if (vma.file === 0) {
      this.pages.set(addr, { kind: "zero", writable: false, dirty: false });
    } else if (write) {
      this.pages.set(addr, { kind: "file", ...dirty });
    } else {
      this.aroundRead(vma, addr);
    }
  }

  /** Sixteen pages from the aligned start or the VMA's, within VMA and PTE table. */
  private aroundRead(vma: Area, addr: number): void {
    const first = Math.max(down(addr, 16 * PAGE), vma.start);
    const table = down(addr, SPANS[0] as number);
    const stop = Math.min(first + 16 * PAGE, vma.end, table + (SPANS[0] as number));
    for (let page = first; page < stop; page += PAGE) {
      if (!this.pages.has(page))
        this.pages.set(page, { kind: "file", writable: false, dirty: false });
    }
  }

  private clear(start: number, end: number): void {
    for (const page of [...this.pages.keys()]) {
      if (page >= start && page < end) this.pages.delete(page);
    }
  }

  /** VMAs that have gone, in address order, between the ends of what remains (0 = nothing does). */
  unmap(gone: readonly Area[], floor: number, ceiling: number): void {
    for (const { start, end } of gone) this.clear(start, end);
    for (let i = 0; i < gone.length; ) {
      const { start } = gone[i] as Area;
      let { end } = gone[i] as Area;
      i++;
      while (i < gone.length && (gone[i] as Area).start <= end + (SPANS[0] as number)) {
        end = (gone[i++] as Area).end;
      }
      const next = gone[i];
      this.freeBetween(start, end, floor, next ? next.start : ceiling);
    }
  }

  /** Tables of a run go when all they span lies between the neighbours, borders of 2 MiB counted as theirs. */
  private freeBetween(start: number, end: number, floor: number, ceiling: number): void {
    const top = ceiling === 0 ? WHOLE * 2 : ceiling;
    SPANS.forEach((span, level) => {
      for (const base of [...(this.tables[level] ?? [])]) {
        const touches = base < end && base + span > start;
        // a PTE table must lie between them; an upper one, too, seen from the part of the run in it
        if (
          touches &&
          base >= floor &&
          base + span <= down(top, span) + (ceiling === 0 ? span : 0)
        ) {
          this.tables[level]?.delete(base);
        }
      }
    });
  }

  /** New rights for the pages of a part. */
  protect(vma: Area, start: number, end: number): void {
    for (const [page, entry] of this.pages) {
      if (page < start || page >= end) continue;
      const atOnce = has(vma.flags, abi.VM_SHARED) ? entry.dirty : entry.kind === "own";
      this.pages.set(page, { ...entry, writable: has(vma.flags, abi.VM_WRITE) && atOnce });
    }
  }

  /** madvise(DONTNEED) on a part: tables that it covers whole go as well. */
  discard(start: number, end: number): void {
    this.clear(start, end);
    const span = SPANS[0] as number;
    for (const base of [...(this.tables[0] ?? [])]) {
      if (base >= start && base + span <= end) this.tables[0]?.delete(base);
    }
  }

  /** Becomes what the child has: the entries of VMAs with an anon_vma, private ones read-only. */
  fork(vmas: readonly Area[]): void {
    const copied = vmas.filter(({ anonVma }) => anonVma !== 0);
    const before = [...(this.tables[0] ?? [])];
    for (const level of this.tables) level.clear();
    for (const [page, entry] of [...this.pages]) {
      if (!copied.some(({ start, end }) => start <= page && page < end)) this.pages.delete(page);
      else this.pages.set(page, { ...entry, writable: false });
    }
    const span = SPANS[0] as number;
    for (const base of before) {
      if (copied.some(({ start, end }) => start < base + span && base < end)) this.makeTables(base);
    }
  }
}
