// The self-test's own bookkeeping; that it finds what it should is for CI to see (.ci/run).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
// @ts-expect-error: a script without types
import { openLog } from "../../bench/selftest/log.js";
// @ts-expect-error: a script without types
import { summary } from "../../bench/selftest/summary.js";

test("a run that was interrupted goes on from the last whole line", () => {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-log-"));
  try {
    const path = join(folder, "runs.ndjson");
    writeFileSync(path, '{"kind":"A/A","seed":1}\n{"kind":"A/A","se');
    const log = openLog(path);
    expect(log.find({ kind: "A/A", seed: 1 })).toBeDefined();
    expect(log.find({ kind: "A/A", seed: 2 })).toBeUndefined();
    log.add({ kind: "A/A", seed: 2 });
    expect(openLog(path).entries()).toHaveLength(2);
    expect(readFileSync(path, "utf8").endsWith('{"kind":"A/A","seed":2}\n')).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("rates come with exact intervals, busy and quiet apart", () => {
  const same = (exitCode: number, busy: boolean) => ({
    kind: "A/A",
    busy,
    exitCode,
    verdicts: { same: 25, undecided: 1 },
    seconds: 60,
    // one scenario; its first look at head and control, and no second one
    looks: [
      [
        [
          [0, 0.001],
          [0.001, 0],
        ],
        [[], []],
      ],
    ],
  });
  const slow = (percent: number, exitCode: number) => {
    return { kind: "slow", busy: true, path: "merge", percent, exitCode, ratio: 1.05, seconds: 8 };
  };
  const text = summary([
    ...Array.from({ length: 200 }, () => same(0, true)),
    same(1, false),
    ...Array.from({ length: 20 }, () => slow(5, 1)),
    slow(3, 0),
  ]);
  expect(text).toMatch(/^One processor kept busy:/);
  expect(text).toContain("a false alarm (exit code 1): 0 / 200 [0.0 %, 1.8 %]");
  expect(text).toContain(
    "| merge | 0 / 1 [0.0 %, 97.5 %], 5.0 % | 20 / 20 [83.2 %, 100.0 %], 5.0 % |",
  );
  expect(text).toContain("a false alarm (exit code 1): 1 / 1 [2.5 %, 100.0 %]");
  expect(summary([])).toBe("no runs yet");
});
