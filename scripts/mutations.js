// Rules of merging and unwinding, each with an edit that breaks it. `find` stands exactly once in its file.

const MERGE = "assembly/vma/merge.ts";
const MAPPING = "assembly/protocol/mapping.ts";
const UNMAP = "assembly/vma/unmap.ts";

export const MUTATIONS = [
  // may it merge?
  {
    rule: "a VMA with `close` does not vanish in a merge",
    file: MERGE,
    find: "{ return (vma.ops & OPS_CLOSE) == 0; }",
    replace: "{ return true; }",
  },
  {
    rule: "up to 6.15 a side without pages needs a chain of one beside it",
    file: MERGE,
    find: "(theirs == 0 || ours == 0) && v.chain == 1",
    replace: "theirs == 0 || ours == 0",
  },
  {
    rule: "a changed VMA that was forked joins no side without pages",
    file: MERGE,
    find: "return !isForked(g.middle) &&",
    replace: "return",
  },
  {
    rule: "from 6.18 on a moved VMA that was forked does not either",
    file: MERGE,
    find: "(mm.profile < PROFILE_6_18 || !isForked(g.copiedFrom))",
    replace: "true",
  },
  {
    rule: "a neighbour that was forked takes no range without pages",
    file: MERGE,
    find: "return !isForked(v.id);",
    replace: "return true;",
  },
  {
    rule: "two written sides merge only when they share an anon_vma",
    file: MERGE,
    find: "if (theirs != 0 && ours == 0) return !isForked(v.id);\n  return theirs == ours;",
    replace: "if (theirs != 0 && ours == 0) return !isForked(v.id);\n  return true;",
  },
  {
    rule: "the left neighbour's offset continues in the range",
    file: MERGE,
    find: "&& p.pgoff + p.pages == g.pgoff",
    replace: "",
  },
  {
    rule: "the range's offset continues in the right neighbour",
    file: MERGE,
    find: " || g.pgoff + g.pages != n.pgoff",
    replace: "",
  },
  {
    rule: "7.3: private file mappings continue in the anonymous index, to the left",
    file: MERGE,
    find: "&& (!anonIndexCounts(g) || p.anonPgoff + p.pages == g.anonPgoff)",
    replace: "",
  },
  {
    rule: "7.3: private file mappings continue in the anonymous index, to the right",
    file: MERGE,
    find: "if (anonIndexCounts(g) && g.anonPgoff + g.pages != n.anonPgoff) return false;",
    replace: "",
  },
  {
    rule: "left and right neighbour must agree before both merge",
    file: MERGE,
    find: "return p.anonVma == 0 || n.anonVma == 0 || p.anonVma == n.anonVma;",
    replace: "return true;",
  },
  {
    rule: "no new range merges under a special flag",
    file: MERGE,
    find: "if (g.flags & VM_SPECIAL || (g.prev == 0 && g.next == 0)) return NO_VMA;",
    replace: "if (g.prev == 0 && g.next == 0) return NO_VMA;",
  },
  {
    rule: "no existing range merges under a special flag",
    file: MERGE,
    find: "if (g.flags & VM_SPECIAL || (!atStart && !atEnd)) {",
    replace: "if (!atStart && !atEnd) {",
  },
  {
    rule: "names must be the same",
    file: MERGE,
    find: " && v.name == g.name",
    replace: "",
  },
  {
    rule: "files must be the same",
    file: MERGE,
    find: " && v.file == g.file",
    replace: "",
  },
  {
    rule: "flags must be the same",
    file: MERGE,
    find: "((v.flags ^ g.flags) & ~ignoredFlags()) == 0",
    replace: "true",
  },
  {
    rule: "the soft-dirty bit keeps nobody apart",
    file: "assembly/vma/flags.ts",
    find: "PROFILE_6_18 ? VM_SOFTDIRTY | VM_MAYBE_GUARD : VM_SOFTDIRTY",
    replace: "PROFILE_6_18 ? VM_MAYBE_GUARD : 0",
  },
  {
    rule: "up to 6.11 a right neighbour with `close` is refused though it would survive",
    file: MERGE,
    find: "if (mm.profile == PROFILE_6_11 && !isRemovable(n)) return false;",
    replace: "",
  },
  {
    rule: "up to 6.11 the right neighbour is asked first",
    file: MAPPING,
    find: "g.rightFirst = mm.profile == PROFILE_6_11 ? 1 : 0;",
    replace: "",
  },
  // making it so
  {
    rule: "the survivor keeps the sticky bits of a new range's neighbours",
    file: MERGE,
    find: "    sticky |= next.flags & stickyFlags();\n",
    replace: "",
  },
  {
    rule: "the survivor keeps the sticky bits of a changed range",
    file: MERGE,
    find: "target.flags |= sticky & stickyFlags();",
    replace: "",
  },
  {
    rule: "the survivor takes over the anon_vma of a right neighbour that vanishes",
    file: MERGE,
    find: "if (removeNext && !adoptAnon(target, next)) return false;",
    replace: "",
  },
  {
    rule: "the survivor takes over the anon_vma of what changed",
    file: MERGE,
    find: "  if (!adoptAnon(target, from)) return ADOPTION_FAILED;\n",
    replace: "",
  },
  {
    rule: "mremap: the survivor takes over the moved VMA's anon_vma",
    file: MERGE,
    find: "if (g.copiedFrom && !adoptAnon(target, vmaOf(g.copiedFrom))) return false;",
    replace: "",
  },
  {
    rule: "an anon_vma taken over for a merge that fails is given back",
    file: MERGE,
    find: "if (adoption == ADOPTED) unlinkAnon(vmaOf(g.target));",
    replace: "",
  },
  {
    rule: "so is one that a new range's neighbour took over",
    file: MERGE,
    find: "if (!hadAnon) unlinkAnon(target);",
    replace: "",
  },
  {
    rule: "a VMA that was merged away is no longer counted",
    file: MERGE,
    find: "  unlinkAnon(vma);\n  mm.mapCount--;\n",
    replace: "  unlinkAnon(vma);\n",
  },
  {
    rule: "a VMA that was merged away gives back its file",
    file: MERGE,
    find: "    putFile(file);\n  }\n  unlinkAnon(vma);",
    replace: "  }\n  unlinkAnon(vma);",
  },
  {
    rule: "a right neighbour that grows down moves its offset",
    file: MERGE,
    find: "    next.pgoff -= delta;\n",
    replace: "",
  },
  {
    rule: "a changed VMA that makes way moves its offset",
    file: MERGE,
    find: "    middle.pgoff += delta;\n",
    replace: "",
  },
  // second merge attempts
  {
    rule: "6.13 to 6.15: the second attempt has the caller's file",
    file: "assembly/protocol/6.15.ts",
    find: "g.file = m.file;",
    replace: "g.file = vma.file;",
  },
  {
    rule: "6.12: the second attempt needs a VMA below",
    file: "assembly/protocol/6.12.ts",
    find: "file && vma.flags != m.flags && m.prev ?",
    replace: "file && vma.flags != m.flags ?",
  },
  {
    rule: "up to 6.11: the second attempt has the hook's file",
    file: "assembly/protocol/6.11.ts",
    find: "g.file = vma.file;",
    replace: "g.file = m.file;",
  },
  {
    rule: "7.0: a descriptor's ops go to a merged VMA too",
    file: "assembly/protocol/7.0.ts",
    find: "if (prepares) overwriteOps(m, vma, merged);",
    replace: "if (prepares && !merged) overwriteOps(m, vma, merged);",
  },
  // unwinding
  {
    rule: "a failed hook's file is put",
    file: MAPPING,
    find: "  if (!COUNTING || vma.file) undoGetFile(vma.file);\n  vma.file = 0;",
    replace: "  vma.file = 0;",
  },
  {
    rule: "a failed hook's pages are zapped",
    file: MAPPING,
    find: "  zapRange(vma.start, vma.end);\n",
    replace: "",
  },
  {
    rule: "nodes that were reserved are given back",
    file: MAPPING,
    find: "  vmi.release();\n  discardVma(vma);\n}",
    replace: "  discardVma(vma);\n}",
  },
  {
    rule: "the charge is given back",
    file: MAPPING,
    find: "  uncharge(m.charged);\n",
    replace: "",
  },
  {
    rule: "up to 7.0 only the difference is given back",
    file: MAPPING,
    find: "m.charged = ownership == CHARGE_WHOLE ? m.pages : missing;",
    replace: "m.charged = m.pages;",
  },
  {
    rule: "7.3: a file that the hook handed over is put",
    file: MAPPING,
    find: "  if (m.handedOver == 0) return;\n",
    replace: "  if (m.handedOver == 0 || m.file != 0) return;\n",
  },
  {
    rule: "what was gathered is attached again while its pages are there",
    file: UNMAP,
    find: "    vmaOf(id).attached = 1;\n",
    replace: "",
  },
  {
    rule: "once its pages are gone, a hole is left",
    file: UNMAP,
    find: "  storeHole(u.start, u.end);\n",
    replace: "",
  },
  {
    rule: "up to 6.11 `close` is called when a check after the hook fails",
    file: "assembly/protocol/6.11.ts",
    find: "  closeVma(vma);\n  return takeBack(m, vma, error);",
    replace: "  return takeBack(m, vma, error);",
  },
  {
    rule: "a file no longer counts a writer when the call is over",
    file: "assembly/protocol/profiles.ts",
    find: "  leaveRegion(file, flags);\n",
    replace: "  if (error == 0) leaveRegion(file, flags);\n",
  },
  {
    rule: "a mapping whose action fails is unmapped",
    file: "assembly/protocol/7.3.ts",
    find: "  if (error) undoMapping(m);\n",
    replace: "",
  },
  {
    rule: "6.16 forgets the charge when .mmap_prepare fails",
    file: "assembly/protocol/6.16.ts",
    find: "  if (error) {\n    undoGather();",
    replace: "  if (error) {\n    undoCharge(m);\n    undoGather();",
  },
  {
    rule: "mremap: a copy that fails gives back its anon_vma",
    file: "assembly/vma/copy.ts",
    find: "    unlinkAnon(copy);\n",
    replace: "",
  },
  {
    rule: "TLB: invalidating a page drops the paging-structure entries",
    file: "assembly/tlb/invalidate.ts",
    find: "  dropTables(index, slot);\n",
    replace: "",
  },
  {
    rule: "TLB: a CPU that runs the process is interrupted",
    file: "assembly/tlb/invalidate.ts",
    find: "      select(index);\n    }\n    handle(",
    replace: "      select(index);\n    }\n    if (index == here) handle(",
  },
  {
    rule: "TLB: an idle CPU catches up when it runs again",
    file: "assembly/tlb/cpu.ts",
    find: "generationOf(index, cpu.slot) != generation) bringUp",
    replace: "generationOf(index, cpu.slot) > generation) bringUp",
  },
  {
    rule: "TLB: an address space that comes back catches up",
    file: "assembly/tlb/cpu.ts",
    find: "    if (generationOf(index, slot) < generation) bringUp",
    replace: "    if (generationOf(index, slot) > generation) bringUp",
  },
];
