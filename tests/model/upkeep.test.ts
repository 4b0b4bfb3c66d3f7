// Calls that change mappings in place, and accesses: results, layouts and counters that follow from
// the sheet.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import * as advice from "./advise.js";
import { ERAS, Pages, R, RW, V70, V73, V611, V612, V618 } from "./pages.js";

const { MAP_FIXED, MAP_SHARED } = abi;
const MAY_ALL = abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
const STACK = abi.VM_READ | abi.VM_WRITE | MAY_ALL | abi.VM_GROWSDOWN | abi.VM_ACCOUNT;

describe("brk", () => {
  const heap = { startBrk: 100 * 4096, brk: 100 * 4096 };
  const brk = (p: Pages, page: number) => p.run({ op: abi.OP_BRK, addr: page * 4096 }) / 4096;

  test("grows, merges to the left only, shrinks", () => {
    const p = new Pages(heap);
    expect(brk(p, 110)).toBe(110);
    expect(brk(p, 120)).toBe(120);
    expect(p.ranges).toBe("100..120");
    expect(p.account).toMatchObject({ totalVm: 20, dataVm: 20, committed: 20 });
    p.map(131, 140);
    expect(brk(p, 131)).toBe(120);
    expect(brk(p, 130)).toBe(130);
    expect(p.ranges).toBe("100..130 131..140");
    expect(brk(p, 105)).toBe(105);
    expect(p.ranges).toBe("100..105 131..140");
    expect(brk(p, 99)).toBe(105);
    const refused = { op: abi.OP_BRK, addr: 106 * 4096, fail: abi.FAIL_CHARGE, at: 1 };
    expect(p.run(refused)).toBe(105 * 4096);
  });

  test("limits, and locked heaps", () => {
    const p = new Pages({ ...heap, limitData: 10 * 4096 });
    expect(brk(p, 111)).toBe(100);
    p.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_FUTURE });
    expect(brk(p, 110)).toBe(110);
    expect(p.account.lockedVm).toBe(10);
  });
});

describe("madvise, names, mlock", () => {
  test("advice splits and merges; gaps are reported at the end", () => {
    const p = new Pages();
    p.map(10, 20);
    p.map(30, 40);
    expect(p.advise(15, 35, advice.DONTFORK)).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe("10..15 15..20 30..35 35..40");
    expect(p.advise(15, 20, advice.DOFORK)).toBe(0);
    expect(p.ranges).toBe("10..20 30..35 35..40");
    expect(p.advise(10, 20, 7)).toBe(-abi.EINVAL);
    expect(p.advise(10, 12, advice.SEQUENTIAL)).toBe(0);
    expect(p.advise(10, 20, advice.RANDOM)).toBe(0);
    expect(p.ranges).toBe("10..20 30..35 35..40");
    const full = new Pages({ maxMapCount: 1 });
    full.map(10, 20);
    expect(full.advise(12, 14, advice.DONTDUMP)).toBe(-abi.EAGAIN);
  });

  test("DOFORK and special mappings", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era).file(1, { flagsSet: abi.VM_MIXEDMAP });
      p.map(10, 20, { file: 1 });
      expect(p.advise(10, 20, advice.DOFORK)).toBe(era === V73 ? -abi.EINVAL : 0);
      expect(p.advise(10, 20, advice.DODUMP)).toBe(-abi.EINVAL);
      expect(p.advise(10, 20, advice.WIPEONFORK)).toBe(-abi.EINVAL);
    }
  });

  test("guards exist after 6.12, and leave a bit from 6.18 on", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era);
      p.map(10, 20);
      const known = era !== V611 && era !== V612;
      expect(p.advise(12, 14, advice.GUARD_INSTALL)).toBe(known ? 0 : -abi.EINVAL);
      expect(p.ranges).toBe("10..20");
      expect(p.has(10, abi.VM_MAYBE_GUARD)).toBe([V618, V70, V73].includes(era));
    }
  });

  test("a seal keeps read-only anonymous contents", () => {
    const p = new Pages();
    p.map(10, 20, { prot: R });
    p.ranged(abi.OP_MSEAL, 10, 20);
    expect(p.advise(10, 20, advice.DONTNEED)).toBe(-abi.EPERM);
    expect(p.advise(10, 20, advice.DONTDUMP)).toBe(0);
  });

  test("names", () => {
    const p = new Pages().file(1);
    p.map(10, 20);
    p.ranged(abi.OP_SET_NAME, 14, 16, { prot: 5 });
    expect(p.ranges).toBe("10..14 14..16 16..20");
    p.ranged(abi.OP_SET_NAME, 14, 16);
    expect(p.ranges).toBe("10..20");
    p.map(30, 40, { file: 1 });
    expect(p.ranged(abi.OP_SET_NAME, 30, 40, { prot: 5 })).toBe(-abi.EBADF);
    p.map(50, 60, { flags: MAP_SHARED | MAP_FIXED });
    expect(p.ranged(abi.OP_SET_NAME, 50, 60, { prot: 5 })).toBe(0);
  });

  test("locks", () => {
    const p = new Pages({ limitMemlock: 10 * 4096 });
    p.map(10, 20);
    expect(p.ranged(abi.OP_MLOCK, 10, 20, { flags: 2 })).toBe(-abi.EINVAL);
    p.ranged(abi.OP_MLOCK, 12, 14, { flags: abi.MLOCK_ONFAULT });
    expect(p.ranges).toBe("10..12 12..14 14..20");
    expect(p.has(12, abi.VM_LOCKED + abi.VM_LOCKONFAULT)).toBe(true);
    expect(p.ranged(abi.OP_MLOCK, 10, 20)).toBe(0); // 2 of the 10 are already locked
    expect(p.account.lockedVm).toBe(10);
    expect(p.ranges).toBe("10..20");
    expect(p.ranged(abi.OP_MUNLOCK, 15, 25)).toBe(-abi.ENOMEM);
    expect(p.account.lockedVm).toBe(5);
    p.run({ op: abi.OP_MUNLOCKALL });
    expect(p.account.lockedVm).toBe(0);
    expect(p.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_ONFAULT })).toBe(-abi.EINVAL);
    p.map(30, 40);
    expect(p.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_CURRENT })).toBe(-abi.ENOMEM);
    p.unmap(30, 40);
    expect(p.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_CURRENT })).toBe(0);
    expect(p.account.lockedVm).toBe(10);
  });
});

