import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.js";
import { checkWritable, writeReport } from "../../src/record/store.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (text: string) =>
  new Map([
    ["results.json", text],
    ["report.md", text],
  ]);
const read = (name: string) => readFileSync(join(folder, name), "utf8");

describe("writing a report", () => {
  test("makes the folder and those above it, and leaves nothing beside", () => {
    writeReport(join(folder, "a/b/latest"), files("one"));
    expect(readdirSync(join(folder, "a/b"))).toEqual(["latest"]);
    expect(read("a/b/latest/results.json")).toBe("one");
  });

  test("replaces the report that was there as a whole", () => {
    const out = join(folder, "latest");
    writeReport(out, new Map([...files("one"), ["charts/time.png", "png"]]));
    writeReport(out, files("two"));
    expect(readdirSync(out).sort()).toEqual(["report.md", "results.json"]);
    expect(read("latest/report.md")).toBe("two");
  });

  test("leaves the user's own files alone", () => {
    writeFileSync(join(folder, "notes.md"), "mine");
    mkdirSync(join(folder, "work"));
    writeReport(folder, files("one"));
    expect(readdirSync(folder).sort()).toEqual(["notes.md", "report.md", "results.json", "work"]);
    expect(read("notes.md")).toBe("mine");
  });

  test("that fails half way leaves the earlier report as it was", () => {
    writeReport(folder, files("one"));
    rmSync(join(folder, "report.md"));
    mkdirSync(join(folder, "report.md")); // results.json is moved in, then report.md cannot be
    expect(() => writeReport(folder, files("two"))).toThrow(UsageError);
    expect(read("results.json")).toBe("one");
    expect(readdirSync(folder).sort()).toEqual(["report.md", "results.json"]);
  });

  test("writes no file that a later report would not know as its own", () => {
    expect(() => writeReport(folder, new Map([["other.txt", ""]]))).toThrow(/not a file of ours/);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("checking before measuring", () => {
  test("a folder that is there or can be made is fine, and nothing is left behind", () => {
    checkWritable(folder);
    checkWritable(join(folder, "a/b/c"));
    expect(readdirSync(folder)).toEqual([]);
    expect(existsSync(join(folder, "a"))).toBe(false);
  });

  test("a file in the way is an error in one line", () => {
    writeFileSync(join(folder, "file"), "");
    for (const path of ["file", "file/latest", "file/a/b"]) {
      expect(() => checkWritable(join(folder, path))).toThrow(UsageError);
      expect(() => checkWritable(join(folder, path))).toThrow(/^cannot write [^\n]*not a folder$/);
    }
  });

  test("a file system that takes nothing is an error in one line", () => {
    expect(() => checkWritable("/proc/vmabench")).toThrow(
      /^cannot write \/proc\/vmabench: [^\n]+$/,
    );
  });
});
