// Who merges in which kernel: the second merge of `.mmap` up to 6.15, and what took its place
// (sheet 1.3 to 1.6, section 6 ii to iv).

import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import {
  BOTH,
  COMPAT,
  ERAS,
  isEarlyHook,
  Pages,
  PREPARE,
  PROTO,
  PROTOCOLS,
  type Protocol,
  R,
  RFC,
  V611,
  V612,
  V615,
  V616,
} from "./pages.js";

const CLOSING = abi.OPS_INSTALLED | abi.OPS_CLOSE;
const dontDump = { flagsSet: abi.VM_DONTDUMP };
const READABLE = abi.VM_READ | abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
const RETRYING: [string, Protocol][] = ERAS.slice(0, 4);

describe("the hook's flags make it mergeable (ii)", () => {
  test.each(RETRYING)("to the right alone: 6.11 and 6.12 want a VMA below, %s", (_, era) => {
    for (const hasPrev of [false, true]) {
      const p = new Pages(era).file(1, dontDump);
      if (hasPrev) p.map(2, 4);
      p.map(30, 40, { prot: R, file: 1, pgoff: 20 });
      p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
      const merges = hasPrev || (era !== V611 && era !== V612);
      expect(p.ranges).toBe((hasPrev ? "2..4 " : "") + (merges ? "20..40" : "20..30 30..40"));
      expect(p.model.secondMerged).toBe(merges ? 1 : 0);
      expect(p.at(20).pgoff).toBe(10);
    }
  });

  test.each(RETRYING)("to both sides, %s", (_, era) => {
    const p = new Pages(era).file(1, dontDump);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(30, 40, { prot: R, file: 1, pgoff: 20 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..40");
    expect(p.account).toMatchObject({ totalVm: 30, mapCount: 1 });
    expect(p.model.fileState(1)).toEqual({ refs: 1, mapped: 1, writable: 0 });
  });

  test.each(RETRYING)(
    "with close: 6.11 and 6.12 drop the VMA unheard, 6.15 refuses, %s",
    (_, era) => {
      const p = new Pages(era).file(1, { ...dontDump, ops: CLOSING });
      p.map(10, 20, { prot: R, file: 1 });
      p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
      const drops = era === V611 || era === V612;
      expect(p.ranges).toBe(drops ? "10..30" : "10..20 20..30");
      expect(p.model.closeCalls).toBe(0);
      p.unmap(10, 30);
      expect(p.model.closeCalls).toBe(drops ? 1 : 2);
      expect(p.model.fileState(1).refs).toBe(0);
    },
  );

  test.each(RETRYING)("a VM_SPECIAL bit prevents it, %s", (_, era) => {
    const p = new Pages(era).file(1, { flagsSet: abi.VM_MIXEDMAP });
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..20 20..30");
    expect(p.model.secondMerged).toBe(0);
    expect(p.model.secondAttempts).toBe(0);
  });

  test.each(RETRYING)("the neighbour has the KSM bit, the request has not, %s", (_, era) => {
    const p = new Pages({ ...era, mergeAny: true }).file(1, dontDump);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..20 20..30");
    expect(p.has(10, abi.VM_MERGEABLE) && p.has(20, abi.VM_MERGEABLE)).toBe(true);
  });

  test.each(RETRYING)("the survivor gets the KSM bit up to 6.12 only, %s", (_, era) => {
    const p = new Pages({ ...era, mergeAny: true }).file(1, dontDump);
    p.map(10, 20, { prot: R, file: 1 });
    p.advise(10, 20, 13); // MADV_UNMERGEABLE
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..30");
    expect(p.has(10, abi.VM_MERGEABLE)).toBe(era === V611 || era === V612);
  });
});

describe("an ordinary mapping of the same file beside it (i-b, hazard iii)", () => {
  test.each(PROTOCOLS)("`.mmap` is skipped, an early hook is not, %s", (_, era) => {
    const p = new Pages(era).file(1, dontDump);
    p.place(10, 20, READABLE, 0, 1);
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    const early = isEarlyHook(era);
    expect(p.ranges).toBe(early ? "10..20 20..30" : "10..30");
    expect(p.has(20, abi.VM_DONTDUMP)).toBe(early);
    expect(p.model.hookCalls).toBe(era === BOTH ? 2 : early ? 1 : 0);
  });
});

describe("the hook changes file or offset (iv)", () => {
  const swaps = { ...dontDump, swapFile: 2 };

  /** File 1 swaps to file 2; both have marked mappings below 20, or the one asked for. */
  function besides(era: Protocol, file: 1 | 2, driver = swaps): Pages {
    const p = new Pages(era).file(1, driver).file(2, dontDump);
    p.place(10, 20, READABLE + abi.VM_DONTDUMP, 0, file);
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    return p;
  }

  test.each(PROTOCOLS)("file and flags changed, beside the new file, %s", (_, era) => {
    const p = besides(era, 2);
    const merges = era === V611 || isEarlyHook(era);
    expect(p.ranges).toBe(merges ? "10..30" : "10..20 20..30");
    expect(p.vmas.every((vma) => vma.file === 2)).toBe(true);
    expect(p.model.fileState(1)).toEqual({ refs: 0, mapped: 0, writable: 0 });
    expect(p.model.fileState(2).mapped).toBe(merges ? 1 : 2);
  });

  test.each(PROTOCOLS)("file and flags changed, beside the old file, %s", (_, era) => {
    const p = besides(era, 1);
    const merges = [V612, V615, RFC].includes(era);
    expect(p.ranges).toBe(merges ? "10..30" : "10..20 20..30");
    expect(p.model.secondMerged).toBe(merges ? 1 : 0);
    const states = [1, 2].map((file) => p.model.fileState(file).refs);
    // The put and the removal have hit the survivor's file.
    const wrong = era === V615 || era === RFC;
    if (wrong) {
      expect(states).toEqual([0, 1]);
      expect([1, 2].map((file) => p.model.fileState(file).mapped)).toEqual([0, 1]);
    } else if (era === V612) {
      expect(states).toEqual([1, 0]);
    }
    p.unmap(10, 30);
    expect(p.model.fileState(1).refs).toBe(wrong ? -1 : 0);
  });

  test.each(RETRYING)(
    "a wrong removal takes a writable mapping off the wrong file, %s",
    (_, era) => {
      const p = new Pages(era).file(1, swaps).file(2);
      const shared = { file: 1, flags: abi.MAP_SHARED | abi.MAP_FIXED };
      const writable = READABLE + abi.VM_WRITE + abi.VM_SHARED + abi.VM_MAYSHARE;
      p.place(10, 20, writable + abi.VM_DONTDUMP, 0, 1);
      p.map(20, 30, { ...shared, pgoff: 10 });
      const wrong = era === V615 || era === RFC;
      const writers = [1, 2].map((file) => p.model.fileState(file).writable);
      expect(writers).toEqual(wrong ? [0, 1] : era === V611 ? [1, 1] : [1, 0]);
    },
  );

  test.each(ERAS)("only the file changed: no second merge, %s", (_, era) => {
    const p = new Pages(era).file(1, { swapFile: 2 }).file(2);
    p.place(10, 20, READABLE, 0, 2);
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.ranges).toBe("10..20 20..30");
    expect(p.model.secondAttempts).toBe(0);
    expect(p.model.fileState(2)).toEqual({ refs: 2, mapped: 2, writable: 0 });
  });

  test.each(PROTOCOLS)("offset and flags changed, %s", (_, era) => {
    for (const [below, fits] of [
      [90, era === V611 || isEarlyHook(era)], // beside the new offset
      [0, [V612, V615, RFC].includes(era)], // beside the one asked for
    ] as const) {
      const p = new Pages(era).file(1, {
        ...dontDump,
        behaviour: abi.BEHAVES_SETS_PGOFF,
        pgoff: 100,
      });
      p.place(10, 20, READABLE + abi.VM_DONTDUMP, below, 1);
      p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
      expect(p.ranges).toBe(fits ? "10..30" : "10..20 20..30");
      if (!fits) expect(p.at(20).pgoff).toBe(100);
    }
  });
});

describe("merge 1 of 6.11", () => {
  test("a right match is asked for before the left one", () => {
    const p = new Pages(V611);
    p.map(10, 20);
    p.map(30, 40);
    p.write(30);
    p.map(20, 30);
    expect(p.ranges).toBe("10..20 20..40");
    p.write(10);
    p.unmap(20, 30);
    p.unmap(30, 40);
    p.map(30, 40);
    p.map(20, 30);
    expect(p.ranges).toBe("10..40");
  });

  test("a closing neighbour above does not grow in mprotect, madvise and mremap either", () => {
    for (const era of [V611, V616]) {
      const p = new Pages(era).file(1, { ops: CLOSING });
      const file = { prot: R, file: 1 };
      p.map(10, 20, { ...file, pgoff: 10 });
      p.advise(15, 20, 16); // MADV_DONTDUMP
      p.advise(14, 15, 16);
      expect(p.ranges).toBe(era === V611 ? "10..14 14..15 15..20" : "10..14 14..20");
      p.map(40, 50, { ...file, pgoff: 40 });
      p.map(60, 70, { ...file, pgoff: 30 });
      p.remap(60, 70, 10, abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED, 30);
      expect(p.vmas.length).toBe(era === V611 ? 5 : 3);
    }
  });
});

test("the hooks of the RFC and the layer of 7.3 have no second merge", () => {
  for (const era of [PROTO, BOTH, COMPAT, PREPARE]) {
    const p = new Pages(era).file(1, dontDump);
    p.map(10, 20, { prot: R, file: 1 });
    p.map(20, 30, { prot: R, file: 1, pgoff: 10 });
    expect(p.model.secondAttempts).toBe(0);
    expect(p.ranges).toBe(era === COMPAT ? "10..20 20..30" : "10..30");
  }
});
