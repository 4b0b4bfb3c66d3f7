import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { hollowTree } from "../peer/tree.js";
import { vmabench } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-peer-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hasCompiler = spawnSync("gcc", ["--version"]).status === 0;
const hollow = hollowTree(join(folder, "hollow"));

test("a folder that is no kernel tree is refused in one line", async () => {
  const { code, stderr } = await vmabench(["peer", "--kernel-source", folder]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^vmabench: kernel source .* has no lib\/maple_tree\.c: .*\n$/);
});

test("without gcc it is the machine that cannot", async () => {
  const call = { env: { PATH: folder } };
  const { code, stderr } = await vmabench(["peer", "--kernel-source", hollow], call);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^vmabench: peer needs .*\n$/);
});

test.skipIf(!hasCompiler)(
  "a tree that cannot be built says what it lacks (needs gcc)",
  async () => {
    const { code, stderr } = await vmabench(["peer", "--kernel-source", hollow]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^vmabench: kernel source .* cannot be built: it has no header .*\n$/);
  },
);
