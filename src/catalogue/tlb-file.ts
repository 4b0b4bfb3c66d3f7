// `--tlb`: what translates addresses, a processor of the catalogue or a file that describes one.

import { z } from "zod";
import { CPU_LIMIT } from "../core/abi.js";
import {
  DEFAULT_TLB,
  HOLDINGS,
  POLICIES,
  type Policy,
  type TlbGeometry,
  tlbProblem,
} from "../core/tlb.js";
import { UsageError } from "../errors.js";
import { readDocument } from "../input/document.js";
import { fileArgument } from "./argument.js";
import { TLBS, type TlbPreset } from "./tlbs.js";

const most = (high: number) => z.int().min(1).max(high);

const bank = z.strictObject({
  holds: z.array(z.enum(HOLDINGS)).min(1).describe("kinds of entries that share it"),
  sets: most(1 << 16).describe("a power of two; 1 = fully associative"),
  ways: most(1 << 12),
  policy: z.enum(Object.keys(POLICIES) as [Policy, ...Policy[]]).describe("which way goes"),
  hash: z
    .int()
    .min(1)
    .max(62)
    .optional()
    .describe("sets are numbered by page ^ (page >> hash); without it by the page's low bits"),
});

export const tlbSchema = z
  .strictObject({
    tlb: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: "expected a name of lower-case letters, digits and -, 64 at most",
      })
      .describe("its name in reports"),
    title: z.string().min(1).max(200).optional(),
    banks: z.array(bank).min(1),
    pcid: z.boolean().default(true).describe("address spaces are told apart, a switch keeps them"),
    invlpgb: z
      .boolean()
      .default(false)
      .describe("CPUs are told without an interrupt (AMD Zen 3 on)"),
    cpus: most(CPU_LIMIT).default(1),
    "l2-hit-cycles": z.number().min(0).max(1000).default(7).describe("what an L2 hit costs"),
    walkers: most(16).default(1).describe("page walks under way at once"),
  })
  .describe("translation caches of a processor");

/** The JSON Schema of such a file, as shipped in schemas/tlb.schema.json. */
export function tlbJsonSchema(): string {
  const schema = z.toJSONSchema(tlbSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench translation caches" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/**
 * The processor of `--tlb`: the name of a preset, or a file. UsageError for an unknown name, InputError naming line
 * and field for a wrong file.
 */
export function tlbArgument(text: string): TlbPreset {
  const file = fileArgument(text);
  if (file) return readTlbFile(file.path);
  const preset = TLBS.find(({ id }) => id === text);
  if (preset) return preset;
  const there = TLBS.map(({ id }) => id).join(", ");
  throw new UsageError(`--tlb ${text}: there is ${there}, or a .yaml or .json file`);
}

function readTlbFile(path: string): TlbPreset {
  const { data, wrong } = readDocument(path, tlbSchema);
  const { tlb: id, title = "described in a file", walkers, ...geometry } = data;
  const { "l2-hit-cycles": l2HitCycles, ...rest } = geometry;
  const problem = tlbProblem(rest);
  if (problem) throw wrong(["banks"], problem);
  return { ...rest, id, title, l2HitCycles, walkers, unverified: [] };
}

/** Caches for a program that wants so many CPUs. UsageError when the core has no room for them. */
export function withCpus(tlb: TlbGeometry = DEFAULT_TLB, cpus = tlb.cpus): TlbGeometry {
  const geometry = { ...tlb, cpus };
  const problem = tlbProblem(geometry);
  if (problem)
    throw new UsageError(`${cpus} CPUs with these translation caches: expected ${problem}`);
  return geometry;
}
