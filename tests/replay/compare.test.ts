import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import type { VmaView } from "../../src/core/core.js";
import { compareLayouts } from "../../src/replay/compare.js";
import type { RecordedLayout } from "../../src/trace/layout.js";

const NONE = "00:00:0";
const LIBC = "fe:00:77";

/** `start-end perms offset inode name`, addresses in pages. */
function kernel(...lines: [number, number, string, number, string, string?][]): RecordedLayout {
  const vmas = lines.map(([start, end, perms, offset, inode, name = ""]) => ({
    start: start * 4096,
    end: end * 4096,
    perms,
    offset: offset * 4096,
    inode,
    name,
  }));
  return { vmas, gate: null };
}

function model(...lines: [number, number, number, number, number][]): VmaView[] {
  return lines.map(([start, end, flags, pgoff, file], id) => ({
    start: start * 4096,
    end: end * 4096,
    flags,
    pgoff,
    file,
    anonPgoff: pgoff,
    anonVma: 0,
    chain: 0,
    ops: 0,
    privateData: 0,
    id,
  }));
}

const R = abi.VM_READ + abi.VM_MAYREAD;
const RW = R + abi.VM_WRITE;

describe("comparing layouts", () => {
  test("equal lists are exact; anonymous offsets are not shown", () => {
    const result = compareLayouts(
      kernel([16, 20, "rw-p", 0, NONE], [20, 24, "r--p", 3, LIBC]),
      model([16, 20, RW, 16, 0], [20, 24, R, 3, 1]),
      [LIBC],
    );
    expect(result).toEqual({ coverage: true, exact: true, difference: null });
  });

  test("boundaries do not matter for coverage, and do for the list", () => {
    const result = compareLayouts(
      kernel([16, 24, "r--p", 3, LIBC]),
      model([16, 20, R, 3, 1], [20, 24, R, 7, 1]),
      [LIBC],
    );
    expect(result).toMatchObject({ coverage: true, exact: false });
    expect(result.difference).toMatch(/^VMA 1: kernel 0x10000-0x18000 r--p/);
  });

  test.each([
    ["a range", model([16, 25, R, 3, 1]), "at 0x18000: kernel nothing, model"],
    ["a hole", model([16, 20, R, 3, 1]), "at 0x14000: kernel 0x10000-0x18000 r--p"],
    ["permissions", model([16, 24, RW, 3, 1]), "at 0x10000"],
    ["sharing", model([16, 24, R + abi.VM_MAYSHARE, 3, 1]), "model 0x10000-0x18000 r--s"],
    ["an offset", model([16, 24, R, 4, 1]), "at 0x10000"],
    ["an offset further up", model([16, 20, R, 3, 1], [20, 24, R, 8, 1]), "at 0x14000"],
    ["a file", model([16, 24, R, 3, 2]), "at 0x10000"],
    ["no file", model([16, 24, R, 3, 0]), "at 0x10000"],
    ["everything", [], "at 0x10000"],
  ])("another %s is other coverage", (_name, vmas, difference) => {
    const recorded = kernel([16, 24, "r--p", 3, LIBC]);
    const result = compareLayouts(recorded, vmas, [LIBC, "fe:00:78"]);
    expect(result).toMatchObject({ coverage: false, exact: false });
    expect(result.difference).toContain(difference);
  });

  test("the grown part of the stack is set aside, its end and permissions are not", () => {
    const stack = RW + abi.VM_GROWSDOWN;
    const recorded = kernel([100, 120, "rw-p", 0, NONE, "[stack]"]);
    expect(compareLayouts(recorded, model([110, 120, stack, 110, 0]), [])).toMatchObject({
      coverage: true,
      exact: false,
    });
    expect(compareLayouts(recorded, model([90, 120, stack, 90, 0]), []).coverage).toBe(true);
    expect(compareLayouts(recorded, model([110, 119, stack, 110, 0]), []).coverage).toBe(false);
    expect(compareLayouts(recorded, model([110, 120, stack + 4, 110, 0]), []).coverage).toBe(false);
  });

  test("a name that got (deleted) is the same file by its inode", () => {
    const recorded = kernel([16, 20, "r--p", 0, LIBC, "/lib/libc.so.6 (deleted)"]);
    expect(compareLayouts(recorded, model([16, 20, R, 0, 1]), [LIBC]).exact).toBe(true);
  });

  test("the gate area is no VMA", () => {
    const recorded = { ...kernel([16, 20, "rw-p", 0, NONE]), gate: "--xp" };
    expect(compareLayouts(recorded, model([16, 20, RW, 16, 0]), []).exact).toBe(true);
  });

  test("a file the model made may be any one unknown inode, always the same", () => {
    const shared = RW + abi.VM_MAYSHARE;
    const one = kernel([16, 20, "rw-s", 0, "00:01:5"], [30, 34, "rw-s", 0, "00:01:6"]);
    const two = model([16, 20, shared, 0, 2], [30, 34, shared, 0, 3]);
    expect(compareLayouts(one, two, [LIBC]).exact).toBe(true);
    const same = model([16, 20, shared, 0, 2], [30, 34, shared, 0, 2]);
    expect(compareLayouts(one, same, [LIBC]).coverage).toBe(false);
    const twice = kernel([16, 20, "rw-s", 0, "00:01:5"], [30, 34, "rw-s", 0, "00:01:5"]);
    expect(compareLayouts(twice, two, [LIBC]).coverage).toBe(false);
    expect(compareLayouts(one, two, ["00:01:5"]).coverage).toBe(false);
  });
});
