// Calls on the running kernel. What the model does not share with it is found, and shrunk.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import { protocolOfRelease, type ReleaseProtocol } from "../../src/catalogue/releases.js";
import * as abi from "../../src/core/abi.js";
import { groundsAt } from "../../src/live/episode.js";
import { expectationOf } from "../../src/live/expectation.js";
import { Lab } from "../../src/live/lab.js";
import { openLibc, unsupported } from "../../src/live/libc.js";
import { findFolder, modelOptions } from "../../src/live/machine.js";
import { LOOK_AT_SMAPS, ORDINARY } from "../../src/live/messages.js";
import { Model } from "../../src/live/model.js";
import { PAGE, type Step } from "../../src/live/steps.js";
import { traceLines, verifyDocument, verifyText } from "../../src/live/text.js";
import { verify } from "../../src/live/verify.js";
import { colorsFor } from "../../src/render/colors.js";
import { parseOps } from "../../src/trace/ops.js";
import { onKernel, reasonToSkip } from "./kernel.js";

const LONG = 120_000;
const plain = colorsFor({});

/** A model that is not that of the running release, taken for one that is. */
function wrongModel(): ReleaseProtocol {
  const release = readFileSync("/proc/sys/kernel/osrelease", "utf8");
  const isOld = protocolOfRelease(release)?.protocol.id === "mmap@6.15";
  return { protocol: parseProtocol(isOld ? "mmap_prepare@7.3" : "mmap@6.15"), exact: true };
}

describe.skipIf(reasonToSkip() !== null)(onKernel("on the running kernel"), () => {
  test.each([1, 2])(
    "kernel and model do the same, seed %i",
    async (seed) => {
      const verified = await verify({ operations: 3000, seed });
      expect(verified.first === null ? [] : traceLines(verified, verified.first)).toEqual([]);
      expect(verified.mismatches).toBe(0);
      expect(verified.operations).toBe(3000);
      expect(verified.checkpoints).toBeGreaterThan(300);
    },
    LONG,
  );

  test(
    "a model of another release is found out, with a short trace",
    async () => {
      const verified = await verify({ operations: 4000, seed: 1, kernel: wrongModel() });
      expect(verified.mismatches).toBeGreaterThan(0);
      const { first } = verified;
      if (!first) throw new Error("nothing found");
      expect(first.reproduced).toBe(true);
      const lines = traceLines(verified, first);
      const trace = parseOps(lines.join("\n"));
      expect(trace.calls.length).toBeGreaterThan(0);
      expect(trace.calls.length).toBeLessThan(16);
      expect(verifyDocument(verified)).toMatchObject({
        operations: 4000,
        mismatches: verified.mismatches,
        first: { reproduced: true, operations: lines },
      });
      const text = verifyText(verified, plain);
      expect(text).toMatch(/▲ \d+ mismatch/);
      expect(text).toContain(lines.at(-1));
      expect(text).toMatch(/^≠ /m);
    },
    LONG,
  );

  test(
    "doctored expectations differ where they were doctored",
    async () => {
      const kernel = protocolOfRelease("6.18.0");
      if (!kernel) throw new Error("no model");
      const folder = findFolder();
      const lab = new Lab({ folder: folder?.path ?? null });
      try {
        const ready = await lab.ready();
        const model = new Model(modelOptions(kernel, ready, folder));
        const grounds = groundsAt(ready.bases[0] as number, ready, true);
        const at = (grounds.own[0] as { start: number }).start;
        const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED;
        const steps: Step[] = [
          { operation: { op: abi.OP_MMAP, addr: at, len: 4 * PAGE, prot: 3, flags } },
          { operation: { op: abi.OP_TOUCH, addr: at, len: PAGE, flags: 1 } },
          { operation: { op: abi.OP_MPROTECT, addr: at + PAGE, len: PAGE, prot: 1 } },
          { operation: { op: abi.OP_MUNMAP, addr: at + 3 * PAGE, len: PAGE } },
          { operation: { op: abi.OP_MLOCK, addr: at, len: PAGE, flags: 0 } },
        ];
        const fresh = () => expectationOf(model, ORDINARY, grounds, steps, LOOK_AT_SMAPS);
        expect(await lab.differs(fresh())).toBeNull();

        const answer = fresh();
        answer.steps[3]!.values = [-abi.ENOMEM];
        expect(await lab.differs(answer)).toMatchObject({
          step: 3,
          kind: "result",
          kernel: ["0"],
          model: ["-ENOMEM"],
        });

        const layout = fresh();
        layout.steps[2]!.layout!.vmas = layout.steps[1]!.layout!.vmas;
        expect(await lab.differs(layout)).toMatchObject({ step: 2, kind: "layout" });

        const written = fresh();
        const [vma] = written.steps[0]!.layout!.vmas;
        vma!.flags += abi.VM_DONTDUMP;
        expect(await lab.differs(written)).toMatchObject({ step: 0, kind: "flags" });

        const locked = fresh();
        locked.steps[4]!.layout!.locked = 2;
        expect(await lab.differs(locked)).toMatchObject({
          step: 4,
          kind: "locked",
          kernel: ["1 pages"],
          model: ["2 pages"],
        });
      } finally {
        await lab.end();
      }
    },
    LONG,
  );
});

describe("elsewhere", () => {
  test("other systems are refused with a reason", () => {
    expect(unsupported("linux", "x64")).toBeNull();
    expect(unsupported("darwin", "arm64")).toBe(
      "verify needs Linux on x86-64; this is darwin on arm64",
    );
    expect(unsupported("linux", "arm64")).toContain("arm64");
  });

  test("system calls give exact answers", () => {
    if (reasonToSkip() !== null) return;
    const libc = openLibc();
    expect(libc.call(11, 1, PAGE)).toBe(-abi.EINVAL);
    expect(libc.call(28, 0, 2n ** 64n - 1n, 0)).toBe(-abi.EINVAL);
    expect(libc.call(39)).toBe(process.pid);
  });
});
