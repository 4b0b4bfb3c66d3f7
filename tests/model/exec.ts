// OP_PLACE: a VMA as exec leaves it, inserted exactly as given. Not a system call: no limit is
// tested, no charge can fail, and nothing merges.

import {
  EEXIST,
  EINVAL,
  OPS_FAULT,
  OPS_INSTALLED,
  OPS_MAP_PAGES,
  OPS_PAGE_MKWRITE,
} from "../../src/core/abi.js";
import { statAccount } from "./account.js";
import { has, isAligned, pageUp, pg, VM_ACCOUNT, VM_LOCKED, VM_SPECIAL } from "./flags.js";
import { linkVma } from "./lifecycle.js";
import { refuse } from "./refuse.js";
import type { Space } from "./space.js";

export interface PlacedVma {
  start: bigint;
  length: bigint;
  flags: bigint;
  pgoff: bigint;
  file: number;
}

export function placeVma(space: Space, given: PlacedVma): void {
  const { start, flags, pgoff, file } = given;
  const end = start + pageUp(given.length);
  if (!isAligned(start) || end === start) refuse(EINVAL);
  if (space.overlapping(start, end).length > 0) refuse(EEXIST);
  const anonPgoff = pg(start);
  const ops = opsFor(file, flags);
  const vma = { start, end, flags, pgoff, anonPgoff, file, ops, name: 0 };
  linkVma(space, { ...vma, anonVma: undefined, chain: [] });
  space.files.get(file);
  const pages = pg(end - start);
  statAccount(space, flags, pages);
  if (has(flags, VM_LOCKED)) space.lockedVm += pages;
  if (has(flags, VM_ACCOUNT)) space.committed += pages;
}

/** A file system's ops; for special mappings without a file (vdso) empty ops; else anonymous. */
function opsFor(file: number, flags: bigint): number {
  if (file !== 0) return OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES | OPS_PAGE_MKWRITE;
  return has(flags, VM_SPECIAL) ? OPS_INSTALLED : 0;
}
