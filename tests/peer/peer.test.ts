import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import { parseWorkload } from "../../src/catalogue/workloads.js";
import * as abi from "../../src/core/abi.js";
import { whatIsMissing } from "../../src/peer/build.js";
import { peerHook } from "../../src/peer/hook.js";
import { operationText, withoutPages } from "../../src/peer/operations.js";
import { namedPlan, peerPlan } from "../../src/peer/plan.js";
import { groupRecord, summaryOf } from "../../src/peer/report.js";
import { kernelTree } from "../../src/peer/tree.js";
import { parseOps } from "../../src/trace/ops.js";
import { programOf } from "../../src/trace/program.js";
import { hollowTree } from "./tree.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-peer-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a kernel tree", () => {
  test("has the version that its Makefile says", () => {
    expect(kernelTree(hollowTree(join(folder, "whole"))).version).toBe("7.3.0-rc1");
  });

  test("without a file that is needed is refused by the file's name", () => {
    const old = hollowTree(join(folder, "old"), ["mm/vma.c"]);
    expect(() => kernelTree(old)).toThrow(/has no mm\/vma\.c: it lacks the VMA code by itself/);
    const no = join(folder, "none");
    expect(() => kernelTree(no)).toThrow(/kernel source .*none: no such folder/);
  });

  test("that cannot be built: the compiler's first complaint names what it lacks", () => {
    const cases = {
      "x.c:1:10: fatal error: linux/args.h: No such file or directory": "no header linux/args.h",
      "a.h:7:3: error: 'vma_flags_t' undeclared (first use": "vma_flags_t is not there",
      "a.h:7:3: error: unknown type name 'vma_flags_t'": "vma_flags_t is not there",
      "a.h:9:1: error: too few arguments to function 'mmap_region'": "mmap_region is not there",
      "peer.c:(.text+0x1): undefined reference to `mas_find'": "no mas_find",
      "a.c:3:1: error: expected ';' before 'x'": "a.c:3: expected ';' before 'x'",
    };
    for (const [stderr, text] of Object.entries(cases)) {
      expect(whatIsMissing(`In file included from y.c:1:\n${stderr}\n`)).toContain(text);
    }
  });
});

describe("operations", () => {
  test("are written as a trace that replay reads back as the same", async () => {
    const { built } = withoutPages(await parseWorkload("holes-overlap?ops=200").build(3));
    const program = programOf(parseOps(operationText(built, "holes-overlap")));
    expect(program.setup.length).toBe(built.setup.length);
    for (const [i, wanted] of [...built.setup, ...built.operations].entries()) {
      const read = [...program.setup, ...program.operations][i];
      expect(read).toMatchObject({ op: wanted.op, addr: wanted.addr, len: wanted.len });
    }
  });

  test("that only touch pages are left out, and counted", async () => {
    const whole = await parseWorkload("failing-storm?ops=10").build(1);
    const { built, dropped } = withoutPages(whole);
    expect(dropped).toBe(10);
    expect(built.setup.some(({ op }) => op === abi.OP_TOUCH)).toBe(false);
  });

  test("the peer does not have are refused with the workload's name", () => {
    const built = { settings: {}, setup: [], operations: [{ op: abi.OP_MREMAP }], files: [] };
    expect(() => operationText(built, "mine")).toThrow(/workload mine: peer executes mmap, munmap/);
  });
});

describe("hooks", () => {
  test("set flags, install ops, fail at once", () => {
    expect(peerHook(parseDriver("vmops-only"))).toEqual({ set: 0, installsOps: true, error: 0 });
    expect(peerHook(parseDriver("hint-or-dump-flag")).set).toBe(abi.VM_DONTDUMP);
    expect(peerHook(parseDriver("always-reject")).error).toBe(abi.ENOMEM);
  });

  test("that do more are refused with what it is", () => {
    const refused = (driver: string) => () => peerHook(parseDriver(driver));
    expect(refused("pfnmap-eager-full")).toThrow(/this driver has eager besides/);
    expect(refused("vmops-after-inode-work")).toThrow(/vm_ops->close/);
  });
});

test("the plan has every workload and hook of the comparison, and can be filtered", () => {
  const ids = peerPlan([]).map(({ id }) => id);
  expect(ids).toContain("tree-60000/vmops-only");
  expect(ids).toContain("append-never/always-reject");
  expect(peerPlan(["tree-*"]).map(({ id }) => id)).not.toContain("append-merge/vmops-only");
  expect(() => peerPlan(["nothing"])).toThrow(/nothing matches nothing; there is append-merge/);
});

describe("workloads named on the command line", () => {
  test("take parameters, and drivers", async () => {
    const plan = await namedPlan(
      ["tree-60000?among=1000&ops=100"],
      ["vmops-only", "always-reject"],
    );
    expect(plan.map(({ id }) => id)).toEqual([
      "tree-60000?among=1000&ops=100/vmops-only",
      "tree-60000?among=1000&ops=100/always-reject",
    ]);
  });

  test("may be operation traces, with something after #MARK", async () => {
    const path = join(folder, "mine.ops");
    writeFileSync(path, "mmap 100000000000 4000 3 0x32 - 0\n#MARK\nmunmap 100000000000 1000\n");
    const [group] = await namedPlan([path], ["vmops-only"]);
    const built = await group!.workload.build(1);
    expect([built.setup.length, built.operations.length]).toEqual([1, 1]);
    writeFileSync(path, "mmap 100000000000 4000 3 0x32 - 0\n#MARK\n");
    await expect(namedPlan([path], ["vmops-only"])).rejects.toThrow(/no operation after #MARK/);
  });
});

test("every planned driver is one that the peer has", () => {
  for (const { driver } of peerPlan([])) expect(() => peerHook(driver)).not.toThrow();
});

test("ratios are the model's time over the kernel code's, round by round", () => {
  const few = (value: number) => new Float64Array(4).fill(value);
  const group = peerPlan(["append-merge/vmops-only"])[0]!;
  const record = groupRecord({
    group,
    operations: 1,
    dropped: 0,
    rounds: 24,
    sittings: [1, 2, 3, 4, 5, 6].map((slower) => ({
      mmap: { base: few(100 * slower), other: few(90 * slower) },
      mmap_prepare: { base: few(50), other: few(58 + slower) },
    })),
    difference: null,
  });
  expect(record.ratio.mmap.ratio).toBeCloseTo(0.9);
  // between sittings it varies: their range is the interval
  expect(record.ratio.mmap_prepare.low).toBeCloseTo(1.18);
  expect(record.ratio.mmap_prepare.high).toBeCloseTo(1.28);
  expect(record.ratio.mmap_prepare.confidence).toBeGreaterThanOrEqual(0.95);
  const { medianRatio, highestRatio, differences } = summaryOf([record]);
  expect([medianRatio, highestRatio].map((x) => x.toFixed(2))).toEqual(["1.06", "1.23"]);
  expect(differences).toBe(0);
});
