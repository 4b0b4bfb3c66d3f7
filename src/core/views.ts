// What a core takes and gives, as plain data: records of its memory under the names that everything above uses.

import type { EventName } from "./abi.js";
import * as abi from "./abi.js";

/** One VMA as the core holds it. Addresses in bytes, offsets in pages. */
export interface VmaView {
  start: number;
  end: number;
  flags: number;
  pgoff: number;
  anonPgoff: number;
  /** File id, 0 = none. */
  file: number;
  anonVma: number;
  /** anon_vmas the VMA is linked to: more than one once its memory has been forked. */
  chain: number;
  ops: number;
  privateData: number;
  /** Identity of the VMA object. */
  id: number;
}

export interface OperationResult {
  /** Address, count, or -errno. */
  value: number;
  /** map_count right after the operation. */
  vmas: number;
  /** STATUS_* */
  status: number;
}

/** Fields of a file record that a user sets; see File in assembly/vma/record.ts. */
export type FileRecord = Partial<
  Record<"driver" | "mode" | "inode" | "pages" | "firstPfn" | "size", number>
>;

/** Fields of a driver record; see Driver in assembly/vma/record.ts. */
export type DriverRecord = Partial<Record<keyof typeof abi.DRIVER, number>>;

/** Counters of the address space, in pages but for mapCount (VMAs) and brk (bytes). */
export type Account = Record<(typeof ACCOUNT)[number], number>;
export const ACCOUNT = [
  "mapCount",
  "totalVm",
  "dataVm",
  "execVm",
  "stackVm",
  "lockedVm",
  "committed",
  "brk",
] as const;

export interface TreeShape {
  height: number;
  leaves: number;
  inner: number;
  entries: number;
}

/** The bytes of a core's state, for `restore`. Only valid for builds of the same memory map. */
export type Snapshot = readonly { at: number; bytes: Uint8Array }[];

export type Counters = Record<EventName, number>;

/** A step of an operation: STEP_*, and the work counted until the next one began. */
export interface StepView {
  step: number;
  work: Partial<Counters>;
  /** A merge attempt: what each side said (STEP_SIDE_*), and why (REFUSED_*); `value` as said there. */
  sides: { side: number; refused: number; value: number }[];
  /** How things stood when the step ended. */
  after: StepState;
}

export interface StepState {
  mapCount: number;
  /** Pages charged in all. */
  committed: number;
  /** Maple nodes reserved and not taken. */
  held: number;
}

export const SIDES: readonly number[] = [
  abi.STEP_SIDE_BELOW,
  abi.STEP_SIDE_ABOVE,
  abi.STEP_SIDE_OWN,
];

export interface DigestOptions {
  operations: number;
  pages: number;
  mask: number;
  full: boolean;
  rcu: boolean;
  range: boolean;
  /** Looks for a broken invariant after every step. */
  checked?: boolean;
  state: bigint;
}
