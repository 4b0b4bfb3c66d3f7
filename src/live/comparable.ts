// Which steps can be compared: those whose outcome is settled by what lies in the windows. A place that the
// kernel chooses elsewhere depends on what the rest of the process maps.

import * as abi from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import type { Window } from "./messages.js";
import type { Model } from "./model.js";
import { PAGE, type Step } from "./steps.js";
import { has } from "./vmflags.js";

/** Pages around a window that stay free, where ranges may reach. */
const REACH = 16;
const STACK_GUARD_GAP = 256 * PAGE;
/** A length that no address space has. */
const TOO_LONG = 2 ** 63;
/** A length that ends before it begins: every call refuses it before it looks at a VMA. */
const WRAPS = 2 ** 64 - PAGE;
const POPULATE_READ = 22;
const POPULATE_WRITE = 23;

/** Where steps may work. */
export interface Grounds {
  /** Windows of this episode. */
  own: readonly Window[];
  /** Where MAP_32BIT without an address goes, the same in every episode; null when it goes nobody knows where. */
  low: Window | null;
  /** The model is that of this release; else what is known to differ between releases is left out. */
  exact: boolean;
}

/** All windows, lowest first. */
export function windowsOf({ own, low }: Grounds): Window[] {
  return low ? [...own, low] : [...own];
}

/** Whether a step does the same wherever else the process has mapped what. */
export function isComparable(step: Step, model: Model, grounds: Grounds): boolean {
  const { operation } = step;
  const layout = model.layout();
  if (!grounds.exact && differsByRelease(operation, layout)) return false;
  switch (operation.op) {
    case abi.OP_MMAP:
      return isSettledMap(operation, layout, grounds) && !asksForDax(operation, model);
    case abi.OP_MREMAP:
      return isSettledMove(operation, layout, grounds);
    case abi.OP_TOUCH:
      return isInside(operation, layout, grounds);
    case abi.OP_MADVISE:
      return (
        isWithin(operation, grounds) &&
        (!populates(operation) || !endsBelowStack(operation, layout))
      );
    case abi.OP_MSEAL:
      return isWithin(operation, { ...grounds, low: null });
    default:
      return isWithin(operation, grounds);
  }
}

/**
 * Moves with mremap that releases from 6.13 to 7.3 do not agree on: keeping the source, several VMAs at once,
 * private file mappings that were written.
 */
function differsByRelease(
  { op, addr = 0, len = 0, prot = 0, flags = 0 }: Operation,
  layout: readonly VmaView[],
): boolean {
  const mode = Number(flags);
  if (op !== abi.OP_MREMAP) return false;
  if (has(mode, abi.MREMAP_DONTUNMAP)) return true;
  if (!has(mode, abi.MREMAP_FIXED)) return false;
  const end = Number(addr) + sizeOf(len);
  const source = layout.find((vma) => vma.start <= Number(addr) && Number(addr) < vma.end);
  if (!source) return sizeOf(len) === sizeOf(prot);
  const several = sizeOf(len) === sizeOf(prot) && end > source.end;
  const written = source.file !== 0 && source.anonVma !== 0;
  return several || (written && !has(source.flags, abi.VM_MAYSHARE));
}

function populates({ prot }: Operation): boolean {
  return prot === POPULATE_READ || prot === POPULATE_WRITE;
}

/**
 * The range lies in or right beside one window, or the kernel refuses its length. madvise, which passes over
 * gaps, must not get as far as the rest of the process.
 */
function isWithin({ op, addr = 0, len = 0 }: Operation, grounds: Grounds): boolean {
  if (Number(len) >= (op === abi.OP_MADVISE ? WRAPS : TOO_LONG)) return true;
  return windowsOf(grounds).some(({ start, end }) => {
    const [low, high] = [start - REACH * PAGE, end + REACH * PAGE];
    return Number(addr) >= low && Number(addr) + Number(len) <= high;
  });
}

