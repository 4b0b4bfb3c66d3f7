// Many runs: the same answer each time, examples that show themselves again, the command line.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROTOCOLS } from "../../src/catalogue/kernels.js";
import { Core } from "../../src/core/core.js";
import { exampleOps, exampleText, parseExample } from "../../src/hazards/example.js";
import { FINDINGS } from "../../src/hazards/findings.js";
import { type Hazards, hazards } from "../../src/hazards/hazards.js";
import { runWorld } from "../../src/hazards/run.js";
import { sizeOf } from "../../src/hazards/shrink.js";
import { hazardsText } from "../../src/hazards/text.js";
import { worldOf } from "../../src/hazards/world.js";
import { colorsFor } from "../../src/render/colors.js";
import { parseOps } from "../../src/trace/ops.js";
import { vmabench } from "../cli/command.js";

const core = new Core("work");
let folder = "";
let found: Hazards;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-hazards-"));
  found = await hazards({ runs: 18_000, seed: 1, protocols: PROTOCOLS });
});
afterAll(() => rmSync(folder, { recursive: true }));

const total = (prefix: string, finding: keyof typeof FINDINGS) =>
  found.tallies
    .filter(({ protocol }) => protocol.hook === prefix)
    .reduce((sum, { findings }) => sum + findings[finding], 0);

describe("many runs", () => {
  test("the same twice, to the last example", async () => {
    const again = await hazards({ runs: 18_000, seed: 1, protocols: PROTOCOLS });
    expect(again).toEqual(found);
    const other = await hazards({ runs: 18_000, seed: 2, protocols: PROTOCOLS });
    expect(other.tallies).not.toEqual(found.tallies);
  });

  test("every run is dealt out; each is clean, refused or found wanting", async () => {
    const uneven = await hazards({ runs: 40, seed: 3, protocols: PROTOCOLS });
    expect(uneven.tallies.map(({ runs }) => runs)).toEqual(
      PROTOCOLS.map((_, i) => (i < 4 ? 3 : 2)),
    );
    for (const { runs, classes } of found.tallies) {
      const wanting =
        Object.values(classes).reduce((sum, n) => sum + n) - classes.clean - classes.refused;
      expect(classes.clean + classes.refused).toBeLessThanOrEqual(runs);
      expect(classes.clean + classes.refused + wanting).toBeGreaterThanOrEqual(runs);
    }
  });

  test("what only .mmap reaches, and what only .mmap_prepare does", () => {
    for (const finding of ["tree", "accounts", "neighbour-pages", "hook-skipped"] as const) {
      expect([total("mmap", finding) > 0, total("mmap_prepare", finding)]).toEqual([true, 0]);
    }
    for (const finding of ["undone-late", "neighbour-altered"] as const) {
      expect([total("mmap_prepare", finding) > 0, total("mmap", finding)]).toEqual([true, 0]);
    }
    const broken = found.tallies.filter(({ classes }) => classes.broken > 0);
    expect(broken.every(({ protocol }) => /mmap@|mmap_proto/.test(protocol.id))).toBe(true);
  });

  test("the text stays within 100 columns", () => {
    const text = hazardsText(found, colorsFor({}), ({ hook }) => `vmabench hazards --at ${hook}`);
    expect(text.split("\n").filter((line) => line.length > 100)).toEqual([]);
    expect(text).toContain("only .mmap:          neighbour-pages, hook-skipped, tree, accounts");
  });
});

