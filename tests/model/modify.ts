// Splitting a VMA, and changing an attribute of part of one (sheet 2.6, 2.7).

import { EINVAL, ENOMEM, OPS_MAY_SPLIT } from "../../src/core/abi.js";
import { pg } from "./flags.js";
import { duplicateVma, linkVma } from "./lifecycle.js";
import { mergeExistingRange, raiseStart } from "./merge.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";

/** vm_ops->may_split */
export function askMaySplit(vma: Vma): void {
  if (vma.ops & OPS_MAY_SPLIT) refuse(EINVAL);
}

/**
 * __split_vma: cuts at `address`. `vma` stays the upper part if `newBelow`, else the lower part.
 */
export function splitUnchecked(space: Space, vma: Vma, address: bigint, newBelow: boolean): void {
  askMaySplit(vma);
  const other = duplicateVma(space, vma);
  if (newBelow) {
    other.end = address;
    raiseStart(vma, address);
  } else {
    raiseStart(other, address);
    vma.end = address;
  }
  linkVma(space, other);
}

/** split_vma: the same, if vm.max_map_count allows one more. */
export function split(space: Space, vma: Vma, address: bigint, newBelow: boolean): void {
  if (space.mapCount >= space.settings.maxMapCount) refuse(ENOMEM);
  splitUnchecked(space, vma, address, newBelow);
}

/**
 * vma_modify: makes [start, end) of `vma` a VMA of its own or part of a neighbour, and returns
 * that.
 */
function modify(
  space: Space,
  vma: Vma,
  start: bigint,
  end: bigint,
  wanted: { flags: bigint; name: number },
): { vma: Vma; merged: boolean } {
  const before = start === vma.start ? space.below(vma.start) : vma;
  const merged = mergeExistingRange(space, {
    start,
    end,
    pgoff: vma.pgoff + pg(start - vma.start),
    anonPgoff: vma.anonPgoff + pg(start - vma.start),
    flags: wanted.flags,
    file: vma.file,
    anonVma: vma.anonVma,
    name: wanted.name,
    prev: before,
    next: undefined,
    middle: vma,
  });
  if (merged) return { vma: merged, merged: true };
  if (vma.start < start) split(space, vma, start, true);
  if (vma.end > end) split(space, vma, end, false);
  return { vma, merged: false };
}

/**
 * vma_modify_flags, and the caller's overwrite of the flags after it. Where bits are sticky the
 * caller learns the flags of a merge's survivor, so that they live on.
 */
export function modifyFlags(
  space: Space,
  vma: Vma,
  start: bigint,
  end: bigint,
  flags: bigint,
): Vma {
  const result = modify(space, vma, start, end, { flags, name: vma.name });
  if (!(space.era.sticky && result.merged)) result.vma.flags = flags;
  return result.vma;
}

/** vma_modify_name. Here the caller overwrites with the old flags and may drop a sticky bit. */
export function modifyName(space: Space, vma: Vma, start: bigint, end: bigint, name: number): Vma {
  const { flags } = vma;
  const result = modify(space, vma, start, end, { flags, name });
  result.vma.name = name;
  result.vma.flags = flags;
  return result.vma;
}
