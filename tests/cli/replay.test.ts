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

  test.each([
    ["t.ops", "mmap 10000000 1000 3 0x32 - 0\n", 0],
    [
      "t.strace",
      "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7ffff7ff0000\n",
      1,
    ],
  ])(
    "of %s, which shows no layout, has the same fields and no final layout",
    async (name, text, results) => {
      const file = join(folder, name);
      writeFileSync(file, text);
      const { code, stdout } = await vmabench(["replay", "--check", "--json", file]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        file,
        operations: 1,
        results: { same: results, total: results },
        placed: { same: 0, total: 0 },
        vmaCounts: { same: 0, total: 0 },
        checkpoints: [],
        final: null,
      });
      const people = await vmabench(["replay", "--check", file]);
      expect(people.stdout).toContain(results ? "● agrees" : "○ nothing recorded to compare with");
    },
  );

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

describe("replay with a driver", () => {
  const own = () => {
    const file = join(folder, "own.yaml");
    writeFileSync(file, "driver: my-hint\nset: [DONTDUMP]\n");
    return file;
  };
  const java = join(traces, "java-hello.vmatrace.gz");

  test("shows the program as recorded and with it under the default pair", async () => {
    const { code, stdout, stderr } = await vmabench(["replay", java, "--driver", own()]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/as recorded +what if +what if\n +vmops-only +my-hint +my-hint\n/);
    expect(stdout).toMatch(
      /mmap_prepare@6\.18 +mmap@6\.15 +mmap_prepare@7\.3\nVMAs at the end +190 +190 +190\n/,
    );
    expect(stdout).toMatch(/second merged +0 +0\.0123 +0\n/);
    expect(Math.max(...stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  test("--json has each run whole, and agrees with a replay under that protocol alone", async () => {
    const protocols = ["mmap@7.3", "mmap_prepare@7.3", "mmap@6.12"];
    const named = protocols.flatMap((protocol) => ["--protocol", protocol]);
    const args = ["replay", java, "--driver", own(), "--json"];
    const beside = JSON.parse((await vmabench([...args, ...named])).stdout);
    expect(beside.runs.map(({ protocol }: { protocol: string }) => protocol)).toEqual(protocols);
    expect(beside.recorded).toMatchObject({ driver: "vmops-only", protocol: "mmap_prepare@6.18" });
    const alone = JSON.parse((await vmabench([...args, "--protocol", "mmap@7.3"])).stdout);
    const { work, final, failed } = alone;
    expect(beside.runs[0]).toMatchObject({ work, final, failed, time: null, otherResults: 0 });
    expect(beside.runs[0].vmas).toMatchObject({ left: final.vmas });
  });

  test("says which calls fail, and that the program might go other ways then", async () => {
    const { stdout } = await vmabench(["replay", java, "--driver", "always-reject?errno=ENODEV"]);
    expect(stdout).toMatch(/failed under mmap@6\.15: 62 ENODEV, 21 ENOMEM\n/);
    expect(stdout).toMatch(/Calls end otherwise than in the recording/);
  });

  test("leaves out what could not exist, unless it was named", async () => {
    const args = ["replay", java, "--driver", "pfnmap-eager-scattered"];
    const { code, stdout, stderr } = await vmabench(args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/left out: .*pfnmap-eager-scattered has no form for mmap_prepare@7\.3/);
    expect(stdout).toMatch(/mmap_prepare@6\.18 +mmap@6\.15\n/);
    const refused = await vmabench([
      ...args,
      "--protocol",
      "mmap@7.3",
      "--protocol",
      "mmap_prepare@7.3",
    ]);
    expect(refused.code).toBe(2);
  });

  test("--time gives each a time, and the ratio to the first", async () => {
    const xz = join(traces, "xz.vmatrace.gz");
    const { stdout } = await vmabench(["replay", xz, "--driver", own(), "--time", "--json"]);
    const { recorded, runs, timeRatios } = JSON.parse(stdout);
    for (const { time } of [recorded, ...runs]) expect(time.median).toBeGreaterThan(0);
    expect(timeRatios).toEqual([
      expect.objectContaining({ protocol: "mmap_prepare@7.3", ratio: expect.any(Number) }),
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
