// What tells the kernels apart: merges that come too late, failures that leave something behind, and each
// kernel's known defects under the name of what they do (docs/protocols.md).

import { describe, expect, test } from "vitest";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import { Pages, PROTOCOL_IDS, protocols, upTo } from "./pages.js";

const FILE_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;

describe("a flag that the hook adds: merged after the hook, before it, or not at all", () => {
  const layouts: [string, readonly string[], string][] = [
    ["a second attempt merges", protocols("mmap", "6.11", "rfc"), "10..30f1"],
    ["no second attempt", protocols("mmap", "6.16"), "10..20f1 20..30f1"],
    ["the first attempt knows", protocols("mmap_prepare"), "10..30f1"],
    ["the first attempt knows", protocols("mmap_proto"), "10..30f1"],
    ["the first attempt knows", protocols("mmap_proto+mmap"), "10..30f1"],
    ["the inner hook comes too late", protocols("compat"), "10..20f1 20..30f1"],
  ];
  const cases = layouts.flatMap(([why, ids, layout]) => ids.map((id) => ({ id, why, layout })));
  test.each(cases)("$id: $why", ({ id, layout }) => {
    const space = new Pages(id).driver(0, { ops: FILE_OPS, flagsSet: abi.VM_DONTDUMP }).file(1);
    space.map(10, 20, { file: 1, pgoff: 0 });
    space.map(20, 30, { file: 1, pgoff: 10 });
    // a private file mapping of 7.3 must also continue in the anonymous index; here it does
    expect(space.draw()).toBe(layout);
  });
});

describe("the second merge", () => {
  const second = protocols("mmap", "6.11", "rfc");
  const mapped = (protocol: string, ops: number) =>
    new Pages(protocol).driver(0, { ops, flagsSet: abi.VM_DONTDUMP }).file(1);

  test.each(second)("%s: `close`, which the hook has just installed", (protocol) => {
    const space = mapped(protocol, FILE_OPS | abi.OPS_CLOSE);
    space.map(10, 20, { file: 1, pgoff: 0 });
    space.map(20, 30, { file: 1, pgoff: 10 });
    // a VMA that stands in the tree must not vanish; one that does not yet is just dropped, and never closed
    const inTree = !upTo("6.12", protocol);
    expect(space.draw()).toBe(inTree ? "10..20f1 20..30f1" : "10..30f1");
    expect(space.core.counters()["hook.closes"]).toBe(0);
    space.unmap(10, 30);
    const { "hook.closes": closes, "hook.calls": calls } = space.core.counters();
    expect({ calls, closes }).toEqual({ calls: 2, closes: inTree ? 2 : 1 });
  });

  test.each(second)("%s: without a VMA below", (protocol) => {
    const space = mapped(protocol, FILE_OPS);
    space.map(20, 30, { file: 1, pgoff: 10 });
    space.map(10, 20, { file: 1, pgoff: 0 });
    // until 6.12 it is only tried where there is one
    const needsOne = upTo("6.12", protocol);
    expect(space.draw()).toBe(needsOne ? "10..20f1 20..30f1" : "10..30f1");
  });

  test.each(second)("%s: upwards, with any VMA below", (protocol) => {
    const space = mapped(protocol, FILE_OPS);
    space.map(0, 5);
    space.map(20, 30, { file: 1, pgoff: 10 });
    space.map(10, 20, { file: 1, pgoff: 0 });
    expect(space.draw()).toBe("0..5 10..30f1");
  });
});

