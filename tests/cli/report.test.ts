import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mailReport } from "../../src/render/mail.js";
import { sampleResults } from "../render/fixture.js";
import { vmabench } from "./command.js";

let folder = "";
let results = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-report-"));
  results = join(folder, "results.json");
  writeFileSync(results, JSON.stringify(sampleResults()));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("--format mail prints the mail, or writes it", async () => {
  const text = mailReport(sampleResults());
  expect(await vmabench(["report", results, "--format", "mail"])).toEqual({
    code: 0,
    stdout: text,
    stderr: "",
  });
  const out = join(folder, "mail.txt");
  const { stdout } = await vmabench([
    "report",
    results,
    "--format",
    "mail",
    "--out",
    out,
    "--json",
  ]);
  expect(JSON.parse(stdout)).toEqual({ format: "mail", file: out, text: null });
  expect(readFileSync(out, "utf8")).toBe(text);
});

test("a folder is written beside the result file, or where it is wanted", async () => {
  const here = await vmabench(["report", results]);
  expect([here.code, here.stdout]).toEqual([0, ""]);
  expect(here.stderr).toBe(`${folder}/report.md: written\n`);
  expect(existsSync(join(folder, "charts"))).toBe(true);
  const there = await vmabench(["report", results, "--out", join(folder, "new"), "--quiet"]);
  expect(there).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(JSON.parse(readFileSync(join(folder, "new", "results.json"), "utf8"))).toEqual(
    sampleResults(),
  );
});
