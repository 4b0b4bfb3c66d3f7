import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { historyOf } from "../judge/series.js";
import { vmabench } from "./command.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-history-"));
  const entries = historyOf(40, { "a/b/c": (i) => (i < 20 ? 1 : 0.9), "d/e/f": () => 1 });
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
  writeFileSync(join(folder, "h.ndjson"), lines.join(""));
  writeFileSync(join(folder, "torn.ndjson"), `${lines[0]}{"schema":`);
  writeFileSync(join(folder, "wrong.ndjson"), `${lines[0]}\n{"schema":"vmabench/history@1"}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const history = (...args: string[]) => vmabench(["history", ...args], { cwd: folder });

test("the history is shown, as a document and as a chart", async () => {
  const shown = await history("--file", "h.ndjson", "--chart", "h.png");
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/◆ -10\.\d % from 0{8}/);
  expect(shown.stdout).toContain("1 of 2 scenarios changed their level");
  expect(readFileSync(join(folder, "h.png")).subarray(1, 4).toString()).toBe("PNG");
  const { stdout } = await history("--file", "h.ndjson", "--json", "--filter", "a/*");
  const { commits, series } = JSON.parse(stdout);
  expect([commits, series.length, series[0].steps.length]).toEqual([40, 1, 1]);
  const recent = await history("--file", "h.ndjson", "--last", "10", "--quiet");
  expect(recent.stdout).toBe("no change of level in 2 scenarios\n");
});

test("no history is no answer", async () => {
  const { code, stderr } = await history("--file", "none.ndjson");
  expect(code).toBe(3);
  expect(stderr).toMatch(/none\.ndjson has no entry yet; vmabench history --append measures one/);
});

test.each([
  [["--file", "torn.ndjson"], "torn.ndjson:2: expected JSON with a value here"],
  [["--file", "wrong.ndjson"], "wrong.ndjson:3: expected "],
  [["--file", "h.ndjson", "--filter", "z*"], "no scenario matches z*"],
  [["--file", "h.ndjson", "--last", "0"], "--last 0: expected an integer from 1"],
  [["--file", "h.ndjson", "--last", "1", "--chart", "x.png"], "expected two entries to draw"],
  [["--append", "no-such-revision"], "--append no-such-revision: expected a git revision"],
  [["--append", "--reference", "h.ndjson"], "h.ndjson:2: expected JSON with an end of file here"],
])("%j is refused", async (args, expected) => {
  const { code, stdout, stderr } = await history(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^vmabench: [^\n]+\n$/);
  expect(stderr).toContain(expected);
});
