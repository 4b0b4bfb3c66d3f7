// The file table of a program. A file id stands for one open file description: two mappings of one file
// can share a VMA only when they came from the same description, whatever the descriptor's number was.

import {
  FILE_LIMIT,
  FILE_MODE_DEVZERO,
  FILE_MODE_READ,
  FILE_MODE_SHMEM,
  FILE_MODE_THP_ALIGN,
  FILE_MODE_WRITE,
} from "../core/abi.js";
import type { FileRecord } from "../core/core.js";
import { InputError } from "../errors.js";
import type { Call } from "./calls.js";

/** Room left for files that the core makes itself: shared anonymous memory. */
const OWN_FILES = 4096;

/** File systems whose mappings the kernel aligns for huge pages (their get_unmapped_area, since 4.10). */
const THP_ALIGNED = new Set(["ext2", "ext4", "xfs"]);
/** File systems that are shmem underneath. */
const SHMEM = new Set(["tmpfs", "devtmpfs", "ramfs"]);

export class FileTable {
  /** The record of file id n is `files[n - 1]`. */
  readonly files: FileRecord[] = [];
  /** `MAJ:MIN:INODE` of file id n at n - 1; null where the trace does not say. */
  readonly inodes: (string | null)[] = [];
  /** Path of file id n at n - 1, as the trace has it; null where it does not say. */
  readonly names: (string | null)[] = [];
  private readonly ids = new Map<string, number>();
  private readonly inodeNumbers = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly driver: number,
  ) {}

  /** The id of a key, made on first sight. `line` is where it was seen, `name` the path it went by. */
  id(
    key: string,
    line: number,
    inode: string | null,
    mode: number,
    name: string | null = null,
  ): number {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    if (this.files.length >= FILE_LIMIT - OWN_FILES) {
      const limit = `at most ${FILE_LIMIT - OWN_FILES} open files`;
      throw new InputError(this.name, line, limit, "more");
    }
    this.files.push({ driver: this.driver, mode, inode: this.inodeNumber(inode ?? key) });
    this.inodes.push(inode);
    this.names.push(name);
    this.ids.set(key, this.files.length);
    return this.files.length;
  }

  /** The file that a recorded mmap or shmat named; undefined when the trace does not say which. */
  ofCall(call: Call): number | undefined {
    const { ofd, inode, line } = call;
    if (ofd === undefined && inode === undefined) return undefined;
    const key = ofd === undefined ? `inode ${inode}` : `ofd ${ofd}`;
    return this.id(key, line, inode ?? null, modeOf(call), call.file ?? null);
  }

  /** Inodes by a number of their own: what file ids of one inode have in common. */
  private inodeNumber(inode: string): number {
    const number = this.inodeNumbers.get(inode) ?? this.inodeNumbers.size + 1;
    this.inodeNumbers.set(inode, number);
    return number;
  }
}

/** FILE_MODE_* of the file a call named. */
function modeOf(call: Call): number {
  const open = call.open ?? "r";
  let mode = open.includes("r") ? FILE_MODE_READ : 0;
  if (open.includes("w")) mode |= FILE_MODE_WRITE;
  const [kind = "", system = ""] = (call.type ?? "").split(":");
  if (kind === "memfd" || kind === "sysv") mode |= FILE_MODE_SHMEM;
  if (kind === "reg" && SHMEM.has(system)) mode |= FILE_MODE_SHMEM;
  if (kind === "reg" && THP_ALIGNED.has(system)) mode |= FILE_MODE_THP_ALIGN;
  if (call.type === "chr:1:5") mode |= FILE_MODE_DEVZERO;
  return mode;
}
