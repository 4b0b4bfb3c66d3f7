import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { UsageError } from "../../src/errors.js";
import { openTrace } from "../../src/trace/open.js";
import type { Part, ProgramSource } from "../../src/trace/program.js";
import { checked } from "../replay/through.js";

const traces = fileURLToPath(new URL("../../bench/traces/", import.meta.url));
const recorded = readdirSync(traces).filter((name) => name.endsWith(".vmatrace.gz"));
const core = new Core("work");
const as = {
  profile: abi.PROFILE_6_18,
  hook: abi.HOOK_MMAP_PREPARE,
  driver: { ops: abi.OPS_INSTALLED | abi.OPS_FAULT },
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-open-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function partsOf(source: ProgramSource): Promise<Part[]> {
  const parts: Part[] = [];
  await source.each(async (part) => void parts.push(part));
  return parts;
}

describe("programs too long to be held", () => {
  test.each(recorded)(
    "%s: read again and again it is the program that memory holds",
    async (name) => {
      const short = await openTrace(traces + name);
      const long = await openTrace(traces + name, {}, undefined, 40);
      expect([short.whole === null, long.whole === null]).toEqual([false, true]);
      const { each: _short, ...head } = short.source;
      const { each: _long, ...sameHead } = long.source;
      expect(sameHead).toEqual(head);
      const whole = await checked(core, short.source, as);
      expect(await checked(core, long.source, as)).toEqual(whole);
      expect(await checked(core, long.source, as)).toEqual(whole);
      expect(whole.report.operations).toBeGreaterThan(40);
    },
  );

  test("the set-up of an operation trace comes in parts of its own", async () => {
    const line = "mmap 0 1000 3 0x22 - 0\n";
    const path = file("a.ops", `${line.repeat(9000)}#MARK\n# comment\n${line.repeat(100)}`);
    const { source, whole } = await openTrace(path, {}, undefined, 50);
    expect(whole).toBeNull();
    expect(source.length).toBe(100);
    const parts = await partsOf(source);
    expect(parts.map(({ isSetup, operations }) => [isSetup, operations.length])).toEqual([
      [true, 8192],
      [true, 808],
      [false, 100],
    ]);
    expect([parts[2]?.lines[0], parts[2]?.lines[99]]).toEqual([9003, 9102]);
    const held = await openTrace(path);
    expect(await partsOf(held.source)).toEqual(parts);
  });

  test("what is wrong with the last line is said before the first operation is executed", async () => {
    const text = `${"munmap 0 1000\n".repeat(200)}munmap 0\n`;
    const opening = openTrace(file("b.ops.gz", gzipSync(text)), {}, undefined, 10);
    await expect(opening).rejects.toThrow(/b\.ops\.gz:201: expected LEN of munmap/);
  });

  test("a file that changes meanwhile is no program", async () => {
    const path = file("c.ops", "munmap 0 1000\n".repeat(200));
    const { source } = await openTrace(path, {}, undefined, 10);
    utimesSync(path, 1, 1);
    await expect(partsOf(source)).rejects.toThrow(UsageError);
    writeFileSync(path, "munmap 0 1000\n".repeat(100));
    await expect(partsOf(source)).rejects.toThrow("changed while it was replayed");
  });
});
