// The VmFlags line of /proc/PID/smaps: two letters a flag.

import * as abi from "../core/abi.js";

/** Letters of vm_flags (show_smap_vma_flags); those of bits that the core has no name for stand as 0. */
const LETTERS: Readonly<Record<string, number>> = {
  rd: abi.VM_READ,
  wr: abi.VM_WRITE,
  ex: abi.VM_EXEC,
  sh: abi.VM_SHARED,
  mr: abi.VM_MAYREAD,
  mw: abi.VM_MAYWRITE,
  me: abi.VM_MAYEXEC,
  ms: abi.VM_MAYSHARE,
  gd: abi.VM_GROWSDOWN,
  um: abi.VM_UFFD_MISSING,
  pf: abi.VM_PFNMAP,
  gu: abi.VM_MAYBE_GUARD,
  uw: abi.VM_UFFD_WP,
  lo: abi.VM_LOCKED,
  io: abi.VM_IO,
  sr: abi.VM_SEQ_READ,
  rr: abi.VM_RAND_READ,
  dc: abi.VM_DONTCOPY,
  de: abi.VM_DONTEXPAND,
  lf: abi.VM_LOCKONFAULT,
  ac: abi.VM_ACCOUNT,
  nr: abi.VM_NORESERVE,
  ht: abi.VM_HUGETLB,
  sf: abi.VM_SYNC,
  wf: abi.VM_WIPEONFORK,
  dd: abi.VM_DONTDUMP,
  sd: abi.VM_SOFTDIRTY,
  mm: abi.VM_MIXEDMAP,
  hg: abi.VM_HUGEPAGE,
  nh: abi.VM_NOHUGEPAGE,
  mg: abi.VM_MERGEABLE,
  ss: abi.VM_SHADOW_STACK,
  dp: abi.VM_DROPPABLE,
  sl: abi.VM_SEALED,
  pk: abi.VM_PKEY_BIT0, // ours: the kernel has a line of its own for keys
  ar: 0,
  bt: 0,
  mt: 0,
  ui: 0,
  ur: 0,
};

/** Letters that not every kernel with the flag has: it shows ?? instead. */
const YOUNG = ["lf", "dp", "gu", "sl"];
const UNKNOWN = "??";

/** The letters of vm_flags, in the order of the bits. */
export function flagLetters(flags: number): string {
  return Object.entries(LETTERS)
    .filter(([, bit]) => has(flags, bit))
    .map(([letters]) => letters)
    .join(" ");
}

/** The vm_flags of a VmFlags line without its label; undefined where there are letters that nobody knows. */
export function parseVmFlags(text: string): ShownFlags | undefined {
  let flags = 0;
  let unnamed = false;
  for (const letters of text.split(/\s+/)) {
    if (letters === "") continue;
    if (letters === UNKNOWN) {
      unnamed = true;
      continue;
    }
    const bit = LETTERS[letters];
    if (bit === undefined) return undefined;
    flags += bit;
  }
  return { flags, unnamed };
}

/** The vm_flags that a kernel shows. */
export interface ShownFlags {
  flags: number;
  /** It shows a flag that it has no letters for. */
  unnamed: boolean;
}

/** Whether the kernel's flags are the model's. SOFTDIRTY counts only where the kernel keeps it. */
export function sameFlags(shown: ShownFlags, model: number, softDirty: boolean): boolean {
  const aside = shown.unnamed ? YOUNG.map((letters) => LETTERS[letters] as number) : [];
  if (!softDirty) aside.push(abi.VM_SOFTDIRTY);
  const without = (flags: number) =>
    aside.reduce((rest, bit) => (has(rest, bit) ? rest - bit : rest), flags);
  return without(shown.flags) === without(model);
}

/** Whether a bit is in vm_flags, which have more than 32. */
export function has(flags: number, bit: number): boolean {
  return bit !== 0 && Math.floor(flags / bit) % 2 === 1;
}
