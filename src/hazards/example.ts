// Examples as files: JSON that holds everything a run needs (docs/hazards.md), and its calls as an operation trace.

import { z } from "zod";
import { type Protocol, parseProtocol } from "../catalogue/kernels.js";
import * as abi from "../core/abi.js";
import type { DriverRecord } from "../core/core.js";
import { OPS, VM_FLAGS } from "../core/names.js";
import type { Operation } from "../core/operation.js";
import { quoted, UsageError } from "../errors.js";
import { parseJson, readJson } from "../input/json.js";
import { errnoNumber, errnoText } from "../replay/errno.js";
import { opsLine, parseOps } from "../trace/ops.js";
import { FINDING_IDS, type FindingId } from "./findings.js";
import { HOOK_DRIVER, PLAIN_DRIVER, type World, type Write } from "./world.js";

export const EXAMPLE_SCHEMA = "vmabench/hazard@1";

/** What stands in an example file. */
export interface ExampleFile {
  protocol: Protocol;
  /** What it is an example of. */
  finding: FindingId;
  world: World;
}

const EAGER: Readonly<Record<string, number>> = {
  none: abi.EAGER_NONE,
  "remap-pfn": abi.EAGER_REMAP_PFN,
  "insert-pages": abi.EAGER_INSERT_PAGES,
};
const FAILS: Readonly<Record<string, number>> = {
  never: abi.HOOK_FAILS_NEVER,
  "at-once": abi.HOOK_FAILS_AT_ONCE,
  "after-ptes": abi.HOOK_FAILS_AFTER_PTES,
  "at-end": abi.HOOK_FAILS_AT_END,
  mapped: abi.HOOK_FAILS_MAPPED,
};
const INJECTED: Readonly<Record<string, number>> = {
  allocation: abi.FAIL_ALLOCATION,
  charge: abi.FAIL_CHARGE,
};
/** Names of the fields that a hook writes, in the order of WRITE_*. */
const FIELDS: Readonly<Record<string, number>> = {
  vm_start: abi.WRITE_START,
  vm_end: abi.WRITE_END,
  "vm_flags set": abi.WRITE_FLAGS_SET,
  "vm_flags clear": abi.WRITE_FLAGS_CLEAR,
  vm_pgoff: abi.WRITE_PGOFF,
  vm_file: abi.WRITE_FILE,
  "vm_file held": abi.WRITE_FILE_HELD,
  vm_ops: abi.WRITE_OPS,
  vm_private_data: abi.WRITE_PRIVATE,
  vm_page_prot: abi.WRITE_PAGE_PROT,
};

const nameOf = (table: Readonly<Record<string, number>>, value: number) =>
  Object.keys(table).find((name) => table[name] === value) as string;
const oneOf = (table: Readonly<Record<string, number>>) =>
  z.enum(Object.keys(table) as [string, ...string[]]).transform((name) => table[name] as number);
const bitsOf = (names: typeof VM_FLAGS, what: string) =>
  z.string().transform((text, context) => {
    const bits = names.bits(text);
    if (bits !== undefined) return bits;
    context.addIssue(`expected ${what}, joined by |, or none`);
    return z.NEVER;
  });
const flags = bitsOf(VM_FLAGS, `vm_flags such as ${VM_FLAGS.names.slice(0, 3).join(", ")}`);
const ops = bitsOf(OPS, `of ${OPS.names.join(", ")}`);
const count = z.int().min(0).max(1e9);
const fileNumber = z.int().min(1).max(3);

const write = z
  .strictObject({
    field: oneOf(FIELDS),
    value: z.union([z.int().min(-64).max(1e9), z.string(), z.null()]),
    when: z.enum(["first", "last"]),
  })
  .transform(({ field, value, when }, context): Write => {
    const number = writtenValue(field, value);
    if (number === undefined) {
      context.addIssue(`"${nameOf(FIELDS, field)}" takes ${expectedValue(field)}`);
      return z.NEVER;
    }
    return { field, value: number, late: when === "last" };
  });

