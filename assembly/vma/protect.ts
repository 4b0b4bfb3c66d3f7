// mprotect(2). (do_mprotect_pkey, mprotect_fixup; mm/mprotect.c)

import {
  EACCES, EINVAL, ENOMEM, EPERM, OPS_MPROTECT, PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_WRITE,
  VM_ACCOUNT, VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_MAYEXEC, VM_NORESERVE, VM_PKEY_BIT0, VM_SEALED, VM_SHARED,
  VM_WRITE,
} from "../abi";
import { vmi, vmaTree } from "../maple/cursor";
import { find, previous } from "../maple/walk";
import { beginFlush, endFlush } from "../paging/gather";
import { changeProtection } from "../paging/zap";
import { charge, mayExpand, statAccount, uncharge } from "./account";
import { deniedByMdwe, flagsOfProt, isAnonymous, keyOfProt, stickyFlags, VM_ACCESS } from "./flags";
import { mergeLike, MERGED } from "./merge";
import { populateVma } from "./populate";
import { exists, mm, Vma, vmaOf } from "./record";
import { modifiedVma, modify } from "./split";

const KNOWN_PROT: u64 = PROT_READ | PROT_WRITE | PROT_EXEC | 0x8; /* SEM */

/** 0 or an errno. */
export function mprotect(addr: u64, length: u64, wanted: u64): u32 {
  const grows = wanted & (PROT_GROWSDOWN | PROT_GROWSUP);
  const prot = wanted & ~grows;
  if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || addr & 0xfff) return EINVAL;
  if (length == 0) return 0;
  const end = addr + ((length + 0xfff) & ~0xfff);
  if (end <= addr) return ENOMEM;
  if (prot & ~KNOWN_PROT) return EINVAL;

  vmi.enter(vmaTree, addr);
  const vma = vmaOf(find(vmi, end - 1));
  if (!exists(vma)) return ENOMEM;
  let start = addr;
  if (grows & PROT_GROWSDOWN) {
    start = vma.start;
    if ((vma.flags & VM_GROWSDOWN) == 0) return EINVAL;
  } else if (vma.start > start) {
    return ENOMEM;
  } else if (grows) {
    return EINVAL; // nothing grows up on x86
  }
  const below = previous(vmi, 0);
  beginFlush();
  const error = protectAll(vma, start > vma.start ? vma.id : below, start, end, prot);
  endFlush();
  return error;
}

/** Every VMA from `first` to `end`; stops at a gap, with what came before done. */
function protectAll(first: Vma, below: u32, start: u64, end: u64, prot: u64): u32 {
  let prev = below;
  let from = start;
  let reached = first.start;
  while (true) {
    const id = find(vmi, end - 1);
    if (id == 0) break;
    const vma = vmaOf(id);
    if (vma.start != reached) return ENOMEM;
    let access = prot;
    if (mm.readImpliesExec && prot & PROT_READ && vma.flags & VM_MAYEXEC) access |= PROT_EXEC;
    // a key stays, unless it only said "execute only" (arch_override_mprotect_pkey)
    const kept = vma.flags & ~(VM_ACCESS | VM_PKEY_BIT0);
    const flags = flagsOfProt(access) | keyOfProt(access) | kept;
    if (flags & ~(flags >> 4) & VM_ACCESS) return EACCES; // more than VM_MAY... allows
    if (deniedByMdwe(vma.flags, flags)) return EACCES;
    const to = vma.end < end ? vma.end : end;
    reached = to;
    if (vma.ops & OPS_MPROTECT) return EACCES;
    const error = protectPart(vma, prev, from, to, flags);
    if (error) return error;
    prev = part;
    from = vmi.last + 1; // a merge may have done more than was asked for
    reached = from;
  }
  return reached < end ? ENOMEM : 0;
}

/** The VMA that now holds the part. */
let part: u32 = 0;

/** mprotect_fixup */
function protectPart(vma: Vma, prev: u32, start: u64, end: u64, wanted: u64): u32 {
  const old = vma.flags;
  if (old & VM_SEALED) return EPERM;
  part = vma.id;
  if (old == wanted) return 0;
  const pages = (end - start) >> 12;
  let flags = wanted;
  let charged: u64 = 0;
  if (flags & VM_WRITE) {
    if (!mayExpand(flags, pages) && mayExpand(old, pages)) return ENOMEM;
    if ((old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)) == 0) {
      if (!charge(pages)) return ENOMEM;
      charged = pages;
      flags |= VM_ACCOUNT;
    }
  } else if (old & VM_ACCOUNT && isAnonymous(vma) && vma.anonVma == 0) {
    flags &= ~VM_ACCOUNT; // never written: the charge can go
  }

  const g = mergeLike(vma, vmaOf(prev), start, end);
  g.flags = flags;
  const error = modify(g, vma, start, end);
  if (error) {
    uncharge(charged);
    return error;
  }
  const now = modifiedVma();
  if (g.state == MERGED) flags |= now.flags & stickyFlags();
  now.flags = flags;
  changeProtection(now, start, end);
  // locked memory that becomes writable: its copies are made at once
  if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && flags & VM_WRITE) populateVma(now, start, end);
  part = now.id;
  if (old & VM_ACCOUNT && (flags & VM_ACCOUNT) == 0) uncharge(pages);
  statAccount(old, -(<i64>pages));
  statAccount(flags, pages);
  return 0;
}
