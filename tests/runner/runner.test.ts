// The runner on this machine: what it calls, what it answers, what it leaves alone.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { openLibc } from "../../src/live/libc.js";
import { stepOf } from "../../src/runner/calls.js";
import { LISTING, machineCode, NOTHING, READ, WRITE } from "../../src/runner/code.js";
import { programFile } from "../../src/runner/elf.js";
import { decodeOutcome, encodeSteps, type Step } from "../../src/runner/records.js";
import { DEFAULT_BRK, openRunner } from "../../src/runner/runner.js";
import { onKernel, reasonToSkip } from "../live/kernel.js";

const PAGE = 4096;
const AT = 0x300000000000;
const ANYWHERE = { addr: 0, len: PAGE, prot: 3, flags: abi.MAP_PRIVATE | abi.MAP_ANONYMOUS };

describe("records", () => {
  test("what was not reached has no ticks and is not done", () => {
    const steps: Step[] = [
      { number: 9, args: [AT, 2n ** 63n, -1] },
      { number: NOTHING, args: [] },
    ];
    const outcome = decodeOutcome(encodeSteps(steps), steps);
    expect(outcome).toMatchObject({ done: 0, elsewhere: [] });
    expect([...outcome.ticks]).toEqual([0, 0]);
  });

  test("operations that no program can make have no step", () => {
    for (const op of [abi.OP_PLACE, abi.OP_STACK_GROW, abi.OP_SET_NAME, abi.OP_EXIT]) {
      expect(stepOf({ op })).toBeNull();
    }
  });

  test("the program is an ELF file whose entry is its code", () => {
    const file = programFile(DEFAULT_BRK);
    expect(file.subarray(0, 4).toString("latin1")).toBe("\x7fELF");
    expect(file.subarray(-machineCode().length)).toEqual(machineCode());
  });

  test.skipIf(spawnSync("objdump", ["--version"]).error !== undefined)(
    "the bytes are the instructions that stand beside them",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "vmabench-code-"));
      const path = join(folder, "code.bin");
      writeFileSync(path, machineCode());
      const format = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "-w"];
      const { stdout } = spawnSync("objdump", [...format, path], { encoding: "utf8" });
      rmSync(folder, { recursive: true });
      const rows = [...stdout.matchAll(/^\s+[0-9a-f]+:\t([0-9a-f ]+)\t(\w+)/gm)];
      const found = rows.map(([, bytes, name]) => [bytes?.replaceAll(" ", ""), name]);
      const written = LISTING.map(([bytes, text]) => [bytes, /(?:\w+: )?(\w+)/.exec(text)?.[1]]);
      const same: Record<string, string> = { movabs: "mov", jz: "je", jnz: "jne" };
      const plain = (list: (string | undefined)[][]) =>
        list.map(([bytes, name = ""]) => [bytes, same[name] ?? name]);
      expect(plain(found)).toEqual(plain(written));
    },
  );
});

describe.skipIf(reasonToSkip() !== null)(onKernel("the runner"), () => {
  const steps = (...operations: Parameters<typeof stepOf>[0][]) =>
    operations.map((operation) => stepOf(operation) as Step);

  test("makes calls in order and answers as the kernel does", async () => {
    const map = { ...ANYWHERE, op: abi.OP_MMAP, addr: AT, flags: ANYWHERE.flags | abi.MAP_FIXED };
    const run = await openRunner(openLibc())(
      steps(
        map,
        { op: abi.OP_MPROTECT, addr: AT, len: PAGE, prot: 1 },
        { op: abi.OP_MUNMAP, addr: AT + 1, len: PAGE },
        { op: abi.OP_MPROTECT, addr: AT + PAGE, len: PAGE, prot: 1 },
        { op: abi.OP_BRK, addr: 0 },
      ),
    );
    expect(run).toMatchObject({ signal: null, done: 5 });
    expect([...run.values]).toEqual([AT, 0, -abi.EINVAL, -abi.ENOMEM, DEFAULT_BRK]);
    for (const ticks of run.ticks) expect(ticks).toBeGreaterThan(0);
  });

  test("puts a mapping where it is expected", async () => {
    const expected = { ...(stepOf({ ...ANYWHERE, op: abi.OP_MMAP }) as Step), expected: AT };
    const run = await openRunner(openLibc())([
      expected,
      { number: WRITE, args: [AT, PAGE, 1] },
      { number: READ, args: [AT, PAGE, 1] },
    ]);
    expect(run).toMatchObject({ signal: null, done: 3, elsewhere: [0] });
    expect(run.values[0]).toBe(AT);
  });

  test("says how far it came when a signal ended it", async () => {
    const run = await openRunner(openLibc())([
      { number: NOTHING, args: [] },
      { number: READ, args: [AT, PAGE, 1] },
    ]);
    expect(run).toMatchObject({ signal: "SIGSEGV", done: 1 });
  });
});
