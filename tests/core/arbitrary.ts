// Random address spaces and calls for comparing the core with the reference model. Addresses come from a small
// world, so that calls meet; limits are small enough to be met as well.

import fc from "fast-check";
import { HOOKS, PROTOCOLS } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import type { DriverRecord, FileRecord } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import type { Settings } from "../../src/core/settings.js";

export const BASE = 0x1000_0000_0000;
const PAGE = 4096;
const WORLD = 48; // pages

export interface World {
  settings: Partial<Settings>;
  drivers: DriverRecord[];
  files: FileRecord[];
  operations: Operation[];
}

const flagsOf = (...bits: number[]) =>
  fc.subarray(bits).map((chosen) => chosen.reduce((sum, bit) => sum + bit, 0));
/** Mostly the first, now and then one of the others. */
const usually = <T>(first: T, ...others: T[]) =>
  fc.oneof(
    { arbitrary: fc.constant(first), weight: 4 },
    { arbitrary: fc.constantFrom(first, ...others), weight: 1 },
  );

const settings: fc.Arbitrary<Partial<Settings>> = fc
  .record({
    protocol: fc.constantFrom(...PROTOCOLS),
    touch: fc.constantFrom(abi.TOUCH_NONE, abi.TOUCH_NONE, abi.TOUCH_WRITTEN, abi.TOUCH_ALL),
    maxMapCount: usually(65530, 6, 9, 14),
    limitAs: usually(abi.NO_LIMIT, 90 * PAGE, 200 * PAGE),
    limitData: usually(abi.NO_LIMIT, 60 * PAGE),
    limitMemlock: usually(2 ** 23, 20 * PAGE, 0),
    overcommit: usually(abi.OVERCOMMIT_GUESS, abi.OVERCOMMIT_ALWAYS, abi.OVERCOMMIT_NEVER),
    ramPages: usually(abi.NO_LIMIT, 30),
    commitLimit: usually(abi.NO_LIMIT, 70),
    mergeAny: usually(false, true),
    softDirty: usually(false, true),
    mdwe: usually(false, true),
    readImpliesExec: usually(false, true),
    ipcLock: usually(false, true),
    protectionKeys: usually(true, false),
    thp: usually(true, false),
  })
  .map(({ protocol, ...rest }) => {
    const { profile, hook } = protocol;
    return { profile, hook: HOOKS[hook].hook, ...rest };
  });

const anyDriver: fc.Arbitrary<DriverRecord> = fc.record({
  flagsSet: usually(0, abi.VM_DONTDUMP, abi.VM_LOCKED, abi.VM_PFNMAP, abi.VM_SEQ_READ),
  flagsCleared: usually(0, abi.VM_MAYWRITE, abi.VM_DONTDUMP),
  ops: fc
    .tuple(
      flagsOf(abi.OPS_FAULT, abi.OPS_MAP_PAGES, abi.OPS_MAPPED),
      usually(0, abi.OPS_CLOSE, abi.OPS_OPEN, abi.OPS_MAY_SPLIT, abi.OPS_MPROTECT, abi.OPS_MREMAP),
      usually(abi.OPS_INSTALLED, 0),
    )
    .map(([faults, rare, installed]) => (installed ? installed + faults + rare : 0)),
  eager: usually(
    abi.EAGER_NONE,
    abi.EAGER_REMAP_PFN,
    abi.EAGER_INSERT_PAGES,
    abi.EAGER_REMAP_PIECES,
  ),
  failPoint: usually(
    abi.HOOK_FAILS_NEVER,
    abi.HOOK_FAILS_AT_ONCE,
    abi.HOOK_FAILS_AFTER_PTES,
    abi.HOOK_FAILS_AT_END,
    abi.HOOK_FAILS_MAPPED,
    abi.HOOK_FAILS_AFTER_PRIVATE,
  ),
  errno: fc.constantFrom(abi.ENOMEM, abi.EIO, abi.ENODEV),
  failAfter: fc.integer({ min: 1, max: 8 }),
  pfn: fc.constant(0x100000),
  errorOverride: usually(0, abi.EAGAIN),
  behaviour: usually(
    0,
    abi.BEHAVES_SETS_PGOFF,
    abi.BEHAVES_ADDS_PGOFF,
    abi.BEHAVES_ALLOCATES,
    abi.BEHAVES_NEW_SHMEM | abi.BEHAVES_ANONYMOUS,
  ),
  swapFile: usually(0, 1, 2),
  pgoff: fc.integer({ min: 0, max: 40 }),
});

