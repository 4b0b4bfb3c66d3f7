// What a failed mmap costs: charges that leak, holes, closes (sheet 1.3 to 1.9, section 6 vii).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import {
  COMPAT,
  COMPAT_70,
  ERAS,
  isEarlyHook,
  Pages,
  PREPARE,
  PROTO,
  PROTOCOLS,
  type Protocol,
  R,
  RW,
  V73,
  V611,
} from "./pages.js";

const CLOSING = abi.OPS_INSTALLED | abi.OPS_CLOSE;
const failing = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.EIO };

/**
 * Pages of charge lost when an accountable mapping of `pages` fails that replaces `replaced`
 * accounted ones.
 */
function leak(era: Protocol, pages: number, replaced: number): number {
  if (era.profile === V611.profile || era.profile === V73.profile) return 0;
  return isEarlyHook(era) ? pages : replaced;
}

describe("an accountable MAP_FIXED whose hook fails", () => {
  test.each(PROTOCOLS)("over part of what it is, %s", (_, era) => {
    const p = new Pages(era).file(1, failing);
    p.map(10, 20);
    expect(p.map(15, 25, { file: 1 })).toBe(-abi.EIO);
    expect(p.ranges).toBe("10..15");
    expect(p.account).toMatchObject({ mapCount: 1, totalVm: 5, dataVm: 5 });
    expect(p.account.committed).toBe(5 + leak(era, 10, 5));
  });

  test.each(PROTOCOLS)("over nothing, %s", (_, era) => {
    const p = new Pages(era).file(1, failing);
    expect(p.map(15, 25, { file: 1 })).toBe(-abi.EIO);
    expect(p.account.committed).toBe(leak(era, 10, 0));
  });

  test.each(PROTOCOLS)("a read-only one costs nothing, %s", (_, era) => {
    const p = new Pages(era).file(1, failing);
    p.map(10, 20);
    expect(p.map(15, 25, { prot: R, file: 1 })).toBe(-abi.EIO);
    expect(p.account.committed).toBe(5);
  });

  test.each([
    ["7.0 compat", COMPAT_70, 5],
    ["7.3 compat", COMPAT, 0],
  ] as const)("an action in the layer is unwound as a failed `.mmap`, %s", (_, era, lost) => {
    const p = new Pages(era).file(1, {
      ops: CLOSING,
      eager: abi.EAGER_INSERT_PAGES,
      failPoint: abi.HOOK_FAILS_AFTER_PTES,
      failAfter: 2,
      errno: abi.EIO,
      errorOverride: abi.ENXIO,
    });
    p.map(10, 20);
    expect(p.map(15, 25, { file: 1 })).toBe(-abi.EIO); // the layer does not rewrite errors
    expect(p.ranges).toBe("10..15");
    expect(p.account.committed).toBe(5 + lost);
    expect(p.model.hookFailures).toBe(1);
    expect(p.model.closeCalls).toBe(0);
  });

  test("an action that fails after insertion loses nothing, and closes", () => {
    for (const profile of [abi.PROFILE_7_0, abi.PROFILE_7_3]) {
      const p = new Pages({ ...PREPARE, profile }).file(1, {
        ops: CLOSING,
        eager: abi.EAGER_REMAP_PFN,
        failPoint: abi.HOOK_FAILS_AFTER_PTES,
        errno: abi.EIO,
      });
      p.map(10, 20);
      expect(p.map(15, 25, { file: 1 })).toBe(-abi.EIO);
      expect(p.account).toMatchObject({ committed: 5, totalVm: 5, mapCount: 1 });
      expect(p.model).toMatchObject({ hookFailures: 0, closeCalls: 1 });
      expect(p.model.fileState(1).refs).toBe(0);
    }
  });
});

