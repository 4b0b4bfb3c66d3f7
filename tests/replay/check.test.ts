import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import {
  HOOK_MMAP_PREPARE,
  PROFILE_7_3,
  TOUCH_ALL,
  TOUCH_NONE,
  TOUCH_WRITTEN,
} from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { type Check, disagrees } from "../../src/replay/check.js";
import { sourceOf } from "../../src/trace/parts.js";
import { programOf } from "../../src/trace/program.js";
import { parseVmatrace } from "../../src/trace/vmatrace.js";
import { checked } from "./through.js";

const folder = new URL("../../bench/traces/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".vmatrace.gz"));
const textOf = (name: string) => gunzipSync(readFileSync(new URL(name, folder))).toString();
const core = new Core("checking");

/** Replays a recording on the core and checks it. */
async function checkText(text: string, touch?: number): Promise<Check> {
  const program = programOf(parseVmatrace(text), touch === undefined ? {} : { touch });
  const driver = parseDriver("vmops-only").record("mmap_prepare");
  const options = { profile: PROFILE_7_3, hook: HOOK_MMAP_PREPARE, driver };
  const result = await checked(core, sourceOf(program), options);
  expect(core.check()).toBe(0);
  return result;
}

/** Where no VMA's borders hang on which pages were written. */
const FAULT_FREE = ["bash-script", "git-log", "sqlite3", "xz"];

describe("recorded programs", () => {
  test.each(names)("%s: results, addresses and coverage as the kernel's", async (name) => {
    const { report, differences } = await checkText(textOf(name));
    expect(differences.filter((text) => text.includes("at 0x"))).toEqual([]);
    expect(report.final?.coverage).toBe(true);
    expect(report.checkpoints.every(({ coverage }) => coverage)).toBe(true);
    expect(report.results.same).toBe(report.results.total);
    expect(report.placed.same).toBe(report.placed.total);
    expect(report.placed.total).toBeGreaterThan(0);
    expect(report.results.total + report.placed.total).toBe(report.operations);
    expect(report.vmaCounts.total).toBe(report.operations);
    if (name.startsWith("java-hello")) return; // it writes only some of what it maps
    expect(report.vmaCounts.same).toBe(report.operations);
    expect(report.final?.exact && report.checkpoints.every(({ exact }) => exact)).toBe(true);
  });

  test("what was locked in spite of the limit tells that it did not bind the program", async () => {
    const text = (second: string) =>
      [
        "# rlimits: stack=0x800000 memlock=0x3000",
        "@maps initial",
        "@ops",
        "1 mmap 0x10000 0x2000 0x3 0x2032 -1 0x0 = 0x10000 vmas=1",
        `1 mmap 0x20000 0x2000 0x3 0x2032 -1 0x0 = ${second}`,
        "@maps final",
        "0x10000-0x12000 rw-p 0x0 00:00:0",
        second.startsWith("-") ? "" : "0x20000-0x22000 rw-p 0x0 00:00:0",
      ].join("\n");
    for (const result of ["-11", "0x20000"]) {
      const { report } = await checkText(text(result));
      expect([report.results, report.final?.exact]).toEqual([{ same: 2, total: 2 }, true]);
    }
  });

  test.each(FAULT_FREE)("%s: the same VMAs whatever is presumed written", async (name) => {
    for (const touch of [TOUCH_NONE, TOUCH_WRITTEN, TOUCH_ALL]) {
      const { report } = await checkText(textOf(`${name}.vmatrace.gz`), touch);
      expect(report.final?.exact).toBe(true);
      expect(report.vmaCounts.same).toBe(report.operations);
    }
  });
});

describe("a report", () => {
  const git = textOf("git-log.vmatrace.gz");

  test("has exactly the keys that scripts rely on", async () => {
    const { report } = await checkText(textOf("java-hello.vmatrace.gz"));
    expect(Object.keys(report)).toEqual([
      "file",
      "operations",
      "results",
      "placed",
      "vmaCounts",
      "checkpoints",
      "final",
    ]);
    expect(report.operations).toBe(897);
    expect(report.checkpoints).toEqual([
      { after: 500, coverage: true, exact: expect.any(Boolean) },
    ]);
  });

  test("counts an address that the kernel chose as placed, any other value as a result", async () => {
    const moved = await checkText(
      git.replace(/(mmap 0x0 0x2000 0x3 0x22 -1 0x0 = )0x7ffff7fc0000/, "$10x7ffff7fb0000"),
    );
    expect(moved.report.placed.same).toBe(moved.report.placed.total - 1);
    expect(moved.report.results.same).toBe(moved.report.results.total);
    expect(disagrees(moved.report)).toBe(true);
    expect(moved.differences[0]).toContain("operation 2 (trace:");
    expect(moved.differences[0]).toContain("the model's result is 0x7ffff7fc0000");

    const failed = await checkText(git.replace(/(munmap .* = )0/, "$1-22"));
    expect(failed.report.results.same).toBe(failed.report.results.total - 1);
    expect(failed.report.placed.same).toBe(failed.report.placed.total);
  });

  test("a differing VMA count is told, and is no disagreement by itself", async () => {
    const { report, differences } = await checkText(git.replace("vmas=14", "vmas=15"));
    expect(report.vmaCounts.same).toBe(report.vmaCounts.total - 1);
    expect(differences).toContainEqual(expect.stringContaining("the model has 14 VMAs"));
    expect(disagrees(report)).toBe(false);
  });

  test("a final layout with one permission changed has other coverage", async () => {
    const text = git.replace(/(@maps final\n\S+ )r--p/, "$1rw-p");
    const { report, differences } = await checkText(text);
    expect(report.final?.coverage).toBe(false);
    expect(disagrees(report)).toBe(true);
    expect(differences).toContainEqual(
      expect.stringMatching(/^final layout: at 0x555555554000: kernel .* rw-p .*, model .* r--p/),
    );
  });
});