/**
 * The model knows no page tables: for it every page of a special mapping can be reached. So drivers of such
 * mappings handle faults, and do not become ordinary memory.
 */
const ORDINARY = abi.BEHAVES_SETS_PGOFF | abi.BEHAVES_ADDS_PGOFF | abi.BEHAVES_ALLOCATES;
const driver = anyDriver.map((record) => {
  const special = record.eager !== abi.EAGER_NONE || record.flagsSet === abi.VM_PFNMAP;
  return special
    ? {
        ...record,
        ops: (record.ops ?? 0) | abi.OPS_INSTALLED | abi.OPS_FAULT,
        behaviour: (record.behaviour ?? 0) & ORDINARY,
      }
    : record;
});

const file: fc.Arbitrary<FileRecord> = fc.record({
  driver: fc.integer({ min: 0, max: 2 }),
  mode: fc
    .tuple(
      usually(abi.FILE_MODE_READ | abi.FILE_MODE_WRITE, abi.FILE_MODE_READ, abi.FILE_MODE_WRITE),
      usually(
        0,
        abi.FILE_MODE_SHMEM,
        abi.FILE_MODE_THP_ALIGN,
        abi.FILE_MODE_NOEXEC,
        abi.FILE_MODE_APPEND,
        abi.FILE_MODE_SEALED,
        abi.FILE_MODE_NO_MMAP,
        abi.FILE_MODE_DEVZERO,
      ),
    )
    .map(([access, kind]) => access | kind),
  pages: usually(0, 40),
  size: usually(0, 5, 20),
});

const page = fc.integer({ min: 0, max: WORLD });
const length = fc.integer({ min: 1, max: 16 });
const range = fc
  .tuple(page, length, usually(0, 1, 100))
  .map(([from, pages, odd]) => ({ addr: BASE + from * PAGE, len: pages * PAGE - odd }));
/** As `range`, and sometimes not page aligned at the start. */
const roughRange = fc
  .tuple(range, usually(0, 1, 2048))
  .map(([{ addr, len }, odd]) => ({ addr: addr + odd, len }));
const prot = usually(3, 0, 1, 5, 7, 2, 4);
const failure = fc.oneof(
  { arbitrary: fc.constant({}), weight: 12 },
  {
    arbitrary: fc.record({
      fail: fc.constantFrom(abi.FAIL_CHARGE, abi.FAIL_HOOK),
      at: fc.integer({ min: 1, max: 2 }),
    }),
    weight: 1,
  },
);

const mmapFlags = fc
  .tuple(
    usually(abi.MAP_PRIVATE, abi.MAP_SHARED, abi.MAP_SHARED_VALIDATE, abi.MAP_DROPPABLE),
    usually(abi.MAP_FIXED, 0, abi.MAP_FIXED_NOREPLACE, abi.MAP_32BIT),
    usually(
      0,
      abi.MAP_NORESERVE,
      abi.MAP_LOCKED,
      abi.MAP_STACK,
      abi.MAP_GROWSDOWN,
      abi.MAP_POPULATE,
      abi.MAP_SYNC,
    ),
  )
  .map(([type, fixed, rare]) => type + fixed + rare);

/** Files are mapped where their offset follows the address, so that pieces fit; anonymous memory anyhow. */
const mmap: fc.Arbitrary<Operation> = fc
  .tuple(roughRange, prot, mmapFlags, fc.integer({ min: 0, max: 5 }), usually(0, 1, 7), failure)
  .map(([at, access, flags, id, shift, fail]) => {
    const from = Math.floor((at.addr - BASE) / PAGE);
    const which = id <= 3 ? id : 0;
    return {
      op: abi.OP_MMAP,
      ...at,
      prot: access,
      flags: flags + (which ? 0 : abi.MAP_ANONYMOUS),
      file: which,
      pgoff: which ? from + shift : 0,
      ...fail,
    };
  });

