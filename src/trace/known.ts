// Which memory the calls of a strace text account for.

import type { Word } from "../core/operation.js";
import type { Call } from "./calls.js";

const PAGE = 4096;

/** Ranges of pages that calls seen so far have mapped and not unmapped, ascending, none touching another. */
export class KnownMemory {
  private ranges: [start: number, end: number][] = [];
  private brk: number | undefined;
  private readonly segments = new Map<number, number>();

  /** Whether all of a range is known. Bytes; an empty range is. */
  covers(address: Word, length: Word): boolean {
    const [start, end] = pages(address, length);
    if (start >= end) return true;
    return this.ranges.some(([from, to]) => from <= start && end <= to);
  }

  /** Takes note of what a call that succeeded has mapped and unmapped. */
  learn({ name, args, result, size }: Call): void {
    switch (name) {
      case "mmap":
        this.add(...pages(result, args[1] ?? 0));
        break;
      case "munmap":
        this.remove(...pages(args[0] ?? 0, args[1] ?? 0));
        break;
      case "mremap":
        this.remove(...pages(args[0] ?? 0, args[1] ?? 0));
        this.add(...pages(result, args[2] ?? 0));
        break;
      case "brk":
        this.moveBreak(up(Number(result)));
        break;
      case "shmat":
        this.segments.set(Number(result), Number(size ?? 0));
        this.add(...pages(result, size ?? 0));
        break;
      case "shmdt":
        this.remove(...pages(args[0] ?? 0, this.segments.get(Number(args[0])) ?? 0));
        break;
    }
  }

  private moveBreak(to: number): void {
    const from = this.brk ?? to;
    if (to > from) this.add(from, to);
    else this.remove(to, from);
    this.brk = to;
  }

  private add(start: number, end: number): void {
    if (start >= end) return;
    const apart = this.ranges.filter(([from, to]) => to < start || from > end);
    const touching = this.ranges.filter(([from, to]) => to >= start && from <= end);
    for (const [from, to] of touching) {
      start = Math.min(start, from);
      end = Math.max(end, to);
    }
    const at = apart.findIndex(([from]) => from > end);
    apart.splice(at < 0 ? apart.length : at, 0, [start, end]);
    this.ranges = apart;
  }

  private remove(start: number, end: number): void {
    if (start >= end) return;
    this.ranges = this.ranges.flatMap(([from, to]): [number, number][] => {
      if (to <= start || from >= end) return [[from, to]];
      const left: [number, number][] = from < start ? [[from, start]] : [];
      return to > end ? [...left, [end, to]] : left;
    });
  }
}

/** The pages that a range of bytes begins and ends in. */
function pages(address: Word, length: Word): [number, number] {
  const start = Number(address);
  return [start - (start % PAGE), up(start + Number(length))];
}

function up(address: number): number {
  return Math.ceil(address / PAGE) * PAGE;
}
