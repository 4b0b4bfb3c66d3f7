// The processor's translation caches as the core wants them described (assembly/tlb/geometry.ts).

import * as abi from "./abi.js";

/** What a bank can hold: translations, tables of a walk's upper levels, cache lines of page-table entries. */
export const HOLDINGS = [
  "l1-4K",
  "l1-2M",
  "l1-1G",
  "l2-4K",
  "l2-2M",
  "l2-1G",
  "pde",
  "pdpte",
  "pml4e",
  "pml5e",
  "lines-l1",
  "lines-l2",
  "lines-l3",
] as const;
export type Holding = (typeof HOLDINGS)[number];

export const POLICIES = {
  lru: abi.TLB_LRU,
  fifo: abi.TLB_FIFO,
  random: abi.TLB_RANDOM,
  plru: abi.TLB_PLRU,
  "grouped-plru": abi.TLB_GROUPED_PLRU,
} as const;
export type Policy = keyof typeof POLICIES;

/** One associative structure. */
export interface BankGeometry {
  holds: readonly Holding[];
  /** A power of two; 1 = fully associative. */
  sets: number;
  ways: number;
  policy: Policy;
  /** The set's number is key ^ (key >> hash), masked; without it the key's low bits. */
  hash?: number | undefined;
}

/** The caches of every CPU of a machine. */
export interface TlbGeometry {
  banks: readonly BankGeometry[];
  /** Address spaces are told apart, so that a switch need not flush. */
  pcid: boolean;
  /** All CPUs can be told to invalidate without an interrupt. */
  invlpgb: boolean;
  cpus: number;
}

/**
 * A Skylake server's sizes with true LRU and plain set numbers: the ideal that known answers are computed for. What
 * that processor really does is among the presets (src/catalogue/tlbs.ts).
 */
export const DEFAULT_TLB: TlbGeometry = {
  banks: [
    { holds: ["l1-4K"], sets: 16, ways: 4, policy: "lru" },
    { holds: ["l1-2M"], sets: 8, ways: 4, policy: "lru" },
    { holds: ["l1-1G"], sets: 1, ways: 4, policy: "lru" },
    { holds: ["l2-4K", "l2-2M"], sets: 128, ways: 12, policy: "lru" },
    { holds: ["pde"], sets: 1, ways: 32, policy: "lru" },
    { holds: ["pdpte"], sets: 1, ways: 4, policy: "lru" },
    { holds: ["pml4e"], sets: 1, ways: 2, policy: "lru" },
  ],
  pcid: true,
  invlpgb: false,
  cpus: 1,
};

const HASH_OFF = 63;

export interface BankRecord extends Record<keyof typeof abi.BANK, number> {}

/** Records of the banks, first the one for 4 KiB pages, and the bytes of a CPU's area. */
export function layOut({ banks }: TlbGeometry): { records: BankRecord[]; bytes: number } {
  let at = 0;
  const records = ordered(banks).map(({ sets, ways, policy, hash }) => {
    const tags = Math.ceil(ways / 4) * 32;
    const setBytes = Math.ceil((tags + ways * 16 + 8) / 16) * 16;
    const record = {
      at,
      setMask: sets - 1,
      hashShift: hash ?? HASH_OFF,
      ways,
      setBytes,
      policy: POLICIES[policy],
      recencyAt: tags,
      valuesAt: tags + ways * 8,
      stateAt: tags + ways * 16,
    };
    at += sets * setBytes;
    return record;
  });
  return { records, bytes: at };
}

/** What the core wants to know of the caches beside the banks; `bytes` are those of a CPU's area. */
export function tlbRecord(
  tlb: TlbGeometry,
  bytes: number,
): Partial<Record<keyof typeof abi.TLB, number>> {
  return {
    cpus: tlb.cpus,
    bytes,
    banks: tlb.banks.length,
    pcid: Number(tlb.pcid),
    invlpgb: Number(tlb.invlpgb),
    l1Large: bankNumber(tlb, "l1-2M"),
    l1Giant: bankNumber(tlb, "l1-1G"),
    l2: bankNumber(tlb, "l2-4K"),
    l2Large: bankNumber(tlb, "l2-2M"),
    l2Giant: bankNumber(tlb, "l2-1G"),
    pde: bankNumber(tlb, "pde"),
    pdpte: bankNumber(tlb, "pdpte"),
    pml4e: bankNumber(tlb, "pml4e"),
    pml5e: bankNumber(tlb, "pml5e"),
    lineL1: bankNumber(tlb, "lines-l1"),
    lineL2: bankNumber(tlb, "lines-l2"),
    lineL3: bankNumber(tlb, "lines-l3"),
  };
}

/** Number of the bank that holds something, from 1; 0 when none does. */
export function bankNumber({ banks }: TlbGeometry, holding: Holding): number {
  return ordered(banks).findIndex(({ holds }) => holds.includes(holding)) + 1;
}

const isLines = (holding: Holding) => holding.startsWith("lines-");

function ordered(banks: readonly BankGeometry[]): BankGeometry[] {
  const first = banks.filter(({ holds }) => holds.includes("l1-4K"));
  return [...first, ...banks.filter((bank) => !first.includes(bank))];
}

/** What is wrong with a geometry, in words; null when the core can take it. */
export function tlbProblem(geometry: TlbGeometry): string | null {
  const { banks, cpus } = geometry;
  if (banks.length > abi.BANK_LIMIT) return `at most ${abi.BANK_LIMIT} banks`;
  if (cpus > abi.CPU_LIMIT) return `at most ${abi.CPU_LIMIT} CPUs`;
  const held = banks.flatMap(({ holds }) => [...holds]);
  const twice = held.find((holding, i) => held.indexOf(holding) !== i);
  if (twice) return `one bank for ${twice}, not two`;
  if (!held.includes("l1-4K")) return "a bank that holds l1-4K";
  const mixed = banks.some(({ holds }) => holds.some(isLines) && !holds.every(isLines));
  if (mixed) return "lines of page-table entries in a bank of their own";
  if (held.some(isLines) && !held.includes("lines-l1")) return "lines-l1 where there are lines";
  for (const { sets, ways, policy } of banks) {
    if (!Number.isInteger(Math.log2(sets))) return `a power of two as number of sets, not ${sets}`;
    if (policy === "plru" && !Number.isInteger(Math.log2(ways))) {
      return `a power of two as number of ways for plru, not ${ways}`;
    }
    if (policy === "plru" && ways > 32) return "at most 32 ways for plru";
    if (policy === "grouped-plru" && ways !== 12) return `12 ways for grouped-plru, not ${ways}`;
  }
  const { bytes } = layOut(geometry);
  const room = Math.floor(Number(abi.TLB_SIZE) / cpus);
  return bytes <= room ? null : `caches of at most ${room} bytes a CPU in the model, not ${bytes}`;
}