describe("a hook that puts in another file", () => {
  /** File 1's driver swaps in file 2 and sets a flag, so that there is a second attempt where there is one. */
  function swapping(protocol: string, flagsSet: number): Pages {
    const driver = { ops: FILE_OPS, flagsSet };
    return new Pages(protocol)
      .driver(0, { ...driver, swapFile: 2 })
      .driver(1, driver)
      .file(1)
      .file(2, { driver: 1 });
  }

  test.each(protocols("mmap", "6.16"))("%s: never merges", (protocol) => {
    const space = swapping(protocol, abi.VM_DONTDUMP);
    space.map(10, 20, { file: 2, pgoff: 0 });
    space.map(20, 30, { file: 1, pgoff: 10 });
    expect(space.draw()).toBe("10..20f2 20..30f2");
    expect(space.core.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
  });

  test("mmap@6.11: the second attempt asks with the new file", () => {
    const space = swapping("mmap@6.11", abi.VM_DONTDUMP);
    space.map(10, 20, { file: 2, pgoff: 0 });
    space.map(20, 30, { file: 1, pgoff: 10 });
    expect(space.draw()).toBe("10..30f2");
    expect(space.core.fileState(1).refs).toBe(0);
    expect(space.core.fileState(2).refs).toBe(1);
  });

  test.each(["mmap@6.12", "mmap@6.15", "mmap@rfc"])("%s: it asks with the old one", (protocol) => {
    const space = swapping(protocol, abi.VM_DONTDUMP);
    space.map(10, 20, { file: 2, pgoff: 0 });
    space.map(20, 30, { file: 1, pgoff: 10 });
    expect(space.draw(), "what would fit is not found").toBe("10..20f2 20..30f2");
  });

  test.each(["mmap@6.12", "mmap@6.15"])("%s: and finds a neighbour of the old one", (protocol) => {
    const space = swapping(protocol, abi.VM_DONTDUMP);
    // file 1 itself, with the flag: a VMA that the hook did not touch
    space.core.setDriver(0, { ops: FILE_OPS, flagsSet: abi.VM_DONTDUMP });
    space.map(10, 20, { file: 1, pgoff: 0 });
    space.core.setDriver(0, { ops: FILE_OPS, flagsSet: abi.VM_DONTDUMP, swapFile: 2 });
    space.core.run([
      {
        op: abi.OP_MMAP,
        addr: 0x1000_0000_0000 + 20 * 4096,
        len: 10 * 4096,
        prot: 3,
        flags: abi.MAP_FIXED | abi.MAP_PRIVATE,
        file: 1,
        pgoff: 10,
      },
    ]);
    expect(space.draw(), "pages 20..30 now show the wrong file").toBe("10..30f1");
    const files = [1, 2].map((file) => space.core.fileState(file));
    const corrupt = protocol === "mmap@6.15";
    expect(space.core.counters()["merge.corruptions"]).toBe(corrupt ? 1 : 0);
    // 6.12 puts what the VMA held; 6.13 to 6.15 settle with the survivor's file, which loses a reference
    expect(files.map(({ refs }) => refs)).toEqual(corrupt ? [0, 1] : [1, 0]);
  });

  test.each(protocols("mmap_prepare"))("%s: the only attempt asks with the new one", (protocol) => {
    const space = swapping(protocol, 0);
    space.map(10, 20, { file: 2, pgoff: 0 });
    const before = space.core.fileState(2).refs;
    space.run({
      op: abi.OP_MMAP,
      addr: 0x1000_0000_0000 + 20 * 4096,
      len: 10 * 4096,
      prot: 3,
      flags: abi.MAP_FIXED | abi.MAP_PRIVATE,
      file: 1,
      pgoff: 10,
    });
    expect(space.draw()).toBe("10..30f2");
    // from 7.0 on the hook hands over a reference, and nobody puts it when the range merges
    const leaked = space.core.fileState(2).refs - before;
    expect(leaked).toBe(upTo("6.18", protocol) ? 0 : 1);
  });
});

describe("/dev/zero", () => {
  const zero = { mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE | abi.FILE_MODE_DEVZERO };

  test.each(PROTOCOL_IDS)("%s: private is anonymous memory that has a file", (protocol) => {
    const space = new Pages(protocol).file(1, zero);
    space.map(10, 20, { file: 1, pgoff: 10 });
    expect(space.core.layout()[0]).toMatchObject({ file: 1, ops: 0 });
    space.map(20, 30, { file: 1, pgoff: 20 });
    expect(space.draw()).toBe("10..30f1");
  });

  test.each(PROTOCOL_IDS)("%s: shared is a new shmem file each time", (protocol) => {
    const space = new Pages(protocol).file(1, zero);
    space.map(10, 20, { file: 1, pgoff: 10, flags: SHARED });
    space.map(20, 30, { file: 1, pgoff: 20, flags: SHARED });
    expect(space.draw()).toBe("10..20f2 20..30f3");
    expect(space.core.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
    // the compatibility layer takes a reference besides the one that the hook hands over since 7.0
    const refs = protocols("compat", "7.0").includes(protocol) ? 2 : 1;
    expect(space.core.fileState(2)).toEqual({ refs, mapped: 1, writable: 1 });
  });
});

describe("PR_SET_MEMORY_MERGE: the mergeable bit", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const space = new Pages(protocol, { mergeAny: true });
    space.map(10, 20);
    space.map(20, 30);
    // until 6.16 it comes too late for the merge
    expect(space.draw()).toBe(upTo("6.16", protocol) ? "10..20 20..30" : "10..30");
  });
});

describe("mremap at the map-count limit: 7.3 refuses even a shrink", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const space = new Pages(protocol, { maxMapCount: 4 });
    space.map(10, 20);
    space.map(30, 40);
    const refuses = !upTo("7.0", protocol);
    expect(space.remap(10, 20, 5, 0)).toBe(refuses ? -abi.ENOMEM : 10);
  });
});

