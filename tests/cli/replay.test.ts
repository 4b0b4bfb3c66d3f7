// Replays on the real core, through the command line.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheckReport } from "../../src/replay/check.js";
import { vmabench } from "./command.js";

const traces = fileURLToPath(new URL("../../bench/traces/", import.meta.url));
const names = readdirSync(traces).filter((name) => name.endsWith(".vmatrace.gz"));
const files = names.map((name) => join(traces, name));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-replay-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Traces whose VMA boundaries depend on no page that the program wrote. */
const BOUNDARIES_KNOWN = ["bash-script", "git-log", "sqlite3", "xz"];

describe("replay --check", () => {
  const reports = new Map<string, CheckReport>();
  let code: number | null = null;
  beforeAll(async () => {
    const outcome = await vmabench(["replay", "--check", "--json", ...files]);
    expect(outcome.stderr).toBe("");
    code = outcome.code;
    for (const report of JSON.parse(outcome.stdout) as CheckReport[]) {
      reports.set(basename(report.file), report);
    }
  });

  test("finds no mismatch in the traces", () => expect(code).toBe(0));

  test.each(names)("%s: results, addresses and coverage as recorded", (name) => {
    const report = reports.get(name) as CheckReport;
    expect(report.results.same).toBe(report.results.total);
    expect(report.placed.same).toBe(report.placed.total);
    expect(report.final?.coverage).toBe(true);
    for (const checkpoint of report.checkpoints) expect(checkpoint.coverage).toBe(true);
  });

  test.each(names.filter((name) => BOUNDARIES_KNOWN.includes(name.split(".")[0] as string)))(
    "%s: every VMA count and the list of VMAs too",
    (name) => {
      const report = reports.get(name) as CheckReport;
      expect(report.vmaCounts.same).toBe(report.vmaCounts.total);
      expect(report.final?.exact).toBe(true);
    },
  );

  test("one file gives one object, and people get lines", async () => {
    const file = files[0] as string;
    const document = JSON.parse((await vmabench(["replay", "--check", "--json", file])).stdout);
    expect(document).toEqual(reports.get(names[0] as string));
    const { stdout } = await vmabench(["replay", "--check", file]);
    expect(stdout).toMatch(/● agrees\n {2}results +30\/30\n/);
    expect((await vmabench(["replay", "--check", "--quiet", file])).stdout).toBe("");
  });

  test("a mismatch ends with 1 and is shown", async () => {
    const text = gunzipSync(readFileSync(join(traces, "xz.vmatrace.gz"))).toString();
    const file = join(folder, "wrong.vmatrace.gz");
    writeFileSync(file, gzipSync(text.replace(/( munmap .*) = 0/, "$1 = -22")));
    const { code, stdout } = await vmabench(["replay", "--check", "--quiet", file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/▲ mismatch/);
    expect(stdout).toMatch(/operation \d+ \(.*wrong\.vmatrace\.gz:\d+\) 1 munmap .* = -22/);
  });
});

describe("replay", () => {
  test("writes the layout it leaves, a VMA a line", async () => {
    const layout = join(folder, "layout");
    const args = ["replay", join(traces, "sqlite3.vmatrace.gz"), "--layout", layout, "--json"];
    const { code, stdout } = await vmabench(args);
    expect(code).toBe(0);
    const summary = JSON.parse(stdout);
    const lines = readFileSync(layout, "utf8").trimEnd().split("\n");
    expect(lines).toEqual(summary.layout);
    expect(lines).toHaveLength(summary.final.vmas);
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ \d+ (-|\d+)$/);
    const starts = lines.map((line) => Number.parseInt(line, 16));
    expect(starts).toEqual([...starts].sort((a, b) => a - b));
    expect(readdirSync(folder).filter((name) => name.startsWith(".layout"))).toEqual([]);
  });

  test("shows what an operation trace leaves", async () => {
    const file = join(folder, "hand.ops");
    writeFileSync(
      file,
      [
        "mmap 10000000000 4000 3 0x32 - 0",
        "#MARK",
        "munmap 10000001000 1000",
        "mmap 10000010000 2000 1 0x11 5 7",
        "munmap 1001 1000",
        "",
      ].join("\n"),
    );
    const { code, stdout } = await vmabench(["replay", file]);
    expect(code).toBe(0);
    expect(stdout).toContain("3 operations");
    expect(stdout).toMatch(/failed calls +1 EINVAL/);
    const layout = stdout.split("\n").filter((line) => /^ {2}10000/.test(line));
    expect(layout.map((line) => line.trim().split(" "))).toEqual([
      ["10000000000", "10000001000", "100073", "268435456", "-"],
      ["10000002000", "10000004000", "100073", "268435458", "-"],
      // opened for both, so a shared mapping may still become writable
      ["10000010000", "10000012000", "f9", "7", "5"],
    ]);
  });
});

describe("maple-digest", () => {
  test("prints the known answer of a small stream", async () => {
    const args = ["maple-digest", "--ops", "20000", "--pages", "256", "--mask", "15"];
    const document = JSON.parse((await vmabench([...args, "--json"])).stdout);
    expect(document).toMatchObject({
      height: 2,
      leaves: 4,
      inner: 1,
      entries: 41,
      pops: 20773,
      moved: 209964,
      structure: "95b1c2d06def9ec6",
      operations: "7036e47041b4d850",
    });
    const { stdout } = await vmabench([...args, "--no-rcu"]);
    expect(stdout).toMatch(/^nodes taken \(pops\) +8517$/m);
    expect(stdout).toContain("95b1c2d06def9ec6");
  });
});
