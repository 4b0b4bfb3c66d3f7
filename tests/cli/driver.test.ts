// A driver of one's own from a file to the answer, by the commands that take one.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { DRIVERS } from "../../src/catalogue/drivers.js";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import { groupsOf, readSuite } from "../../src/catalogue/suites.js";
import type { Results } from "../../src/record/schema.js";
import { vmabench } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-own-"));
afterAll(() => rmSync(folder, { recursive: true }));
const trace = fileURLToPath(new URL("../../bench/traces/xz.vmatrace.gz", import.meta.url));

const mine = join(folder, "my-driver.yaml");
writeFileSync(mine, "driver: my-secret\nset: [DONTDUMP]\nops: [fault]\n");
const wrong = join(folder, "wrong.yaml");
writeFileSync(wrong, "driver: my-wrong\nsets: [DONTDUMP]\n");

describe("a described driver", () => {
  test("runs instead of a suite", async () => {
    const out = join(folder, "report");
    const args = ["run", "--driver", mine, "--driver", "dax-hugepage", "--work-only"];
    const filter = ["--filter", "append-merge", "--candidate", "mmap@7.3", "--json", "--out", out];
    const { code, stdout } = await vmabench([...args, ...filter]);
    expect(code).toBe(0);
    const { comparisons } = JSON.parse(stdout) as Results;
    expect(comparisons.map(({ workload, driver }) => [workload, driver])).toEqual([
      ["append-merge", "my-secret"],
      ["append-merge", "dax-hugepage"],
    ]);
    // without a second merge, such a hook loses all merges
    for (const { final } of comparisons) expect(final.vmas).toEqual([128, 16_504]);
  });

  test("is explained, and given to every file of a recording", async () => {
    const scenario = "append-merge/my-secret/mmap_prepare@7.3";
    const explained = await vmabench(["explain", scenario, "--driver", mine, "--quiet"]);
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(/^mmap_prepare@7\.3: .*hook\.prepare/);
    const vmas = async (protocol: string) => {
      const args = ["replay", trace, "--driver", mine, "--protocol", protocol, "--json"];
      const { stdout } = await vmabench(args);
      const { driver, final } = JSON.parse(stdout);
      expect(driver).toBe("my-secret");
      return final.vmas;
    };
    expect(await vmas("mmap@7.3")).toBeGreaterThanOrEqual(await vmas("mmap_prepare@7.3"));
  });

  test.each([["run"], ["replay", trace], ["explain", "append-merge/my-wrong/mmap@6.15"]])(
    "%s names what is wrong with it",
    async (...command) => {
      const { code, stderr, stdout } = await vmabench([...command, "--driver", wrong]);
      expect(code).toBe(2);
      expect(stdout).toBe("");
      expect(stderr).toMatch(/wrong\.yaml:2: expected sets: one of the fields driver, title, set/);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    },
  );

  test("that maps pieces is refused for a descriptor, said so or not", async () => {
    const pieces = join(folder, "pieces.yaml");
    writeFileSync(pieces, "driver: my-pieces\npages: all\nby: pieces\n");
    const args = ["replay", trace, "--driver", pieces, "--protocol", "mmap_prepare@7.3"];
    const { code, stderr } = await vmabench(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/my-pieces has no form for mmap_prepare@7\.3: .*one action/);
  });

  test("and a suite are not for one command line", async () => {
    const { code, stderr } = await vmabench(["run", "--suite", "quick", "--driver", mine]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/name one of both/);
  });
});

describe("a described workload", () => {
  const own = join(folder, "own-program.yaml");
  writeFileSync(
    own,
    `workload: own-program\nparameters: { ops: 20 }\nphases:\n  - trace: ${trace}\n  - run: mix-jit\n`,
  );

  test("runs with the parameters behind its file", async () => {
    const args = ["run", "--workload", `${own}?ops=30`, "--driver", `${mine}?errno=EBUSY`];
    const report = ["--work-only", "--json", "--out", join(folder, "own-report")];
    const { code, stdout } = await vmabench([...args, ...report]);
    expect(code).toBe(0);
    const { scenarios } = JSON.parse(stdout) as Results;
    expect(scenarios.map(({ id, operations }) => [id, operations])).toEqual(
      ["mmap@6.15", "mmap_prepare@7.3"].map((protocol) => [
        `own-program/my-secret/${protocol}?errno=EBUSY&ops=30`,
        59 + 30,
      ]),
    );
  });

  const hurts = join(folder, "hurts.yaml");
  test.each([
    [
      "an unknown field",
      "workload: w\nphase: 1\nphases:\n  - run: mix-jit\n",
      /:2: expected phase: one of/,
    ],
    ["10 MB", "#padding\n".repeat((10 << 20) / 9), /expected at most 32768 bytes/],
    ["deep nesting", `title: ${"[".repeat(300)}`, /:1: expected nesting of at most 32 levels/],
    [
      "a trace that is none",
      "workload: w\nphases:\n  - trace: wrong.yaml\n",
      /wrong\.yaml:1: expected a vmatrace/,
    ],
  ])("%s is one error of every command that takes it", async (_what, text, message) => {
    writeFileSync(hurts, text);
    for (const command of [
      ["run", "--out", join(folder, "none")],
      ["explain", "w/vmops-only/mmap@6.15"],
    ]) {
      const { code, stderr, stdout } = await vmabench([...command, "--workload", hurts]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(message);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

test("the full suite has a scenario for every driver of the catalogue", () => {
  const protocols = ["mmap@6.15", "mmap_prepare@7.3"].map(parseProtocol);
  const drivers = new Set(groupsOf(readSuite("full"), protocols, []).map(({ driver }) => driver));
  expect(DRIVERS.map(({ id }) => id).filter((id) => !drivers.has(id))).toEqual([]);
});

test("list drivers --json gives all there is to know of one", async () => {
  const { stdout } = await vmabench(["list", "drivers", "--json"]);
  const listed = JSON.parse(stdout) as { id: string }[];
  expect(listed).toHaveLength(DRIVERS.length);
  expect(listed.find(({ id }) => id === "pfnmap-eager-scattered")).toMatchObject({
    kind: "archetype",
    prepare: null,
    does: { pages: "all", by: "pieces", "stays-on-mmap": expect.stringContaining("one action") },
    examples: expect.arrayContaining([{ file: "kernel/events/core.c", function: "perf_mmap" }]),
  });
});
