import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { type Core, CoreTrap } from "../../src/core/core.js";
import { MachineError } from "../../src/errors.js";
import { parseOps } from "../../src/trace/ops.js";
import { programOf } from "../../src/trace/program.js";
import { parseVmatrace } from "../../src/trace/vmatrace.js";
import { through } from "./through.js";

const options = { profile: abi.PROFILE_7_3, hook: abi.HOOK_MMAP, driver: { errno: 5 } };

/** A core that answers each operation with its number, and stops at one of them when told to. */
function countingCore(stop = Number.POSITIVE_INFINITY, status = abi.STATUS_OK) {
  const log: string[] = [];
  let [executed, base] = [0, 0];
  const fake: Partial<Core> = {
    reset: (settings) => void log.push(`reset ${settings?.profile} ${settings?.touch}`),
    setDriver: (index, record) => void log.push(`driver ${index} ${record.errno}`),
    setFile: (id) => void log.push(`file ${id}`),
    clearCounters: () => void log.push("clear"),
    loadBatch() {},
    execute(_first, count) {
      base = executed;
      executed += Math.min(count, Math.max(0, stop - base));
      log.push(`execute ${executed - base}`);
      return executed - base;
    },
    result: (index) => ({ value: base + index, vmas: index, status }),
    layout() {
      log.push("layout");
      return [];
    },
  };
  return { core: fake as Core, log };
}

describe("replaying", () => {
  test("sets up, clears the counters, and stops where a layout is wanted", async () => {
    const stack = "0x7ffffffde000-0x7ffffffff000 rw-p 0x0 00:00:0 [stack]";
    const brk = "1 brk 0x0 = 0x1000";
    const trace = parseVmatrace(
      [
        "@maps initial",
        stack,
        "@ops",
        brk,
        brk,
        "@maps checkpoint 2",
        "@ops",
        brk,
        "@maps final",
      ].join("\n"),
    );
    const { core, log } = countingCore();
    const replayed = await through(core, programOf(trace), options);
    expect(log).toEqual([
      `reset ${abi.PROFILE_7_3} ${abi.TOUCH_WRITTEN}`,
      "driver 0 5",
      "execute 1",
      "clear",
      "execute 2",
      "layout",
      "execute 1",
      "layout",
      "layout",
    ]);
    expect([...replayed.values]).toEqual([1, 2, 3]);
    expect(replayed.checkpoints).toHaveLength(1);
  });

  test("long programs go through in batches, results in order", async () => {
    const program = programOf(parseOps("munmap 0 1000\n".repeat(20_000)));
    const { core, log } = countingCore();
    const { values } = await through(core, program, options);
    expect(log.filter((entry) => entry.startsWith("execute"))).toEqual([
      "execute 8192",
      "execute 8192",
      "execute 3616",
    ]);
    expect(values.every((value, i) => value === i)).toBe(true);
  });

  test("a program too large for the model says so with its line", async () => {
    const text = `# comment\nmunmap 0 1000\n#MARK\n${"munmap 0 1000\n".repeat(9000)}`;
    const program = programOf(parseOps(text, "t.ops"));
    const failure = through(countingCore(8500, abi.STATUS_POOL_EMPTY).core, program, options);
    await expect(failure).rejects.toThrow(MachineError);
    // operation 8501 of all: comment, one of set-up, #MARK before it
    await expect(failure).rejects.toThrow(/^t\.ops:8503: the model's memory is full/);
  });

  test("an operation the core does not know is a bug of ours, with its line", async () => {
    const program = programOf(parseOps("munmap 0 1000\nbrk 0\n", "t.ops"));
    const failure = through(countingCore(1, abi.STATUS_BAD_OPERATION).core, program, options);
    await expect(failure).rejects.toThrow(CoreTrap);
    await expect(failure).rejects.toThrow(/^t\.ops:2:/);
  });
});