const placed: fc.Arbitrary<Operation> = fc
  .tuple(fc.constantFrom(1, 3, 512, 600, 1024), prot, fc.integer({ min: 0, max: 2 }))
  .map(([pages, access, id]) => ({
    op: abi.OP_MMAP,
    addr: 0,
    len: pages * PAGE,
    prot: access,
    flags: abi.MAP_PRIVATE + (id ? 0 : abi.MAP_ANONYMOUS),
    file: id,
    pgoff: 0,
  }));

const mremap: fc.Arbitrary<Operation> = fc
  .tuple(
    roughRange,
    fc.integer({ min: 0, max: 20 }),
    usually(1, 0, 3, 5, 7, 2, 8),
    page,
    usually(false, true),
    failure,
  )
  .map(([{ addr, len }, pages, flags, target, sameLength, fail]) => ({
    op: abi.OP_MREMAP,
    addr,
    len,
    prot: sameLength || flags & 4 ? len : pages * PAGE,
    flags,
    pgoff: flags & 6 ? BASE + target * PAGE : 0,
    ...fail,
  }));

const advice = fc.constantFrom(
  ...[
    0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 102, 103, 77,
  ],
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { arbitrary: mmap, weight: 12 },
  { arbitrary: placed, weight: 2 },
  {
    arbitrary: roughRange.map((at) => ({ op: abi.OP_MUNMAP, ...at })),
    weight: 5,
  },
  {
    arbitrary: fc
      .tuple(roughRange, usually(1, 3, 0, 5, 7, 0x1000001, 0x2000001), failure)
      .map(([at, access, fail]) => ({ op: abi.OP_MPROTECT, ...at, prot: access, ...fail })),
    weight: 5,
  },
  { arbitrary: mremap, weight: 5 },
  {
    arbitrary: fc
      .tuple(range, usually(1, 0))
      .map(([at, write]) => ({ op: abi.OP_TOUCH, ...at, flags: write })),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 12 }), usually(0, 1))
      .map(([pages, odd]) => ({ op: abi.OP_BRK, addr: 0x5555_5560_0000 + pages * PAGE + odd })),
    weight: 2,
  },
  {
    arbitrary: fc
      .tuple(roughRange, advice)
      .map(([at, which]) => ({ op: abi.OP_MADVISE, ...at, prot: which })),
    weight: 4,
  },
  {
    arbitrary: fc
      .tuple(roughRange, usually(0, 1, 2))
      .map(([at, flags]) => ({ op: abi.OP_MLOCK, ...at, flags })),
    weight: 2,
  },
  { arbitrary: roughRange.map((at) => ({ op: abi.OP_MUNLOCK, ...at })), weight: 2 },
  {
    arbitrary: fc.integer({ min: 0, max: 8 }).map((flags) => ({ op: abi.OP_MLOCKALL, flags })),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom(
      { op: abi.OP_MUNLOCKALL },
      { op: abi.OP_MUNLOCKALL },
      { op: abi.OP_EXIT },
    ),
    weight: 1,
  },
  {
    arbitrary: fc
      .tuple(roughRange, fc.integer({ min: 0, max: 2 }))
      .map(([at, name]) => ({ op: abi.OP_SET_NAME, ...at, prot: name })),
    weight: 1,
  },
  {
    arbitrary: fc.integer({ min: 0, max: 1 }).map((flags) => ({ op: abi.OP_FORK, flags })),
    weight: 1,
  },
  { arbitrary: roughRange.map((at) => ({ op: abi.OP_MSEAL, ...at })), weight: 1 },
  {
    arbitrary: page.map((at) => ({ op: abi.OP_STACK_GROW, addr: BASE + at * PAGE })),
    weight: 1,
  },
);

/** A world and up to `most` calls in it. */
export function world(most: number): fc.Arbitrary<World> {
  return fc.record({
    settings,
    drivers: fc.array(driver, { minLength: 3, maxLength: 3 }),
    files: fc.array(file, { minLength: 3, maxLength: 3 }),
    operations: fc.array(operation, { minLength: 1, maxLength: most }),
  });
}
