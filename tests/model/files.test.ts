// Hooks that put another file in place of their own, /dev/zero among them, and who holds which
// reference afterwards (sheet 1.5 to 1.10, section 6 iv).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import {
  COMPAT,
  COMPAT_70,
  isEarlyHook,
  Pages,
  PREPARE,
  PREPARE_70,
  PROTOCOLS,
  type Protocol,
  R,
  RW,
} from "./pages.js";

const SHARED = abi.MAP_SHARED | abi.MAP_FIXED;
const FAULTING = abi.OPS_INSTALLED | abi.OPS_FAULT;
const nobody = { refs: 0, mapped: 0, writable: 0 };

const isCompat = ({ hook }: Protocol) => hook === abi.HOOK_COMPAT;
/** The hook takes a reference of its own and hands it over. */
const handsOver = ({ hook, profile }: Protocol) =>
  profile >= abi.PROFILE_7_0 && (hook === abi.HOOK_MMAP_PREPARE || hook === abi.HOOK_COMPAT);
/** The layer takes one as well. */
const extra = (era: Protocol) => (isCompat(era) && handsOver(era) ? 1 : 0);

describe("swapFile", () => {
  test.each(PROTOCOLS)("the new file is the VMA's, the old one nobody's, %s", (_, era) => {
    const p = new Pages(era).file(1, { swapFile: 2 }).file(2);
    p.map(10, 20, { file: 1, flags: SHARED });
    expect(p.at(10).file).toBe(2);
    expect(p.model.fileState(1)).toEqual(nobody);
    expect(p.model.fileState(2)).toEqual({ refs: 1 + extra(era), mapped: 1, writable: 1 });
    p.unmap(10, 20);
    expect(p.model.fileState(2)).toEqual({ ...nobody, refs: extra(era) });
  });

  test.each(PROTOCOLS)("to the same file is no swap, %s", (_, era) => {
    const p = new Pages(era).file(1, { swapFile: 1 });
    p.map(10, 20, { prot: R, file: 1 });
    expect(p.model.fileState(1)).toEqual({ refs: 1, mapped: 1, writable: 0 });
  });

  test.each(PROTOCOLS)("a reference handed over is lost when the mapping merges, %s", (_, era) => {
    const p = new Pages(era).file(1, { swapFile: 2 }).file(2);
    p.map(10, 20, { prot: R, file: 2 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    const merges = isEarlyHook(era);
    expect(p.ranges).toBe(merges ? "10..30" : "10..20 20..30");
    const lost = merges && (era === PREPARE || era === PREPARE_70) ? 1 : extra(era);
    expect(p.model.fileState(2)).toEqual({
      refs: p.vmas.length + lost,
      mapped: p.vmas.length,
      writable: 0,
    });
    expect(p.model.fileState(1)).toEqual(nobody);
  });

  test.each(PROTOCOLS)("a hook that fails leaves no reference, %s", (_, era) => {
    for (const failPoint of [abi.HOOK_FAILS_AT_ONCE, abi.HOOK_FAILS_AT_END]) {
      const p = new Pages(era)
        .file(1, { swapFile: 2, failPoint, errno: abi.EIO })
        .file(2, { failPoint, errno: abi.EIO });
      expect(p.map(10, 20, { prot: R, file: 1 })).toBe(-abi.EIO);
      expect(p.model.fileState(1)).toEqual(nobody);
      expect(p.model.fileState(2)).toEqual(nobody);
    }
  });

  test("an action that fails: munmap puts the file, the layer loses the hook's reference", () => {
    for (const era of [PREPARE, PREPARE_70, COMPAT, COMPAT_70]) {
      const p = new Pages(era)
        .file(1, {
          swapFile: 2,
          eager: abi.EAGER_INSERT_PAGES,
          failPoint: abi.HOOK_FAILS_AFTER_PTES,
          errno: abi.EIO,
        })
        .file(2);
      expect(p.map(10, 20, { prot: R, file: 1 })).toBe(-abi.EIO);
      expect(p.model.fileState(1)).toEqual(nobody);
      expect(p.model.fileState(2)).toEqual({ ...nobody, refs: extra(era) });
    }
  });

  test.each(PROTOCOLS)("splits, copies and moves take references, %s", (_, era) => {
    const p = new Pages(era).file(1);
    p.map(10, 40, { prot: R, file: 1 });
    p.protect(20, 30, RW);
    expect(p.model.fileState(1)).toEqual({ refs: 3, mapped: 3, writable: 0 });
    p.remap(20, 30, 10, abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED, 60);
    expect(p.model.fileState(1)).toEqual({ refs: 3, mapped: 3, writable: 0 });
    p.unmap(12, 14);
    expect(p.model.fileState(1).refs).toBe(4);
    p.fork(1);
    expect(p.model.fileState(1)).toEqual({ refs: 4, mapped: 4, writable: 0 });
    p.run({ op: abi.OP_EXIT });
    expect(p.model.fileState(1)).toEqual(nobody);
  });
});

describe("/dev/zero", () => {
  const MODE = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE | abi.FILE_MODE_DEVZERO;
  /** File 1 is /dev/zero; its driver record must not matter. */
  const zero = (era: Protocol, settings = {}) =>
    new Pages({ ...era, ...settings }).file(
      1,
      { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.EIO, ops: FAULTING, swapFile: 2 },
      { mode: MODE },
    );

  test.each(PROTOCOLS)("private: anonymous memory that still has its file, %s", (_, era) => {
    const p = zero(era);
    p.map(10, 20, { file: 1 });
    expect(p.at(10)).toMatchObject({ file: 1, ops: 0, pgoff: 0 });
    expect(p.write(10)).toBe(1);
    p.map(20, 30, { file: 1, pgoff: 10 });
    p.map(40, 50, { file: 1 });
    expect(p.ranges).toBe("10..30 40..50");
    expect(p.at(10).ops).toBe(0);
    expect(p.model.fileState(1)).toEqual({ refs: 2, mapped: 2, writable: 0 });
    const calls = isEarlyHook(era) ? 3 : 2;
    expect(p.model.hookCalls).toBe(era.hook === abi.HOOK_BOTH ? 5 : calls);
  });

  test.each(PROTOCOLS)(
    "private: an unwritten one moves to the offset of its place, %s",
    (_, era) => {
      const p = zero(era);
      p.map(10, 20, { file: 1 });
      p.remap(10, 20, 10, abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED, 60);
      expect(p.pgoffs).toEqual([60]);
    },
  );

  test.each(PROTOCOLS)("shared: a fresh shmem file in its place, %s", (_, era) => {
    const p = zero(era).file(5);
    p.map(10, 20, { file: 1, flags: SHARED });
    p.map(20, 30, { file: 1, flags: SHARED, pgoff: 10 });
    expect(p.vmas.map((vma) => vma.file)).toEqual([6, 7]);
    expect(p.at(10).ops).toBe(abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES);
    expect(p.model.fileState(1)).toEqual(nobody);
    expect(p.model.fileState(6)).toEqual({ refs: 1 + extra(era), mapped: 1, writable: 1 });
    expect(p.ranged(abi.OP_SET_NAME, 10, 20, { prot: 5 })).toBe(0);
    p.unmap(10, 30);
    expect(p.model.fileState(6)).toEqual({ ...nobody, refs: extra(era) });
  });

  test.each(PROTOCOLS)("private counts as anonymous for the write policy, %s", (_, era) => {
    const p = zero(era, { touch: abi.TOUCH_WRITTEN });
    p.map(10, 20, { file: 1 });
    expect(p.at(10).anonVma).not.toBe(0);
  });
});

test("a file that another file becomes brings its own rules: no write access asked again", () => {
  const p = new Pages(PREPARE).file(1, { swapFile: 2 }).file(2, {}, { mode: abi.FILE_MODE_READ });
  expect(p.map(10, 20, { prot: RW, file: 1, flags: SHARED })).toBe(10);
  expect(p.model.fileState(2).writable).toBe(1);
});
