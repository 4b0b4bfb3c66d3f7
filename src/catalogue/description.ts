// What a driver's mmap hook does, in the words of a file that its author can write: the schema of
// `--driver FILE`, and the driver record that the core takes.

import { z } from "zod";
import * as abi from "../core/abi.js";
import type { DriverRecord } from "../core/core.js";
import { errnoOf, MAX_ERRNO } from "../errno.js";

/** vm_flags that a hook may set or clear, without VM_. */
const FLAGS = {
  READ: abi.VM_READ,
  WRITE: abi.VM_WRITE,
  EXEC: abi.VM_EXEC,
  MAYREAD: abi.VM_MAYREAD,
  MAYWRITE: abi.VM_MAYWRITE,
  MAYEXEC: abi.VM_MAYEXEC,
  PFNMAP: abi.VM_PFNMAP,
  LOCKED: abi.VM_LOCKED,
  IO: abi.VM_IO,
  SEQ_READ: abi.VM_SEQ_READ,
  RAND_READ: abi.VM_RAND_READ,
  DONTCOPY: abi.VM_DONTCOPY,
  DONTEXPAND: abi.VM_DONTEXPAND,
  NORESERVE: abi.VM_NORESERVE,
  HUGETLB: abi.VM_HUGETLB,
  SYNC: abi.VM_SYNC,
  WIPEONFORK: abi.VM_WIPEONFORK,
  DONTDUMP: abi.VM_DONTDUMP,
  MIXEDMAP: abi.VM_MIXEDMAP,
  HUGEPAGE: abi.VM_HUGEPAGE,
  NOHUGEPAGE: abi.VM_NOHUGEPAGE,
} as const;
export type FlagName = keyof typeof FLAGS;
const FLAG_NAMES = Object.keys(FLAGS) as FlagName[];

/** Members of vm_operations_struct; those with 0 are there and change nothing in the model. */
export const OPERATIONS = {
  open: abi.OPS_OPEN,
  close: abi.OPS_CLOSE,
  fault: abi.OPS_FAULT,
  map_pages: abi.OPS_MAP_PAGES,
  page_mkwrite: abi.OPS_PAGE_MKWRITE,
  may_split: abi.OPS_MAY_SPLIT,
  mapped: abi.OPS_MAPPED,
  mremap: abi.OPS_MREMAP,
  mprotect: abi.OPS_MPROTECT,
  huge_fault: 0,
  pfn_mkwrite: 0,
  access: 0,
  pagesize: 0,
  name: 0,
  set_policy: 0,
  get_policy: 0,
  find_special_page: 0,
} as const;
export type OperationName = keyof typeof OPERATIONS;
const OPERATION_NAMES = Object.keys(OPERATIONS) as [OperationName, ...OperationName[]];

/** Where a hook can fail. */
export const FAIL_POINTS = {
  "at-once": abi.HOOK_FAILS_AT_ONCE,
  "after-alloc": abi.HOOK_FAILS_AFTER_PRIVATE,
  "after-pages": abi.HOOK_FAILS_AFTER_PTES,
  "at-end": abi.HOOK_FAILS_AT_END,
  mapped: abi.HOOK_FAILS_MAPPED,
} as const;
export type FailPoint = keyof typeof FAIL_POINTS;

const EAGER = {
  remap: abi.EAGER_REMAP_PFN,
  pieces: abi.EAGER_REMAP_PIECES,
  insert: abi.EAGER_INSERT_PAGES,
} as const;

/** Names of modifiers; catalogue/modifiers.ts says what they do. */
export const MODIFIER_NAMES = [
  "pgoff-rewrite",
  "drop-may-bits",
  "dontcopy-wipe",
  "alloc-private-per-map",
  "refcount-on-map",
  "captures-vma-or-address",
] as const;
export type ModifierName = (typeof MODIFIER_NAMES)[number];

const flagName = z.enum(
  FLAG_NAMES.flatMap((name) => [name, `VM_${name}`] as const) as [
    FlagName,
    ...(FlagName | `VM_${FlagName}`)[],
  ],
);
const errnoName = z
  .union([z.string(), z.int()])
  .refine((value) => errnoNumber(value) !== undefined, {
    error: `expected a Linux error name such as ENOMEM, or a number from 1 to ${MAX_ERRNO}`,
  })
  .describe("a Linux error name such as ENOMEM, or its number");

const PAGES_MOST = 2 ** 24;
const pageCount = z.int().min(1).max(PAGES_MOST);

