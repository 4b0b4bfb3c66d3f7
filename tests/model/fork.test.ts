// fork and exit: what the child gets, what both cost, and how chains of anon_vmas stop merges
// (sheet 2.1, 2.8).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { DONTFORK, WIPEONFORK } from "./advise.js";
import { type AnonVma, cloneAnon, forkAnon, prepareAnon, unlinkAnon } from "./anon.js";
import { ERAS, Pages, R, RW, V616 } from "./pages.js";
import { Space, type Vma } from "./space.js";

const PARENT = 0;
const CHILD = 1;
const MOVE_TO = abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED;

describe("fork", () => {
  test.each(ERAS)("the parent goes on as it was, %s", (_, era) => {
    const p = new Pages(era).file(1, { ops: abi.OPS_INSTALLED | abi.OPS_OPEN | abi.OPS_CLOSE });
    p.map(10, 20);
    p.write(10);
    p.map(30, 40, { file: 1, flags: abi.MAP_SHARED | abi.MAP_FIXED });
    p.ranged(abi.OP_MLOCK, 10, 20);
    const before = [p.vmas, p.account, p.model.fileState(1)];
    expect(p.fork(PARENT)).toBe(0);
    expect([p.vmas, p.account, p.model.fileState(1)]).toEqual(before);
    expect(p.at(10).chain).toBe(1);
    expect(p.model).toMatchObject({ openCalls: 1, closeCalls: 1 });
  });

  test.each(ERAS)("the child has no locks, and none to come, %s", (_, era) => {
    const p = new Pages(era);
    p.run({ op: abi.OP_MLOCKALL, flags: abi.MCL_FUTURE });
    p.map(10, 20);
    p.ranged(abi.OP_MLOCK, 10, 20, { flags: abi.MLOCK_ONFAULT });
    expect(p.account.lockedVm).toBe(10);
    p.fork(CHILD);
    expect(p.account).toMatchObject({ lockedVm: 0, totalVm: 10, committed: 10 });
    expect(p.has(10, abi.VM_LOCKED) || p.has(10, abi.VM_LOCKONFAULT)).toBe(false);
    p.map(30, 40);
    expect(p.account.lockedVm).toBe(0);
  });

  test.each(ERAS)("DONTCOPY stays behind, %s", (_, era) => {
    const p = new Pages(era).file(1);
    p.map(10, 20);
    p.map(30, 40, { prot: R, file: 1 });
    p.advise(12, 14, DONTFORK);
    p.advise(30, 40, DONTFORK);
    expect(p.account).toMatchObject({ totalVm: 20, dataVm: 10, committed: 10 });
    p.fork(CHILD);
    expect(p.ranges).toBe("10..12 14..20");
    expect(p.account).toMatchObject({ mapCount: 2, totalVm: 8, dataVm: 8, committed: 8 });
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
  });

  test("a charge that fails leaves the parent as it was", () => {
    const p = new Pages().file(1, { ops: abi.OPS_INSTALLED | abi.OPS_OPEN | abi.OPS_CLOSE });
    p.map(10, 20, { file: 1 });
    p.map(30, 40, { prot: R });
    p.map(50, 60);
    p.write(50);
    for (const as of [PARENT, CHILD] as const) {
      const before = [p.vmas, p.account, p.model.fileState(1)];
      expect(p.fork(as, { fail: abi.FAIL_CHARGE, at: 2 })).toBe(-abi.ENOMEM);
      expect([p.vmas, p.account, p.model.fileState(1)]).toEqual(before);
    }
    expect(p.model).toMatchObject({ openCalls: 2, closeCalls: 2 });
    const never = new Pages({ overcommit: abi.OVERCOMMIT_NEVER, commitLimit: 15 });
    never.map(10, 20);
    expect(never.fork(CHILD)).toBe(-abi.ENOMEM);
    expect(never.account.committed).toBe(10);
  });

  test("exit empties the space, and gives back what it held", () => {
    const p = new Pages().file(1, { ops: abi.OPS_INSTALLED | abi.OPS_CLOSE });
    p.map(10, 20, { file: 1 });
    p.map(30, 40);
    p.ranged(abi.OP_MLOCK, 30, 40);
    expect(p.run({ op: abi.OP_EXIT })).toBe(0);
    const nothing = { mapCount: 0, totalVm: 0, dataVm: 0, execVm: 0, stackVm: 0, lockedVm: 0 };
    expect(p.account).toMatchObject({ ...nothing, committed: 0 });
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
    expect(p.model.closeCalls).toBe(1);
    p.map(10, 20);
    expect(p.account).toMatchObject({ mapCount: 1, totalVm: 10, committed: 10 });
  });
});

