// fork and exit: what the child has, and what being forked does to merging.

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Pages } from "./pages.js";

const FILE_OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const SHARED = abi.MAP_FIXED | abi.MAP_SHARED;

describe("fork", () => {
  const fork = (space: Pages, child: boolean) =>
    space.run({ op: abi.OP_FORK, flags: child ? 1 : 0 });
  const DONTFORK = 10;
  const WIPEONFORK = 18;

  test("the child has every mapping but those marked DONTFORK", () => {
    const space = new Pages("mmap@7.3").driver(0, { ops: FILE_OPS }).file(1);
    space.map(10, 20);
    space.map(30, 40);
    space.map(50, 60, { file: 1, flags: SHARED });
    space.run({
      op: abi.OP_MADVISE,
      addr: 0x1000_0000_0000 + 30 * 4096,
      len: 40960,
      prot: DONTFORK,
    });
    expect(fork(space, true)).toBe(0);
    expect(space.draw()).toBe("10..20 50..60f1");
    expect(space.core.fileState(1).refs).toBe(1);
  });

  test("memory that is wiped comes without its anon_vma", () => {
    const space = new Pages("mmap@7.3");
    space.map(10, 20);
    space.write(10, 20);
    space.run({
      op: abi.OP_MADVISE,
      addr: 0x1000_0000_0000 + 10 * 4096,
      len: 40960,
      prot: WIPEONFORK,
    });
    fork(space, true);
    expect(space.core.layout()[0]?.anonVma).toBe(0);
  });

  /** Written memory, forked; then a fresh mapping beside it. */
  function besideForked(protocol: string, child: boolean): string {
    const space = new Pages(protocol);
    space.map(10, 20);
    space.write(10, 20);
    fork(space, child);
    space.map(20, 30);
    return space.draw();
  }

  test("a parent goes on merging, a child's memory is forked and does not", () => {
    for (const protocol of ["mmap@6.15", "mmap@7.3"]) {
      expect(besideForked(protocol, false), protocol).toBe("10..30");
      expect(besideForked(protocol, true), protocol).toBe("10..20 20..30");
    }
  });

  describe("written memory that comes to fit an unwritten neighbour joins it, unless it is forked", () => {
    const flags = abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_NORESERVE;

    /** By a change of permissions. */
    function changed(protocol: string, child: boolean): string {
      const space = new Pages(protocol);
      space.map(20, 30, { flags });
      space.write(20, 30);
      space.protect(20, 30, abi.PROT_READ);
      space.map(10, 20, { flags });
      fork(space, child);
      space.protect(20, 30, abi.PROT_READ | abi.PROT_WRITE);
      return space.draw();
    }

    /** By mremap, back to where its offset says it was. */
    function moved(protocol: string, child: boolean): string {
      const space = new Pages(protocol);
      const move = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;
      space.map(20, 30, { flags });
      space.write(20, 30);
      space.remap(20, 30, 10, move, 40);
      space.map(10, 20, { flags });
      fork(space, child);
      space.remap(40, 50, 10, move, 20);
      return space.draw();
    }

    const APART = "10..20 20..30";
    const ONE = "10..30";

    test.each([
      // up to 6.15 written memory joins no unwritten neighbour at all
      ["mmap@6.15", { changed: [APART, APART], moved: [APART, APART] }],
      ["mmap@6.16", { changed: [ONE, APART], moved: [ONE, ONE] }],
      ["mmap@6.18", { changed: [ONE, APART], moved: [ONE, APART] }],
      ["mmap@7.3", { changed: [ONE, APART], moved: [ONE, APART] }],
    ])("%s", (protocol, expected) => {
      const both = (make: typeof changed) => [false, true].map((child) => make(protocol, child));
      expect({ changed: both(changed), moved: both(moved) }).toEqual(expected);
    });
  });

  test("locked memory is not locked in the child", () => {
    const space = new Pages("mmap@7.3");
    space.map(10, 20, { flags: abi.MAP_FIXED | abi.MAP_PRIVATE | abi.MAP_LOCKED });
    expect(space.core.account().lockedVm).toBe(10);
    fork(space, true);
    expect(space.core.account().lockedVm).toBe(0);
    expect((space.core.layout()[0]?.flags ?? 0) & abi.VM_LOCKED).toBe(0);
  });
});
