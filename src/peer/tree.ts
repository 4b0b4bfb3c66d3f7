// A kernel tree on this machine: what the peer takes from it, and what is missing where it cannot.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors.js";

/** Files of the tree that are included, and what a tree without one lacks. */
const NEEDED: readonly (readonly [path: string, lacking: string])[] = [
  ["lib/maple_tree.c", "the maple tree (6.1 and later have it)"],
  ["include/linux/maple_tree.h", "the maple tree (6.1 and later have it)"],
  ["mm/vma.c", "the VMA code by itself (6.11 and later have it)"],
  ["mm/vma.h", "the VMA code by itself (6.11 and later have it)"],
  ["mm/vma_init.c", "the allocation of VMAs in a file of its own (6.16 and later have it)"],
  ["mm/vma_exec.c", "the VMA code of exec in a file of its own (6.16 and later have it)"],
  ["tools/testing/vma/vma_internal.h", "the headers that build VMA code in user space"],
  ["tools/testing/vma/include/stubs.h", "the split headers of tools/testing/vma (7.0 and later)"],
  [
    "tools/testing/shared/linux/maple_tree.h",
    "the headers that build the maple tree in user space",
  ],
  ["tools/include/linux/slab.h", "the user-space headers of tools/include"],
];

export interface KernelTree {
  path: string;
  /** As its Makefile says: `7.3.4`; null where that says nothing. */
  version: string | null;
}

/** Looks a tree over. UsageError naming the first file it lacks. */
export function kernelTree(path: string): KernelTree {
  if (!existsSync(path)) throw new UsageError(`kernel source ${path}: no such folder`);
  for (const [file, lacking] of NEEDED) {
    if (existsSync(join(path, file))) continue;
    throw new UsageError(`kernel source ${path} has no ${file}: it lacks ${lacking}`);
  }
  return { path, version: versionOf(path) };
}

function versionOf(path: string): string | null {
  const makefile = join(path, "Makefile");
  if (!existsSync(makefile)) return null;
  const text = readFileSync(makefile, "utf8");
  const part = (name: string) => new RegExp(`^${name} *= *(\\S*)$`, "m").exec(text)?.[1] ?? "";
  const [version, patch, sub] = [part("VERSION"), part("PATCHLEVEL"), part("SUBLEVEL")];
  return version === "" ? null : `${version}.${patch}.${sub}${part("EXTRAVERSION")}`;
}
