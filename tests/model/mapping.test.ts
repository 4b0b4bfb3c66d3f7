// Calls that make, cut and move mappings: results, layouts and counters that follow from the sheet.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { ERAS, isEarlyHook, Pages, PROTOCOLS, R, RW, RX, V70, V73, V612, V618 } from "./pages.js";

const { MAP_FIXED, MAP_PRIVATE, MAP_SHARED } = abi;
const MOVE = abi.MREMAP_MAYMOVE;
const MOVE_TO = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;
const MAY_ALL = abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
const STACK = abi.VM_READ | abi.VM_WRITE | MAY_ALL | abi.VM_GROWSDOWN | abi.VM_ACCOUNT;

describe("mmap", () => {
  const chosen = { flags: MAP_PRIVATE };

  test("from the top down, and into the highest gap", () => {
    const p = new Pages();
    const top = 0x7ffff7fff;
    expect(p.map(0, 4, chosen)).toBe(top - 4);
    expect(p.map(0, 2, chosen)).toBe(top - 6);
    p.unmap(top - 3, top - 1);
    expect(p.map(0, 2, chosen)).toBe(top - 3);
  });

  test("a whole number of huge pages is aligned; a file only before 7.3", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era).file(1);
      expect(p.map(0, 512, chosen) % 512).toBe(0);
      const file = p.map(0, 1024, { ...chosen, file: 1, pgoff: 3 });
      expect((file - 3) % 512 === 0).toBe(era !== V73);
    }
    expect(new Pages({ thp: false }).map(0, 512, chosen)).toBe(0x7ffff7fff - 512);
  });

  test("a file system's aligner follows the offset", () => {
    const p = new Pages().file(1, {}, { mode: abi.FILE_MODE_READ | abi.FILE_MODE_THP_ALIGN });
    expect((p.map(0, 1100, { ...chosen, prot: R, file: 1, pgoff: 3 }) - 3) % 512).toBe(0);
    expect(p.map(0, 100, { ...chosen, prot: R, file: 1, pgoff: 3 }) % 512).not.toBe(3);
  });

  test("hints, MAP_32BIT, and the guard gap of a stack", () => {
    const p = new Pages();
    expect(p.map(1000, 1004, chosen)).toBe(1000);
    expect(p.map(1002, 1004, chosen)).toBe(0x7ffff7fff - 2);
    expect(p.map(0, 1, { flags: MAP_PRIVATE | abi.MAP_32BIT })).toBe(0x40000);
    p.place(5000, 5010, STACK);
    expect(p.map(4990, 4995, chosen)).not.toBe(4990);
    expect(p.map(4700, 4744, chosen)).toBe(4700);
    const low = new Pages({ mmapMinAddr: 65536 });
    expect(low.map(3, 4, chosen)).toBe(16);
    expect(low.map(3, 4)).toBe(-abi.EPERM);
  });

  test("argument errors", () => {
    const p = new Pages().file(1, {}, { mode: abi.FILE_MODE_READ });
    expect(p.map(10, 10)).toBe(-abi.EINVAL);
    expect(p.map(10, 20, { flags: MAP_FIXED })).toBe(-abi.EINVAL);
    expect(p.map(10, 20, { flags: abi.MAP_SHARED_VALIDATE | MAP_FIXED })).toBe(-abi.EINVAL);
    const shared = { file: 1, flags: MAP_SHARED | MAP_FIXED };
    expect(p.map(10, 20, shared)).toBe(-abi.EACCES);
    expect(p.map(10, 20, { ...shared, prot: R })).toBe(10);
    expect(p.has(10, abi.VM_MAYSHARE)).toBe(true);
    expect(p.has(10, abi.VM_SHARED) || p.has(10, abi.VM_MAYWRITE)).toBe(false);
    const noReplace = MAP_PRIVATE | abi.MAP_FIXED_NOREPLACE;
    expect(p.map(15, 25, { flags: noReplace })).toBe(-abi.EEXIST);
    const validate = abi.MAP_SHARED_VALIDATE | abi.MAP_FIXED_NOREPLACE;
    expect(p.map(30, 40, { prot: R, file: 1, flags: validate })).toBe(-abi.EOPNOTSUPP);
    p.file(2, {}, { pages: 5 }).file(3, {}, { mode: abi.FILE_MODE_READ | abi.FILE_MODE_NO_MMAP });
    expect(p.map(30, 36, { file: 2 })).toBe(-abi.EOVERFLOW);
    expect(p.map(30, 36, { file: 3 })).toBe(-abi.ENODEV);
    expect(new Pages({ mdwe: true }).map(10, 20, { prot: RW | RX })).toBe(-abi.EACCES);
  });

  test("shared anonymous memory gets a file of its own", () => {
    const p = new Pages().file(7);
    p.map(10, 20, { flags: MAP_SHARED | MAP_FIXED });
    p.map(20, 30, { flags: MAP_SHARED | MAP_FIXED });
    expect(p.vmas.map((vma) => vma.file)).toEqual([8, 9]);
    expect(p.pgoffs).toEqual([0, 0]);
    expect(p.model.fileState(8)).toEqual({ refs: 1, mapped: 1, writable: 1 });
    expect(p.account.committed).toBe(0);
  });

  test("locked, droppable and growing mappings", () => {
    const flags = MAP_PRIVATE | MAP_FIXED | abi.MAP_LOCKED;
    expect(new Pages({ limitMemlock: 0 }).map(10, 20, { flags })).toBe(-abi.EPERM);
    const p = new Pages({ limitMemlock: 15 * 4096 });
    p.map(10, 20, { flags });
    expect(p.map(20, 30, { flags })).toBe(-abi.EAGAIN);
    expect(p.account.lockedVm).toBe(10);
    const growing = { flags: MAP_PRIVATE | MAP_FIXED | abi.MAP_GROWSDOWN };
    p.map(50, 60, growing);
    expect(p.account.stackVm).toBe(10);
    for (const [, era] of ERAS) {
      const q = new Pages(era);
      q.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_FUTURE });
      q.map(10, 20, { flags: abi.MAP_DROPPABLE | MAP_FIXED });
      expect(q.account.lockedVm).toBe(era === V612 || era === V73 ? 0 : 10);
    }
  });

  test("overcommit modes", () => {
    const never = { overcommit: abi.OVERCOMMIT_NEVER, commitLimit: 20 };
    const p = new Pages(never);
    expect(p.map(10, 29)).toBe(10);
    expect(p.map(29, 30)).toBe(-abi.ENOMEM);
    const noReserve = MAP_PRIVATE | MAP_FIXED | abi.MAP_NORESERVE;
    expect(p.map(30, 40, { flags: noReserve })).toBe(-abi.ENOMEM);
    expect(p.map(30, 40, { prot: R })).toBe(30);
    expect(new Pages({ ramPages: 5 }).map(10, 16)).toBe(-abi.ENOMEM);
  });

  test.each(PROTOCOLS)(
    "an offset set in the hook, heard before or after the merge, %s",
    (_, era) => {
      const p = new Pages(era).file(1, { behaviour: abi.BEHAVES_SETS_PGOFF, pgoff: 100 });
      p.map(10, 20, { prot: R, file: 1 });
      p.map(20, 30, { prot: R, file: 1, pgoff: 110 });
      expect(p.pgoffs).toEqual(isEarlyHook(era) ? [100, 100] : [100]);
      expect(p.model.hookCalls).toBe(
        isEarlyHook(era) ? (p.settings.hook === abi.HOOK_BOTH ? 4 : 2) : 1,
      );
    },
  );
});

