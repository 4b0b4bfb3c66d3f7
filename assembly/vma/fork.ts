// fork(2) and exit. There is one address space: after a fork it is the parent's or the child's, and the other
// process exits at once. (dup_mmap, exit_mmap; mm/mmap.c, 7.3)

import {
  ENOMEM, OPS_OPEN, TASK_SIZE, VM_ACCOUNT, VM_DONTCOPY, VM_NOHUGEPAGE, VM_WIPEONFORK,
} from "../abi";
import { count, HOOK_OPENS } from "../events";
import { childTree, other, Tree, TREE_ALLOC, TREE_RCU, vmaTree } from "../maple/cursor";
import { duplicateTree } from "../maple/duplicate";
import { TOP } from "../maple/node";
import { destroyTree, storeNow } from "../maple/store";
import { find } from "../maple/walk";
import { beginFlush, endFlush } from "../paging/gather";
import { copyPages, isCopied } from "../paging/copy";
import { CHILD_ROOT, freeTables, ROOT } from "../paging/tables";
import { zapRange, zapUnder } from "../paging/zap";
import { newAddressSpace } from "../tlb/cpu";
import { flushAll } from "../tlb/invalidate";
import { charge, isData, isExecutable, isStack, uncharge } from "./account";
import { forkAnon, unlinkAnon } from "./anon";
import { getFile, linkFile, putFile, unlinkFile } from "./file";
import { VM_LOCKED_MASK } from "./flags";
import { duplicateVma, freeVma } from "./pool";
import { exists, mm, Vma, vmaOf } from "./record";
import { closeVma } from "./unmap";

/** Forks; 0 or an errno, and then nothing has happened. `becomeChild`: go on as the child. */
export function fork(becomeChild: bool): u32 {
  if (!duplicateTree(childTree, vmaTree)) return ENOMEM;
  childTree.flags = TREE_ALLOC; // nobody reads it yet
  const copied = copyVmas();
  flushAll(); // the parent's entries have lost their right to write
  if (copied && becomeChild) {
    takeOver();
    return 0;
  }
  clearPages(CHILD_ROOT, childTree, false);
  tearDown(childTree);
  return copied ? 0 : ENOMEM;
}

// What the child's address space counts, while it is being made.
let mapCount: u64 = 0;
let droppedPages: u64 = 0;
let droppedExec: u64 = 0;
let droppedStack: u64 = 0;
let droppedData: u64 = 0;

/**
 * Replaces every entry of the child's tree by a copy of the VMA. Without memory the entries from there on are
 * taken out again, and false is returned: what is left are the child's own VMAs.
 */
function copyVmas(): bool {
  mapCount = 0;
  droppedPages = 0;
  droppedExec = 0;
  droppedStack = 0;
  droppedData = 0;
  const c = other;
  c.enter(childTree, 0);
  for (let id = find(c, TOP); id; id = find(c, TOP)) {
    const parent = vmaOf(id);
    if (parent.flags & VM_DONTCOPY) {
      c.narrow(parent.start, parent.end - 1);
      if (!storeNow(c, 0)) return dropFrom(parent.start);
      drop(parent);
      continue;
    }
    const child = copyVma(parent);
    if (!exists(child)) return dropFrom(parent.start);
    c.narrow(parent.start, parent.end - 1);
    storeNow(c, child.id); // an exact fit: it needs no memory
    mapCount++;
    if (isCopied(parent) && (parent.flags & VM_WIPEONFORK) == 0 && !copyPages(parent)) return dropFrom(parent.end);
  }
  return true;
}

/** Takes entries of the parent's out of a child's tree that could not be finished. */
function dropFrom(start: u64): bool {
  const kind = mm.failKind;
  mm.failKind = 0;
  other.set(start, TOP);
  storeNow(other, 0);
  mm.failKind = kind;
  return false;
}

function drop(vma: Vma): void {
  const pages = vma.pages;
  droppedPages += pages;
  if (isExecutable(vma.flags)) droppedExec += pages;
  else if (isStack(vma.flags)) droppedStack += pages;
  else if (isData(vma.flags)) droppedData += pages;
}

/** The child's copy of a VMA; NO_VMA without memory. */
function copyVma(parent: Vma): Vma {
  const pages = parent.flags & VM_ACCOUNT ? parent.pages : 0;
  if (pages && !charge(pages)) return changetype<Vma>(0);
  const child = duplicateVma(parent);
  if (!exists(child)) {
    uncharge(pages);
    return child;
  }
  if (parent.flags & VM_WIPEONFORK) {
    child.anonVma = 0;
    mm.wiped = 1;
  } else if (!forkAnon(child, parent)) {
    uncharge(pages);
    freeVma(child);
    return changetype<Vma>(0);
  }
  child.flags &= ~VM_LOCKED_MASK;
  child.attached = 1;
  if (child.ops & OPS_OPEN) count(HOOK_OPENS);
  if (child.file) {
    getFile(child.file);
    linkFile(child);
  }
  return child;
}

/**
 * Clears the tables below a root, of which nobody's TLB will know any more. Frames that the other process has
 * too stay: those of copied VMAs.
 */
function clearPages(root: usize, tree: Tree, isParent: bool): void {
  beginFlush();
  other.enter(tree, 0);
  for (let id = find(other, TOP); id; id = find(other, TOP)) {
    const vma = vmaOf(id);
    const shared = !isParent || (isCopied(vma) && (vma.flags & (VM_DONTCOPY | VM_WIPEONFORK)) == 0);
    zapUnder(root, vma.start, vma.end, !shared, false);
  }
  freeTables(root, 0, TASK_SIZE, 0, 0);
}

/** The parent exits; its address space is the child's now. */
function takeOver(): void {
  clearPages(ROOT, vmaTree, true);
  memory.copy(ROOT, CHILD_ROOT, 4096);
  memory.fill(CHILD_ROOT, 0, 4096);
  newAddressSpace();
  tearDown(vmaTree);
  vmaTree.root = childTree.root;
  vmaTree.height = childTree.height;
  vmaTree.flags = TREE_ALLOC | TREE_RCU;
  childTree.root = 0;
  childTree.height = 0;
  mm.mapCount = mapCount;
  mm.totalVm -= droppedPages;
  mm.execVm -= droppedExec;
  mm.stackVm -= droppedStack;
  mm.dataVm -= droppedData;
  mm.lockedVm = 0;
  mm.defFlags &= VM_NOHUGEPAGE;
}

/** Closes and frees every VMA of a tree, and the tree (tear_down_vmas). */
function tearDown(tree: Tree): void {
  let accounted: u64 = 0;
  other.enter(tree, 0);
  for (let id = find(other, TOP); id; id = find(other, TOP)) {
    const vma = vmaOf(id);
    if (vma.flags & VM_ACCOUNT) accounted += vma.pages;
    unlinkAnon(vma);
    unlinkFile(vma);
    closeVma(vma);
    if (vma.file) putFile(vma.file);
    freeVma(vma);
  }
  uncharge(accounted);
  destroyTree(tree);
}

/** exit_mmap: nothing is left. */
export function exit(): void {
  beginFlush();
  zapRange(0, TASK_SIZE);
  freeTables(ROOT, 0, TASK_SIZE, 0, 0);
  endFlush();
  tearDown(vmaTree);
  mm.mapCount = 0;
  mm.totalVm = 0;
  mm.execVm = 0;
  mm.stackVm = 0;
  mm.dataVm = 0;
  mm.lockedVm = 0;
}