/** The number that the core takes for a value of a file; undefined when it is none. */
function writtenValue(field: number, value: number | string | null): number | undefined {
  switch (field) {
    case abi.WRITE_FLAGS_SET:
    case abi.WRITE_FLAGS_CLEAR:
      return typeof value === "string" ? VM_FLAGS.bits(value) : undefined;
    case abi.WRITE_OPS:
      return value === null ? 0 : typeof value === "string" ? OPS.bits(value) : undefined;
    case abi.WRITE_FILE:
      return value === null ? 0 : fileNumber.safeParse(value).data;
    case abi.WRITE_FILE_HELD:
      return fileNumber.safeParse(value).data;
    case abi.WRITE_START:
    case abi.WRITE_END:
      return typeof value === "number" && value <= 64 ? value : undefined;
    default:
      return typeof value === "number" && value >= 0 ? value : undefined;
  }
}

function expectedValue(field: number): string {
  switch (field) {
    case abi.WRITE_FLAGS_SET:
    case abi.WRITE_FLAGS_CLEAR:
      return "names of vm_flags joined by |";
    case abi.WRITE_OPS:
      return "names of ops joined by |, or null";
    case abi.WRITE_FILE:
      return "a file from 1 to 3, or null";
    case abi.WRITE_FILE_HELD:
      return "a file from 1 to 3";
    case abi.WRITE_START:
    case abi.WRITE_END:
      return "pages to move by, from -64 to 64";
    default:
      return "a number from 0";
  }
}

const driver = z.strictObject({
  flagsSet: flags.optional(),
  flagsCleared: flags.optional(),
  ops: ops.optional(),
  eager: oneOf(EAGER).optional(),
  pfn: count.optional(),
  fails: oneOf(FAILS).optional(),
  errno: z
    .string()
    .transform((name, context) => {
      const number = errnoNumber(name);
      if (number === undefined) context.addIssue("expected an error's name, such as ENOMEM");
      return number ?? z.NEVER;
    })
    .optional(),
  failAfter: count.optional(),
  swapFile: fileNumber.optional(),
  setsPgoff: count.optional(),
  writes: z.array(write).max(abi.WRITE_LIMIT).default([]),
});

const example = z.strictObject({
  schema: z.literal(EXAMPLE_SCHEMA),
  protocol: z.string(),
  finding: z.enum(FINDING_IDS as [FindingId, ...FindingId[]]),
  settings: z
    .strictObject({
      mdwe: z.boolean().optional(),
      limitMemlock: count.optional(),
      limitData: count.optional(),
      mergeAny: z.boolean().optional(),
    })
    .default({}),
  driver,
  files: z.array(z.strictObject({ hook: z.boolean(), writable: z.boolean() })).length(3),
  setup: z.array(z.string()).max(64),
  call: z.string(),
  inject: z.strictObject({ fail: oneOf(INJECTED), at: z.int().min(1).max(99) }).optional(),
});

