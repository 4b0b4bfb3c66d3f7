// Each finding on a hook made for it, and that the protocols that cannot reach it do not.

import { describe, expect, test } from "vitest";
import { PROTOCOLS, parseProtocol } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import { Core, type DriverRecord } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import { FINDING_IDS, REACTION_IDS } from "../../src/hazards/findings.js";
import type { Judged } from "../../src/hazards/judge.js";
import { runWorld } from "../../src/hazards/run.js";
import { BASE, PAGE, PLAIN_OPS, type World, type Write, worldOf } from "../../src/hazards/world.js";

const core = new Core("checking");
const seen = { findings: new Set<string>(), reactions: new Set<string>() };

function map(from: number, to: number, file: number, more: Partial<Operation> = {}): Operation {
  return {
    op: abi.OP_MMAP,
    addr: BASE + from * PAGE,
    len: (to - from) * PAGE,
    prot: 3,
    flags: abi.MAP_FIXED | abi.MAP_PRIVATE | (file ? 0 : abi.MAP_ANONYMOUS),
    file,
    pgoff: file ? from : 0,
    ...more,
  };
}
const touch = (page: number): Operation => {
  return { op: abi.OP_TOUCH, addr: BASE + page * PAGE, len: PAGE, flags: 1 };
};
const SHARED = { flags: abi.MAP_FIXED | abi.MAP_SHARED };

/** Writes: `[field, value]` last thing, `[field, value, "first"]` first thing. */
type ShortWrite = [field: number, value: number, when?: "first"];

interface Case {
  writes?: ShortWrite[];
  driver?: DriverRecord;
  settings?: World["settings"];
  setup?: Operation[];
  call?: Operation;
  readOnly?: boolean;
}

function judged(protocol: string, { writes = [], driver, settings, setup, call, readOnly }: Case) {
  const mode = abi.FILE_MODE_READ | (readOnly ? 0 : abi.FILE_MODE_WRITE);
  const world: World = {
    settings: settings ?? {},
    driver: { ops: PLAIN_OPS, ...driver },
    writes: writes.map(([field, value, when]): Write => ({ field, value, late: when !== "first" })),
    files: [0, 0, 1].map((index) => ({ driver: index, mode })),
    setup: setup ?? [],
    call: call ?? map(10, 20, 1),
  };
  const found = runWorld(core, world, parseProtocol(protocol));
  for (const id of found.findings) seen.findings.add(id);
  for (const id of found.reactions) seen.reactions.add(id);
  return found;
}
const findings = (protocol: string, hook: Case) => judged(protocol, hook).findings.join(" ");
const classes = ({ classes }: Judged) => classes.join(" ");

const OVER = [map(5, 25, 0)];
const fails = (failPoint: number): DriverRecord => ({ failPoint, errno: abi.EIO });

