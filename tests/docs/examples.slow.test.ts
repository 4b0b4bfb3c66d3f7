// The worked examples of docs/contributing.md: applied together to a copy of the repository, they build and are there.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readPage, root } from "./page.js";

/** Made by building, or not needed for it. */
const LEFT_OUT = new Set([".git", "node_modules", "build", "dist", "docs", "tests"]);

const copy = mkdtempSync(join(tmpdir(), "vmabench-examples-"));
const vmabench = (...args: string[]) =>
  execFileSync(process.execPath, ["bin/vmabench.js", ...args], { cwd: copy, encoding: "utf8" });

beforeAll(() => {
  for (const name of readdirSync(root).filter((entry) => !LEFT_OUT.has(entry)))
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const { language, text } of readPage("docs/contributing.md").blocks)
    if (language === "diff")
      execFileSync("git", ["apply", "--exclude=tests/*", "-"], { cwd: copy, input: `${text}\n` });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("they build, and each can be asked for", () => {
  expect(vmabench("list", "workloads", "--quiet").split("\n")).toContain("append-apart");
  expect(vmabench("list", "drivers", "--quiet").split("\n")).toContain("never-written");
  const scenario = ["--workload", "append-apart?ops=64", "--driver", "never-written"];
  const run = ["run", ...scenario, "--candidate", "mmap_prepare@7.5", "--work-only", "--json"];
  const { scenarios } = JSON.parse(vmabench(...run, "--out", join(copy, "out")));
  expect(scenarios.map(({ protocol }: { protocol: string }) => protocol)).toEqual([
    "mmap@6.15",
    "mmap_prepare@7.5",
  ]);
  for (const { work } of scenarios) expect(work).toHaveProperty(["page.copies"]);
});
