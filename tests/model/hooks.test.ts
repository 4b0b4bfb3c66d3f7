// Hooks by the place where they are entered: early ones without actions, the two hooks of the RFC,
// the compatibility layer (sheet 1.6 to 1.10). What they do to files is in files.test.ts.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import {
  BOTH,
  COMPAT,
  COMPAT_70,
  COMPAT_616,
  COMPAT_618,
  Pages,
  PREPARE,
  PREPARE_70,
  PREPARE_616,
  PREPARE_618,
  PROTO,
  type Protocol,
  R,
} from "./pages.js";
import { ReferenceModel } from "./reference.js";

const { OPS_INSTALLED, OPS_FAULT, OPS_MAPPED, OPS_DUMMY } = abi;
const READABLE = abi.VM_READ | abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
const PLACED = OPS_INSTALLED | OPS_FAULT | abi.OPS_MAP_PAGES | abi.OPS_PAGE_MKWRITE;

test("only pairs of kernel and hook that existed", () => {
  const isKnown = (profile: number, hook: number) => {
    try {
      new ReferenceModel({ profile, hook });
      return 1;
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return 0;
    }
  };
  const hooks = [
    abi.HOOK_MMAP,
    abi.HOOK_MMAP_PREPARE,
    abi.HOOK_MMAP_PROTO,
    abi.HOOK_COMPAT,
    abi.HOOK_BOTH,
  ];
  const known = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((profile) =>
    hooks.map((hook) => isKnown(profile, hook)).join(""),
  );
  const early = ["10000", "10000", "10000", "10101"];
  expect(known).toEqual([...early, "11010", "11010", "11010", "11010", "00000"]);
});

describe("early hooks without actions", () => {
  const eager = { eager: abi.EAGER_REMAP_PFN, pfn: 1000 };

  test.each([
    ["6.16", PREPARE_616],
    ["6.18", PREPARE_618],
    ["RFC", PROTO],
  ])("cannot ask for pages, so nothing fails there, %s", (_, era) => {
    for (const failPoint of [abi.HOOK_FAILS_AFTER_PTES, abi.HOOK_FAILS_MAPPED]) {
      const ops = OPS_INSTALLED | OPS_MAPPED;
      const p = new Pages(era).file(1, { ...eager, ops, failPoint, errno: abi.EIO });
      expect(p.map(10, 20, { file: 1, pgoff: 3 })).toBe(10);
      expect(p.at(10)).toMatchObject({ pgoff: 3, ops });
      expect(p.has(10, abi.VM_PFNMAP)).toBe(false);
    }
    const p = new Pages(era).file(1, { failPoint: abi.HOOK_FAILS_AT_END, errno: abi.EIO });
    expect(p.map(10, 20, { file: 1 })).toBe(-abi.EIO);
  });

  test.each([
    ["RFC", PROTO, PLACED],
    ["6.16", PREPARE_616, OPS_INSTALLED | OPS_FAULT],
    ["6.18", PREPARE_618, OPS_INSTALLED | OPS_FAULT],
    ["7.0", PREPARE_70, OPS_INSTALLED | OPS_FAULT],
    ["7.3", PREPARE, PLACED],
  ] as const)("ops also go to a neighbour that has grown, 6.16 to 7.0: %s", (_, era, ops) => {
    const p = new Pages(era).file(1, { ops: OPS_INSTALLED | OPS_FAULT });
    p.place(10, 20, READABLE, 0, 1);
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..30");
    expect(p.at(10).ops).toBe(ops);
  });

  test("the RFC gives ops to a neighbour that has only the dummy ones", () => {
    const p = new Pages(PROTO).file(1);
    p.map(10, 20, { prot: R, file: 1 });
    expect(p.at(10).ops).toBe(OPS_DUMMY);
    p.file(1, { ops: OPS_INSTALLED }).map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..30");
    expect(p.at(10).ops).toBe(OPS_INSTALLED);
  });
});

