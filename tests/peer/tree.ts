// Kernel trees for tests: the real one where the environment names it, and folders that only look like one.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A tree that can be built; undefined where nobody has named one. */
export const realTree = process.env.VMABENCH_KERNEL_SOURCE;

const FILES = [
  "lib/maple_tree.c",
  "include/linux/maple_tree.h",
  "mm/vma.c",
  "mm/vma.h",
  "mm/vma_init.c",
  "mm/vma_exec.c",
  "tools/testing/vma/vma_internal.h",
  "tools/testing/vma/include/stubs.h",
  "tools/testing/shared/linux/maple_tree.h",
  "tools/include/linux/slab.h",
];

/** Has every file that is asked for, with nothing in it, but for those left out. */
export function hollowTree(folder: string, without: readonly string[] = []): string {
  for (const file of FILES.filter((name) => !without.includes(name))) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
  }
  const makefile = "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION = -rc1\n";
  writeFileSync(join(folder, "Makefile"), makefile);
  return folder;
}
