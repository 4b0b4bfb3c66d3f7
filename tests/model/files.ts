// Files, their drivers, and what VMAs hold of a file: references, and places in i_mmap (sheet 5.4).
// The counts are kept as the kernel keeps them, step by step, so that a leak stays one.

import {
  FILE_MODE_DEVZERO,
  FILE_MODE_READ,
  FILE_MODE_SHMEM,
  FILE_MODE_UNNAMED,
  FILE_MODE_WRITE,
} from "../../src/core/abi.js";
import type { DriverRecord, FileRecord } from "../../src/core/core.js";
import { has, VM_MAYWRITE, VM_SHARED } from "./flags.js";

export interface FileState {
  refs: number;
  mapped: number;
  writable: number;
}

/** File ids start at 1; 0 is no file, and counting it does nothing. */
export class Files {
  private readonly records = new Map<number, FileRecord>();
  private readonly states = new Map<number, FileState>();
  private readonly drivers = new Map<number, DriverRecord>();
  private next = 1;

  set(id: number, file: FileRecord): void {
    this.records.set(id, file);
    this.next = Math.max(this.next, id + 1);
  }

  setDriver(index: number, driver: DriverRecord): void {
    this.drivers.set(index, driver);
  }

  modeOf(id: number): number {
    return this.records.get(id)?.mode ?? FILE_MODE_READ;
  }

  is(id: number, mode: number): boolean {
    return (this.modeOf(id) & mode) !== 0;
  }

  /** Pages a mapping of the file may reach, 0 = no limit. */
  pagesOf(id: number): bigint {
    return BigInt(this.records.get(id)?.pages ?? 0);
  }

  /** Pages a file has, 0 = as many as one likes. */
  sizeOf(id: number): bigint {
    return BigInt(this.records.get(id)?.size ?? 0);
  }

  /**
   * What the file's driver does. /dev/zero and shmem files of mmap's own making have none of the
   * test's.
   */
  driverOf(id: number): DriverRecord {
    if (this.is(id, FILE_MODE_DEVZERO | FILE_MODE_UNNAMED)) return {};
    return this.drivers.get(this.records.get(id)?.driver ?? 0) ?? {};
  }

  /** shmem_zero_setup: the file behind shared anonymous memory. Nobody holds it yet. */
  newSharedMemory(size: bigint): number {
    const id = this.next;
    const access = FILE_MODE_READ | FILE_MODE_WRITE;
    this.set(id, { mode: access | FILE_MODE_SHMEM | FILE_MODE_UNNAMED, size: Number(size) });
    return id;
  }

  /** get_file */
  get(id: number): void {
    this.change(id, (state) => state.refs++);
  }

  /** fput */
  put(id: number): void {
    this.change(id, (state) => state.refs--);
  }

  /** A VMA with these flags enters the file's i_mmap. */
  link(id: number, flags: bigint): void {
    this.change(id, (state) => {
      state.mapped++;
      if (isWritableMapping(flags)) state.writable++;
    });
  }

  /** A VMA with these flags leaves it. */
  unlink(id: number, flags: bigint): void {
    this.change(id, (state) => {
      state.mapped--;
      if (isWritableMapping(flags)) state.writable--;
    });
  }

  state(id: number): FileState {
    return { ...(this.states.get(id) ?? NOTHING) };
  }

  private change(id: number, how: (state: FileState) => void): void {
    if (id === 0) return;
    const state = this.state(id);
    how(state);
    this.states.set(id, state);
  }
}

const NOTHING: FileState = { refs: 0, mapped: 0, writable: 0 };

/** vma_is_shared_maywrite */
export function isWritableMapping(flags: bigint): boolean {
  return has(flags, VM_SHARED) && has(flags, VM_MAYWRITE);
}
