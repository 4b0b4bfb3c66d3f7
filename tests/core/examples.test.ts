// Worked examples that a kernel developer can follow on paper (docs/protocols.md), under each protocol.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Pages, PROTOCOL_IDS } from "./pages.js";

const FILE_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;

describe.each(PROTOCOL_IDS)("%s", (protocol) => {
  test("anonymous neighbours become one VMA; NORESERVE keeps them apart", () => {
    const space = new Pages(protocol);
    space.map(10, 20);
    space.map(20, 30);
    expect(space.draw()).toBe("10..30");
    expect(space.offsets()).toEqual([10]);
    const other = new Pages(protocol);
    other.map(10, 20);
    const flags = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;
    other.map(20, 30, { flags });
    expect(other.draw()).toBe("10..20 20..30");
  });

  test("a file range that fills a hole joins both sides; `close` keeps the right one", () => {
    for (const [ops, layout] of [
      [FILE_OPS, "10..40f1"],
      [FILE_OPS | abi.OPS_CLOSE, "10..30f1 30..40f1"],
    ] as const) {
      const space = new Pages(protocol).driver(0, { ops }).file(1);
      const flags = SHARED;
      space.map(10, 20, { file: 1, pgoff: 0, flags });
      space.map(30, 40, { file: 1, pgoff: 20, flags });
      space.map(20, 30, { file: 1, pgoff: 10, flags });
      expect(space.draw()).toBe(layout);
    }
  });

  test("mprotect in the middle splits into three, and back makes one again", () => {
    const space = new Pages(protocol);
    space.map(10, 40);
    const object = space.core.layout()[0]?.id;
    expect(space.protect(20, 30, abi.PROT_READ)).toBe(0);
    expect(space.draw()).toBe("10..20 20..30 30..40");
    expect(space.core.layout()[1]?.id, "the object is the middle").toBe(object);
    // never written: the read-only part gives its charge back, and takes it again
    expect(space.core.account().committed).toBe(20);
    expect(space.protect(20, 30, abi.PROT_READ | abi.PROT_WRITE)).toBe(0);
    expect(space.draw()).toBe("10..40");
    expect(space.core.account().committed).toBe(30);
  });

  test("a hook that fails over part of an old mapping leaves a hole", () => {
    const space = new Pages(protocol)
      .driver(0, { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.ENODEV })
      .file(1);
    space.map(10, 40);
    expect(space.map(20, 30, { file: 1 })).toBe(-abi.ENODEV);
    expect(space.draw()).toBe("10..20 30..40");
    expect(space.count).toBe(2);
  });

  test("a limit met before the hook keeps the old mapping, and the splits", () => {
    const space = new Pages(protocol);
    space.map(10, 40);
    space.core.configure({ limitAs: 4096 });
    expect(space.map(20, 30)).toBe(-abi.ENOMEM);
    // up to 6.11 the limit is asked before anything is split
    const layout = protocol === "mmap@6.11" ? "10..40" : "10..20 20..30 30..40";
    expect(space.draw()).toBe(layout);
  });

  test("a charge that is refused keeps the old mapping, and the split", () => {
    const space = new Pages(protocol);
    space.map(10, 40);
    expect(space.map(35, 45, { fail: abi.FAIL_CHARGE, at: 1 })).toBe(-abi.ENOMEM);
    // up to 6.11 the old mapping is unmapped by then, for good
    const early = protocol === "mmap@6.11";
    expect(space.draw()).toBe(early ? "10..35" : "10..35 35..40");
    expect(space.core.account().committed).toBe(early ? 25 : 30);
  });

  test("map_count may pass its limit by one", () => {
    const space = new Pages(protocol, { maxMapCount: 6 });
    for (let i = 0; i < 6; i++) space.map(100 + i * 10, 102 + i * 10);
    expect(space.map(200, 202), "an isolated mapping at the limit").toBe(200);
    expect(space.count).toBe(7);
    expect(space.map(300, 301), "the next one").toBe(-abi.ENOMEM);
    const more = new Pages(protocol, { maxMapCount: 2 });
    more.map(10, 20);
    more.map(30, 40);
    expect(more.unmap(13, 15), "punching a hole").toBe(-abi.ENOMEM);
    expect(more.unmap(15, 20), "cutting off a tail").toBe(0);
    expect(more.protect(11, 12, abi.PROT_READ), "a split").toBe(-abi.ENOMEM);
    expect(more.draw()).toBe("10..15 30..40");
  });

  test("replacing the middle of a file mapping by itself makes one VMA again", () => {
    const space = new Pages(protocol).driver(0, { ops: FILE_OPS }).file(1);
    space.map(10, 40, { file: 1, pgoff: 0, flags: SHARED });
    space.map(20, 30, { file: 1, pgoff: 10, flags: SHARED });
    expect(space.draw()).toBe("10..40f1");
    expect(space.core.fileState(1)).toEqual({ refs: 1, mapped: 1, writable: 1 });
  });

  test("names keep memory apart, and the same name does not", () => {
    const space = new Pages(protocol);
    const name = (from: number, id: number) =>
      space.run({
        op: abi.OP_SET_NAME,
        addr: 0x1000_0000_0000 + from * 4096,
        len: 40960,
        prot: id,
      });
    space.map(10, 20);
    name(10, 1);
    space.map(20, 30);
    expect(space.draw()).toBe("10..20 20..30");
    name(20, 1);
    expect(space.draw()).toBe("10..30");
  });

  test("written neighbours with pages of their own merge only with the side that fits", () => {
    const space = new Pages(protocol);
    space.map(10, 20);
    space.write(10, 20);
    space.map(30, 40);
    space.write(30, 40);
    const [left, right] = space.core.layout();
    expect(left?.anonVma).not.toBe(right?.anonVma);
    space.map(20, 30);
    // up to 6.11 the right one is asked first, and the two are never compared
    const layout = protocol === "mmap@6.11" ? "10..20 20..40" : "10..30 30..40";
    expect(space.draw()).toBe(layout);
  });
});
