// The address space: VMAs in a plain sorted array, the counters of the mm, the files and drivers that
// mappings refer to. No rule of the kernel lives here, only look-ups.
//
// Not in the model: mempolicies and userfaultfd contexts (no operation sets them, so they are equal
// everywhere), page tables, locks, allocation failures.

import { FILE_MODE_READ, FILE_MODE_SHMEM, OPS_CLOSE, PROFILE_7_3 } from "../../src/core/abi.js";
import type { DriverRecord, FileRecord } from "../../src/core/core.js";
import { type Settings, withDefaults } from "../../src/core/settings.js";
import { has, pg, VM_MAYBE_GUARD, VM_MAYWRITE, VM_SHARED, VM_SOFTDIRTY } from "./flags.js";

/** The VMA record of sheet 0.5. Object identity is the identity of the kernel's object. */
export interface Vma {
  start: bigint;
  end: bigint;
  flags: bigint;
  pgoff: bigint;
  anonPgoff: bigint;
  /** File id, 0 = none. */
  file: number;
  /** OPS_* bits; 0 = vm_ops is NULL, which is what makes a VMA anonymous. */
  ops: number;
  anonVma: number;
  /** Length of the anon_vma chain. */
  chain: number;
  /** Anonymous name id, 0 = none. */
  name: number;
}

export function pagesOf(vma: Vma): bigint {
  return pg(vma.end - vma.start);
}

export function isAnonymous(vma: Vma): boolean {
  return vma.ops === 0;
}

/** A merge may delete a VMA only if its driver does not want to hear of the close. */
export function isRemovable(vma: Vma): boolean {
  return (vma.ops & OPS_CLOSE) === 0;
}

export class Space {
  readonly settings: Settings;
  /** Era F rules (7.3) apply; otherwise era C (6.15). */
  readonly is73: boolean;
  /** Sorted by address, disjoint. Its length is map_count. */
  readonly vmas: Vma[] = [];

  totalVm = 0n;
  dataVm = 0n;
  execVm = 0n;
  stackVm = 0n;
  lockedVm = 0n;
  committed = 0n;
  brk: bigint;
  defFlags: bigint;

  hookCalls = 0;
  hookFailures = 0;
  secondAttempts = 0;
  secondMerged = 0;

  /** Fault injection of the running operation: fail the `failAt`-th event of kind `failKind`. */
  failKind = 0;
  failAt = 0;
  chargesSeen = 0;
  hooksSeen = 0;

  private readonly files = new Map<number, FileRecord>();
  private readonly drivers = new Map<number, DriverRecord>();
  private readonly sharedMemory = new Set<number>();
  private nextFile = 1;
  private nextAnonVma = 1;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = withDefaults(settings);
    this.is73 = this.settings.profile === PROFILE_7_3;
    this.brk = BigInt(this.settings.brk);
    this.defFlags = BigInt(this.settings.defFlags);
  }

  get mapCount(): number {
    return this.vmas.length;
  }

  /** Flag bits a merge tolerates in the XOR, and 7.3 carries over to the survivor (2.1, 2.2). */
  get ignoredFlags(): bigint {
    const softDirty = this.settings.softDirty ? VM_SOFTDIRTY : 0n;
    return this.is73 ? softDirty | VM_MAYBE_GUARD : softDirty;
  }

  // Look-ups ---------------------------------------------------------------------------------------

  /** find_vma: the first VMA that ends above `address`; it may start above it. */
  find(address: bigint): Vma | undefined {
    return this.vmas.find((vma) => vma.end > address);
  }

  /** vma_lookup: the VMA that covers `address`. */
  at(address: bigint): Vma | undefined {
    const vma = this.find(address);
    return vma && vma.start <= address ? vma : undefined;
  }

  /** The last VMA that ends at or below `address`. */
  below(address: bigint): Vma | undefined {
    return this.vmas.findLast((vma) => vma.end <= address);
  }

  /** The first VMA that starts at or above `address`. */
  above(address: bigint): Vma | undefined {
    return this.vmas.find((vma) => vma.start >= address);
  }

  overlapping(start: bigint, end: bigint): Vma[] {
    return this.vmas.filter((vma) => vma.start < end && vma.end > start);
  }

  insert(vma: Vma): void {
    const index = this.vmas.findIndex((other) => other.start > vma.start);
    this.vmas.splice(index < 0 ? this.vmas.length : index, 0, vma);
  }

  remove(vma: Vma): void {
    const index = this.vmas.indexOf(vma);
    if (index < 0) throw new Error("the model removes a VMA that is not in the space");
    this.vmas.splice(index, 1);
  }

  newAnonVma(): number {
    return this.nextAnonVma++;
  }

  // Files and drivers ------------------------------------------------------------------------------

  setFile(id: number, file: FileRecord): void {
    this.files.set(id, file);
    this.nextFile = Math.max(this.nextFile, id + 1);
  }

  setDriver(index: number, driver: DriverRecord): void {
    this.drivers.set(index, driver);
  }

  isFile(id: number): boolean {
    return this.files.has(id);
  }

  fileMode(id: number): number {
    return this.files.get(id)?.mode ?? FILE_MODE_READ;
  }

  /** Pages a mapping of the file may reach, 0 = no limit. */
  filePages(id: number): bigint {
    return BigInt(this.files.get(id)?.pages ?? 0);
  }

  driverOf(id: number): DriverRecord {
    return this.drivers.get(this.files.get(id)?.driver ?? 0) ?? {};
  }

  /** The file behind shared anonymous memory (shmem_zero_setup). */
  newSharedMemory(): number {
    const id = this.nextFile;
    this.setFile(id, { mode: FILE_MODE_READ | FILE_MODE_SHMEM });
    this.sharedMemory.add(id);
    return id;
  }

  /** Anonymous shmem: a file that mmap made itself. */
  isSharedMemory(id: number): boolean {
    return this.sharedMemory.has(id);
  }

  /** One reference and one place in i_mmap a VMA; SHARED & MAYWRITE ones also count as writable (5.4). */
  fileState(id: number): { refs: number; mapped: number; writable: number } {
    const users = this.vmas.filter((vma) => vma.file === id);
    const writable = users.filter(
      (vma) => has(vma.flags, VM_SHARED) && has(vma.flags, VM_MAYWRITE),
    ).length;
    return { refs: users.length, mapped: users.length, writable };
  }
}
