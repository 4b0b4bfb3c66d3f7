import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXPORT_FORMATS } from "../../src/export/formats.js";
import { sampleResults } from "../render/fixture.js";
import { vmabench } from "./command.js";

let folder = "";
let results = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-export-"));
  results = join(folder, "results.json");
  writeFileSync(results, JSON.stringify(sampleResults()));
});
afterAll(() => rmSync(folder, { recursive: true }));

const expected = EXPORT_FORMATS.csv.write(sampleResults());

test("prints the text, or writes it to a file and says so", async () => {
  const printed = await vmabench(["export", results, "--format", "csv"]);
  expect(printed).toEqual({ code: 0, stdout: expected, stderr: "" });
  const out = join(folder, "table.csv");
  const written = await vmabench(["export", results, "--format", "csv", "--out", out]);
  expect(written).toEqual({ code: 0, stdout: "", stderr: `${out}: written\n` });
  expect(readFileSync(out, "utf8")).toBe(expected);
});

test("--json is one document", async () => {
  const { stdout } = await vmabench(["export", results, "--format", "csv", "--json"]);
  expect(JSON.parse(stdout)).toEqual({ format: "csv", file: null, text: expected });
});

test("an unknown format or a wrong file is refused, and nothing is written", async () => {
  const out = join(folder, "never");
  const format = await vmabench(["export", results, "--format", "xml", "--out", out]);
  expect([format.code, format.stdout]).toEqual([2, ""]);
  expect(format.stderr).toMatch(/github-action-benchmark, bencher, go, junit, csv, ndjson/);
  const wrong = join(folder, "wrong.json");
  writeFileSync(wrong, '{"schema":"vmabench/results@1"}');
  const file = await vmabench(["export", wrong, "--format", "csv", "--out", out]);
  expect([file.code, file.stdout]).toEqual([2, ""]);
  expect(file.stderr).toContain("wrong.json:1: expected tool: a mapping, found nothing");
  expect(existsSync(out)).toBe(false);
});

test("an error that quotes a foreign name sends no escape sequence to the terminal", async () => {
  const { code, stderr } = await vmabench(["export", "\u001b[2Jno", "--format", "csv"]);
  expect(code).toBe(2);
  expect(stderr).toContain("\\u001b[2Jno");
  expect(stderr).not.toContain("\u001b");
});
