// The compatibility layer (sheet 1.10): an outer `.mmap` that does nothing but hand the VMA to a
// file whose driver has `.mmap_prepare`. To mmap it is a `.mmap` hook: one call, and only if the
// first merge failed.

import { completeAction, type Descriptor, describeMapping, prepareAction } from "./hook-prepare.js";
import { setFile } from "./lifecycle.js";
import { refuse } from "./refuse.js";
import type { Space, Vma } from "./space.js";

/** compat_vma_mmap. It refuses with the driver's own error; the outer hook's caller cleans up. */
export function callThroughCompat(space: Space, vma: Vma): void {
  const driver = space.files.driverOf(vma.file);
  const { start, end, file, flags, pgoff } = vma;
  const desc: Descriptor = { start, end, file, flags, pgoff, ops: undefined };
  describeMapping(space, desc);
  prepareAction(space, driver, desc);
  writeBack(space, vma, desc);
  const errno = completeAction(space, driver, vma); // the VMA is in no tree yet
  if (errno) refuse(errno);
}

/** The layer takes a reference of its own, also where the driver has handed one over. */
function writeBack(space: Space, vma: Vma, desc: Descriptor): void {
  vma.pgoff = desc.pgoff;
  if (desc.file !== vma.file) setFile(space, vma, desc.file);
  if (space.era.compatIsExact) {
    vma.flags = desc.flags;
    vma.ops = desc.ops ?? vma.ops; // the descriptor started with the VMA's ops
  } else {
    vma.flags |= desc.flags;
    vma.ops = desc.ops ?? 0; // it started with none, and none is what the VMA gets
  }
}
