// Accesses, and the replay's policy about pages that a recorded program must have written.

import {
  EFAULT, TOUCH_ALL, TOUCH_NONE, VM_MAYSHARE, VM_SHARED, VM_SPECIAL, VM_WRITE,
} from "../abi";
import { scan, vmaTree } from "../maple/cursor";
import { find } from "../maple/walk";
import { access } from "../paging/fault";
import { prepareAnon } from "./anon";
import { isAnonymous } from "./flags";
import { mm, Vma, vmaOf } from "./record";

/** One access to each page of the range; how many there were, or -EFAULT at the first that gets a signal. */
export function touch(addr: u64, length: u64, write: bool): i64 {
  const end = addr + length;
  let pages: i64 = 0;
  for (let page = addr & ~0xfff; page < end; page += 0x1000) {
    if (!access(page, write)) return -EFAULT;
    pages++;
  }
  return pages;
}

/**
 * A trace of calls does not say which pages were written. Under a policy, every VMA of a range just mapped or
 * changed counts as written if it can be: it gets its anon_vma, as the first write would have given it. No page
 * is installed.
 */
export function presumeWritten(start: u64, length: u64): void {
  if (mm.touch == TOUCH_NONE || length == 0) return;
  scan.enter(vmaTree, start);
  for (let id = find(scan, start + length - 1); id; id = find(scan, start + length - 1)) {
    const vma = vmaOf(id);
    if (isPresumedWritten(vma)) prepareAnon(vma);
  }
}

function isPresumedWritten(vma: Vma): bool {
  if ((vma.flags & (VM_WRITE | VM_SHARED | VM_MAYSHARE)) != VM_WRITE) return false;
  if (isAnonymous(vma)) return true;
  return mm.touch == TOUCH_ALL && (vma.flags & VM_SPECIAL) == 0;
}