describe(".mmap_proto together with .mmap", () => {
  const everything = {
    flagsSet: abi.VM_DONTDUMP,
    ops: OPS_INSTALLED | OPS_FAULT,
    behaviour: abi.BEHAVES_SETS_PGOFF,
    pgoff: 7,
    eager: abi.EAGER_REMAP_PFN,
    pfn: 1000,
    errno: abi.EIO,
  };

  test("the first describes, the second installs", () => {
    const p = new Pages(BOTH).file(1, everything);
    p.map(10, 20, { file: 1 });
    expect(p.at(10)).toMatchObject({ pgoff: 1007, ops: everything.ops });
    expect(p.has(10, abi.VM_DONTDUMP + abi.VM_PFNMAP)).toBe(true);
    expect(p.model).toMatchObject({ hookCalls: 2, secondAttempts: 0 });
  });

  test.each([
    [abi.HOOK_FAILS_AT_ONCE, 1, 10],
    [abi.HOOK_FAILS_AFTER_PTES, 2, 0],
    [abi.HOOK_FAILS_AT_END, 2, 0],
  ])("failure %i comes in call %i, and the first keeps the charge", (failPoint, calls, lost) => {
    const p = new Pages(BOTH).file(1, { ...everything, failPoint });
    expect(p.map(10, 20, { file: 1 })).toBe(-abi.EIO);
    expect(p.ranges).toBe("");
    expect(p.model).toMatchObject({ hookCalls: calls, hookFailures: 1 });
    expect(p.account.committed).toBe(lost);
    expect(p.model.fileState(1).refs).toBe(0);
  });

  test("an injected failure hits the call it names", () => {
    for (const at of [1, 2]) {
      const p = new Pages(BOTH).file(1);
      const failure = { fail: abi.FAIL_HOOK, at };
      expect(p.map(10, 20, { prot: R, file: 1, ...failure })).toBe(-abi.ENOMEM);
      expect(p.model.hookCalls).toBe(at);
    }
  });
});

describe("the compatibility layer", () => {
  const LAYERS: [string, Protocol][] = [
    ["6.16", COMPAT_616],
    ["6.18", COMPAT_618],
    ["7.0", COMPAT_70],
    ["7.3", COMPAT],
  ];
  const isOld = (era: Protocol) => era === COMPAT_616 || era === COMPAT_618;

  test.each(LAYERS)("takes flags back only as additions up to 6.18, %s", (_, era) => {
    const p = new Pages(era).file(1, { flagsSet: abi.VM_DONTDUMP, flagsCleared: abi.VM_MAYWRITE });
    p.map(10, 20, { prot: R, file: 1 });
    expect(p.has(10, abi.VM_DONTDUMP)).toBe(true);
    expect(p.has(10, abi.VM_MAYWRITE)).toBe(isOld(era));
    expect(p.model.hookCalls).toBe(1);
  });

  test.each(LAYERS)("gives a VMA the ops of the hook, or none at all up to 6.18, %s", (_, era) => {
    const p = new Pages(era).file(1, { ops: OPS_INSTALLED | OPS_FAULT }).file(2);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(30, 40, { prot: R, file: 2 });
    expect(p.at(10).ops).toBe(OPS_INSTALLED | OPS_FAULT);
    expect(p.at(30).ops).toBe(isOld(era) ? 0 : OPS_DUMMY);
  });

  test.each(LAYERS)("merges like `.mmap`: once, on what was asked for, %s", (_, era) => {
    const p = new Pages(era).file(1, { behaviour: abi.BEHAVES_SETS_PGOFF, pgoff: 50 });
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 60 });
    expect(p.ranges).toBe("10..30");
    expect(p.pgoffs).toEqual([50]);
    expect(p.model.hookCalls).toBe(1);
  });

  test.each(LAYERS)("runs actions inside the hook from 7.0 on, %s", (_, era) => {
    const p = new Pages(era).file(1, { eager: abi.EAGER_REMAP_PFN, pfn: 1000 });
    p.map(10, 20, { file: 1, pgoff: 5 });
    expect(p.has(10, abi.VM_PFNMAP)).toBe(!isOld(era));
    expect(p.at(10).pgoff).toBe(isOld(era) ? 5 : 1005);
  });

  test.each(LAYERS)("calls `mapped` in 7.3, with the error as it is, %s", (_, era) => {
    const p = new Pages(era).file(1, {
      ops: OPS_INSTALLED | OPS_MAPPED,
      failPoint: abi.HOOK_FAILS_MAPPED,
      errno: abi.EIO,
      errorOverride: abi.ENXIO,
    });
    expect(p.map(10, 20, { file: 1 })).toBe(era === COMPAT ? -abi.EIO : 10);
    expect(p.account.committed).toBe(era === COMPAT ? 0 : 10);
  });

  test.each(LAYERS)("marks for KSM as late as `.mmap`, %s", (_, era) => {
    const p = new Pages({ ...era, mergeAny: true }).file(1).file(2, {}, shmem);
    for (const file of [1, 2]) {
      p.map(10, 20, { prot: R, file });
      p.map(20, 30, { prot: R, file, pgoff: 10 });
      const early = file === 2 && era !== COMPAT_616;
      expect(p.ranges).toBe(early ? "10..30" : "10..20 20..30");
    }
  });
});

const shmem = { mode: abi.FILE_MODE_READ | abi.FILE_MODE_SHMEM };
