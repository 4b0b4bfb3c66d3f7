import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordOf } from "../judge/records.js";
import { sampleResults } from "../render/fixture.js";
import { vmabench } from "./command.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-compare-"));
  const more = sampleResults();
  more.scenarios[0]!.work["maple.nodeReads"] = 7;
  const elsewhere = sampleResults();
  elsewhere.environment.cpu = "Other CPU";
  const files = {
    "a.json": sampleResults(),
    "more.json": more,
    "elsewhere.json": elsewhere,
    "gate.json": recordOf([{ id: "a/b/c", head: () => 1 }]),
    "slow.json": recordOf([{ id: "a/b/c", head: () => 1.2 }]),
    "bad.json": { ...sampleResults(), scenarios: [] },
  };
  for (const [name, document] of Object.entries(files)) {
    writeFileSync(join(folder, name), JSON.stringify(document));
  }
  writeFileSync(join(folder, "torn.json"), '{ "schema": "vmabench/gate@1", ');
});
afterAll(() => rmSync(folder, { recursive: true }));

const compare = (...args: string[]) => vmabench(["compare", ...args], { cwd: folder });

describe("compare", () => {
  test.each([
    [
      "a.json",
      "a.json",
      0,
      /^no regression: the same work; nothing is found slower, \d undecided\n$/,
    ],
    ["a.json", "more.json", 1, /^regression: more work: append-merge\/vmops-only/],
    ["gate.json", "slow.json", 1, /^regression: slower: a\/b\/c\n$/],
    ["gate.json", "gate.json", 0, /^no regression: the same work; nothing is slower\n$/],
    ["a.json", "elsewhere.json", 3, /^not comparable: time: different CPUs/],
  ])("%s with %s ends with %d", async (base, head, exit, line) => {
    const { code, stdout, stderr } = await compare(base, head, "--quiet");
    expect([code, stderr]).toEqual([exit, ""]);
    expect(stdout).toMatch(line);
    const report = await compare(base, head);
    expect(report.stdout.trimEnd().split("\n").at(-1)).toBe(stdout.trimEnd());
    const { exitCode, schema } = JSON.parse((await compare(base, head, "--json")).stdout);
    expect([exitCode, schema]).toEqual([exit, "vmabench/compare@1"]);
  });

  test("--work-only has nothing to do with the machine", async () => {
    expect((await compare("a.json", "elsewhere.json", "--work-only")).code).toBe(0);
  });

  test.each([
    [["a.json"], "missing required argument 'head.json'"],
    [["a.json", "none.json"], "cannot read none.json: no such file"],
    [["a.json", "bad.json"], "bad.json:1: expected scenarios"],
    [["torn.json", "gate.json"], "torn.json:1: expected JSON with a"],
    [["a.json", "gate.json"], "expected two result files or two gate records"],
    [["a.json", "a.json", "--max-slowdown", "-1"], "--max-slowdown -1: expected per cent"],
  ])("%j is refused", async (args, expected) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await compare(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^vmabench: [^\n]+\n$/);
    expect(stderr).toContain(expected);
    expect(readdirSync(folder)).toEqual(before);
  });
});