export const driverSchema = z
  .strictObject({
    driver: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: "expected a name of lower-case letters, digits and -, 64 at most",
      })
      .describe("the driver's name in ids of scenarios"),
    title: z.string().min(1).max(200).optional().describe("one line for people"),
    set: z.array(flagName).max(64).optional().describe("vm_flags that the hook sets"),
    clear: z.array(flagName).max(64).optional().describe("vm_flags that the hook clears"),
    ops: z
      .array(z.enum(OPERATION_NAMES))
      .max(64)
      .optional()
      .describe(
        "members of the vm_ops that the hook installs; without the field it installs none, [] is an empty table",
      ),
    offset: z
      .int()
      .min(0)
      .max(2 ** 40)
      .optional()
      .describe("vm_pgoff that the hook writes, in pages"),
    "offset-by": z
      .int()
      .min(1)
      .max(2 ** 40)
      .optional()
      .describe("what the hook adds to vm_pgoff, in pages"),
    file: z
      .enum(["keep", "other", "new-shmem"])
      .optional()
      .describe(
        "what becomes of vm_file: kept, replaced by another file, or (shared mappings) by a shmem file of its own",
      ),
    anonymous: z
      .boolean()
      .optional()
      .describe("private mappings become anonymous memory, as those of /dev/zero do"),
    allocates: z.boolean().optional().describe("the hook takes memory of its own for each mapping"),
    pages: z
      .union([z.enum(["none", "all"]), pageCount])
      .optional()
      .describe("PTEs that are set before mmap returns: none, all, or how many from the start on"),
    by: z
      .enum(["remap", "pieces", "insert"])
      .optional()
      .describe(
        "how: one remap_pfn_range, several over pieces of the range, or vm_insert_pages of struct pages",
      ),
    fails: z
      .strictObject({
        where: z.enum(Object.keys(FAIL_POINTS) as [FailPoint, ...FailPoint[]]),
        errno: errnoName.optional().describe("ENOMEM when left out"),
        after: pageCount.optional().describe("pages mapped by then, for after-pages"),
      })
      .optional()
      .describe("where the hook fails, every time"),
    "error-override": errnoName
      .optional()
      .describe("error that replaces that of an action or of mapped (7.3)"),
    modifiers: z.array(z.enum(MODIFIER_NAMES)).max(MODIFIER_NAMES.length).optional(),
    "stays-on-mmap": z
      .string()
      .min(1)
      .max(300)
      .optional()
      .describe(
        "why the hook cannot be written as .mmap_prepare; without the field it can be, as far as a descriptor goes",
      ),
  })
  .describe("what a driver's mmap hook does");

export type DriverDescription = z.infer<typeof driverSchema>;

