// The address space: VMAs in a plain sorted array, and the counters of the mm. No rule of the
// kernel lives here, only look-ups.
//
// Not in the model: mempolicies and userfaultfd contexts (no operation sets them, so they are equal
// everywhere), page tables, locks, allocation failures.

import { OPS_CLOSE } from "../../src/core/abi.js";
import { type Settings, withDefaults } from "../../src/core/settings.js";
import type { AnonVma } from "./anon.js";
import { type Era, eraOf } from "./era.js";
import { Files } from "./files.js";
import { pg, VM_MAYBE_GUARD, VM_SOFTDIRTY } from "./flags.js";

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
  /** Where its own pages go; undefined until the first write. */
  anonVma: AnonVma | undefined;
  /** The anon_vma chain, oldest first: after a fork also the parent's, the grandparent's... */
  chain: AnonVma[];
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
  readonly era: Era;
  readonly files = new Files();
  /** Sorted by address, disjoint. Its length is map_count. */
  vmas: Vma[] = [];

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
  openCalls = 0;
  closeCalls = 0;
  secondAttempts = 0;
  secondMerged = 0;

  /** Fault injection of the running operation: fail the `failAt`-th event of kind `failKind`. */
  failKind = 0;
  failAt = 0;
  chargesSeen = 0;
  hooksSeen = 0;

  private nextAnonId = 1;

  constructor(settings: Partial<Settings> = {}) {
    this.settings = withDefaults(settings);
    this.era = eraOf(this.settings.profile, this.settings.hook);
    this.brk = BigInt(this.settings.brk);
    this.defFlags = BigInt(this.settings.defFlags);
  }

  get mapCount(): number {
    return this.vmas.length;
  }

  /**
   * Flag bits a merge tolerates in the XOR; where they are sticky the survivor keeps them (2.1,
   * 2.2).
   */
  get ignoredFlags(): bigint {
    const softDirty = this.settings.softDirty ? VM_SOFTDIRTY : 0n;
    return this.era.sticky ? softDirty | VM_MAYBE_GUARD : softDirty;
  }

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

  newAnonId(): number {
    return this.nextAnonId++;
  }
}