describe("a VMA that the hook moves", () => {
  test("grown: the accounts no longer fit; a mapping above is half overwritten", () => {
    const writes: ShortWrite[] = [[abi.WRITE_END, 3]];
    for (const protocol of ["mmap@6.11", "mmap@6.12", "mmap@6.15", "mmap@rfc", "mmap@7.3"]) {
      const alone = judged(protocol, { writes });
      expect(alone.findings, protocol).toContain("accounts");
      expect([alone.rule, alone.reactions.includes("stored-elsewhere")], protocol).toEqual([
        22,
        true,
      ]);
      const beside = judged(protocol, { writes, setup: [map(20, 24, 0)] });
      expect([beside.rule, ...beside.findings], protocol).toEqual([20, "tree"]);
    }
  });

  test("vm_start: 6.11 refuses, later kernels warn and go on", () => {
    const writes: ShortWrite[] = [[abi.WRITE_START, -2]];
    const refused = judged("mmap@6.11", { writes });
    expect([refused.value, classes(refused), ...refused.reactions]).toEqual([
      -abi.EINVAL,
      "refused",
      "moved-start",
    ]);
    for (const protocol of ["mmap@6.12", "mmap@7.3", "mmap_proto+mmap@rfc"]) {
      const { value, classes: found, reactions } = judged(protocol, { writes });
      expect([value, found.includes("broken"), reactions[0]], protocol).toEqual([
        BASE + 10 * PAGE,
        true,
        "moved-start",
      ]);
    }
  });

  test("shrunk over old mappings: what is freed stays in the tree", () => {
    const hook = {
      writes: [[abi.WRITE_END, -4]] as ShortWrite[],
      setup: [map(10, 14, 0), map(14, 20, 3)],
    };
    expect(judged("mmap@7.3", hook).reactions).toContain("freed-in-tree");
    expect(judged("mmap@6.11", hook).reactions).not.toContain("freed-in-tree");
  });

  test("to nothing: no store at all", () => {
    const hook = { writes: [[abi.WRITE_END, -10]] as ShortWrite[] };
    expect(judged("mmap@7.3", hook).reactions).toContain("nothing-stored");
    expect(judged("mmap@7.3", hook).findings).toEqual(["tree"]);
  });

  test("and failing: a neighbour's pages are cleared", () => {
    const hook = {
      writes: [[abi.WRITE_END, 3]] as ShortWrite[],
      driver: fails(abi.HOOK_FAILS_AT_END),
      setup: [map(20, 24, 0), touch(21)],
    };
    for (const protocol of ["mmap@6.11", "mmap@6.15", "mmap@7.3"]) {
      expect(findings(protocol, hook), protocol).toBe("neighbour-pages");
      expect(core.counted("page.ptesCleared"), protocol).toBe(1);
    }
    expect(findings("mmap_prepare@7.3", hook)).toBe("");
  });

  test("before it sets PTEs: they go elsewhere", () => {
    const driver = { eager: abi.EAGER_REMAP_PFN, pfn: 0x1000 };
    const hook = { writes: [[abi.WRITE_START, -2, "first"]] as ShortWrite[], driver };
    expect(judged("mmap@7.3", hook).reactions).toContain("ptes-elsewhere");
  });

  test("a descriptor has no range to write: prepare and compat never break", () => {
    const writes: ShortWrite[] = [
      [abi.WRITE_START, -2],
      [abi.WRITE_END, 3, "first"],
    ];
    for (const { id, hook } of PROTOCOLS) {
      if (hook === "mmap" || hook === "mmap_proto+mmap") continue;
      expect(classes(judged(id, { writes, setup: OVER })), id).toBe("clean");
    }
  });
});

describe("another file", () => {
  test("without a reference: leaked and overput under .mmap, in order where the kernel takes one", () => {
    const hook = { writes: [[abi.WRITE_FILE, 2]] as ShortWrite[] };
    expect(findings("mmap@7.3", hook)).toBe("file-leak file-overput");
    expect(judged("mmap@7.3", hook).reactions).toEqual(["file-freed"]);
    expect(findings("mmap_prepare@6.18", hook)).toBe("");
    expect(findings("mmap_prepare@7.3", hook)).toBe("file-overput");
    expect(findings("compat@7.3", hook)).toBe("");
  });

  test("with a reference of its own: 7.0 on takes it over, earlier kernels and compat take another", () => {
    const hook = { writes: [[abi.WRITE_FILE_HELD, 2]] as ShortWrite[] };
    expect(findings("mmap_prepare@6.18", hook)).toBe("file-leak");
    expect(findings("mmap_prepare@7.0", hook)).toBe("");
    expect(findings("mmap_prepare@7.3", hook)).toBe("");
    expect(findings("compat@7.3", hook)).toBe("file-leak");
  });

  test("handed over, and then the mapping merges: nobody drops it", () => {
    const hook = { driver: { swapFile: 2 }, setup: [map(0, 10, 2)] };
    expect(findings("mmap_prepare@7.3", hook)).toBe("file-leak");
    expect(findings("mmap_prepare@6.18", hook)).toBe("");
  });

  test("the ordinary way, through compat: leaked in 7.0 and 7.3", () => {
    const hook = { driver: { swapFile: 2 } };
    expect(findings("compat@7.0", hook)).toBe("file-leak");
    expect(findings("compat@7.3", hook)).toBe("file-leak");
    expect(findings("compat@6.18", hook)).toBe("");
    expect(findings("mmap@7.3", hook)).toBe("");
  });

  test("none: an oops where it is put, anonymous memory with a file's offset where it is not", () => {
    const writes: ShortWrite[] = [[abi.WRITE_FILE, 0]];
    const failing = { writes, driver: fails(abi.HOOK_FAILS_AT_END) };
    expect(judged("mmap@7.3", failing).reactions).toEqual(["null-file"]);
    expect(judged("mmap@6.11", failing).reactions).toEqual(["null-file"]);
    expect(findings("mmap_proto@rfc", { writes, driver: { ops: 0 } })).toBe("anon-offset");
    expect(judged("mmap_prepare@7.3", { writes }).reactions).toContain("anon-offset");
  });

  test("and a flag that merges, in 6.15: settled with the wrong file", () => {
    const hook = { driver: { swapFile: 2, flagsSet: abi.VM_DONTDUMP }, setup: [map(0, 10, 1)] };
    expect(judged("mmap@6.15", hook).reactions).toContain("merge-swapped");
    expect(findings("mmap@6.15", hook)).toContain("reverse-map");
    expect(judged("mmap@7.3", hook).reactions).toEqual([]);
  });
});