describe("touch, stack, place", () => {
  test("the first write shares a neighbour's anon_vma: above first, then below", () => {
    const p = new Pages();
    p.map(10, 40);
    p.protect(20, 30, R);
    p.write(10);
    p.write(30);
    p.protect(20, 30, RW | abi.PROT_EXEC);
    expect(p.write(20, 25)).toBe(5);
    expect(p.at(20).anonVma).toBe(p.at(30).anonVma);
    expect(p.at(10).anonVma).not.toBe(p.at(30).anonVma);
    expect(p.write(38, 42)).toBe(-abi.EFAULT);
  });

  test("policies", () => {
    const file = { ops: abi.OPS_INSTALLED | abi.OPS_FAULT };
    const touched = (touch: number) => {
      const p = new Pages({ touch }).file(1, file);
      p.map(10, 20);
      p.map(30, 40, { prot: R });
      p.map(50, 60, { file: 1 });
      return p.vmas.map((vma) => vma.anonVma !== 0);
    };
    expect(touched(abi.TOUCH_NONE)).toEqual([false, false, false]);
    expect(touched(abi.TOUCH_WRITTEN)).toEqual([true, false, false]);
    expect(touched(abi.TOUCH_ALL)).toEqual([true, false, true]);
  });

  test("the stack grows down to its limits", () => {
    const p = new Pages({ limitStack: 400 * 4096 });
    const grow = (page: number) => p.run({ op: abi.OP_STACK_GROW, addr: page * 4096 + 8 });
    p.place(1000, 1010, STACK);
    expect(grow(990)).toBe(0);
    expect(p.ranges).toBe("990..1010");
    expect(p.at(990)).toMatchObject({ pgoff: 990, anonVma: 1 });
    expect(p.account).toMatchObject({ stackVm: 20, committed: 20 });
    expect(grow(600)).toBe(-abi.ENOMEM);
    p.map(700, 720);
    expect(grow(900)).toBe(-abi.ENOMEM);
    expect(grow(1005)).toBe(0);
    expect(grow(650)).toBe(-abi.EFAULT);
    expect(grow(2000)).toBe(-abi.EFAULT);
  });

  test("placing takes no notice of neighbours or limits", () => {
    const p = new Pages({ limitAs: 0 }).file(1);
    const flags = abi.VM_READ | MAY_ALL;
    expect(p.place(10, 20, flags, 0, 1)).toBe(10);
    expect(p.place(20, 30, flags, 10, 1)).toBe(20);
    expect(p.place(15, 25, flags, 10, 1)).toBe(-abi.EEXIST);
    expect(p.ranges).toBe("10..20 20..30");
    expect(p.model.fileState(1).refs).toBe(2);
  });
});
