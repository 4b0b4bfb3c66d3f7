// What a driver's hook does, as data for the core. Each entry stands for a family of hooks found in the
// kernel tree; `examples` name members.

import * as abi from "../core/abi.js";
import type { DriverRecord } from "../core/core.js";
import { UsageError } from "../errors.js";
import type { HookName } from "./kernels.js";
import {
  integer,
  type Parameter,
  type Parameters,
  parseParameters,
  queryText,
  splitQuery,
} from "./parameters.js";

export interface DriverExample {
  file: string;
  function: string;
}

/** A family of hooks, before its parameters are chosen. */
export interface DriverFamily {
  id: string;
  title: string;
  examples: readonly DriverExample[];
  parameters: readonly Parameter[];
  record(hook: HookName, values: Parameters): DriverRecord;
}

/** A hook, ready for the core. */
export interface Driver {
  id: string;
  title: string;
  examples: readonly DriverExample[];
  /** The parameters that differ from their default. */
  params: Parameters;
  /** The driver record for a hook of the given kind. */
  record(hook: HookName): DriverRecord;
}

/** What page-cache file systems install. */
const PAGE_CACHE_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES | abi.OPS_PAGE_MKWRITE;

const ERRNOS: ReadonlyMap<string, number> = new Map(
  Object.entries(abi).filter(
    (entry): entry is [string, number] =>
      /^E[A-Z]+$/.test(entry[0]) && typeof entry[1] === "number",
  ),
);

const errno: Parameter = {
  name: "errno",
  meaning: "the hook fails with this error (a name or a number)",
  parse(text) {
    const named = ERRNOS.get(text);
    if (named !== undefined) return text;
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < 1 || number > 4095) {
      throw new Error(`expected a number from 1 to 4095 or ${[...ERRNOS.keys()].join(", ")}`);
    }
    for (const [name, value] of ERRNOS) if (value === number) return name;
    return number;
  },
};

function errnoNumber(value: Parameters[string] | undefined): number {
  return typeof value === "string" ? (ERRNOS.get(value) ?? abi.ENOMEM) : (value ?? abi.ENOMEM);
}

/** A hook that fails before it did anything, when asked to. */
function failsAtOnce(values: Parameters): DriverRecord {
  if (values.errno === undefined) return {};
  return { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: errnoNumber(values.errno) };
}

const HINT_FLAGS: Readonly<Record<string, number>> = {
  DONTDUMP: abi.VM_DONTDUMP,
  SEQ_READ: abi.VM_SEQ_READ,
  RAND_READ: abi.VM_RAND_READ,
  DONTCOPY: abi.VM_DONTCOPY,
  LOCKED: abi.VM_LOCKED,
};

function hintFlags(name: string, meaning: string, initial: string): Parameter {
  return {
    name,
    meaning,
    default: initial,
    parse(text) {
      const words = text.split("+");
      const unknown = words.find((word) => word !== "none" && !Object.hasOwn(HINT_FLAGS, word));
      if (unknown !== undefined) {
        throw new Error(
          `"${unknown}" is not one of ${Object.keys(HINT_FLAGS).join(", ")} (joined by +) or none`,
        );
      }
      return [...new Set(words)].sort().join("+");
    },
  };
}

function flagBits(value: Parameters[string] | undefined): number {
  let bits = 0;
  for (const word of String(value).split("+")) bits += HINT_FLAGS[word] ?? 0;
  return bits;
}

