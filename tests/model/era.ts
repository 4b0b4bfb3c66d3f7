// What differs between the kernels, one field a rule. Each era is written as what it changes of the
// one before it, in the order of sheet 1.0. The letters are the sheet's.

import * as abi from "../../src/core/abi.js";
import { VM_IO, VM_SPECIAL } from "./flags.js";

export interface Era {
  /** Hooks a driver of this kernel can have (1.0). */
  readonly hooks: readonly number[];
  /** Which of the four shapes of mmap_region it has; each is a file of its own. */
  readonly region: "6.11" | "6.12" | "6.15" | "6.16";

  // Merging (2.2)
  /** The VMA above can grow down although it has a close hook. */
  readonly closingNextFits: boolean;
  /** is_mergeable_anon_vma: asks for a chain of one, or for sides that are not forked. */
  readonly anonTest: "chain of one" | "not forked";
  /** The same test also looks at the VMA that mremap copies from. */
  readonly anonTestSeesCopied: boolean;
  /** Private file mappings must be contiguous in their anonymous offsets as well. */
  readonly anonOffsets: boolean;
  /** VM_MAYBE_GUARD exists; merges pass over sticky bits and hand them to the survivor. */
  readonly sticky: boolean;

  // mmap (1.3 to 1.10)
  /** Memory for KSM is marked before the first merge where that is safe. */
  readonly earlyKsm: boolean;
  /** A locked mapping loses its bits if it is droppable (1.5, third note). */
  readonly droppableIsUnlockable: boolean;
  /** The new mapping owns the charge of all its pages, not of the difference only (1.9). */
  readonly ownsWholeCharge: boolean;
  /** A refused .mmap_prepare gives the charge back (1.7, 1.9). */
  readonly unchargesPrepare: boolean;
  /** The descriptor's ops also go to a neighbour that has grown (1.7, 1.8). */
  readonly overwritesSurvivor: boolean;
  /** desc.action exists (1.8). */
  readonly actions: boolean;
  /** A hook that swaps the file hands over a reference with it (1.8). */
  readonly handsOverFile: boolean;
  /** vm_ops->mapped is called (1.8, 1.9). */
  readonly callsMapped: boolean;
  /**
   * The compatibility layer takes flags back as they are, and keeps ops the hook leaves alone
   * (1.10).
   */
  readonly compatIsExact: boolean;

  // Other calls
  /** mremap with the guards of 7.3; else as 6.12 (3.4). */
  readonly mremap73: boolean;
  /** MREMAP_DONTUNMAP counts a locked source again before it unlocks it (measured on 6.18.44). */
  readonly countsLockedTwice: boolean;
  /** mremap moves several VMAs in one call (3.4; 6.17 brought it). */
  readonly movesSeveral: boolean;
  /** MADV_GUARD_INSTALL and _REMOVE exist (3.6). */
  readonly guards: boolean;
  /** What keeps MADV_DOFORK off a mapping (3.6). */
  readonly doForkRefuses: bigint;
  /** Huge mappings of any file are aligned, not only of file systems that ask for it (3.9). */
  readonly alignsFiles: boolean;
}

/** A */
const ERA_6_11: Era = {
  hooks: [abi.HOOK_MMAP],
  region: "6.11",
  closingNextFits: false,
  anonTest: "chain of one",
  anonTestSeesCopied: false,
  anonOffsets: false,
  sticky: false,
  earlyKsm: false,
  droppableIsUnlockable: false,
  ownsWholeCharge: false,
  unchargesPrepare: false,
  overwritesSurvivor: false,
  actions: false,
  handsOverFile: false,
  callsMapped: false,
  compatIsExact: false,
  mremap73: false,
  countsLockedTwice: false,
  movesSeveral: false,
  guards: false,
  doForkRefuses: VM_IO,
  alignsFiles: true,
};

/** B, as 6.12.107 has it. */
const ERA_6_12: Era = {
  ...ERA_6_11,
  region: "6.12",
  closingNextFits: true,
  droppableIsUnlockable: true,
};

/** C */
const ERA_6_15: Era = {
  ...ERA_6_12,
  region: "6.15",
  droppableIsUnlockable: false,
  guards: true,
};

/** R, the series of 30 April 2025 on top of C. */
const ERA_RFC: Era = {
  ...ERA_6_15,
  hooks: [abi.HOOK_MMAP, abi.HOOK_MMAP_PROTO, abi.HOOK_BOTH],
};

/** D */
const ERA_6_16: Era = {
  ...ERA_6_15,
  hooks: [abi.HOOK_MMAP, abi.HOOK_MMAP_PREPARE, abi.HOOK_COMPAT],
  region: "6.16",
  anonTest: "not forked",
  overwritesSurvivor: true,
};

/** D2, with the anon_vma test of 6.18.54 and else as plain 6.18. */
const ERA_6_18: Era = {
  ...ERA_6_16,
  anonTestSeesCopied: true,
  movesSeveral: true,
  sticky: true,
  countsLockedTwice: true,
  earlyKsm: true,
};

/** E */
const ERA_7_0: Era = {
  ...ERA_6_18,
  actions: true,
  handsOverFile: true,
  compatIsExact: true,
};

/** F */
const ERA_7_3: Era = {
  ...ERA_7_0,
  anonOffsets: true,
  droppableIsUnlockable: true,
  ownsWholeCharge: true,
  unchargesPrepare: true,
  overwritesSurvivor: false,
  callsMapped: true,
  mremap73: true,
  countsLockedTwice: false,
  doForkRefuses: VM_SPECIAL,
  alignsFiles: false,
};

const ERAS = new Map<number, Era>([
  [abi.PROFILE_6_11, ERA_6_11],
  [abi.PROFILE_6_12, ERA_6_12],
  [abi.PROFILE_6_15, ERA_6_15],
  [abi.PROFILE_RFC, ERA_RFC],
  [abi.PROFILE_6_16, ERA_6_16],
  [abi.PROFILE_6_18, ERA_6_18],
  [abi.PROFILE_7_0, ERA_7_0],
  [abi.PROFILE_7_3, ERA_7_3],
]);

/** The rules of a profile. RangeError if no driver of that kernel has such a hook. */
export function eraOf(profile: number, hook: number): Era {
  const era = ERAS.get(profile);
  if (!era?.hooks.includes(hook)) {
    throw new RangeError(`the model has no profile ${profile} with hook ${hook}`);
  }
  return era;
}
