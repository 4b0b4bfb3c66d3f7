// One random hook and the address space that it is let loose in.

import { Random } from "../catalogue/random.js";
import * as abi from "../core/abi.js";
import type { DriverRecord, FileRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import type { Settings } from "../core/settings.js";

/** A field that a hook writes past every helper; see WRITE_* of the core. */
export interface Write {
  /** WRITE_*, without WRITE_LATE. */
  field: number;
  value: number;
  /** After everything else that the hook does; otherwise before. */
  late: boolean;
}

export interface World {
  settings: Partial<Settings>;
  /** What the hook does at the call, besides its writes. While the set-up runs it neither fails nor writes. */
  driver: DriverRecord;
  writes: readonly Write[];
  files: readonly FileRecord[];
  setup: readonly Operation[];
  /** The mmap of the hook's file that is judged. */
  call: Operation;
}

export const BASE = 0x1000_0000_0000;
export const PAGE = 4096;
const PAGES = 40;
/** Files 1 and 2 have the hook under test, file 3 has an ordinary one. */
export const FILES = 3;
export const HOOK_DRIVER = 0;
export const PLAIN_DRIVER = 1;
export const PLAIN_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;

const FLAGS = [
  abi.VM_WRITE,
  abi.VM_EXEC,
  abi.VM_SHARED,
  abi.VM_MAYWRITE,
  abi.VM_GROWSDOWN,
  abi.VM_PFNMAP,
  abi.VM_LOCKED,
  abi.VM_IO,
  abi.VM_SEQ_READ,
  abi.VM_DONTCOPY,
  abi.VM_DONTEXPAND,
  abi.VM_ACCOUNT,
  abi.VM_NORESERVE,
  abi.VM_DONTDUMP,
  abi.VM_MIXEDMAP,
  abi.VM_HUGEPAGE,
  abi.VM_MERGEABLE,
  abi.VM_SEALED,
];
const OPS = [
  0,
  PLAIN_OPS,
  PLAIN_OPS | abi.OPS_CLOSE,
  PLAIN_OPS | abi.OPS_OPEN,
  PLAIN_OPS | abi.OPS_MAPPED,
];
const FIELDS = [
  abi.WRITE_START,
  abi.WRITE_END,
  abi.WRITE_FLAGS_SET,
  abi.WRITE_FLAGS_CLEAR,
  abi.WRITE_PGOFF,
  abi.WRITE_FILE,
  abi.WRITE_FILE_HELD,
  abi.WRITE_OPS,
  abi.WRITE_PRIVATE,
  abi.WRITE_PAGE_PROT,
];

/** Hook number `index` of a seed: the same whatever ran before it. */
export function worldOf(seed: number, index: number): World {
  const random = new Random(seed, `hazards ${index}`);
  const files = [0, 0, 0].map((_, i) => ({
    driver: i < 2 ? HOOK_DRIVER : PLAIN_DRIVER,
    mode: abi.FILE_MODE_READ + (random.below(8) ? abi.FILE_MODE_WRITE : 0),
  }));
  const setup = Array.from({ length: random.below(6) }, () => setupOperation(random));
  return {
    settings: settingsOf(random),
    driver: driverOf(random),
    writes: Array.from({ length: random.pick([0, 0, 1, 1, 1, 1, 1, 2, 2, 3]) }, () =>
      writeOf(random),
    ),
    files,
    setup,
    call: callOf(random),
  };
}

const oneIn = (random: Random, n: number) => random.below(n) === 0;

function settingsOf(random: Random): Partial<Settings> {
  const settings: Partial<Settings> = {};
  if (oneIn(random, 8)) settings.mdwe = true;
  if (oneIn(random, 4)) settings.limitMemlock = 4 * PAGE;
  if (oneIn(random, 8)) settings.limitData = 8 * PAGE;
  if (oneIn(random, 16)) settings.mergeAny = true;
  return settings;
}

function driverOf(random: Random): DriverRecord {
  const driver: DriverRecord = { ops: random.pick(OPS) };
  if (oneIn(random, 4))
    driver.flagsSet = random.pick([abi.VM_DONTDUMP, abi.VM_SEQ_READ, abi.VM_IO, abi.VM_LOCKED]);
  if (oneIn(random, 16)) driver.flagsCleared = abi.VM_MAYWRITE;
  if (oneIn(random, 4)) {
    driver.eager = random.pick([abi.EAGER_REMAP_PFN, abi.EAGER_INSERT_PAGES]);
    driver.pfn = 0x100000;
  }
  if (oneIn(random, 10)) driver.swapFile = 2;
  if (oneIn(random, 10)) {
    driver.behaviour = abi.BEHAVES_SETS_PGOFF;
    driver.pgoff = random.below(PAGES);
  }
  if (random.below(10) < 4) {
    driver.failPoint = random.pick([
      abi.HOOK_FAILS_AT_ONCE,
      abi.HOOK_FAILS_AFTER_PTES,
      abi.HOOK_FAILS_AT_END,
      abi.HOOK_FAILS_MAPPED,
    ]);
    driver.errno = random.pick([abi.ENOMEM, abi.EIO, abi.ENODEV]);
    if (driver.failPoint === abi.HOOK_FAILS_AFTER_PTES) driver.failAfter = 1 + random.below(4);
  }
  return driver;
}

function writeOf(random: Random): Write {
  const field = random.pick(FIELDS);
  return { field, value: writtenValue(random, field), late: random.below(2) === 1 };
}

function writtenValue(random: Random, field: number): number {
  switch (field) {
    case abi.WRITE_START:
    case abi.WRITE_END:
      return random.pick([-8, -3, -2, -1, 1, 2, 3, 8]);
    case abi.WRITE_FLAGS_SET:
    case abi.WRITE_FLAGS_CLEAR:
      return random.pick(FLAGS);
    case abi.WRITE_FILE:
      return random.below(FILES + 1);
    case abi.WRITE_FILE_HELD:
      return 1 + random.below(FILES);
    case abi.WRITE_OPS:
      return random.pick(OPS);
    case abi.WRITE_PGOFF:
      return random.below(2 * PAGES);
    default:
      return 1 + random.below(99);
  }
}

function rangeIn(random: Random): { addr: number; len: number; page: number } {
  const page = random.below(PAGES);
  return { addr: BASE + page * PAGE, len: (1 + random.below(12)) * PAGE, page };
}

/** A mmap; files are mapped where their offset follows the address, so that pieces may merge. */
function mapOf(random: Random, file: number): Operation {
  const { addr, len, page } = rangeIn(random);
  const type = random.pick([abi.MAP_PRIVATE, abi.MAP_SHARED]);
  const rare = oneIn(random, 10) ? random.pick([abi.MAP_NORESERVE, abi.MAP_LOCKED]) : 0;
  return {
    op: abi.OP_MMAP,
    addr,
    len,
    prot: oneIn(random, 4) ? random.pick([1, 5, 0]) : 3,
    flags: abi.MAP_FIXED + rare + (file ? type : abi.MAP_PRIVATE + abi.MAP_ANONYMOUS),
    file,
    pgoff: file && random.below(8) ? page : 0,
  };
}

function setupOperation(random: Random): Operation {
  const kind = random.below(20);
  if (kind < 6) return mapOf(random, 0);
  if (kind < 12) return mapOf(random, 1);
  if (kind < 14) return mapOf(random, 2);
  if (kind < 16) return mapOf(random, 3);
  const { addr, len } = rangeIn(random);
  if (kind < 18) return { op: abi.OP_TOUCH, addr, len, flags: 1 };
  if (kind < 19) return { op: abi.OP_MPROTECT, addr, len, prot: 1 };
  return { op: abi.OP_MUNMAP, addr, len };
}

function callOf(random: Random): Operation {
  const call = mapOf(random, 1);
  if (oneIn(random, 8)) {
    call.fail = random.pick([abi.FAIL_ALLOCATION, abi.FAIL_CHARGE]);
    call.at = 1 + random.below(3);
  }
  return call;
}