describe("munmap and mprotect", () => {
  test("munmap: errors, edges, counters", () => {
    const p = new Pages();
    p.map(10, 20);
    expect(p.unmap(10, 10)).toBe(-abi.EINVAL);
    expect(p.run({ op: abi.OP_MUNMAP, addr: 1, len: 4096 })).toBe(-abi.EINVAL);
    expect(p.unmap(12, 14)).toBe(0);
    expect(p.unmap(12, 14)).toBe(0);
    expect(p.ranges).toBe("10..12 14..20");
    expect(p.pgoffs).toEqual([10, 14]);
    expect(p.account).toMatchObject({ totalVm: 8, dataVm: 8, committed: 8, mapCount: 2 });
  });

  test("munmap: a seal refuses, splits before it stay", () => {
    const p = new Pages();
    p.map(10, 20);
    p.ranged(abi.OP_MSEAL, 15, 20);
    expect(p.unmap(12, 18)).toBe(-abi.EPERM);
    expect(p.ranges).toBe("10..12 12..15 15..20");
    expect(p.account.committed).toBe(10);
    expect(p.protect(15, 16, R)).toBe(-abi.EPERM);
    expect(p.ranged(abi.OP_MSEAL, 10, 21)).toBe(-abi.ENOMEM);
  });

  test("munmap: may_split vetoes", () => {
    const p = new Pages().file(1, { ops: abi.OPS_INSTALLED | abi.OPS_MAY_SPLIT });
    p.map(10, 20, { file: 1 });
    expect(p.unmap(12, 14)).toBe(-abi.EINVAL);
    expect(p.unmap(10, 20)).toBe(0);
  });

  test("mprotect: gaps, missing MAY bits, driver veto", () => {
    const p = new Pages().file(1, { ops: abi.OPS_INSTALLED | abi.OPS_MPROTECT });
    p.map(10, 20);
    p.map(30, 40, { file: 1 });
    expect(p.protect(15, 25, R)).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe("10..15 15..20 30..40");
    expect(p.protect(30, 40, R)).toBe(-abi.EACCES);
    p.file(2, {}, { mode: abi.FILE_MODE_READ });
    p.map(50, 60, { prot: R, file: 2, flags: MAP_SHARED | MAP_FIXED });
    expect(p.protect(50, 60, RW)).toBe(-abi.EACCES);
    expect(p.protect(50, 60, abi.PROT_GROWSDOWN | R)).toBe(-abi.EINVAL);
    expect(p.protect(10, 10, R)).toBe(0);
  });

  test("mprotect: classes and the charge follow the part that changed", () => {
    const p = new Pages();
    p.map(10, 20, { prot: R });
    p.protect(12, 14, RW);
    expect(p.account).toMatchObject({ totalVm: 10, dataVm: 2, committed: 2 });
    p.protect(12, 14, RX);
    expect(p.account).toMatchObject({ dataVm: 0, execVm: 2, committed: 0 });
    expect(p.protect(14, 16, RW, { fail: abi.FAIL_CHARGE, at: 1 })).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe("10..12 12..14 14..20");
  });
});

