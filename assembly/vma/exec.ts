// What execve leaves behind: VMAs put where they are, with the flags they have. Nothing merges.

import {
  EEXIST, EINVAL, ENOMEM, OPS_FAULT, OPS_INSTALLED, OPS_MAP_PAGES, OPS_PAGE_MKWRITE, VM_ACCOUNT, VM_LOCKED,
  VM_SPECIAL,
} from "../abi";
import { count, MAPLE_STORES } from "../events";
import { lookup, vmi, vmaTree } from "../maple/cursor";
import { commit, reserve } from "../maple/store";
import { find } from "../maple/walk";
import { charge, statAccount } from "./account";
import { getFile, linkFile } from "./file";
import { allocateVma, discardVma } from "./pool";
import { exists, mm } from "./record";

/** Puts a VMA with these vm_flags; 0 or an errno. `file` 0 = none. */
export function placeVma(start: u64, length: u64, flags: u64, pgoff: u64, file: u32): u32 {
  const size = (length + 0xfff) & ~0xfff;
  if (start & 0xfff || size == 0) return EINVAL;
  lookup.enter(vmaTree, start);
  if (find(lookup, start + size - 1)) return EEXIST;
  const vma = allocateVma();
  if (!exists(vma)) return ENOMEM;
  vma.start = start;
  vma.end = start + size;
  vma.flags = flags;
  vma.pgoff = pgoff;
  vma.anonPgoff = start >> 12;
  if (file) vma.ops = OPS_INSTALLED | OPS_FAULT | OPS_MAP_PAGES | OPS_PAGE_MKWRITE;
  else vma.ops = flags & VM_SPECIAL ? OPS_INSTALLED : 0;
  vmi.enter(vmaTree, start);
  vmi.narrow(start, vma.end - 1);
  if (!reserve(vmi, vma.id)) {
    discardVma(vma);
    return ENOMEM;
  }
  if (flags & VM_ACCOUNT) charge(vma.pages);
  vma.attached = 1;
  count(MAPLE_STORES);
  commit(vmi, vma.id);
  if (file) {
    vma.file = file;
    getFile(file);
    linkFile(vma);
  }
  mm.mapCount++;
  statAccount(flags, vma.pages);
  if (flags & VM_LOCKED) mm.lockedVm += vma.pages;
  return 0;
}
