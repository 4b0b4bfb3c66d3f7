// What a CPU that is up to date holds is what the tables say. Nothing in the core asks; the tests do, after every
// operation: a flush that was forgotten shows here.

import {
  entryOffset, FRAME_MASK, isHuge, isTable, KEY, PMD_SHIFT, PRESENT, PTE_SHIFT, PUD_SHIFT, PGD_SHIFT, tableBase,
  TOP_SHIFT, WRITABLE,
} from "../paging/entry";
import { findPmd, findPud, ROOT } from "../paging/tables";
import { mm } from "../vma/record";
import { GLOBAL_SLOT } from "./cpu";
import {
  areaOf, Bank, bankAt, contextOf, generationOf, isAlive, KIND_2M, KIND_4K, KIND_PDE, KIND_PDPTE, KIND_PML4E, kindOf,
  slotOf, tlb,
} from "./geometry";
import { MAY_WRITE } from "./translate";

export const RULE_TRANSLATION: u32 = 40; //   a cached translation is the tables' (or stricter)
export const RULE_STRUCTURE: u32 = 41; //     a cached upper entry points to the table that is there

/** 0, or the first rule broken. */
export function checkTlb(): u32 {
  for (let cpu: u32 = 0; cpu < tlb.cpus; cpu++) {
    for (let index: u32 = 0; index < tlb.banks; index++) {
      const rule = checkBank(cpu, bankAt(index));
      if (rule) return rule;
    }
  }
  return 0;
}

/** Whether a slot holds our address space, and has seen all its flushes. */
function isCurrent(cpu: u32, slot: u32): bool {
  if (slot == GLOBAL_SLOT) return tlb.isGlobal != 0;
  return contextOf(cpu, slot) == tlb.context && generationOf(cpu, slot) == tlb.generation;
}

function checkBank(cpu: u32, bank: Bank): u32 {
  for (let n: u32 = 0; n <= bank.setMask; n++) {
    const set = areaOf(cpu) + bank.at + <usize>n * bank.setBytes;
    for (let way: u32 = 0; way < bank.ways; way++) {
      const at = set + (<usize>way << 3);
      const tag = load<u64>(at);
      if (tag == 0 || !isAlive(cpu, tag) || !isCurrent(cpu, slotOf(tag))) continue;
      const value = load<u64>(at + bank.valuesAt);
      const isPage = kindOf(tag) < KIND_PDE;
      if (isPage && !isTrueOfPage(kindOf(tag), tag >> 19, value)) return RULE_TRANSLATION;
      if (!isPage && tableOf(kindOf(tag), tag >> 19) != <usize>value) return RULE_STRUCTURE;
    }
  }
  return 0;
}

function isTrueOfPage(kind: u32, key: u64, value: u64): bool {
  const addr = key << (kind == KIND_4K ? PTE_SHIFT : PMD_SHIFT);
  const pmd = findPmd(ROOT, addr);
  if (pmd == 0) return false;
  let entry = load<u64>(pmd);
  if (isHuge(entry) != (kind == KIND_2M)) return false;
  if (kind == KIND_4K) {
    if (!isTable(entry)) return false;
    entry = load<u64>(tableBase(entry) + entryOffset(addr, PTE_SHIFT));
  }
  if ((entry & (PRESENT | KEY)) != PRESENT || (value & MAY_WRITE && (entry & WRITABLE) == 0)) return false;
  return (entry & FRAME_MASK) == (value & FRAME_MASK);
}

/** The table that an upper entry points to now; 0 = none. */
function tableOf(kind: u32, key: u64): usize {
  if (kind == KIND_PDE) return tableIn(findPmd(ROOT, key << PMD_SHIFT));
  if (kind == KIND_PDPTE) return tableIn(findPud(ROOT, key << PUD_SHIFT));
  const top = kind == KIND_PML4E ? key << PGD_SHIFT : key << TOP_SHIFT;
  if (kind != KIND_PML4E) return tableIn(ROOT + entryOffset(top, TOP_SHIFT));
  if (mm.levels != 5) return tableIn(ROOT + entryOffset(top, PGD_SHIFT));
  const above = tableIn(ROOT + entryOffset(top, TOP_SHIFT));
  return above ? tableIn(above + entryOffset(top, PGD_SHIFT)) : 0;
}

function tableIn(at: usize): usize {
  if (at == 0) return 0;
  const entry = load<u64>(at);
  return isTable(entry) ? tableBase(entry) : 0;
}
