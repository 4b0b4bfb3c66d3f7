import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vmabench } from "./command.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-replay-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a program with more page tables than the model has room for is said so, with its line", async () => {
  const path = join(folder, "tables.ops");
  writeFileSync(
    path,
    "mmap 10000000000 100000000000 3 0x22 - 0\ntouch 10000000000 100000000000 w\n",
  );
  const { code, stdout, stderr } = await vmabench(["replay", path]);
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toMatch(/^vmabench: [^\n]*tables\.ops:2: the model's memory is full[^\n]*\n$/);
}, 60_000);

test("a long trace goes through in memory that would not hold its operations", async () => {
  const path = join(folder, "long.ops.gz");
  const text = Array.from({ length: 2000 }, (_, i) => {
    const address = (0x10000000000 + i * 0x10000).toString(16);
    return `mmap ${address} 4000 3 0x32 - 0\nmunmap ${address} 2000\nmprotect ${address} 4000 1\n`;
  }).join("");
  writeFileSync(path, Buffer.concat(Array.from({ length: 400 }, () => gzipSync(text))));
  const env = { NODE_OPTIONS: "--max-old-space-size=64" };
  const { code, stdout } = await vmabench(["replay", "--json", path], { env });
  const { operations, failed, final } = JSON.parse(stdout);
  expect([code, operations]).toEqual([0, 2_400_000]);
  // the first of two pages is gone when its protection is to change
  expect(failed).toEqual({ ENOMEM: 800_000 });
  expect(final.vmas).toBe(2000);
}, 120_000);