describe("commit charge after a hook that failed over charged memory", () => {
  /** Pages charged beyond what is mapped. */
  function leak(protocol: string, from: number, to: number): number {
    const space = new Pages(protocol)
      .driver(0, { failPoint: abi.HOOK_FAILS_AT_ONCE, errno: abi.EIO })
      .file(1);
    space.map(10, 40);
    space.map(from, to, { file: 1 });
    const mapped = space.core
      .layout()
      .reduce((pages, { start, end }) => pages + (end - start) / 4096, 0);
    return space.core.account().committed - mapped;
  }

  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const { profile } = parseProtocol(protocol);
    const exact = profile === abi.PROFILE_6_11 || profile >= abi.PROFILE_7_3;
    // over pages 10 of which were charged before: those are lost up to 7.0
    expect(leak(protocol, 20, 30)).toBe(exact ? 0 : 10);
    // over free pages: nothing, but for a descriptor's hook, whose failure forgets the whole charge
    const early = /^mmap_(prepare|proto)/.test(protocol);
    expect(leak(protocol, 50, 60)).toBe(early && !exact ? 10 : 0);
  });
});

describe("a lone right neighbour with `close`", () => {
  test.each(PROTOCOL_IDS)("%s", (protocol) => {
    const space = new Pages(protocol).driver(0, { ops: FILE_OPS | abi.OPS_CLOSE }).file(1);
    space.map(20, 30, { file: 1, pgoff: 10, flags: SHARED });
    space.map(10, 20, { file: 1, pgoff: 0, flags: SHARED });
    // it survives the merge; up to 6.11 it is refused all the same
    expect(space.draw()).toBe(protocol === "mmap@6.11" ? "10..20f1 20..30f1" : "10..30f1");
  });
});

describe("a failure after a hook that succeeded (up to 6.11)", () => {
  test("calls the `close` that the hook has installed", () => {
    const space = new Pages("mmap@6.11", { mdwe: true })
      .driver(0, { ops: FILE_OPS | abi.OPS_CLOSE, flagsSet: abi.VM_EXEC })
      .file(1);
    expect(space.map(10, 20, { file: 1 })).toBe(-abi.EACCES);
    expect(space.core.counters()["hook.closes"]).toBe(1);
    expect(space.draw()).toBe("");
    expect(space.core.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
  });
});

describe("ops that a descriptor gives a mapping that merges", () => {
  test.each(protocols("mmap_prepare"))("%s", (protocol) => {
    const space = new Pages(protocol).driver(0, { ops: FILE_OPS }).file(1);
    space.map(10, 20, { file: 1, pgoff: 0, flags: SHARED });
    space.core.setDriver(0, { ops: FILE_OPS | abi.OPS_CLOSE });
    space.map(20, 30, { file: 1, pgoff: 10, flags: SHARED });
    expect(space.draw()).toBe("10..30f1");
    // until 7.0 they replace the survivor's
    const replaced = upTo("7.0", protocol) ? abi.OPS_CLOSE : 0;
    expect(space.core.layout()[0]?.ops).toBe(FILE_OPS | replaced);
  });
});

describe.each(protocols("mmap_prepare", "7.0"))(
  "%s: a failure after the mapping stood, with an action",
  (protocol) => {
    test("takes the whole mapping away again, `close` included", () => {
      const space = new Pages(protocol)
        .driver(0, {
          ops: abi.OPS_INSTALLED | abi.OPS_CLOSE,
          eager: abi.EAGER_REMAP_PFN,
          failPoint: abi.HOOK_FAILS_AFTER_PTES,
          failAfter: 3,
          errno: abi.EAGAIN,
          pfn: 0x100000,
        })
        .file(1);
      space.map(0, 10);
      space.core.clearCounters();
      expect(space.map(2, 8, { file: 1, flags: SHARED })).toBe(-abi.EAGAIN);
      expect(space.draw()).toBe("0..2 8..10");
      const counters = space.core.counters();
      expect(counters["hook.closes"]).toBe(1);
      expect(counters["hook.lateFailures"]).toBe(1);
      expect(counters["page.ptesSet"]).toBe(3);
      expect(counters["page.ptesCleared"]).toBe(3);
      expect(space.core.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
      expect(space.core.account().committed).toBe(4);
    });
  },
);

test("7.3 reports the error that the driver asked for; never through the compatibility layer", () => {
  const failing = (protocol: string, failPoint: number) =>
    new Pages(protocol)
      .driver(0, {
        ops: abi.OPS_INSTALLED | abi.OPS_MAPPED,
        failPoint,
        errno: abi.ENOMEM,
        errorOverride: abi.EAGAIN,
      })
      .file(1)
      .map(2, 8, { file: 1, flags: SHARED });
  expect(failing("mmap_prepare@7.3", abi.HOOK_FAILS_MAPPED)).toBe(-abi.EAGAIN);
  expect(failing("mmap_prepare@7.3", abi.HOOK_FAILS_AT_ONCE), "the hook's own").toBe(-abi.ENOMEM);
  expect(failing("compat@7.3", abi.HOOK_FAILS_MAPPED)).toBe(-abi.ENOMEM);
});
