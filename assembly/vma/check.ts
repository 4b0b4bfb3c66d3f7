// The invariants of the address space (docs/model.md): the tree, and two views of every counter.

import { PROFILE_7_3, VM_ACCOUNT, VM_LOCKED } from "../abi";
import { checkedNodes, checkTree } from "../maple/check";
import { scan, vmaTree } from "../maple/cursor";
import { heldNodes, liveNodes, TOP } from "../maple/node";
import { find } from "../maple/walk";
import { checkTlb } from "../tlb/check";
import { isData, isExecutable, isStack } from "./account";
import { anonsAreLinked, liveLinks } from "./anon";
import { isAnonymous } from "./flags";
import { liveVmas } from "./pool";
import { mm, Vma, vmaOf } from "./record";

export const RULE_VMA_RANGE: u32 = 20; //     an entry's range is its VMA's, page aligned and not empty
export const RULE_MAP_COUNT: u32 = 21; //     map_count is the number of entries
export const RULE_TOTAL_VM: u32 = 22; //      total_vm is the sum of pages
export const RULE_CLASSES: u32 = 23; //       exec_vm and stack_vm are the sums of their classes
export const RULE_ATTACHED: u32 = 24; //      every VMA in the tree is attached
export const RULE_LOCKED: u32 = 25; //        locked_vm is the sum of locked pages
export const RULE_COMMITTED: u32 = 26; //     the charge covers every ACCOUNT page
export const RULE_ANON_OFFSET: u32 = 27; //   an unwritten anonymous VMA's offset is its page number
export const RULE_CHAIN: u32 = 28; //         an anon_vma comes with a chain, and a chain with an anon_vma

export const RULE_NODES: u32 = 29; //         between calls the nodes in use are the tree's, and none is reserved
export const RULE_OBJECTS: u32 = 30; //       every VMA object in use is in the tree
export const RULE_LINKS: u32 = 31; //         every chain entry in use is a VMA's, every anon_vma in use is in a chain

/** 0, or the first rule broken. */
export function checkSpace(): u32 {
  const rule = checkTree(vmaTree);
  if (rule) return rule;
  let vmas: u64 = 0;
  let total: u64 = 0;
  let executable: u64 = 0;
  let stack: u64 = 0;
  let locked: u64 = 0;
  let accounted: u64 = 0;
  let links: u64 = 0;
  scan.enter(vmaTree, 0);
  for (let id = find(scan, TOP); id; id = find(scan, TOP)) {
    const vma = vmaOf(id);
    const broken = checkVma(vma);
    if (broken) return broken;
    const pages = vma.pages;
    vmas++;
    links += vma.chain;
    total += pages;
    if (isExecutable(vma.flags)) executable += pages;
    else if (isStack(vma.flags)) stack += pages;
    if (vma.flags & VM_LOCKED) locked += pages;
    if (vma.flags & VM_ACCOUNT) accounted += pages;
  }
  if (vmas != mm.mapCount) return RULE_MAP_COUNT;
  if (total != mm.totalVm) return RULE_TOTAL_VM;
  if (executable != mm.execVm || stack != mm.stackVm) return RULE_CLASSES;
  // before 7.3, MREMAP_DONTUNMAP unlocks all of a VMA whose part it moves, and counts nothing
  if (mm.profile >= PROFILE_7_3 && locked != mm.lockedVm) return RULE_LOCKED;
  if (mm.committed < <i64>accounted) return RULE_COMMITTED;
  if (liveNodes() != checkedNodes() || heldNodes() != 0) return RULE_NODES;
  if (liveVmas() != vmas) return RULE_OBJECTS;
  return links != liveLinks() || !anonsAreLinked() ? RULE_LINKS : checkTlb();
}

function checkVma(vma: Vma): u32 {
  if (vma.start != scan.index || vma.end - 1 != scan.last || ((vma.start | vma.end) & 0xfff) != 0) return RULE_VMA_RANGE;
  if (vma.attached != 1) return RULE_ATTACHED;
  if ((vma.anonVma == 0) != (vma.chain == 0)) return RULE_CHAIN;
  const unwritten = vma.anonVma == 0 && isAnonymous(vma) && vma.file == 0;
  return unwritten && mm.wiped == 0 && vma.pgoff != vma.start >> 12 ? RULE_ANON_OFFSET : 0;
}
