import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { realTree } from "../peer/tree.js";
import { vmabench } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-peer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hasCompiler = spawnSync("gcc", ["--version"]).status === 0;
const WITHOUT = "unless VMABENCH_KERNEL_SOURCE names a kernel tree, 7.3";
describe.skipIf(!realTree || !hasCompiler)(`a real tree (skipped ${WITHOUT})`, () => {
  const tree = realTree as string;
  const few = ["--rounds", "8", "--json"];

  test("gives the model's results and layouts, and times for both", async () => {
    const filters = ["holes-overlap", "append-merge", "failing-storm", "mprotect-churn"];
    const args = ["peer", "--kernel-source", tree, ...filters.flatMap((f) => ["--filter", f])];
    const { code, stdout } = await vmabench([...args, ...few]);
    expect(code).toBe(0);
    const { groups, summary } = JSON.parse(stdout);
    expect(summary.differences).toBe(0);
    for (const { times, ratio } of groups) {
      expect(times.mmap.base.median).toBeGreaterThan(0);
      expect(ratio.mmap_prepare.low).toBeLessThanOrEqual(ratio.mmap_prepare.high);
    }
  });

  test("against a tree with a patch, the change is found", async () => {
    const patched = join(folder, "patched");
    for (const part of [
      "lib",
      "mm",
      "include",
      "tools/testing",
      "tools/include",
      "tools/arch/x86",
    ]) {
      cpSync(join(tree, part), join(patched, part), { recursive: true, filter: isNeeded });
    }
    const vma = join(patched, "mm/vma.c");
    const text = readFileSync(vma, "utf8");
    const head = "unsigned long mmap_region(struct file *file";
    const rename = text.replace(head, head.replace("mmap_region", "patched_region"));
    const slow = `${head}, unsigned long addr, unsigned long len, vma_flags_t vma_flags,
      unsigned long pgoff, struct list_head *uf) {
      for (volatile int i = 0; i < 20000; i++) {}
      return patched_region(file, addr, len, vma_flags, pgoff, uf); }`;
    expect(rename).not.toBe(text);
    writeFileSync(vma, `${rename}\n${slow}\n`);
    const sides = [
      "--kernel-source",
      tree,
      "--against",
      patched,
      "--filter",
      "append-merge/vmops-only",
    ];
    const { code, stdout } = await vmabench(["peer", ...sides, ...few]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).groups[0].ratio.mmap.low).toBeGreaterThan(2);
  });
});

/** Sources of the directories that are built from, not the whole kernel. */
function isNeeded(path: string): boolean {
  return !/\/(selftests|kunit|bpf)(\/|$)/.test(path);
}
