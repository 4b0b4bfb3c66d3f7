import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import type { Results } from "../../src/record/schema.js";
import { runWords, shellLines } from "../../src/render/command.js";
import { mailReport } from "../../src/render/mail.js";
import { HOSTILE_NAMES, hostileResults } from "../export/hostile.js";
import { sampleResults } from "./fixture.js";

const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

describe("the mail", () => {
  const text = mailReport(sampleResults());

  test("has base, new, per cent, spread and verdict of each comparison in one line", () => {
    expect(text).toMatch(/^Time, ns per operation {12}base {7}new {3}change {4}\+\/- verdict$/m);
    expect(text).toMatch(
      /^hint-or-dump-flag\n {2}append-merge {21}700 {7}322 {3}-54\.0% {3}2\.0% faster$/m,
    );
  });

  test("has the work that differs, and counts what does not", () => {
    expect(text).toMatch(/^ {4}merge\.secondMerged +1 +0 {2}-100\.0%$/m);
    expect(text).toMatch(/^ {4}VMAs left +2168 +120 +-94\.5%$/m);
    expect(text).toMatch(/^ {4}and 2 more counters$/m);
    expect(text).toMatch(/^The same in the other 4\.$/m);
  });

  test("ends with the environment and the command", () => {
    expect(text.slice(text.indexOf("Environment:"))).toBe(
      [
        "Environment:",
        "vmabench 0.1.0, commit unknown",
        "suite quick, seed 1, rounds 200",
        "Node.js 20.19.0, V8 11.3, linux x64",
        "kernel 6.18.0",
        "Example CPU, 2 cores, 8 GiB",
        "",
        "To reproduce:",
        "",
        "    npx vmabench run --suite quick --seed 1",
        "",
      ].join("\n"),
    );
  });

  test("says that time was not measured, and nothing of faster or slower", () => {
    const results = sampleResults();
    for (const comparison of results.comparisons) {
      comparison.timeRatio = null;
      comparison.verdict = null;
    }
    expect(mailReport(results)).toContain("\nTime was not measured.\n");
    expect(mailReport(results)).not.toMatch(/faster|slower/);
  });

  test("lists scenarios where there is nothing to compare", () => {
    const alone = mailReport({ ...sampleResults(), comparisons: [] });
    expect(alone).toMatch(/^append-merge\/vmops-only\/mmap@6\.15\n +310 +128 +0\.001$/m);
  });

  test("stays within 72 columns of printable ASCII, whatever the names and numbers", () => {
    const results = hostileResults();
    results.settings = {
      ...results.settings,
      suite: HOSTILE_NAMES.join(" "),
      drivers: HOSTILE_NAMES,
      filters: HOSTILE_NAMES,
    };
    results.environment.cpu = "n\u202eever ending ".repeat(40);
    for (const scenario of results.scenarios) scenario.final.vmas = Number.MAX_SAFE_INTEGER;
    for (const comparison of results.comparisons) {
      comparison.work["hook.calls"] = [1e-7, 1e300];
      comparison.timeRatio = { ratio: 1e200, low: 1, high: 1e300, confidence: 0.95 };
    }
    for (const shown of [results, { ...results, comparisons: [] }]) {
      const mail = mailReport(shown);
      expect(mail).toMatch(/^[\n -~]+$/);
      expect(longest(mail)).toBeLessThanOrEqual(72);
    }
  });
});

describe("the command that makes a result again", () => {
  test("names what was asked for", () => {
    const results = sampleResults();
    results.settings = {
      ...results.settings,
      suite: "selection",
      drivers: ["my driver.yaml"],
      workloads: ["append-merge"],
      filters: ["*@7.3"],
      baseline: "mmap@6.15",
      candidates: ["mmap@7.3", "mmap_prepare@7.3"],
      workOnly: true,
    };
    expect(runWords(results).slice(3).join(" ")).toBe(
      "--driver my driver.yaml --workload append-merge --filter *@7.3 --baseline mmap@6.15 " +
        "--candidate mmap@7.3 --candidate mmap_prepare@7.3 --seed 1 --work-only",
    );
  });

  test("is read by a shell as the words it was made of", () => {
    const words = HOSTILE_NAMES.filter((name) => !name.includes("\0") && name.isWellFormed());
    words.push("it's", "'".repeat(100), "\u00e9\u{1f600}".repeat(30), "");
    const lines = shellLines(["printf", "%s\\0", ...words], 68);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(68);
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    const out = execFileSync("bash", ["-c", lines.join("\n")], { env }).toString();
    expect(out.split("\0").slice(0, -1)).toEqual(words);
  });

  test("of a file that says less is the suite and its seed", () => {
    const { settings } = sampleResults();
    const results = {
      ...sampleResults(),
      settings: { ...settings, filters: "no list" },
    } as Results;
    expect(runWords(results).join(" ")).toBe("npx vmabench run --suite quick --seed 1");
  });
});
