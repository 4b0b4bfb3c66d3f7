// Translation caches of real processors. Sizes are published by their makers; how sets are numbered and which way goes
// was measured for Intel's (Gras et al., "Translation Leak-aside Buffer", 2018, and "TLB;DR", 2022) and is not public
// for AMD's. What no source confirms is named in `unverified`. Sources and figures: docs/translation.md.

import { type BankGeometry, DEFAULT_TLB, type TlbGeometry } from "../core/tlb.js";

export interface TlbPreset extends TlbGeometry {
  id: string;
  title: string;
  /** Cycles that an L2 hit costs, and page walks that the processor has under way at once. */
  l2HitCycles: number;
  walkers: number;
  /** What no source confirms, in words. */
  unverified: readonly string[];
}

const lru = "lru";
const intelStructures: BankGeometry[] = [
  { holds: ["pde"], sets: 1, ways: 32, policy: lru },
  { holds: ["pdpte"], sets: 1, ways: 4, policy: lru },
  { holds: ["pml4e"], sets: 1, ways: 2, policy: lru },
];
const STRUCTURES = "paging-structure caches (sizes are not published)";

const skylake: TlbPreset = {
  id: "skylake-sp",
  title: "Intel Skylake server",
  banks: [
    { holds: ["l1-4K"], sets: 16, ways: 4, policy: "plru" },
    { holds: ["l1-2M"], sets: 8, ways: 4, policy: "plru" },
    { holds: ["l1-1G"], sets: 1, ways: 4, policy: "plru" },
    { holds: ["l2-4K", "l2-2M"], sets: 128, ways: 12, policy: "grouped-plru", hash: 7 },
    { holds: ["l2-1G"], sets: 4, ways: 4, policy: lru },
    ...intelStructures,
  ],
  pcid: true,
  invlpgb: false,
  cpus: 1,
  l2HitCycles: 9,
  walkers: 2,
  unverified: [STRUCTURES, "replacement for 2 MiB and 1 GiB pages"],
};

const haswell: TlbPreset = {
  ...skylake,
  id: "haswell",
  title: "Intel Haswell",
  banks: [
    ...skylake.banks.slice(0, 3),
    { holds: ["l2-4K", "l2-2M"], sets: 128, ways: 8, policy: "plru" },
    ...intelStructures,
  ],
  walkers: 1,
  unverified: [
    STRUCTURES,
    "set numbers of the L2",
    "L2 hit cost and walkers (Skylake's, and one)",
    "replacement for large pages",
  ],
};

/** Ice Lake and Golden Cove, whose policies nobody has published: LRU stands for them. */
function later(id: string, title: string, l1: BankGeometry, walkers: number): TlbPreset {
  return {
    id,
    title,
    banks: [
      l1,
      { holds: ["l1-2M"], sets: 8, ways: 4, policy: lru },
      { holds: ["l1-1G"], sets: 1, ways: 8, policy: lru },
      { holds: ["l2-4K", "l2-2M"], sets: 128, ways: 16, policy: lru },
      ...intelStructures,
    ],
    pcid: true,
    invlpgb: false,
    cpus: 1,
    l2HitCycles: 7,
    walkers,
    unverified: [
      STRUCTURES,
      "ways of the L2, and that 1 GiB pages are not in it",
      "replacement and set numbers",
      "stores share the L1 for loads (they have one of 16 entries)",
    ],
  };
}

/** AMD's L1 holds pages of all sizes; its page-directory cache the two upper levels, and its L2 the PDEs. */
function zen(
  id: string,
  title: string,
  l1: number,
  [sets, ways]: [number, number],
  walkers: number,
): TlbPreset {
  return {
    id,
    title,
    banks: [
      { holds: ["l1-4K", "l1-2M", "l1-1G"], sets: 1, ways: l1, policy: lru },
      { holds: ["l2-4K", "l2-2M", "pde"], sets, ways, policy: lru },
      { holds: ["pdpte", "pml4e"], sets: 1, ways: 64, policy: lru },
    ],
    pcid: true,
    invlpgb: id !== "zen2",
    cpus: 1,
    l2HitCycles: 7,
    walkers,
    unverified: [
      "replacement",
      "ways and set numbers of the L2 (it is skewed: fewer ways serve 2 MiB pages)",
      "16 KiB entries for four neighbouring pages are not modelled",
      ...(id === "zen2" || id === "zen5" ? ["walkers"] : []),
    ],
  };
}

export const DEFAULT_TLB_ID = "ideal";

export const TLBS: readonly TlbPreset[] = [
  {
    ...DEFAULT_TLB,
    id: DEFAULT_TLB_ID,
    title: "Skylake server's sizes with true LRU, for known answers",
    l2HitCycles: 9,
    walkers: 2,
    unverified: [STRUCTURES],
  },
  haswell,
  skylake,
  later("ice-lake", "Intel Ice Lake", { ...(skylake.banks[0] as BankGeometry), policy: lru }, 2),
  {
    ...later(
      "golden-cove",
      "Intel Golden Cove, Sapphire Rapids",
      { holds: ["l1-4K"], sets: 16, ways: 6, policy: lru },
      4,
    ),
    unverified: [
      STRUCTURES,
      "ways of L1 and L2, entries for large pages",
      "replacement and set numbers",
      "stores share the L1 for loads (they have one of 16 entries)",
    ],
  },
  zen("zen2", "AMD Zen 2", 64, [128, 16], 2),
  zen("zen3", "AMD Zen 3", 64, [128, 16], 6),
  zen("zen4", "AMD Zen 4", 72, [256, 12], 6),
  zen("zen5", "AMD Zen 5", 96, [256, 16], 6),
];
