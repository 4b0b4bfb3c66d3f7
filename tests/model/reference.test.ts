// The model against the fact sheet: its worked examples (section 8), its table of what a hook costs
// (section 6), and the merge cases that the kernel's own tests name (section 7).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { DODUMP, DONTDUMP, GUARD_INSTALL } from "./advise.js";
import {
  BOTH,
  ERAS,
  isEarlyHook,
  Pages,
  PREPARE,
  PREPARE_70,
  PROTOCOLS,
  type Protocol,
  R,
  RFC,
  RW,
  V70,
  V73,
  V611,
  V612,
  V615,
  V616,
} from "./pages.js";

const FIXED_PRIVATE = abi.MAP_PRIVATE | abi.MAP_FIXED;
const CLOSING = abi.OPS_INSTALLED | abi.OPS_CLOSE;
/** `.mmap` alone, on a kernel that tries to merge again after it. */
const hasRetry = (era: Protocol) => [V611, V612, V615, RFC].includes(era);
/** `.mmap` can, and from 7.0 on `.mmap_prepare` by an action. */
const canInsertPages = ({ profile, hook }: Protocol) =>
  hook === abi.HOOK_MMAP || hook === abi.HOOK_BOTH || profile >= V70.profile;
const failing = { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.EIO };

describe.each(ERAS)("worked examples of section 8, %s", (_, era) => {
  test("1: adjacent anonymous mappings are one VMA, unless one is NORESERVE", () => {
    const p = new Pages(era);
    p.map(10, 20);
    p.map(20, 30);
    expect(p.ranges).toBe("10..30");
    expect(p.pgoffs).toEqual([10]);

    const q = new Pages(era);
    q.map(10, 20);
    q.map(20, 30, { flags: FIXED_PRIVATE | abi.MAP_NORESERVE });
    expect(q.ranges).toBe("10..20 20..30");
    expect(q.has(25, abi.VM_NORESERVE)).toBe(true);
    expect(q.has(25, abi.VM_ACCOUNT)).toBe(false);
  });

  test("2: filling the gap between two parts of a file joins all three (N3)", () => {
    const p = new Pages(era).file(1);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(30, 40, { prot: R, file: 1, pgoff: 20 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..40");
    expect(p.account.mapCount).toBe(1);
    expect(p.model.fileState(1)).toEqual({ refs: 1, mapped: 1, writable: 0 });
  });

  test("2: with a close hook the upper one stays (N4)", () => {
    const p = new Pages(era).file(1, { ops: CLOSING });
    p.map(10, 20, { prot: R, file: 1 });
    p.map(30, 40, { prot: R, file: 1, pgoff: 20 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..30 30..40");
  });

  test("2: a lone right neighbour with a close hook still grows down (N2), after 6.11", () => {
    const p = new Pages(era).file(1, { ops: CLOSING });
    p.map(30, 40, { prot: R, file: 1, pgoff: 20 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe(era === V611 ? "20..30 30..40" : "20..40");
    expect(p.pgoffs).toEqual(era === V611 ? [10, 20] : [10]);
  });

  test.each([
    ["never written", false],
    ["written", true],
  ])("3: mprotect of the middle and back, %s", (_, written) => {
    const p = new Pages(era);
    p.map(10, 40);
    if (written) p.write(10);
    p.protect(20, 30, R);
    expect(p.ranges).toBe("10..20 20..30 30..40");
    expect(p.pgoffs).toEqual([10, 20, 30]);
    expect(p.has(25, abi.VM_ACCOUNT)).toBe(written);
    expect(p.account.committed).toBe(written ? 30 : 20);
    p.protect(20, 30, RW);
    expect(p.ranges).toBe("10..40");
    expect(p.account.committed).toBe(30);
  });

  test("5: a limit that refuses after the gather leaves the edge splits; 6.11 asks before", () => {
    const p = new Pages({ ...era, limitAs: 20 * 4096 }).file(1);
    p.place(10, 40, RW);
    expect(p.map(20, 30, { prot: R, file: 1 })).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe(era === V611 ? "10..40" : "10..20 20..30 30..40");
    expect(p.account.totalVm).toBe(30);
  });

  test("8: at the map_count limit", () => {
    const p = new Pages({ ...era, maxMapCount: 5 });
    for (const at of [10, 20, 30, 40, 50]) p.map(at, at + 4);
    expect(p.map(60, 61)).toBe(60);
    expect(p.account.mapCount).toBe(6);
    expect(p.map(70, 71)).toBe(-abi.ENOMEM);
    expect(p.unmap(11, 12)).toBe(-abi.ENOMEM);
    expect(p.protect(11, 12, R)).toBe(-abi.ENOMEM);
    expect(p.unmap(13, 14)).toBe(0);
    const shrink = p.remap(20, 24, 3);
    expect(shrink).toBe(era === V73 ? -abi.ENOMEM : 20);
  });
});

describe("worked examples of section 8 by protocol", () => {
  test.each(PROTOCOLS)("4: a hook that fails over a MAP_FIXED leaves a hole, %s", (_, era) => {
    const p = new Pages(era).file(1, failing);
    p.map(10, 40);
    expect(p.map(20, 30, { prot: R, file: 1 })).toBe(-abi.EIO);
    expect(p.ranges).toBe("10..20 30..40");
    expect(p.account).toMatchObject({ mapCount: 2, totalVm: 20, committed: 20 });
    expect(p.model.hookFailures).toBe(1);
    expect(p.model.fileState(1).refs).toBe(0);
  });

  test.each(PROTOCOLS)("6: a driver that sets DONTDUMP, %s", (_, era) => {
    const p = new Pages(era).file(1, { flagsSet: abi.VM_DONTDUMP });
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    const merges = isEarlyHook(era) || hasRetry(era);
    expect(p.ranges).toBe(merges ? "10..30" : "10..20 20..30");
    expect(p.model.hookCalls).toBe(era === BOTH ? 3 : 2);
    // 6.11 and 6.12 try again only if there is a VMA below, which the first mapping has not.
    const attempts = era === V611 || era === V612 ? 1 : 2;
    expect(p.model.secondAttempts).toBe(hasRetry(era) ? attempts : 0);
    expect(p.model.secondMerged).toBe(hasRetry(era) ? 1 : 0);
    expect(p.model.fileState(1)).toEqual({
      refs: p.vmas.length,
      mapped: p.vmas.length,
      writable: 0,
    });
  });

  test.each(ERAS)("7: PR_SET_MEMORY_MERGE, %s", (_, era) => {
    const p = new Pages({ ...era, mergeAny: true });
    p.map(10, 20);
    p.map(20, 30);
    expect(p.ranges).toBe(era.profile <= V616.profile ? "10..20 20..30" : "10..30");
    expect(p.has(10, abi.VM_MERGEABLE) && p.has(25, abi.VM_MERGEABLE)).toBe(true);
  });
});

describe("what a hook costs (section 6)", () => {
  test.each(PROTOCOLS)("(i-b) only prepare is called when the first merge fits, %s", (_, era) => {
    const p = new Pages(era).file(1);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..30");
    // With both hooks the first mapping also calls .mmap.
    expect(p.model.hookCalls).toBe(era === BOTH ? 3 : isEarlyHook(era) ? 2 : 1);
  });

  test.each(PROTOCOLS)("an injected hook failure answers ENOMEM and does nothing, %s", (_, era) => {
    const p = new Pages(era).file(1);
    expect(p.map(10, 20, { prot: R, file: 1, fail: abi.FAIL_HOOK, at: 1 })).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe("");
    expect(p.account).toMatchObject({ mapCount: 0, totalVm: 0, committed: 0 });
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
  });

  test.each(ERAS)("a charge that fails keeps what was there; 6.11 leaves a hole, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20, { prot: R });
    expect(p.map(12, 14, { fail: abi.FAIL_CHARGE, at: 1 })).toBe(-abi.ENOMEM);
    expect(p.ranges).toBe(era === V611 ? "10..12 14..20" : "10..12 12..14 14..20");
    expect(p.account).toMatchObject({ totalVm: era === V611 ? 8 : 10, committed: 0 });
  });

  test("(vi) an action or `mapped` that fails takes the new mapping away again", () => {
    const late = { eager: abi.EAGER_REMAP_PFN, failPoint: abi.HOOK_FAILS_AFTER_PTES, failAfter: 3 };
    const mapped = {
      ops: abi.OPS_INSTALLED | abi.OPS_MAPPED,
      failPoint: abi.HOOK_FAILS_MAPPED,
    };
    const cases = [
      [PREPARE, late],
      [PREPARE, mapped],
      [PREPARE_70, late],
    ] as const;
    for (const [era, driver] of cases) {
      for (const errorOverride of [0, abi.ENXIO]) {
        const p = new Pages(era).file(1, { ...driver, errno: abi.EIO, errorOverride });
        p.map(10, 40);
        expect(p.map(20, 30, { file: 1 })).toBe(errorOverride ? -abi.ENXIO : -abi.EIO);
        expect(p.ranges).toBe("10..20 30..40");
        expect(p.account).toMatchObject({ mapCount: 2, totalVm: 20, committed: 20, dataVm: 20 });
      }
    }
    // Enough PTEs for the whole mapping: no failure.
    expect(new Pages(PREPARE).file(1, late).map(10, 13, { file: 1 })).toBe(10);
    // 7.0 knows no `mapped`.
    expect(new Pages(PREPARE_70).file(1, mapped).map(10, 13, { file: 1 })).toBe(10);
  });

  test.each(PROTOCOLS)(
    "PFN remap: REMAP flags, and the first frame if copy-on-write, %s",
    (_, e) => {
      const p = new Pages(e).file(1, { eager: abi.EAGER_REMAP_PFN, pfn: 1000 });
      p.map(10, 20, { file: 1, pgoff: 5 });
      p.map(20, 30, { file: 1, pgoff: 15, flags: abi.MAP_SHARED | abi.MAP_FIXED });
      const eager = canInsertPages(e);
      expect(p.pgoffs).toEqual([eager ? 1005 : 5, 15]);
      expect(p.has(10, abi.VM_REMAP_FLAGS)).toBe(eager);
      expect(p.ranges).toBe("10..20 20..30");
    },
  );
});

describe("merge cases (sections 2 and 7)", () => {
  test.each(ERAS)("N5: neighbours with different anon_vmas, one of them grows, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.map(30, 40);
    p.write(10);
    p.write(30);
    p.map(20, 30);
    expect(p.ranges).toBe(era === V611 ? "10..20 20..40" : "10..30 30..40");
  });

  test.each(ERAS)("N3 hands the upper neighbour's anon_vma to the lower one, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.map(30, 40);
    p.write(30);
    const { anonVma } = p.at(30);
    p.map(20, 30);
    // 6.11 asks the left one with the right one's anon_vma, and an unfaulted one says no.
    expect(p.ranges).toBe(era === V611 ? "10..20 20..40" : "10..40");
    expect(p.at(20).anonVma).toBe(anonVma);
  });

  test.each(ERAS)("a faulted range joins an unfaulted neighbour from 6.16 on, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20, { prot: R, flags: FIXED_PRIVATE | abi.MAP_NORESERVE });
    p.map(20, 30, { flags: FIXED_PRIVATE | abi.MAP_NORESERVE });
    p.write(20);
    p.protect(20, 30, R);
    expect(p.ranges).toBe(era.profile < V616.profile ? "10..20 20..30" : "10..30");
    expect(p.at(20).anonVma).not.toBe(0);
  });

  test.each(ERAS)("E1, E5 and E2: a middle that comes back, %s", (_, era) => {
    const open = new Pages(era).file(1);
    const closing = new Pages(era).file(1, { ops: CLOSING });
    const mixed = new Pages(era).file(1);
    for (const p of [open, closing, mixed]) {
      p.map(10, 40, { prot: R, file: 1 });
      expect(p.advise(20, 30, DONTDUMP)).toBe(0);
      expect(p.ranges).toBe("10..20 20..30 30..40");
    }
    mixed.unmap(30, 40);
    mixed.file(1, { ops: CLOSING }).map(30, 40, { prot: R, file: 1, pgoff: 20 });
    for (const p of [open, closing, mixed]) expect(p.advise(20, 30, DODUMP)).toBe(0);
    expect(open.ranges).toBe("10..40");
    expect(closing.ranges).toBe("10..20 20..30 30..40");
    expect(mixed.ranges).toBe("10..30 30..40");
  });

  test.each(ERAS)("E6 and E7 move the border between two VMAs, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 40);
    p.write(10);
    p.protect(20, 30, R);
    p.protect(20, 24, RW);
    expect(p.ranges).toBe("10..24 24..30 30..40");
    p.protect(26, 30, RW);
    expect(p.ranges).toBe("10..24 24..26 26..40");
    expect(p.pgoffs).toEqual([10, 24, 26]);
  });

  test.each([
    ["7.0", V70],
    ["7.3", V73],
  ])("sticky bits are kept in the survivor and ignored in the comparison, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.map(30, 40);
    expect(p.advise(30, 31, GUARD_INSTALL)).toBe(0);
    expect(p.has(39, abi.VM_MAYBE_GUARD)).toBe(true);
    p.map(20, 30);
    expect(p.ranges).toBe("10..40");
    expect(p.has(10, abi.VM_MAYBE_GUARD)).toBe(true);
  });

  test("7.3 alone wants contiguous anonymous offsets of private files", () => {
    for (const [, era] of ERAS) {
      const p = new Pages(era).file(1, { ops: abi.OPS_INSTALLED | abi.OPS_FAULT });
      p.map(110, 120, { file: 1 });
      expect(p.write(110)).toBe(1);
      p.remap(110, 120, 10, abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED, 10);
      expect(p.at(10)).toMatchObject({ pgoff: 0, anonPgoff: 110 });
      p.map(20, 30, { file: 1, pgoff: 10 });
      expect(p.ranges).toBe(era === V73 ? "10..20 20..30" : "10..30");
    }
  });
});
