import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { vmabench } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-strace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const works = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
const WITHOUT = "without a strace that may trace";

describe.skipIf(!works)(`record (skipped ${WITHOUT})`, () => {
  test("a program, and replay it under a driver", async () => {
    const out = join(folder, "sh.strace.gz");
    const recorded = await vmabench(["record", "--json", "--out", out, "--", "sh", "-c", "exit 3"]);
    expect(recorded.code).toBe(0);
    const { operations, status } = JSON.parse(recorded.stdout);
    expect([operations > 10, status]).toEqual([true, 3]);
    const args = ["replay", out, "--driver", "hint-or-dump-flag", "--protocol", "mmap@7.3"];
    const replayed = await vmabench([...args, "--json"]);
    expect(JSON.parse(replayed.stdout).operations).toBe(operations);
    expect((await vmabench(["replay", "--check", out])).code).toBe(0);
  });

  test("a command that is none leaves no file", async () => {
    const out = join(folder, "none.strace");
    const { code, stderr } = await vmabench(["record", "--out", out, "--", "/no/such/program"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/cannot record \/no\/such\/program: .*No such file/);
    expect(existsSync(out)).toBe(false);
  });
});

test("without strace it is the machine that cannot", async () => {
  const out = join(folder, "x.strace");
  const call = { env: { PATH: folder } };
  const { code, stderr } = await vmabench(["record", "--out", out, "--", "true"], call);
  expect(code).toBe(3);
  expect(stderr).toMatch(/record needs strace, which is not installed/);
});