/** The range lies in one window, and a stack that it might make grow does as well. */
function isInside(operation: Operation, layout: readonly VmaView[], grounds: Grounds): boolean {
  const { addr = 0, len = 0 } = operation;
  const [start, end] = [Number(addr), Number(addr) + Number(len)];
  const window = windowsOf(grounds).find((one) => start >= one.start && end <= one.end);
  if (!window) return false;
  const above = layout.find((vma) => vma.end > end);
  return !above || !has(above.flags, abi.VM_GROWSDOWN) || above.start < window.end;
}

function fits(start: number, size: number, grounds: Grounds): boolean {
  return windowsOf(grounds).some((window) => start >= window.start && start + size <= window.end);
}

function overlapping(layout: readonly VmaView[], start: number, end: number): VmaView[] {
  return layout.filter((vma) => vma.start < end && vma.end > start);
}

/** Nothing is in [start, start + size), nor does a stack above keep it free. */
function isFree(layout: readonly VmaView[], start: number, size: number): boolean {
  const above = layout.find((vma) => vma.end > start);
  if (!above) return true;
  const gap = has(above.flags, abi.VM_GROWSDOWN) ? STACK_GUARD_GAP : 0;
  return start + size <= above.start - gap;
}

const sizeOf = (length: number | bigint) => Math.ceil(Number(length) / PAGE) * PAGE;

function isSettledMap(operation: Operation, layout: readonly VmaView[], grounds: Grounds): boolean {
  const { addr = 0, len = 0, flags = 0 } = operation;
  const size = sizeOf(len);
  if (size === 0 || size >= TOO_LONG) return true;
  const map = Number(flags);
  const hint = Math.floor(Number(addr) / PAGE) * PAGE;
  if (has(map, abi.MAP_FIXED) || has(map, abi.MAP_FIXED_NOREPLACE)) {
    return fits(hint, sizeOf(Number(addr) - hint + Number(len)), grounds);
  }
  const lowest = has(map, abi.MAP_32BIT) && grounds.low !== null;
  if (hint === 0) return lowest;
  return fits(hint, size, grounds) && (lowest || isFree(layout, hint, size));
}

/** The hooks of file systems refuse MAP_SYNC on a disk without direct access; that of the model takes it. */
function asksForDax({ flags = 0, file = 0 }: Operation, model: Model): boolean {
  return has(Number(flags), abi.MAP_SYNC) && model.isOnDisk(file);
}

function isSettledMove(
  { addr = 0, len = 0, prot = 0, flags = 0, pgoff = 0 }: Operation,
  layout: readonly VmaView[],
  grounds: Grounds,
): boolean {
  const [old, size, mode] = [sizeOf(len), sizeOf(prot), Number(flags)];
  if (size >= TOO_LONG) return true;
  if (!isWithin({ op: 0, addr, len: Math.max(old, PAGE) }, grounds)) return false;
  const from = Number(addr);
  const to = Number(pgoff);
  if (mode >= 8 || from % PAGE !== 0 || size === 0) return true;
  if (has(mode, abi.MREMAP_FIXED)) return fits(to, size, grounds);
  if (has(mode, abi.MREMAP_DONTUNMAP)) {
    return to !== 0 && fits(to, size, grounds) && isFree(layout, to, size);
  }
  if (size <= old) return true;
  const vma = layout.find(({ start, end }) => start <= from && from < end);
  if (!vma || !has(mode, abi.MREMAP_MAYMOVE)) return fits(from, size, grounds);
  if (old > vma.end - from) return true;
  const inPlace = old === vma.end - from && old > 0;
  const grows = overlapping(layout, vma.end, from + size).length === 0;
  return inPlace && grows && fits(from, size, grounds);
}

/** The kernel complains in its log about populating what is right below a stack. */
function endsBelowStack({ addr = 0, len = 0 }: Operation, layout: readonly VmaView[]): boolean {
  const end = sizeOf(Number(addr) + Number(len));
  const first = layout.findIndex((vma) => vma.end > Number(addr));
  return layout.slice(Math.max(0, first)).some((vma, i, rest) => {
    const before = i === 0 ? Number(addr) : (rest[i - 1] as VmaView).end;
    return has(vma.flags, abi.VM_GROWSDOWN) && before < vma.start && before < end;
  });
}