describe("the charge", () => {
  test("ACCOUNT taken away: it stays for good; put on: given back though never taken", () => {
    for (const { id } of PROTOCOLS) {
      if (/^compat@6/.test(id)) continue; // there flags are only added
      const dropped = { writes: [[abi.WRITE_FLAGS_CLEAR, abi.VM_ACCOUNT]] as ShortWrite[] };
      expect(findings(id, dropped), id).toBe("charge-leak");
    }
    const added = { writes: [[abi.WRITE_FLAGS_SET, abi.VM_ACCOUNT]] as ShortWrite[] };
    for (const { id } of PROTOCOLS) {
      expect(findings(id, { ...added, call: map(10, 20, 1, SHARED) }), id).toBe("undercharge");
    }
  });

  test("a hook that fails: all of it leaks up to 7.0 under prepare, what was replaced under .mmap", () => {
    const driver = fails(abi.HOOK_FAILS_AT_ONCE);
    expect(findings("mmap_prepare@7.0", { driver })).toBe("charge-leak");
    expect(findings("mmap_prepare@7.3", { driver })).toBe("");
    expect(findings("mmap@7.0", { driver })).toBe("");
    expect(findings("mmap@7.0", { driver, setup: OVER })).toBe("charge-leak old-mapping");
    expect(findings("mmap@6.11", { driver, setup: OVER })).toBe("old-mapping");
    expect(findings("mmap@7.3", { driver, setup: OVER })).toBe("old-mapping");
    expect(findings("mmap_prepare@7.3", { driver, setup: OVER })).toBe("old-mapping");
  });
});

describe("a mapping that merges", () => {
  const setup = [map(0, 10, 1)];
  test("the .mmap hook is skipped, a descriptor's never", () => {
    const hook = { writes: [[abi.WRITE_FLAGS_SET, abi.VM_DONTDUMP]] as ShortWrite[], setup };
    for (const { id, hook: kind } of PROTOCOLS) {
      const skipped = kind === "mmap" || kind === "compat";
      expect(findings(id, hook), id).toBe(skipped ? "hook-skipped" : "");
    }
    expect(findings("mmap@7.3", { setup })).toBe(""); // it would only install its ops
  });

  test("a descriptor's private data goes over the neighbour's from 6.16 to 7.0", () => {
    const hook = { writes: [[abi.WRITE_PRIVATE, 5]] as ShortWrite[], setup };
    expect(findings("mmap_prepare@6.16", hook)).toBe("neighbour-altered");
    expect(findings("mmap_prepare@7.0", hook)).toBe("neighbour-altered");
    expect(findings("mmap_prepare@7.3", hook)).toBe("");
  });
});

test("an action that fails late: the whole mapping stood, and goes", () => {
  const driver = {
    eager: abi.EAGER_INSERT_PAGES,
    pfn: 0x1000,
    failPoint: abi.HOOK_FAILS_AFTER_PTES,
    failAfter: 2,
    errno: abi.EIO,
  };
  for (const protocol of ["mmap_prepare@7.0", "mmap_prepare@7.3"]) {
    expect(findings(protocol, { driver }), protocol).toBe("undone-late");
    expect(findings(protocol, { driver, setup: OVER }), protocol).toBe("old-mapping undone-late");
  }
  expect(findings("mmap@7.3", { driver })).toBe("");
  expect(findings("compat@7.3", { driver })).toBe("");
});