describe("mremap", () => {
  test.each(ERAS)("shrinks, grows in place, moves, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    expect(p.remap(10, 20, 10)).toBe(10);
    expect(p.remap(10, 20, 6)).toBe(10);
    expect(p.remap(10, 16, 12)).toBe(10);
    expect(p.ranges).toBe("10..22");
    expect(p.account).toMatchObject({ totalVm: 12, committed: 12 });
    p.map(22, 30, { prot: R });
    expect(p.remap(10, 22, 14)).toBe(-abi.ENOMEM);
    const to = p.remap(10, 22, 14, MOVE);
    expect(to).toBe(0x7ffff7fff - 14);
    expect(p.pgoffs).toEqual([22, to]);
    expect(p.account).toMatchObject({ totalVm: 22, committed: 14 });
  });

  test.each(ERAS)("a move splits the source and keeps its charge right, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 40);
    p.write(10);
    expect(p.remap(20, 30, 10, MOVE_TO, 100)).toBe(100);
    expect(p.ranges).toBe("10..20 30..40 100..110");
    expect(p.pgoffs).toEqual([10, 30, 20]);
    expect(p.vmas.every((vma) => vma.flags === p.at(10).flags)).toBe(true);
    expect(p.account).toMatchObject({ totalVm: 30, committed: 30 });
    p.unmap(10, 40);
    expect(p.account.committed).toBe(10);
    expect(p.remap(100, 110, 10, MOVE_TO, 105)).toBe(-abi.EINVAL);
    expect(p.remap(200, 210, 10, MOVE_TO, 105)).toBe(-abi.EFAULT);
  });

  test.each(ERAS)("an unwritten mapping merges with itself, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    expect(p.remap(10, 15, 5, MOVE_TO, 20)).toBe(20);
    expect(p.ranges).toBe("15..25");
    expect(p.pgoffs).toEqual([15]);
    expect(p.account).toMatchObject({ totalVm: 10, committed: 10, mapCount: 1 });
    p.map(5, 10);
    // The gap between two mappings filled from the upper one: the survivor swallows the source.
    expect(p.remap(20, 25, 5, MOVE_TO, 10)).toBe(10);
    expect(p.ranges).toBe("5..20");
    expect(p.account).toMatchObject({ totalVm: 15, committed: 15 });
    expect(p.has(5, abi.VM_ACCOUNT)).toBe(true);
  });

  test.each(ERAS)("DONTUNMAP keeps the source, %s", (_, era) => {
    const p = new Pages({ ...era, limitMemlock: abi.NO_LIMIT });
    p.map(10, 20);
    p.write(10);
    p.ranged(abi.OP_MLOCK, 10, 20);
    const to = p.remap(10, 15, 5, MOVE | abi.MREMAP_DONTUNMAP);
    // 6.18 and 7.0 count the pages that moved twice: at the old place, and never give that back.
    const lockedVm = era === V618 || era === V70 ? 15 : 10;
    expect(p.account).toMatchObject({ totalVm: 15, committed: 15, lockedVm });
    expect(p.has(to, abi.VM_LOCKED)).toBe(true);
    expect(p.has(10, abi.VM_LOCKED)).toBe(false);
    // 7.3 cuts the source first, so that only what moved loses its lock.
    expect(p.has(15, abi.VM_LOCKED)).toBe(era === V73);
    expect(p.at(10).anonVma === 0).toBe(era === V73);
    if (era === V73) expect(p.at(10)).toMatchObject({ pgoff: 10, anonPgoff: 10 });
  });

  test("several VMAs move together from 6.18 on", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era);
      p.map(10, 20);
      p.map(25, 30, { prot: R });
      const to = p.remap(10, 30, 20, MOVE_TO, 100);
      const several = era === V618 || era === V70 || era === V73;
      expect(to).toBe(several ? 100 : -abi.EFAULT);
      expect(p.ranges).toBe(several ? "100..110 115..120" : "10..20 25..30");
      expect(p.remap(5, 30, 25, MOVE_TO, 200)).toBe(-abi.EFAULT);
    }
  });

  test("special mappings and old length 0", () => {
    const p = new Pages().file(1, { eager: abi.EAGER_REMAP_PFN }).file(2);
    p.map(10, 20, { file: 1 });
    expect(p.remap(10, 20, 12)).toBe(-abi.EFAULT);
    expect(p.remap(10, 20, 10, MOVE | abi.MREMAP_DONTUNMAP)).toBe(-abi.EINVAL);
    p.map(30, 40, { file: 2, flags: MAP_SHARED | MAP_FIXED });
    expect(p.remap(30, 30, 4, MOVE_TO, 60)).toBe(60);
    expect(p.model.fileState(2)).toEqual({ refs: 2, mapped: 2, writable: 2 });
    p.map(80, 90);
    expect(p.remap(80, 80, 4, MOVE)).toBe(-abi.EINVAL);
  });
});
