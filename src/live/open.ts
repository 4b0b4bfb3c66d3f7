// The files that are mapped. All of them are gone from their folder before the first call.

import { closeSync, ftruncateSync, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Libc } from "./libc.js";
import { FILE_PAGES, type FileName } from "./messages.js";

/** An open file description. */
export interface Opened {
  name: FileName;
  descriptor: number;
}

const PAGE = 4096;
const MFD_ALLOW_SEALING = 2;
/** F_SEAL_SHRINK | F_SEAL_WRITE */
const SEALS = 0x2 | 0x8;

/** Opens every kind of file there is; `folder`: an empty one for those of a disk, null for none of them. */
export function openFiles(libc: Libc, folder: string | null): Opened[] {
  const memfd = libc.memfd("vmabench", 0);
  ftruncateSync(memfd, FILE_PAGES * PAGE);
  const sealed = libc.memfd("vmabench-sealed", MFD_ALLOW_SEALING);
  ftruncateSync(sealed, FILE_PAGES * PAGE);
  libc.seal(sealed, SEALS);
  const files: Opened[] = [
    { name: "memfd", descriptor: memfd },
    { name: "memfd-again", descriptor: openSync(`/proc/self/fd/${memfd}`, "r+") },
    { name: "memfd-read-only", descriptor: openSync(`/proc/self/fd/${memfd}`, "r") },
    { name: "memfd-sealed", descriptor: sealed },
    { name: "dev-zero", descriptor: openSync("/dev/zero", "r+") },
  ];
  return folder === null ? files : [...files, ...diskFiles(folder)];
}

function diskFiles(folder: string): Opened[] {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  try {
    for (const path of [first, second]) {
      const descriptor = openSync(path, "w");
      ftruncateSync(descriptor, FILE_PAGES * PAGE);
      closeSync(descriptor);
    }
    return [
      { name: "file", descriptor: openSync(first, "r+") },
      { name: "file-again", descriptor: openSync(first, "r+") },
      { name: "file-read-only", descriptor: openSync(first, "r") },
      { name: "file-write-only", descriptor: openSync(first, "a") },
      { name: "second-file", descriptor: openSync(second, "r+") },
      { name: "folder", descriptor: openSync(folder, "r") },
    ];
  } finally {
    for (const path of [first, second]) unlinkSync(path);
  }
}