describe("checks that come before the hook", () => {
  test("memory-deny-write-execute: only 6.11 looks again", () => {
    const hook = {
      writes: [[abi.WRITE_FLAGS_SET, abi.VM_EXEC]] as ShortWrite[],
      settings: { mdwe: true },
    };
    expect(judged("mmap@6.11", hook).value).toBe(-abi.EACCES);
    expect(findings("mmap@6.12", hook)).toBe("write-execute");
    expect(findings("mmap_prepare@7.3", hook)).toBe("write-execute");
  });

  test("a file opened for reading", () => {
    const flags = abi.VM_SHARED + abi.VM_MAYWRITE;
    const call = map(10, 20, 1, { ...SHARED, prot: 1 });
    const hook = { writes: [[abi.WRITE_FLAGS_SET, flags]] as ShortWrite[], call, readOnly: true };
    expect(judged("mmap@7.3", hook)).toMatchObject({
      findings: ["read-only-file"],
      reactions: ["maywrite-gained"],
    });
    expect(judged("mmap_prepare@7.3", hook)).toMatchObject({
      findings: ["read-only-file"],
      reactions: [],
    });
  });

  test("RLIMIT_MEMLOCK and RLIMIT_DATA", () => {
    const locked = { driver: { flagsSet: abi.VM_LOCKED }, settings: { limitMemlock: 4 * PAGE } };
    expect(findings("mmap@7.3", locked)).toBe("locked-limit");
    expect(findings("mmap_prepare@7.3", locked)).toBe("locked-limit");
    const written = {
      writes: [[abi.WRITE_FLAGS_SET, abi.VM_WRITE]] as ShortWrite[],
      settings: { limitData: 4 * PAGE },
      call: map(10, 20, 1, { prot: 1 }),
    };
    expect(findings("mmap_prepare@7.3", written)).toBe("data-limit");
  });
});

test("PFNMAP taken away after the PTEs: only a .mmap hook can", () => {
  const driver = { eager: abi.EAGER_REMAP_PFN, pfn: 0x1000 };
  const writes: ShortWrite[] = [[abi.WRITE_FLAGS_CLEAR, abi.VM_PFNMAP]];
  expect(judged("mmap@7.3", { driver, writes }).reactions).toEqual(["bad-page-map"]);
  expect(judged("mmap_prepare@7.3", { driver, writes }).reactions).toEqual([]);
});

test("6.15: no second merge of a VMA that was moved", () => {
  const hook = {
    driver: { flagsSet: abi.VM_DONTDUMP },
    writes: [[abi.WRITE_END, 2]] as ShortWrite[],
    setup: [map(0, 10, 1)],
  };
  expect(judged("mmap@6.15", hook).reactions).toContain("merge-moved");
});

test("hooks that keep to the rules are clean, under every protocol", () => {
  for (let i = 0; i < 150; i++) {
    const { driver, setup, files, call } = worldOf(11, i);
    const world: World = {
      settings: {},
      driver: { ops: driver.ops ?? 0 },
      writes: [],
      files,
      setup,
      call: { ...call, fail: 0 },
    };
    for (const protocol of PROTOCOLS) {
      const found = runWorld(core, world, protocol);
      expect(["clean", "refused"], `${i} ${protocol.id} ${found.findings}`).toContain(
        classes(found),
      );
    }
  }
});

test("whatever hooks write, the core answers: no assertion fails in it, nothing traps", () => {
  for (let i = 0; i < 400; i++) {
    const world = worldOf(7, i);
    for (const protocol of PROTOCOLS)
      expect(runWorld(core, world, protocol).classes).not.toEqual([]);
  }
});

test("every finding and reaction was reached above", () => {
  expect(FINDING_IDS.filter((id) => !seen.findings.has(id))).toEqual([]);
  expect(REACTION_IDS.filter((id) => !seen.reactions.has(id))).toEqual([]);
});
