// This machine as the model sees it: settings, files, what may be asked of its kernel.

import { existsSync, readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseDriver } from "../catalogue/drivers.js";
import { HOOKS } from "../catalogue/kernels.js";
import type { ReleaseProtocol } from "../catalogue/releases.js";
import * as abi from "../core/abi.js";
import type { FileRecord } from "../core/core.js";
import { FILE_PAGES, type FileName, type OpenFile, type Ready } from "./messages.js";
import type { ModelOptions } from "./model.js";

/** File systems by the magic number of statfs: how the model knows their files. */
const FILE_SYSTEMS: Readonly<Record<number, { name: string; mode: number }>> = {
  61267: { name: "ext4", mode: abi.FILE_MODE_THP_ALIGN },
  1481003842: { name: "xfs", mode: abi.FILE_MODE_THP_ALIGN },
  2435016766: { name: "btrfs", mode: 0 },
  4076150800: { name: "f2fs", mode: 0 },
  16914836: { name: "tmpfs", mode: abi.FILE_MODE_SHMEM },
};
const SHMEM = "tmpfs";

/** A folder for files on a disk. */
export interface Folder {
  path: string;
  /** Name of its file system. */
  system: string;
  mode: number;
}

/** The first folder on a file system that is known, one on a disk if there is any; null for none. */
export function findFolder(
  candidates: readonly string[] = [tmpdir(), process.cwd(), "/var/tmp", "/dev/shm"],
): Folder | null {
  const known = candidates.flatMap((path): Folder[] => {
    const system = existsSync(path) ? FILE_SYSTEMS[statfsSync(path).type] : undefined;
    return system ? [{ path, system: system.name, mode: system.mode }] : [];
  });
  return known.find(({ system }) => system !== SHMEM) ?? known[0] ?? null;
}

const { FILE_MODE_READ: READ, FILE_MODE_WRITE: WRITE, FILE_MODE_SHMEM: MEMORY } = abi;
/** Mode of each file, and which have one inode. Files of a disk get the mode of their file system on top. */
const FILES: Readonly<Record<FileName, { mode: number; inode: number; disk?: true }>> = {
  memfd: { mode: READ | WRITE | MEMORY, inode: 1 },
  "memfd-again": { mode: READ | WRITE | MEMORY, inode: 1 },
  "memfd-read-only": { mode: READ | MEMORY, inode: 1 },
  "memfd-sealed": { mode: READ | WRITE | MEMORY | abi.FILE_MODE_SEALED, inode: 2 },
  "dev-zero": { mode: READ | WRITE | abi.FILE_MODE_DEVZERO, inode: 3 },
  file: { mode: READ | WRITE, inode: 4, disk: true },
  "file-again": { mode: READ | WRITE, inode: 4, disk: true },
  "file-read-only": { mode: READ, inode: 4, disk: true },
  "file-write-only": { mode: WRITE, inode: 4, disk: true },
  "second-file": { mode: READ | WRITE, inode: 5, disk: true },
  folder: { mode: READ | abi.FILE_MODE_NO_MMAP, inode: 6 },
};

function fileRecord({ name, noexec }: OpenFile, folder: Folder | null): FileRecord {
  const { mode, inode, disk } = FILES[name];
  const more = (disk && folder ? folder.mode : 0) | (noexec ? abi.FILE_MODE_NOEXEC : 0);
  return { mode: mode | more, inode, driver: 0, size: FILE_PAGES };
}

/** What the model of a machine needs: what its child found, and the kernel's own settings. */
export function modelOptions(
  { protocol }: ReleaseProtocol,
  ready: Pick<Ready, "files" | "memlock" | "ipcLock" | "softDirty" | "protectionKeys">,
  folder: Folder | null,
): ModelOptions {
  const sysctl = (name: string) => Number(readFileSync(`/proc/sys/vm/${name}`, "utf8"));
  return {
    settings: {
      profile: protocol.profile,
      hook: HOOKS[protocol.hook].hook,
      touch: abi.TOUCH_NONE,
      maxMapCount: sysctl("max_map_count"),
      mmapMinAddr: sysctl("mmap_min_addr"),
      overcommit: sysctl("overcommit_memory"),
      limitMemlock: Math.min(ready.memlock.soft, abi.NO_LIMIT),
      ipcLock: ready.ipcLock,
      softDirty: ready.softDirty,
      protectionKeys: ready.protectionKeys,
      thp: existsSync("/sys/kernel/mm/transparent_hugepage/enabled"),
    },
    files: ready.files.map((file) => fileRecord(file, folder)),
    driver: parseDriver("vmops-only").record(protocol.hook),
  };
}

/** What is not asked of a kernel, and why. `guards`: MADV_GUARD_INSTALL is. */
export function notAsked(ready: Ready, folder: Folder | null, guards: boolean): string[] {
  const reasons: [boolean, string][] = [
    [folder === null, "files of a disk (no folder on a file system that is known)"],
    [ready.guards !== "none" && !guards, `guards (this kernel leaves their VMAs ${ready.guards})`],
    [!ready.low, "MAP_32BIT places (randomisation stays on)"],
    [!ready.fillable, "vm.max_map_count (it is too high to reach)"],
    [ready.guards === "none", "guards (this kernel has none)"],
    [!ready.mseal, "mseal (this kernel has none)"],
    [!ready.droppable, "MAP_DROPPABLE (this kernel has none)"],
    [!ready.names, "names of anonymous memory (this kernel has none)"],
    [!ready.mergeAny, "PR_SET_MEMORY_MERGE (refused)"],
  ];
  return reasons.filter(([applies]) => applies).map(([, text]) => text);
}