describe("6.11 clears the way first and asks afterwards", () => {
  test("a charge that fails leaves a hole", () => {
    for (const [, era] of ERAS) {
      const p = new Pages({ ...era, overcommit: abi.OVERCOMMIT_NEVER, commitLimit: 15 });
      p.map(10, 20);
      expect(p.map(18, 30)).toBe(-abi.ENOMEM);
      expect(p.ranges).toBe(era === V611 ? "10..18" : "10..18 18..20");
      expect(p.account.committed).toBe(era === V611 ? 8 : 10);
    }
  });

  test("MDWE looks at the hook's flags, and the driver hears a close", () => {
    const p = new Pages({ ...V611, mdwe: true }).file(1, { flagsSet: abi.VM_EXEC, ops: CLOSING });
    p.map(10, 20);
    expect(p.map(15, 25, { prot: RW, file: 1 })).toBe(-abi.EACCES);
    expect(p.ranges).toBe("10..15");
    expect(p.account.committed).toBe(5);
    expect(p.model).toMatchObject({ hookCalls: 1, hookFailures: 0, closeCalls: 1 });
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
    for (const [, era] of ERAS.slice(1)) {
      const q = new Pages({ ...era, mdwe: true }).file(1, { flagsSet: abi.VM_EXEC, ops: CLOSING });
      expect(q.map(15, 25, { prot: RW, file: 1 })).toBe(15);
      expect(q.map(30, 40, { prot: RW | abi.PROT_EXEC, file: 1 })).toBe(-abi.EACCES);
      expect(q.model.hookCalls).toBe(1);
    }
  });

  test("MDWE is not asked when the first merge succeeds", () => {
    const p = new Pages({ ...V611, mdwe: true });
    const may = abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
    p.place(10, 20, abi.VM_READ | abi.VM_WRITE | abi.VM_EXEC | may | abi.VM_ACCOUNT);
    expect(p.map(20, 30, { prot: RW | abi.PROT_EXEC })).toBe(20);
    expect(p.map(40, 50, { prot: RW | abi.PROT_EXEC })).toBe(-abi.EACCES);
    expect(p.ranges).toBe("10..30");
  });

  test("a hook that makes a sealed file writable is refused", () => {
    const p = new Pages(V611).file(
      1,
      { flagsSet: abi.VM_MAYWRITE },
      { mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE | abi.FILE_MODE_SEALED },
    );
    const shared = { prot: R, file: 1, flags: abi.MAP_SHARED | abi.MAP_FIXED };
    expect(p.map(10, 20, shared)).toBe(-abi.EPERM);
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
  });

  test("errors of the unmapping: a seal as itself, all else as ENOMEM", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era).file(1, { ops: abi.OPS_INSTALLED | abi.OPS_MAY_SPLIT });
      p.map(10, 20);
      p.ranged(abi.OP_MSEAL, 10, 20);
      expect(p.map(12, 22)).toBe(-abi.EPERM);
      p.map(30, 40, { file: 1 });
      expect(p.map(32, 42)).toBe(era === V611 ? -abi.ENOMEM : -abi.EINVAL);
    }
  });
});

describe("close", () => {
  test.each(PROTOCOLS)("is called for what goes, once each, %s", (_, era) => {
    const p = new Pages(era).file(1, { ops: CLOSING | abi.OPS_OPEN });
    p.map(10, 40, { prot: R, file: 1 });
    p.unmap(20, 30);
    expect(p.model).toMatchObject({ openCalls: 2, closeCalls: 1 });
    p.map(12, 14);
    expect(p.model).toMatchObject({ openCalls: 4, closeCalls: 2 });
    p.run({ op: abi.OP_EXIT });
    expect(p.model.closeCalls).toBe(5);
  });

  test("is not called when the old mappings stay", () => {
    const p = new Pages(PROTO).file(1, { ops: CLOSING });
    p.map(10, 20, { file: 1 });
    expect(p.map(15, 25, { fail: abi.FAIL_CHARGE, at: 1 })).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe("10..15 15..20");
    expect(p.model.closeCalls).toBe(0);
  });
});
