// Files that stand for those of a recording: as large, of as many inodes, opened as they were, and empty.

import { closeSync, ftruncateSync, mkdtempSync, openSync, rmdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import * as abi from "../core/abi.js";
import type { Libc } from "../live/libc.js";
import { findFolder } from "../live/machine.js";
import type { Program } from "../trace/program.js";

const PAGE = 4096;
/** Larger files than this are not made: the offset of a device can be anything. */
const MOST_PAGES = 2 ** 28;

/** One descriptor for each file id, in order, and one more for memory that must not merge. */
export function openStandIns(
  libc: Libc,
  program: Program,
): { descriptors: number[]; close(): void } {
  const folder = findFolder()?.path ?? null;
  const sizes = sizesOf(program);
  const open = new Map<number, number>();
  const opened: number[] = [];
  const keep = (descriptor: number) => {
    opened.push(descriptor);
    return descriptor;
  };
  const descriptors = program.files.map(({ mode = 0, inode = 0 }) => {
    if (mode & abi.FILE_MODE_DEVZERO) return keep(openSync("/dev/zero", "r+"));
    let whole = open.get(inode);
    if (whole === undefined) {
      const onDisk = (mode & abi.FILE_MODE_SHMEM) === 0 && folder !== null;
      whole = keep(onDisk ? emptyFile(folder) : libc.memfd("vmabench", 0));
      ftruncateSync(whole, (sizes.get(inode) ?? 1) * PAGE);
      open.set(inode, whole);
    }
    const flags = mode & abi.FILE_MODE_WRITE ? "r+" : "r";
    return keep(openSync(`/proc/self/fd/${whole}`, flags));
  });
  const apart = keep(libc.memfd("vmabench", 0));
  ftruncateSync(apart, MOST_PAGES);
  return {
    descriptors: [...descriptors, apart],
    close: () => {
      for (const descriptor of opened) closeSync(descriptor);
    },
  };
}

/** Pages that the program maps of each inode. */
function sizesOf({ files, setup, operations }: Program): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const { file = 0, pgoff = 0, len = 0 } of [...setup, ...operations]) {
    const inode = files[file - 1]?.inode;
    if (inode === undefined) continue;
    const pages = Math.min(MOST_PAGES, Number(pgoff) + Math.ceil(Number(len) / PAGE));
    sizes.set(inode, Math.max(pages, sizes.get(inode) ?? 1));
  }
  return sizes;
}

/** A file that is gone from its folder already. */
function emptyFile(folder: string): number {
  const own = mkdtempSync(join(folder, "vmabench-replay-"));
  const path = join(own, "file");
  try {
    return openSync(path, "wx+");
  } finally {
    unlinkSync(path);
    rmdirSync(own);
  }
}
