// vmabench on a real terminal, which `script` of util-linux makes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { widthOf } from "../../src/render/width.js";
import { launcher } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-terminal-"));
afterAll(() => rmSync(folder, { recursive: true }));
const ESCAPE = "\u001b";
const out = join(folder, "report");
const run = `'${process.execPath}' '${launcher}' run --work-only --filter 'append-*' --out '${out}'`;

/** What a terminal of so many columns is sent. */
function terminal(columns: number, command: string, env: Record<string, string> = {}): string {
  const line = `stty cols ${columns} rows 40; ${command}`;
  const { NO_COLOR: _, ...rest } = process.env;
  return spawnSync("script", ["-qec", line, "/dev/null"], {
    env: { ...rest, TERM: "xterm-256color", ...env },
    encoding: "utf8",
    input: "",
  }).stdout;
}

const works = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

describe.skipIf(!works)("on a terminal (needs script of util-linux)", () => {
  test("a run shows its progress, fits, and ends with where the report is", () => {
    const sent = terminal(80, run);
    expect(sent).toMatch(/■ +\d+\/\d+ {2}.*append-/);
    const left = sent.slice(sent.lastIndexOf(`${ESCAPE}[?25h`)); // the bar is gone by then
    const lines = stripVTControlCharacters(left).trimEnd().split(/\r?\n/);
    expect(lines.at(-1)).toBe(`report: ${out}/report.html, report.md`);
    expect(Math.max(...lines.slice(0, -1).map(widthOf))).toBeLessThanOrEqual(80);
    expect(left).toContain(`${ESCAPE}[1m`);
  });

  test("NO_COLOR takes the colours, --quiet the progress", () => {
    const sent = terminal(80, `${run} --quiet`, { NO_COLOR: "1" });
    expect(sent).not.toContain(ESCAPE);
    expect(sent.trimEnd().split("\n")).toHaveLength(1);
  });
});

test("a pipe gets neither colour nor progress", () => {
  const { stdout, stderr } = spawnSync("sh", ["-c", run], { encoding: "utf8" });
  expect(stdout + stderr).not.toContain(ESCAPE);
  expect(stderr).toBe("");
});