describe("examples", () => {
  test("there is one of each finding and kind of hook, smaller than the hook it was made of", () => {
    const keys = found.examples.map(({ finding, protocol }) => `${finding} ${protocol.hook}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThan(40);
    for (const { finding, hook, world, judged } of found.examples) {
      expect(judged.findings).toContain(finding);
      expect(sizeOf(world)).toBeLessThanOrEqual(sizeOf(worldOf(1, hook)));
    }
  });

  test("each shows itself again out of its file alone", () => {
    for (const example of found.examples) {
      const read = parseExample(exampleText(example), "example.json");
      const judged = runWorld(new Core("work"), read.world, read.protocol);
      expect(judged).toEqual(example.judged);
    }
  });

  test("a file says everything: any world comes back as it was", () => {
    for (let i = 0; i < 300; i++) {
      const world = worldOf(5, i);
      for (const protocol of PROTOCOLS.slice(i % 6, (i % 6) + 2)) {
        const text = exampleText({ protocol, finding: "tree", world });
        const read = parseExample(text, "example.json");
        expect(exampleText(read)).toBe(text);
        expect(runWorld(core, read.world, protocol)).toEqual(runWorld(core, world, protocol));
      }
    }
  });

  test("its calls are an operation trace", () => {
    for (const example of found.examples) {
      const { calls, mark } = parseOps(exampleOps(example));
      expect(calls.length).toBe(example.world.setup.length + 1);
      expect(mark).toBe(example.world.setup.length);
    }
  });
});

describe("the command", () => {
  test("--out writes examples, and each printed command shows its finding again", async () => {
    const out = join(folder, "out");
    const args = ["hazards", "--runs", "1800", "--seed", "1", "--out", out];
    const { code, stdout } = await vmabench(args);
    expect(code).toBe(0);
    expect((await vmabench(args)).stdout).toBe(stdout);
    const commands = [...stdout.matchAll(/^([\w-]+) +vmabench (hazards --replay \S+)$/gm)];
    expect(commands.length).toBeGreaterThan(20);
    expect(readdirSync(out).length).toBe(2 * commands.length);
    for (const [, finding, command] of commands.filter((_, i) => i % 8 === 0)) {
      const shown = await vmabench((command as string).split(" "));
      expect(shown.code).toBe(0);
      expect(shown.stdout).toContain(`  ${finding}: `);
    }
    writeFileSync(join(out, "mine.txt"), "");
    await vmabench([
      "hazards",
      "--runs",
      "36",
      "--out",
      out,
      "--protocol",
      "mmap@7.3,mmap_prepare@7.3",
    ]);
    expect(readdirSync(out)).toContain("mine.txt");
    expect(readdirSync(out).some((name) => name.includes("compat"))).toBe(false);
  });

  test("without --out, by the number of the hook", async () => {
    const only = ["hazards", "--seed", "4", "--protocol", "mmap@7.3"];
    const { stdout } = await vmabench([...only, "--runs", "300"]);
    const [, finding, command] =
      /^([\w-]+) +vmabench (hazards --seed 4 --at .*)$/m.exec(stdout) ?? [];
    const shown = await vmabench((command as string).split(" "));
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain(`  ${finding}: `);
  });

  test("--json: one document, the table and the examples with their commands", async () => {
    const { code, stdout, stderr } = await vmabench(["hazards", "--runs", "900", "--json"]);
    expect([code, stderr]).toEqual([0, ""]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ schema: "vmabench/hazards@1", seed: 1, runs: 900 });
    expect(document.protocols.map(({ protocol }: { protocol: string }) => protocol)).toEqual(
      PROTOCOLS.map(({ id }) => id),
    );
    for (const { finding, class: of, command, example } of document.examples) {
      expect(FINDINGS[finding as keyof typeof FINDINGS].class).toBe(of);
      expect(command).toMatch(/^vmabench hazards --seed 1 --at \d+ --protocol \S+$/);
      expect(example.finding).toBe(finding);
    }
  });

  test("--quiet: the table only", async () => {
    const { stdout } = await vmabench(["hazards", "--runs", "36", "--quiet"]);
    expect(stdout.trimEnd().split("\n").length).toBe(PROTOCOLS.length + 1);
  });

  test("an example that shows nothing more: exit code 1", async () => {
    const [example] = found.examples.filter(({ world }) => world.writes.length === 1);
    const path = join(folder, "tame.json");
    const document = JSON.parse(exampleText(example as never));
    writeFileSync(path, JSON.stringify({ ...document, driver: { ops: "INSTALLED" } }));
    const { code, stdout } = await vmabench(["hazards", "--replay", path, "--quiet"]);
    expect([code, stdout]).toEqual([1, `${example?.protocol.id}: clean\n`]);
  });

  const BAD = { schema: "vmabench/hazard@1", protocol: "mmap@7.3", finding: "tree", driver: {} };
  const file = { hook: true, writable: true };
  const GOOD = { ...BAD, files: [file, file, file], setup: [], call: "mmap 1000 1000 3 0x12 1 0" };
  test.each([
    ["not JSON", "{", /:1: expected JSON with a close brace here/],
    [
      "another schema",
      JSON.stringify({ ...GOOD, schema: "x" }),
      /:1: expected schema: vmabench\/hazard@1, found "x"/,
    ],
    ["no such protocol", JSON.stringify({ ...GOOD, protocol: "mmap@9" }), /no kernel profile "9"/],
    [
      "no such flag",
      JSON.stringify({ ...GOOD, driver: { flagsSet: "X" } }),
      /expected driver\.flagsSet: .*, found "X"/,
    ],
    [
      "a range for a file",
      JSON.stringify({
        ...GOOD,
        driver: { writes: [{ field: "vm_file", value: 9, when: "last" }] },
      }),
      /driver\.writes\.0: "vm_file" takes a file from 1 to 3, or null/,
    ],
    [
      "a call of no file",
      JSON.stringify({ ...GOOD, call: "mmap 1000 1000 3 0x22 - 0" }),
      /: call: expected a mmap of a file/,
    ],
    [
      "a call that is none",
      JSON.stringify({ ...GOOD, setup: ["mlockall 0x1"] }),
      /: setup\.0: expected one mmap/,
    ],
    [
      "a word that is none",
      JSON.stringify({ ...GOOD, setup: ["mmap x"] }),
      /setup\.0:1: expected ADDR of mmap/,
    ],
  ])("%s", (_, text, message) => {
    const path = join(folder, "bad.json");
    expect(() => parseExample(text, path)).toThrow(message);
    expect(parseExample(JSON.stringify(GOOD), path).world.setup).toEqual([]);
  });

  test.each([
    [["--runs", "0"], /--runs 0: expected an integer from 1/],
    [["--seed", "x"], /--seed x: expected an integer from 0/],
    [["--protocol", "mmap@6.11,what"], /protocol "what": expected HOOK@KERNEL/],
    [["--replay", "none.json"], /cannot read none\.json/],
    [["--replay", "a.json", "--seed", "2"], /cannot be used with/],
    [["--runs", "36", "--out", "/dev/null"], /cannot write \/dev\/null: it is not a folder/],
  ])("%j is refused in one line", async (args, message) => {
    const { code, stdout, stderr } = await vmabench(["hazards", ...args]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split("\n").length).toBe(1);
  });

  test("nothing is left beside what was asked for", () => {
    const left = readdirSync(folder).filter((name) => name.startsWith("."));
    expect(left).toEqual([]);
    expect(readFileSync(join(folder, "tame.json"), "utf8")).toContain("vmabench/hazard@1");
  });
});
