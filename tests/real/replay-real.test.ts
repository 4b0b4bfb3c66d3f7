// Programs on this machine's kernel, beside their prediction.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOUCH_WRITTEN } from "../../src/core/abi.js";
import { readModel } from "../../src/predict/model.js";
import { replayReal } from "../../src/real/replay-real.js";
import { realText } from "../../src/real/text.js";
import { colorsFor } from "../../src/render/colors.js";
import { programOf } from "../../src/trace/program.js";
import { readTrace } from "../../src/trace/read.js";
import { vmabench } from "../cli/command.js";
import { onKernel, reasonToSkip } from "../live/kernel.js";

const WRITTEN = { mode: TOUCH_WRITTEN, name: "written" };

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-real-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function replayed(path: string) {
  return replayReal(programOf(await readTrace(path)), readModel(), WRITTEN);
}

describe.skipIf(reasonToSkip() !== null)(onKernel("replay --real"), () => {
  test("a recorded program: every call made, by kind, predicted and measured", async () => {
    const result = await replayed("bench/traces/xz.vmatrace.gz");
    const calls = result.kinds.reduce((sum, kind) => sum + kind.calls, 0);
    expect(calls).toBe(result.calls);
    expect(result.calls).toBe(59);
    expect(result.notReplayed).toEqual({});
    expect(result.otherResults).toBe(0);
    expect(result.measured.ns).toBeGreaterThan(0);
    expect(result.predicted.ns).toBeGreaterThan(result.predicted.entryNs);
    const sum = result.kinds.reduce((total, kind) => total + kind.measured, 0);
    expect(sum).toBeCloseTo(result.measured.ns, 3);
    expect(realText(result, colorsFor(process.stdout))).toMatch(/mmap +43/);
  });

  test("calls of every kind, and what cannot be replayed is named", async () => {
    const path = join(folder, "all.ops");
    writeFileSync(
      path,
      [
        "mmap 20000000 4000 3 0x32 - 0",
        "#MARK",
        "mmap 20004000 4000 3 0x32 - 0",
        "mmap 20100000 8000 1 0x11 7 3",
        "mprotect 20001000 1000 1",
        "touch 20002000 2000 w",
        "madvise 20002000 1000 4",
        "mlock 20002000 1000 0x0",
        "munlock 20002000 1000",
        "mremap 20004000 4000 2000 0x0 0",
        "munmap 20000000 8000",
        "munmap 20000001 1000",
        "mseal 20100000 1000",
      ].join("\n"),
    );
    const result = await replayed(path);
    expect(result.notReplayed).toEqual({ "operation 18": 1 });
    expect(result.otherResults).toBe(0);
    const kinds = result.kinds.map(({ kind, calls }) => `${kind} ${calls}`).sort();
    expect(kinds).toEqual([
      "access 1",
      "madvise 1",
      "mlock 2",
      "mmap 2",
      "mprotect 1",
      "mremap 1",
      "munmap 2",
    ]);
  });

  test("one JSON document", async () => {
    const { code, stdout, stderr } = await vmabench([
      "replay",
      "--real",
      "--json",
      "bench/traces/git-log.vmatrace.gz",
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(Object.keys(JSON.parse(stdout))).toEqual(
      expect.arrayContaining(["calls", "predicted", "measured", "kinds", "notReplayed"]),
    );
  });
});

test("--real goes with nothing that chooses another kernel", async () => {
  const trace = "bench/traces/git-log.vmatrace.gz";
  for (const more of [["--check"], ["--driver", "pfnmap-lazy"], ["--protocol", "mmap@6.15"]]) {
    const { code, stderr } = await vmabench(["replay", "--real", trace, ...more]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--real goes without ${more[0]}`);
  }
});
