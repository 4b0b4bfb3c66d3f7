// mprotect (sheet 3.3) and mseal (3.6).

import {
  EACCES,
  EINVAL,
  ENOMEM,
  EPERM,
  OPS_MPROTECT,
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
} from "../../src/core/abi.js";
import { charge, mayExpand, statAccount, uncharge } from "./account.js";
import {
  has,
  isAligned,
  min,
  pageUp,
  pg,
  u64,
  VM_ACCESS,
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_NORESERVE,
  VM_PKEY_BIT0,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
} from "./flags.js";
import { keyOf, mdweDenies } from "./mapping.js";
import { modifyFlags } from "./modify.js";
import { refuse } from "./refuse.js";
import { isAnonymous, type Space, type Vma } from "./space.js";
import { faultIn } from "./touch.js";

/** READ, WRITE, EXEC and PROT_SEM, which is accepted and means nothing. */
const PROT_BITS = 0xfn;

/** do_mprotect_pkey */
export function mprotect(space: Space, start: bigint, len: bigint, givenProt: bigint): void {
  const grows = BigInt(PROT_GROWSDOWN | PROT_GROWSUP);
  const prot = givenProt & ~grows;
  if ((givenProt & grows) === grows) refuse(EINVAL);
  if (!isAligned(start)) refuse(EINVAL);
  if (len === 0n) return;
  const end = u64(start + pageUp(len));
  if (end <= start) refuse(ENOMEM);
  if (has(prot, ~PROT_BITS)) refuse(EINVAL);

  let vma = space.find(start);
  if (!vma || vma.start >= end) refuse(ENOMEM);
  let at = start;
  if (has(givenProt, BigInt(PROT_GROWSDOWN))) {
    at = vma.start;
    if (!has(vma.flags, VM_GROWSDOWN)) refuse(EINVAL);
  } else if (vma.start > start) {
    refuse(ENOMEM);
  } else if (has(givenProt, BigInt(PROT_GROWSUP))) {
    refuse(EINVAL); // x86 has no stack that grows up
  }

  while (at < end) {
    vma = space.at(at);
    if (!vma) refuse(ENOMEM);
    const to = min(vma.end, end);
    const wanted = wantedFlags(space, vma, prot);
    if (vma.ops & OPS_MPROTECT) refuse(EACCES);
    // What a merge swallowed beyond this part already has the new flags, so the walk skips it.
    at = fixup(space, vma, at, to, wanted).end;
  }
}

function wantedFlags(space: Space, vma: Vma, prot: bigint): bigint {
  let asked = prot & VM_ACCESS;
  const impliesExec = space.settings.readImpliesExec && has(prot, BigInt(PROT_READ));
  if (impliesExec && has(vma.flags, VM_MAYEXEC)) asked |= BigInt(PROT_EXEC) & VM_EXEC;
  const wanted = asked | keyOf(space, prot) | (vma.flags & ~(VM_ACCESS | VM_PKEY_BIT0));
  if (has(wanted & ~(wanted >> 4n), VM_ACCESS)) refuse(EACCES); // MAYREAD, MAYWRITE, MAYEXEC
  if (mdweDenies(space, vma.flags, wanted)) refuse(EACCES);
  return wanted;
}

/** mprotect_fixup: one VMA's part of the range. Returns the VMA that now holds it. */
function fixup(space: Space, vma: Vma, start: bigint, end: bigint, asked: bigint): Vma {
  const old = vma.flags;
  const pages = pg(end - start);
  let wanted = asked;
  if (has(old, VM_SEALED)) refuse(EPERM);
  if (wanted === old) return vma;

  let charged = 0n;
  let dropped = 0n;
  if (has(wanted, VM_WRITE)) {
    if (!mayExpand(space, wanted, pages) && mayExpand(space, old, pages)) refuse(ENOMEM);
    if (!has(old, VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)) {
      charge(space, pages);
      charged = pages;
      wanted |= VM_ACCOUNT;
    }
  } else if (has(old, VM_ACCOUNT) && isAnonymous(vma) && vma.anonVma === undefined) {
    wanted &= ~VM_ACCOUNT; // never written: nothing to pay for
    dropped = pages;
  }

  let holder: Vma;
  try {
    holder = modifyFlags(space, vma, start, end, wanted);
  } catch (error) {
    uncharge(space, charged);
    throw error;
  }
  uncharge(space, dropped);
  statAccount(space, old, -pages);
  statAccount(space, wanted, pages);
  const wasLockedReadOnly = has(old, VM_LOCKED) && !has(old, VM_WRITE | VM_SHARED);
  if (wasLockedReadOnly && has(wanted, VM_WRITE)) faultIn(space, start, end, false);
  return holder;
}

/** do_mseal: nothing is sealed unless the whole range is mapped. */
export function mseal(space: Space, start: bigint, len: bigint): void {
  const length = pageUp(len);
  if (!isAligned(start) || (len !== 0n && length === 0n)) refuse(EINVAL);
  const end = u64(start + length);
  if (end < start) refuse(EINVAL);
  if (end === start) return;
  for (let at = start; at < end; ) {
    const vma = space.at(at);
    if (!vma) refuse(ENOMEM);
    at = vma.end;
  }
  for (let at = start; at < end; ) {
    const vma = space.at(at)!;
    const to = min(vma.end, end);
    if (!has(vma.flags, VM_SEALED)) modifyFlags(space, vma, at, to, vma.flags | VM_SEALED);
    at = to;
  }
}