/** The JSON Schema of a driver file, as shipped in schemas/driver.schema.json. */
export function driverJsonSchema(): string {
  const schema = z.toJSONSchema(driverSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench driver description" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/** The number of an error's name or number; undefined when there is none. */
export function errnoNumber(value: string | number): number | undefined {
  if (typeof value === "number") return value >= 1 && value <= MAX_ERRNO ? value : undefined;
  return errnoOf(value);
}

function bare(flag: string): FlagName {
  return flag.replace(/^VM_/, "") as FlagName;
}

export function flagBits(flags: readonly string[] = []): number {
  let bits = 0;
  for (const flag of new Set(flags.map(bare))) bits += FLAGS[flag];
  return bits;
}

/** Why nothing with `by: pieces` has one. */
export const ONE_ACTION =
  "a descriptor carries one action, for one contiguous run of page frames with one protection";

/** Why a hook cannot be written for a descriptor; undefined when it can. */
export function whyNoForm(d: DriverDescription): string | undefined {
  return d["stays-on-mmap"] ?? (d.by === "pieces" ? ONE_ACTION : undefined);
}

/** Fields that contradict one another: the field to name and what was expected of it; null when none do. */
export function contradiction(d: DriverDescription): { field: string[]; expected: string } | null {
  const set = new Set((d.set ?? []).map(bare));
  const cleared = new Set((d.clear ?? []).map(bare));
  const pages = d.pages ?? "none";
  const at = (expected: string, ...field: string[]) => ({ field, expected });

  const both = [...set].find((flag) => cleared.has(flag));
  if (both) return at(`flags that \`set\` does not name (${both})`, "clear");
  for (const [one, other] of OPPOSITES) {
    if (set.has(one) && set.has(other)) return at(`${one} or ${other}, not both`, "set");
  }
  if (d.offset !== undefined && d["offset-by"] !== undefined) {
    return at("offset or offset-by, not both", "offset-by");
  }
  if (pages !== "none" && d.by === undefined) {
    return at("remap, pieces or insert beside `pages`", "by");
  }
  if (pages === "none" && d.by !== undefined) return at("all or a number beside `by`", "pages");
  const implied = d.by === "insert" ? ["MIXEDMAP"] : REMAP_FLAGS;
  const lost = d.by === undefined ? undefined : implied.find((f) => cleared.has(f as FlagName));
  if (lost) return at(`no ${lost}: \`by: ${d.by}\` sets it`, "clear");
  if (d.by === "insert" && set.has("PFNMAP")) {
    return at("no PFNMAP: pages that are inserted have a struct page", "set");
  }
  if (d.anonymous && pages !== "none") {
    return at("false: anonymous memory has no pages of a driver", "anonymous");
  }
  return failureContradiction(d);
}

function failureContradiction(d: DriverDescription) {
  const at = (expected: string, ...field: string[]) => ({ field, expected });
  const { fails } = d;
  const hasMapped = d.ops?.includes("mapped") ?? false;
  if (fails?.after !== undefined && fails.where !== "after-pages") {
    return at("`where: after-pages` beside `after`", "fails", "after");
  }
  if (fails?.where === "after-pages") {
    const pages = d.pages ?? "none";
    if (pages === "none") return at("`pages` of which some are mapped by then", "fails", "where");
    if (typeof pages === "number" && (fails.after ?? 1) >= pages) {
      return at(`fewer pages than the ${pages} of \`pages\``, "fails", "after");
    }
  }
  if (fails?.where === "mapped" && !hasMapped) {
    return at("`mapped` among `ops`, or another place", "fails", "where");
  }
  const holdsSomething = d.allocates || (d.file ?? "keep") !== "keep";
  if (fails?.where === "after-alloc" && !holdsSomething) {
    return at("`allocates: true` or a `file`, or another place", "fails", "where");
  }
  if (d["error-override"] !== undefined && (d.pages ?? "none") === "none" && !hasMapped) {
    return at("`pages` or `mapped`: only their errors are replaced", "error-override");
  }
  return null;
}

const OPPOSITES: readonly (readonly [FlagName, FlagName])[] = [
  ["SEQ_READ", "RAND_READ"],
  ["HUGEPAGE", "NOHUGEPAGE"],
  ["PFNMAP", "MIXEDMAP"],
];
const REMAP_FLAGS = ["IO", "PFNMAP", "DONTEXPAND", "DONTDUMP"];

/** First page frame of the device's memory. */
const DEVICE_PFN = 0x100000;

/** The record for the core; what stands for `file: other` is the caller's to fill in (`swapFile`). */
export function recordOf(d: DriverDescription): DriverRecord {
  const record: DriverRecord = {
    flagsSet: flagBits(d.set),
    flagsCleared: flagBits(d.clear),
    ops: d.ops ? d.ops.reduce((bits, name) => bits | OPERATIONS[name], abi.OPS_INSTALLED) : 0,
  };
  let behaviour = 0;
  if (d.offset !== undefined) {
    behaviour |= abi.BEHAVES_SETS_PGOFF;
    record.pgoff = d.offset;
  }
  if (d["offset-by"] !== undefined) {
    behaviour |= abi.BEHAVES_ADDS_PGOFF;
    record.pgoff = d["offset-by"];
  }
  if (d.allocates) behaviour |= abi.BEHAVES_ALLOCATES;
  if (d.file === "new-shmem") behaviour |= abi.BEHAVES_NEW_SHMEM;
  if (d.anonymous) behaviour |= abi.BEHAVES_ANONYMOUS;
  if (behaviour) record.behaviour = behaviour;
  if (d.by !== undefined) {
    record.eager = EAGER[d.by];
    record.pfn = DEVICE_PFN;
    if (typeof d.pages === "number") record.eagerPages = d.pages;
  }
  if (d.fails) {
    record.failPoint = FAIL_POINTS[d.fails.where];
    record.errno = errnoNumber(d.fails.errno ?? "ENOMEM") ?? abi.ENOMEM;
    if (d.fails.where === "after-pages") record.failAfter = d.fails.after ?? 1;
  }
  const override = d["error-override"];
  if (override !== undefined) record.errorOverride = errnoNumber(override) ?? 0;
  return record;
}
