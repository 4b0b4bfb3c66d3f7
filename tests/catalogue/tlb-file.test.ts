// `--tlb`: presets, files, and what is said about wrong ones.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { tlbArgument, tlbJsonSchema, withCpus } from "../../src/catalogue/tlb-file.js";
import { TLBS } from "../../src/catalogue/tlbs.js";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { UsageError } from "../../src/errors.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-tlb-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, "t.yaml");
  writeFileSync(path, text);
  return path;
}

const example = fileURLToPath(new URL("../../examples/tlb/small-core.yaml", import.meta.url));
const PAGE = 4096;
const BASE = 0x1000_0000_0000;

/** Events of two passes over so many pages. */
function twoPasses(tlb: string, pages: number) {
  const core = new Core("checking");
  core.reset({}, tlbArgument(tlb));
  core.run([
    {
      op: abi.OP_MMAP,
      addr: BASE,
      len: pages * PAGE,
      prot: abi.PROT_READ,
      flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED,
    },
    { op: abi.OP_TOUCH, addr: BASE, len: pages * PAGE, flags: 0 },
  ]);
  core.clearCounters();
  core.run([
    { op: abi.OP_TOUCH, addr: BASE, len: pages * PAGE, flags: 0 },
    { op: abi.OP_TOUCH, addr: BASE, len: pages * PAGE, flags: 0 },
  ]);
  expect(core.check()).toBe(0);
  return core.counters();
}

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(tlbJsonSchema()).toMatchFileSnapshot("../../schemas/tlb.schema.json");
});

test.each(TLBS.map(({ id }) => id))(
  "%s fits into the core with as many CPUs as there can be",
  (id) => {
    expect(
      withCpus(tlbArgument(id), id.startsWith("zen") ? 8 : abi.CPU_LIMIT).banks.length,
    ).toBeGreaterThan(2);
  },
);

describe("a file", () => {
  test("describes the first level: 32 entries hold 32 pages and not 64", () => {
    expect(twoPasses(example, 32)["tlb.l1Hits"]).toBe(64);
    expect(twoPasses(example, 64)["tlb.l1Hits"]).toBe(0);
    expect(twoPasses(example, 64)["tlb.l2Hits"]).toBe(128);
  });

  test("describes the walker's caches: lines of eight entries, found where they were left", () => {
    // 2048 pages are 256 lines of PTEs: more than the 64 of the first cache, less than the 1024 of the second
    const c = twoPasses(example, 2048);
    expect(c["tlb.misses"]).toBe(4096);
    // the first of each eight comes from the second cache, the rest from the first
    expect(c["page.stepsFromL2"]).toBeGreaterThanOrEqual(512);
    expect(c["page.stepsFromMemory"]).toBe(0);
    const from = c["page.stepsFromL1"] + c["page.stepsFromL2"];
    expect(from).toBe(c["page.walkSteps"]);
    // without a description of caches no step is said to come from one
    expect(twoPasses("skylake-sp", 2048)["page.stepsFromL1"]).toBe(0);
  });
});

describe("is refused", () => {
  const head = "tlb: x\nbanks:\n";
  const L1 = "  - { holds: [l1-4K], sets: 8, ways: 4, policy: lru }\n";
  test.each([
    ["an unknown field", `${head}${L1}walker: 2\n`, /t\.yaml:4: expected .*walker/],
    [
      "an unknown policy",
      `${head}  - { holds: [l1-4K], sets: 8, ways: 4, policy: mru }\n`,
      /t\.yaml:3/,
    ],
    ["no first level", `${head}  - { holds: [pde], sets: 1, ways: 4, policy: lru }\n`, /l1-4K/],
    [
      "three sets",
      `${head}  - { holds: [l1-4K], sets: 3, ways: 4, policy: lru }\n`,
      /power of two/,
    ],
    ["two banks for one kind", `${head}${L1}${L1}`, /one bank for l1-4K/],
    [
      "lines among translations",
      `${head}  - { holds: [l1-4K, lines-l1], sets: 8, ways: 4, policy: lru }\n`,
      /own/,
    ],
    [
      "more than the core has room for",
      `${head}${L1}  - { holds: [l2-4K], sets: 65536, ways: 4096, policy: lru }\n`,
      /bytes a CPU/,
    ],
    ["more CPUs than the core has", `${head}${L1}cpus: 17\n`, /t\.yaml:4/],
  ])("%s, with the place", (_, text, message) => {
    expect(() => tlbArgument(file(text))).toThrow(UsageError);
    expect(() => tlbArgument(file(text))).toThrow(message);
  });

  test("a name that nobody knows, with those there are", () => {
    expect(() => tlbArgument("pentium")).toThrow(/there is ideal, haswell/);
  });

  test("more CPUs than there is room for", () => {
    expect(() => withCpus(tlbArgument("zen4"), 400)).toThrow(UsageError);
  });
});
