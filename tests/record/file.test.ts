import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MachineError, UsageError } from "../../src/errors.js";
import { cannotWrite, checkFileWritable, writeFileWhole } from "../../src/record/file.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-file-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced as a whole and leaves nothing else", () => {
  const path = join(folder, "layout");
  writeFileSync(path, "before");
  checkFileWritable(path);
  expect(readFileSync(path, "utf8")).toBe("before");
  writeFileWhole(path, "after\n");
  expect(readFileSync(path, "utf8")).toBe("after\n");
  expect(readdirSync(folder)).toEqual(["layout"]);
});

test("folders that are missing are made, and gone again when the file cannot be written", () => {
  writeFileWhole(join(folder, "a/b/file"), "text");
  expect(readFileSync(join(folder, "a/b/file"), "utf8")).toBe("text");
  const name = "x".repeat(300);
  expect(() => writeFileWhole(join(folder, "a/c/d", name), "text")).toThrow(UsageError);
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
});

test.each([
  [".", "it is a folder"],
  ["layout/layout", "a part of the path is not a folder"],
])("%s: %s, nothing left behind", (name, reason) => {
  writeFileSync(join(folder, "layout"), "");
  const path = join(folder, name);
  for (const attempt of [() => writeFileWhole(path, "x"), () => checkFileWritable(path)]) {
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(reason);
  }
  expect(readdirSync(folder)).toEqual(["layout"]);
});

test("what is checked before long work has to have its folder", () => {
  expect(() => checkFileWritable(join(folder, "missing/file"))).toThrow("no such folder");
  mkdirSync(join(folder, "missing"));
  checkFileWritable(join(folder, "missing/file"));
  expect(existsSync(join(folder, "missing/file"))).toBe(false);
});

test("a device is written to, not replaced", () => {
  writeFileWhole("/dev/null", "text");
  expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
});

test("a full disk is the machine's fault, a path that may not be written the command line's", () => {
  const kindOf = (code: string) => cannotWrite("x", Object.assign(new Error(code), { code }));
  expect(kindOf("ENOSPC")).toEqual(new MachineError("cannot write x: no space left"));
  expect(kindOf("EROFS")).toEqual(new UsageError("cannot write x: read-only file system"));
});