/** Every driver family. */
export const DRIVERS: readonly DriverFamily[] = [
  {
    id: "vmops-only",
    title: "only installs vm_ops (a page-cache file, a simple lazy device)",
    examples: [
      { file: "mm/filemap.c", function: "generic_file_mmap_prepare" },
      { file: "mm/shmem.c", function: "shmem_mmap_prepare" },
      { file: "virt/kvm/kvm_main.c", function: "kvm_vcpu_mmap" },
    ],
    parameters: [errno],
    record: (_hook, values) => ({ ops: PAGE_CACHE_OPS, ...failsAtOnce(values) }),
  },
  {
    id: "hint-or-dump-flag",
    title: "sets a flag that does not forbid merging (DONTDUMP, SEQ_READ)",
    examples: [
      { file: "mm/secretmem.c", function: "secretmem_mmap_prepare" },
      { file: "fs/orangefs/file.c", function: "orangefs_file_mmap_prepare" },
    ],
    parameters: [
      hintFlags("set", "flags the hook sets, joined by +", "DONTDUMP"),
      hintFlags("clear", "flags the hook clears, joined by +", "none"),
      errno,
    ],
    record: (_hook, values) => ({
      flagsSet: flagBits(values.set),
      flagsCleared: flagBits(values.clear),
      ops: PAGE_CACHE_OPS,
      ...failsAtOnce(values),
    }),
  },
  {
    id: "pfnmap-lazy",
    title: "marks a PFN mapping and installs nothing; faults insert the PFNs later",
    examples: [
      { file: "arch/x86/kernel/cpu/sgx/driver.c", function: "sgx_mmap" },
      { file: "drivers/vhost/vdpa.c", function: "vhost_vdpa_mmap" },
      { file: "drivers/xen/privcmd.c", function: "privcmd_mmap" },
    ],
    parameters: [errno],
    record: (_hook, values) => ({
      flagsSet: abi.VM_REMAP_FLAGS,
      ops: abi.OPS_INSTALLED | abi.OPS_FAULT,
      ...failsAtOnce(values),
    }),
  },
  {
    id: "pfnmap-eager-full",
    title: "remaps the whole range to device memory: every PTE is set before mmap returns",
    examples: [
      { file: "drivers/char/mem.c", function: "mmap_mem_prepare" },
      { file: "drivers/char/hpet.c", function: "hpet_mmap_prepare" },
      { file: "drivers/tee/tee_shm.c", function: "tee_shm_fop_mmap" },
    ],
    parameters: [
      integer("fail-after", "the remap fails with ENOMEM after this many PTEs", {
        low: 1,
        high: 1 << 20,
      }),
      errno,
    ],
    record: (_hook, values) => {
      const record: DriverRecord = {
        flagsSet: abi.VM_REMAP_FLAGS,
        ops: abi.OPS_INSTALLED,
        eager: abi.EAGER_REMAP_PFN,
        pfn: 0x100000,
      };
      const after = values["fail-after"];
      if (after === undefined) return { ...record, ...failsAtOnce(values) };
      return {
        ...record,
        failPoint: abi.HOOK_FAILS_AFTER_PTES,
        failAfter: Number(after),
        errno: errnoNumber(values.errno),
      };
    },
  },
  {
    id: "always-reject",
    title: "exists only to return an error",
    examples: [
      { file: "sound/core/init.c", function: "snd_disconnect_mmap" },
      { file: "drivers/mtd/mtdchar.c", function: "mtdchar_mmap_prepare" },
    ],
    parameters: [{ ...errno, default: "ENOMEM" }],
    record: (_hook, values) => ({
      failPoint: abi.HOOK_FAILS_AT_ONCE,
      errno: errnoNumber(values.errno),
    }),
  },
];

/** The family of that name. UsageError listing what there is. */
export function driverFamily(id: string): DriverFamily {
  const family = DRIVERS.find((d) => d.id === id);
  if (family) return family;
  throw new UsageError(`no driver "${id}"; there is ${DRIVERS.map((d) => d.id).join(", ")}`);
}

/** A driver from `ID?name=value&...`. UsageError for an unknown id, parameter or value. */
export function parseDriver(text: string): Driver {
  const { id, query } = splitQuery(text);
  return driverOf(driverFamily(id), query);
}

/** A family with its parameters chosen. */
export function driverOf(family: DriverFamily, query: Readonly<Record<string, string>>): Driver {
  const { values, params } = parseParameters(`driver ${family.id}`, family.parameters, query);
  return {
    id: family.id,
    title: family.title,
    examples: family.examples,
    params,
    record: (hook) => family.record(hook, values),
  };
}

/** The driver as the command line takes it. */
export function driverText(driver: Driver): string {
  return driver.id + queryText(driver.params);
}