/** The text of an example file. */
export function exampleText({ protocol, finding, world }: ExampleFile): string {
  const { settings, writes, files, setup, call } = world;
  const document = {
    schema: EXAMPLE_SCHEMA,
    protocol: protocol.id,
    finding,
    settings,
    driver: { ...driverFields(world.driver), writes: writes.map(writeFields) },
    files: files.map(({ driver = 0, mode = 0 }) => ({
      hook: driver === HOOK_DRIVER,
      writable: (mode & abi.FILE_MODE_WRITE) !== 0,
    })),
    setup: setup.map(lineOf),
    call: lineOf(call),
    ...(call.fail ? { inject: { fail: nameOf(INJECTED, call.fail), at: call.at } } : {}),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** The fields of a driver record as a file has them; those that say nothing are left out. */
export function driverFields(record: DriverRecord) {
  const { flagsSet, flagsCleared, ops, eager, pfn, failPoint, errno, failAfter, swapFile } = record;
  const { behaviour = 0, pgoff = 0 } = record;
  return {
    ...(flagsSet ? { flagsSet: VM_FLAGS.text(flagsSet) } : {}),
    ...(flagsCleared ? { flagsCleared: VM_FLAGS.text(flagsCleared) } : {}),
    ops: OPS.text(ops ?? 0),
    ...(eager ? { eager: nameOf(EAGER, eager), pfn } : {}),
    ...(failPoint ? { fails: nameOf(FAILS, failPoint) } : {}),
    ...(errno ? { errno: errnoText(-errno).slice(1) } : {}),
    ...(failAfter ? { failAfter } : {}),
    ...(swapFile ? { swapFile } : {}),
    ...(behaviour & abi.BEHAVES_SETS_PGOFF ? { setsPgoff: pgoff } : {}),
  };
}

/** A write as a file and as people read it. */
export function writeFields({ field, value, late }: Write) {
  const names =
    field === abi.WRITE_OPS
      ? value === 0
        ? null
        : OPS.text(value)
      : field === abi.WRITE_FLAGS_SET || field === abi.WRITE_FLAGS_CLEAR
        ? VM_FLAGS.text(value)
        : field === abi.WRITE_FILE && value === 0
          ? null
          : value;
  return { field: nameOf(FIELDS, field), value: names, when: late ? "last" : "first" };
}

/** The calls as an operation trace; what it cannot say stands in comments. */
export function exampleOps({ protocol, finding, world }: ExampleFile): string {
  const { setup, call } = world;
  return [
    `# ${finding} under ${protocol.id}: the hook and its writes are in the .json beside this file`,
    ...setup.map(lineOf),
    "#MARK",
    ...(call.fail ? [`# ${nameOf(INJECTED, call.fail)} ${call.at} of the call fails`] : []),
    lineOf(call),
    "",
  ].join("\n");
}

function lineOf({ op, addr = 0, len = 0, prot = 0, flags = 0, file = 0, pgoff = 0 }: Operation) {
  const at = { line: 0 };
  switch (op) {
    case abi.OP_MMAP:
      return opsLine({ ...at, name: "mmap", args: [addr, len, prot, flags, file || null, pgoff] });
    case abi.OP_MUNMAP:
      return opsLine({ ...at, name: "munmap", args: [addr, len] });
    case abi.OP_MPROTECT:
      return opsLine({ ...at, name: "mprotect", args: [addr, len, prot] });
    default:
      return opsLine({ ...at, name: "touch", args: [addr, len, flags] });
  }
}

/** An example file. UsageError naming the file, the place in it and what was expected. */
export function readExample(path: string): ExampleFile {
  return exampleOf(readJson(path, example), path);
}

/** The same for text in memory. */
export function parseExample(text: string, path: string): ExampleFile {
  return exampleOf(parseJson(text, path, example), path);
}

function exampleOf(found: z.infer<typeof example>, path: string): ExampleFile {
  const { writes, fails, setsPgoff, ...record } = found.driver;
  const world: World = {
    settings: withoutUndefined(found.settings),
    driver: withoutUndefined({
      ...record,
      failPoint: fails,
      ...(setsPgoff === undefined ? {} : { behaviour: abi.BEHAVES_SETS_PGOFF, pgoff: setsPgoff }),
    }),
    writes,
    files: found.files.map(({ hook, writable }) => ({
      driver: hook ? HOOK_DRIVER : PLAIN_DRIVER,
      mode: abi.FILE_MODE_READ + (writable ? abi.FILE_MODE_WRITE : 0),
    })),
    setup: found.setup.map((line, i) => operationOf(line, `${path}: setup.${i}`)),
    call: callOf(found.call, `${path}: call`, found.inject),
  };
  return { protocol: parseProtocol(found.protocol), finding: found.finding, world };
}

function callOf(line: string, place: string, inject: { fail: number; at: number } | undefined) {
  const call = operationOf(line, place);
  if (call.op !== abi.OP_MMAP || !call.file) {
    throw new UsageError(`${place}: expected a mmap of a file, found ${quoted(line)}`);
  }
  return { ...call, ...inject };
}

function operationOf(line: string, place: string): Operation {
  const { calls } = parseOps(line, place);
  const [call, ...more] = calls;
  const [first = 0, second = 0, third = 0, fourth = 0, file = null, pgoff = 0] = call?.args ?? [];
  const range = { addr: first ?? 0, len: second ?? 0 };
  if (more.length === 0) {
    switch (call?.name) {
      case "mmap": {
        const id = Number(file ?? 0);
        if (id > 3) break;
        const rest = { prot: third ?? 0, flags: fourth ?? 0, file: id, pgoff: pgoff ?? 0 };
        return { op: abi.OP_MMAP, ...range, ...rest };
      }
      case "munmap":
        return { op: abi.OP_MUNMAP, ...range };
      case "mprotect":
        return { op: abi.OP_MPROTECT, ...range, prot: third ?? 0 };
      case "touch":
        return { op: abi.OP_TOUCH, ...range, flags: third ?? 0 };
    }
  }
  const known = "one mmap of file 1 to 3 or of -, munmap, mprotect or touch";
  throw new UsageError(`${place}: expected ${known}, found ${quoted(line)}`);
}

function withoutUndefined<T extends object>(record: T): { [K in keyof T]: NonNullable<T[K]> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: NonNullable<T[K]> };
}