describe("merging after a fork", () => {
  test.each(ERAS)("a forked range takes no unfaulted neighbour, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.write(10);
    p.fork(CHILD);
    expect(p.at(10).chain).toBe(2);
    p.map(20, 30);
    expect(p.ranges).toBe("10..20 20..30");
    p.write(20); // and gives it no anon_vma: the chain is not of one
    expect(p.at(20).chain).toBe(1);
    expect(p.at(20).anonVma).not.toBe(p.at(10).anonVma);
  });

  test.each(ERAS)("the parent, whose chain has not grown, does, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.write(10);
    p.fork(PARENT);
    p.map(20, 30);
    expect(p.ranges).toBe("10..30");
  });

  test.each(ERAS)("a forked range does not join an unfaulted neighbour, %s", (_, era) => {
    const p = new Pages(era);
    const noReserve = { flags: abi.MAP_PRIVATE | abi.MAP_FIXED | abi.MAP_NORESERVE };
    p.map(10, 20, { ...noReserve, prot: R });
    p.map(20, 30, noReserve);
    p.write(20);
    p.fork(CHILD);
    p.protect(20, 30, R);
    expect(p.ranges).toBe("10..20 20..30");
  });

  test.each(ERAS)("the pieces of a forked range come together again, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 40);
    p.write(10);
    p.fork(CHILD);
    p.protect(20, 30, R);
    expect(p.vmas.map((vma) => vma.chain)).toEqual([2, 2, 2]);
    p.protect(20, 30, RW);
    expect(p.ranges).toBe("10..40");
    expect(p.at(10).chain).toBe(2);
  });

  test.each(ERAS)("WIPEONFORK makes the child's range as if never written, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.write(10);
    p.advise(10, 20, WIPEONFORK);
    p.fork(CHILD);
    expect(p.at(10)).toMatchObject({ anonVma: 0, chain: 0 });
    expect(p.has(10, abi.VM_WIPEONFORK)).toBe(true);
    p.map(20, 30);
    p.advise(20, 30, WIPEONFORK);
    expect(p.ranges).toBe("10..30");
  });

  // The anon_vma test of 6.16 does not see what mremap copies from.
  test.each(ERAS)("mremap puts a forked range beside an unfaulted one, %s", (_, era) => {
    const p = new Pages(era);
    p.map(10, 20);
    p.map(50, 60);
    p.write(50);
    p.fork(CHILD);
    // Moved away and back below its old place, so that its offset meets the neighbour's.
    p.map(40, 50);
    expect(p.ranges).toBe("10..20 40..50 50..60");
    p.remap(50, 60, 10, MOVE_TO, 100);
    p.remap(100, 110, 10, MOVE_TO, 50);
    expect(p.ranges).toBe(era === V616 ? "10..20 40..60" : "10..20 40..50 50..60");
    expect(p.at(50).chain).toBe(2);
  });
});

describe("chains over generations", () => {
  test("an anon_vma left by its owner is used again by a grandchild", () => {
    const p = new Pages();
    p.map(10, 20);
    p.write(10);
    const root = p.at(10).anonVma;
    p.fork(CHILD);
    const child = p.at(10).anonVma;
    expect(child).not.toBe(root);
    expect(p.at(10).chain).toBe(2);
    p.fork(CHILD); // root has two children, itself and the first: not again
    expect(p.at(10).chain).toBe(3);
    const grandchild = p.at(10).anonVma;
    expect(grandchild).not.toBe(child);
    p.fork(CHILD); // the first child's is idle and has one child
    expect(p.at(10)).toMatchObject({ anonVma: child, chain: 3 });
    p.fork(CHILD); // now the grandchild's
    expect(p.at(10)).toMatchObject({ anonVma: grandchild, chain: 3 });
  });

  test("users, entries and children are kept exactly", () => {
    const space = new Space();
    const vma = (): Vma => ({
      start: 0n,
      end: 4096n,
      flags: 0n,
      pgoff: 0n,
      anonPgoff: 0n,
      file: 0,
      ops: 0,
      anonVma: undefined,
      chain: [],
      name: 0,
    });
    const shown = ({ children, users, entries }: AnonVma) => ({ children, users, entries });
    const [parent, split, child, other] = [vma(), vma(), vma(), vma()];
    prepareAnon(space, parent);
    const root = parent.anonVma!;
    expect(shown(root)).toEqual({ children: 1, users: 1, entries: 1 });
    cloneAnon(split, parent);
    expect(shown(root)).toEqual({ children: 1, users: 2, entries: 2 });
    forkAnon(space, child, parent);
    forkAnon(space, other, split);
    expect(shown(root)).toEqual({ children: 3, users: 2, entries: 4 });
    expect(shown(child.anonVma!)).toEqual({ children: 0, users: 1, entries: 1 });
    unlinkAnon(other); // its own dies with its only entry
    expect(shown(root)).toEqual({ children: 2, users: 2, entries: 3 });
    unlinkAnon(parent);
    unlinkAnon(split);
    expect(shown(root)).toEqual({ children: 2, users: 0, entries: 1 });
    unlinkAnon(child);
    expect(shown(root)).toMatchObject({ users: 0, entries: 0 });
  });

  test("children that have come and gone leave no trace in the parent", () => {
    const p = new Pages();
    p.map(10, 20);
    p.write(10);
    const root = p.at(10).anonVma;
    p.fork(PARENT);
    p.fork(PARENT);
    expect(p.at(10)).toMatchObject({ anonVma: root, chain: 1 });
    p.map(20, 30);
    expect(p.ranges).toBe("10..30");
  });
});
