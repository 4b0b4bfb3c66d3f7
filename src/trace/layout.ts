// Recorded layouts: the lines of a maps section.
//
//   0x7ffff7fcb000-0x7ffff7ff1000 r-xp 0x1000 fe:00:338944 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
//   start          end            perms offset device:inode name, if any, to the end of the line

import { InputError, quoted } from "../errors.js";
import { hexText, hexWord } from "./words.js";

/** One VMA as the kernel showed it. Addresses and the file offset are in bytes. */
export interface RecordedVma {
  start: number;
  end: number;
  /** Four letters: r or -, w or -, x or -, s (MAYSHARE) or p. */
  perms: string;
  offset: number;
  /** `MAJ:MIN:INODE`, NO_INODE for memory without a file. */
  inode: string;
  /** Empty for none. May end in " (deleted)". */
  name: string;
}

/** All VMAs at one moment, in address order. */
export interface RecordedLayout {
  vmas: RecordedVma[];
  /** Permissions of the `[vsyscall]` line, which is the gate area and no VMA; null without one. */
  gate: string | null;
}

export const NO_INODE = "00:00:0";
/** End of user space with 4-level tables; a stack may reach up to one page below it. */
const USER_END = 0x800000000000;
const PAGE = 4096;
const GATE_RANGE = "0xffffffffff600000-0xffffffffff601000";
const GATE = /^0xffffffffff600000-0xffffffffff601000 ([r-][w-][x-][ps]) 0x0 00:00:0 \[vsyscall\]$/;
const INODE = /^[0-9a-f]{2,5}:[0-9a-f]{2,5}:\d{1,20}$/;

/** Whether a text is `MAJ:MIN:INODE` as maps lines have it. */
export function isInode(text: string): boolean {
  return INODE.test(text);
}

/** Adds a line to a layout. InputError when it is no maps line or lies below the end of the VMA before it. */
export function addVma(layout: RecordedLayout, text: string, file: string, line: number): void {
  const gate = GATE.exec(text);
  if (gate) {
    layout.gate = gate[1] as string;
    return;
  }
  const vma = parseVma(text, file, line);
  const before = layout.vmas.at(-1);
  if (before && vma.start < before.end) {
    const floor = `a VMA at or above ${hexText(before.end)}, the end of the one before`;
    throw new InputError(file, line, floor, quoted(text));
  }
  layout.vmas.push(vma);
}

function parseVma(text: string, file: string, line: number): RecordedVma {
  const fail = (expected: string, found: string | undefined) =>
    new InputError(file, line, `${expected} in a maps line`, quoted(found ?? ""));
  const [range, perms, offset, inode] = text.split(" ", 4);
  const [startText, endText, more] = (range ?? "").split("-");
  const start = hexWord(startText ?? "");
  const end = hexWord(endText ?? "");
  if (start === undefined || end === undefined || more !== undefined) {
    throw fail("a range 0xSTART-0xEND", range);
  }
  if (start >= end) throw fail("a range whose start lies below its end", range);
  if (end > USER_END) throw fail(`a range below ${hexText(USER_END)}`, range);
  if (Number(start) % PAGE !== 0 || Number(end) % PAGE !== 0) {
    throw fail("a range of whole pages (4096 bytes)", range);
  }
  if (!/^[r-][w-][x-][ps]$/.test(perms ?? "")) throw fail("permissions such as r-xp", perms);
  const bytes = hexWord(offset ?? "");
  if (typeof bytes !== "number" || bytes % PAGE !== 0) {
    throw fail("a file offset in whole pages, 0x... in bytes", offset);
  }
  if (!isInode(inode ?? "")) throw fail("MAJ:MIN:INODE", inode);
  return {
    start: Number(start),
    end: Number(end),
    perms: perms as string,
    offset: bytes,
    inode: inode as string,
    name: text.split(" ").slice(4).join(" "),
  };
}

/** The line of a VMA, as `addVma` takes it. */
export function vmaLine(vma: RecordedVma): string {
  const range = `${hexText(vma.start)}-${hexText(vma.end)}`;
  const line = `${range} ${vma.perms} ${hexText(vma.offset)} ${vma.inode}`;
  return vma.name === "" ? line : `${line} ${vma.name}`;
}

/** The lines of a layout. */
export function layoutLines(layout: RecordedLayout): string[] {
  const lines = layout.vmas.map(vmaLine);
  if (layout.gate !== null) lines.push(`${GATE_RANGE} ${layout.gate} 0x0 ${NO_INODE} [vsyscall]`);
  return lines;
}
