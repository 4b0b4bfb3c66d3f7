// Page accesses: OP_TOUCH, and the policy that counts fresh mappings as written (settings.touch).

import { EFAULT, OPS_FAULT, TOUCH_ALL, TOUCH_NONE } from "../../src/core/abi.js";
import { prepareAnon } from "./anon.js";
import {
  has,
  max,
  min,
  PAGE,
  pageDown,
  pageUp,
  pg,
  VM_ACCESS,
  VM_IO,
  VM_LOCKONFAULT,
  VM_MAYSHARE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_PKEY_BIT0,
  VM_SHARED,
  VM_SPECIAL,
  VM_WRITE,
} from "./flags.js";
import { refuse } from "./refuse.js";
import { isAnonymous, type Space, type Vma } from "./space.js";

function isPrivate(vma: Vma): boolean {
  return !has(vma.flags, VM_SHARED | VM_MAYSHARE);
}

/** One access a page from `start` on; how many pages. All pages of a VMA answer alike. */
export function touch(space: Space, start: bigint, len: bigint, write: boolean): bigint {
  const from = pageDown(start);
  const end = len === 0n ? from : pageUp(start + len);
  for (let at = from; at < end; ) {
    const vma = space.at(at);
    const allowed = vma && (write ? has(vma.flags, VM_WRITE) : isReadable(vma));
    if (!allowed) refuse(EFAULT);
    const to = min(vma.end, end);
    const reached = pagesUpTo(space, vma, at, to);
    const changes = write && isPrivate(vma) && !has(vma.flags, VM_PFNMAP);
    if (changes && reached > at) prepareAnon(space, vma);
    if (reached < to) refuse(EFAULT);
    at = to;
  }
  return pg(end - from);
}

/** Memory that may only be executed is guarded by a protection key, where there are any. */
function isReadable(vma: Vma): boolean {
  return has(vma.flags, VM_ACCESS) && !has(vma.flags, VM_PKEY_BIT0);
}

/**
 * Up to where in [from, to) of a VMA faults find pages: anonymous memory always has them, a device if its driver
 * has filled in, a file as far as it goes if its driver can fault.
 */
function pagesUpTo(space: Space, vma: Vma, from: bigint, to: bigint): bigint {
  // A private /dev/zero mapping has a file and is anonymous all the same.
  const withoutFile = vma.file === 0 || isAnonymous(vma);
  if (withoutFile && !has(vma.flags, VM_SHARED)) return to;
  if (has(vma.flags, VM_PFNMAP | VM_MIXEDMAP)) return to;
  if ((vma.ops & OPS_FAULT) === 0) return from;
  const size = space.files.sizeOf(vma.file);
  if (size === 0n) return to;
  return min(to, max(from, vma.start + (size - vma.pgoff) * PAGE));
}

/**
 * What locking and MAP_POPULATE fault in: private writable memory is written, the rest only read. Stops at the
 * first VMA whose pages cannot be had and returns false, or passes over it.
 */
export function faultIn(space: Space, start: bigint, end: bigint, strictly: boolean): boolean {
  for (const vma of space.overlapping(start, end)) {
    if (has(vma.flags, VM_IO | VM_PFNMAP | VM_LOCKONFAULT)) continue;
    const [from, to] = [max(vma.start, start), min(vma.end, end)];
    const reached = isReadable(vma) ? pagesUpTo(space, vma, from, to) : from;
    const writes = has(vma.flags, VM_WRITE) && !has(vma.flags, VM_SHARED);
    if (writes && reached > from) prepareAnon(space, vma);
    if (reached < to && strictly) return false;
  }
  return true;
}

/** MADV_POPULATE_* on a part of a VMA that allows it: false where there are no pages to be had. */
export function populate(
  space: Space,
  vma: Vma,
  from: bigint,
  to: bigint,
  write: boolean,
): boolean {
  const reached = pagesUpTo(space, vma, from, to);
  if (write && isPrivate(vma) && reached > from) prepareAnon(space, vma);
  return reached === to;
}

/**
 * The replay's policy: what of [start, end) counts as written right after the call that made it.
 */
export function touchAfterCall(space: Space, start: bigint, end: bigint): void {
  const policy = space.settings.touch;
  if (policy === TOUCH_NONE || start >= end) return;
  for (const vma of space.overlapping(start, end)) {
    if (!isPrivate(vma) || !has(vma.flags, VM_WRITE)) continue;
    const privateFile = vma.file !== 0 && !has(vma.flags, VM_SPECIAL);
    if (isAnonymous(vma) || (policy === TOUCH_ALL && privateFile)) prepareAnon(space, vma);
  }
}
