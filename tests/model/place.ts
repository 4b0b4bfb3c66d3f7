// Choosing an address on x86-64 (sheet 3.9).

import {
  EINVAL,
  ENOMEM,
  EPERM,
  FILE_MODE_SHMEM,
  FILE_MODE_THP_ALIGN,
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_FIXED,
  MAP_SHARED,
} from "../../src/core/abi.js";
import {
  has,
  isAligned,
  max,
  min,
  PAGE,
  pageDown,
  pageUp,
  TASK_SIZE,
  VM_GROWSDOWN,
  VM_SHADOW_STACK,
  VM_STARTGAP,
} from "./flags.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";

const HUGE = 0x200000n;

export interface PlaceRequest {
  file: number;
  /** The hint, or with MAP_FIXED the address; 0 = none. */
  hint: bigint;
  length: bigint;
  pgoff: bigint;
  /** MAP_* */
  mapFlags: bigint;
}

const wants = (request: PlaceRequest, flag: number) => has(request.mapFlags, BigInt(flag));

/** __get_unmapped_area */
export function getUnmappedArea(space: Space, request: PlaceRequest): bigint {
  const { length } = request;
  if (length > TASK_SIZE) refuse(ENOMEM);
  // Anonymous memory has no offset to be aligned to.
  const wanted = request.file === 0 ? { ...request, pgoff: 0n } : request;
  const address = usesThpAligner(space, wanted)
    ? thpAligned(space, wanted)
    : archPlace(space, wanted);
  if (address === undefined) refuse(ENOMEM);
  if (address > TASK_SIZE - length) refuse(ENOMEM);
  if (!isAligned(address)) refuse(EINVAL);
  if (address < BigInt(space.settings.mmapMinAddr)) refuse(EPERM); // cap_mmap_addr
  return address;
}

/**
 * Which chooser: the file's own, shmem's (the plain one without huge pages), THP's, or the plain
 * one.
 */
function usesThpAligner(space: Space, request: PlaceRequest): boolean {
  if (!space.settings.thp) return false;
  if (request.file !== 0) {
    const mode = space.files.modeOf(request.file);
    if (mode & FILE_MODE_THP_ALIGN) return true;
    if (mode & FILE_MODE_SHMEM) return false;
    if (!space.era.alignsFiles) return false;
  } else if (wants(request, MAP_SHARED)) {
    return false;
  }
  return request.hint === 0n && request.length % HUGE === 0n;
}

/**
 * thp_get_unmapped_area: an address that is congruent to the offset modulo a huge page, if it pays.
 */
function thpAligned(space: Space, request: PlaceRequest): bigint | undefined {
  const { length, hint } = request;
  const offset = request.pgoff << 12n;
  const aligned = ((offset + HUGE - 1n) / HUGE) * HUGE;
  const end = offset + length;
  if (end <= aligned || end - aligned < HUGE) return archPlace(space, request);
  const padded = archPlace(space, { ...request, length: length + HUGE });
  if (padded === undefined) return archPlace(space, request);
  if (padded === hint) return hint;
  const shift = BigInt.asUintN(64, offset - padded) % HUGE;
  return shift === 0n ? padded + HUGE : padded + shift;
}

/** arch_get_unmapped_area_topdown; undefined = no room. */
function archPlace(space: Space, request: PlaceRequest): bigint | undefined {
  const { hint, length } = request;
  if (wants(request, MAP_FIXED)) return hint;
  if (wants(request, MAP_32BIT)) return archPlaceUpwards(space, request);
  if (hint !== 0n) {
    const address = pageDown(hint);
    if (length <= TASK_SIZE && address <= TASK_SIZE - length && isFree(space, address, length)) {
      return address;
    }
  }
  const low = wants(request, MAP_ABOVE4G) ? 1n << 32n : PAGE;
  const found = searchDown(space, length, low, BigInt(space.settings.mmapBase));
  return found ?? archPlaceUpwards(space, request);
}

/** arch_get_unmapped_area, the fallback and the MAP_32BIT chooser; a hint is rounded up here. */
function archPlaceUpwards(space: Space, request: PlaceRequest): bigint | undefined {
  const { hint, length } = request;
  const in32 = wants(request, MAP_32BIT);
  const low = in32 ? 0x40000000n : BigInt(space.settings.mmapLegacyBase);
  const high = in32 ? 0x80000000n : TASK_SIZE;
  if (length > high) return undefined;
  if (hint !== 0n) {
    const address = pageUp(hint);
    if (address <= high - length && isFree(space, address, length)) return address;
  }
  return searchUp(space, length, low, high);
}

/** x86 looks only at the VMA above a hint, and leaves that one its guard gap. */
function isFree(space: Space, address: bigint, length: bigint): boolean {
  const next = space.find(address);
  return next === undefined || address + length <= startGap(space, next);
}

/** vm_start_gap: where the guard gap below a VMA begins. */
export function startGap(space: Space, vma: Vma): bigint {
  let gap = 0n;
  if (has(vma.flags, VM_GROWSDOWN)) gap = BigInt(space.settings.stackGuardGap);
  else if (has(vma.flags, VM_SHADOW_STACK)) gap = PAGE;
  return gap > vma.start ? 0n : vma.start - gap;
}

interface Range {
  start: bigint;
  end: bigint;
}

/** Empty ranges inside [low, high), ascending. */
function emptyRanges(space: Space, low: bigint, high: bigint): Range[] {
  const ranges: Range[] = [];
  let start = 0n;
  for (const vma of space.vmas) {
    ranges.push({ start, end: vma.start });
    start = vma.end;
  }
  ranges.push({ start, end: max(start, high) });
  return ranges
    .map((range) => ({ start: max(range.start, low), end: min(range.end, high) }))
    .filter((range) => range.start < range.end);
}

function lowest(space: Space, low: bigint): bigint {
  return max(low, BigInt(space.settings.mmapMinAddr));
}

/** unmapped_area_topdown. The new mapping has no guard gap of its own, and the mask is 0. */
function searchDown(space: Space, length: bigint, from: bigint, to: bigint): bigint | undefined {
  const low = lowest(space, from);
  let high = to;
  for (;;) {
    const range = emptyRanges(space, low, high).findLast((r) => r.end - r.start >= length);
    if (!range) return undefined;
    const above = space.find(range.end);
    if (above && has(above.flags, VM_STARTGAP) && startGap(space, above) < range.end) {
      high = startGap(space, above);
      continue;
    }
    return range.end - length;
  }
}

/** unmapped_area */
function searchUp(space: Space, length: bigint, from: bigint, high: bigint): bigint | undefined {
  let low = lowest(space, from);
  for (;;) {
    const range = emptyRanges(space, low, high).find((r) => r.end - r.start >= length);
    if (!range) return undefined;
    const above = space.find(range.start);
    const limit = range.start + length - 1n;
    if (above && has(above.flags, VM_STARTGAP) && startGap(space, above) < limit) {
      low = above.end;
      continue;
    }
    return range.start;
  }
}
