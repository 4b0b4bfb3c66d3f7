// Whatever is wrong with what a user gives: exit code 2, one line that names it, nothing left behind.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vmabench } from "./command.js";

const packed = readFileSync(
  fileURLToPath(new URL("../../bench/traces/git-log.vmatrace.gz", import.meta.url)),
);
const git = gunzipSync(packed).toString();
const lineOf = (text: string, part: string) =>
  text.split("\n").findIndex((line) => line.includes(part)) + 1;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command in an empty folder with one input file, and expects the refusal of bad input. */
async function refused(args: string[], file?: { name: string; bytes: string | Buffer }) {
  const cwd = mkdtempSync(join(folder, "run-"));
  if (file) writeFileSync(join(cwd, file.name), file.bytes);
  const before = readdirSync(cwd);
  const { code, stdout, stderr } = await vmabench(args, { cwd });
  expect(stderr).toMatch(/^vmabench: [^\n]+\n$/);
  expect(stdout).toBe("");
  expect(code).toBe(2);
  expect(readdirSync(cwd)).toEqual(before);
  return stderr;
}

const munmap = git.split("\n").find((line) => line.includes(" munmap ")) as string;
const damaged: [string, string, string | Buffer, number, string][] = [
  [
    "bad number",
    "t.vmatrace",
    git.replace(munmap, "1 munmap 0x7fzz 0x1000 = 0"),
    0,
    "addr of munmap",
  ],
  ["unknown call", "t.vmatrace", git.replace(" munmap ", " unmapp "), 0, "a call (mmap,"],
  [
    "missing argument",
    "t.vmatrace",
    git.replace(munmap, "1 munmap 0x1000 = 0"),
    0,
    "len of munmap",
  ],
  ["NUL byte", "t.vmatrace", git.replace(munmap, `${munmap}\u0000`), 0, "a NUL byte"],
  ["call not modelled", "t.vmatrace", git.replace(munmap, "1 mbind 0x1000 = 0"), 0, "not modelled"],
  ["truncated gzip", "t.vmatrace.gz", packed.subarray(0, 900), -1, "the end of the file"],
  ["truncated text", "t.vmatrace", git.slice(0, git.indexOf("@maps final")), -1, "@maps final"],
  ["line of 100 MB", "t.vmatrace", Buffer.alloc(100 << 20, "x"), 1, "a line of at most"],
  ["empty file", "t.vmatrace", "", 1, "@maps initial"],
  [
    "no trace at all",
    "notes.txt",
    "hello\n",
    1,
    "a vmatrace, an operation trace or what strace prints",
  ],
  ["bad operation", "t.ops", "munmap 1000 1000\nmmap 0 1000 x 0x22 - 0\n", 2, "PROT of mmap"],
];

describe("replay refuses", () => {
  test.each(damaged)("%s", async (_what, name, bytes, line, expected) => {
    const stderr = await refused(["replay", "--layout", "layout", "--json", name], { name, bytes });
    const number = line === 0 ? lineOf(git, " munmap ") : line === -1 ? "\\d+" : line;
    expect(stderr).toMatch(new RegExp(`^vmabench: ${name}:${number}: expected .*, found .+\n$`));
    expect(stderr).toContain(expected);
  });

  test("a file that is not there", async () => {
    expect(await refused(["replay", "t.vmatrace"])).toContain(
      "cannot read t.vmatrace: no such file",
    );
  });

  test("a good file together with a wrong one, before anything is replayed", async () => {
    const good = fileURLToPath(new URL("../../bench/traces/xz.vmatrace.gz", import.meta.url));
    const stderr = await refused(["replay", good, "t.ops"], { name: "t.ops", bytes: "jump 1\n" });
    expect(stderr).toContain("t.ops:1: expected an operation");
  });

  test("--layout for several files", async () => {
    expect(await refused(["replay", "a", "b", "--layout", "l"])).toContain("name one file");
  });
});

describe("names that do not exist are refused with what there is", () => {
  test.each([
    [["replay", "t.ops", "--protocol", "mmap@9.9"], "6.15"],
    [["replay", "t.ops", "--protocol", "mmap_prepare@6.11"], "never existed"],
    [["replay", "t.ops", "--driver", "gpu"], "vmops-only"],
    [["replay", "t.ops", "--touch", "some"], "none, written, all"],
    [["replay", "t.ops", "--time"], "name a --driver, or several --protocol"],
    [["replay", "t.ops", "--protocol", "mmap@7.3", "--protocol", "mmap@7.3"], "named twice"],
    [["replay", "t.ops", "--check", "--protocol", "mmap@7.3", "--protocol", "rfc"], "name one"],
    [["run", "--suite", "everything"], "quick"],
    [["run", "--filter", "no-such-scenario"], "no scenario matches"],
    [["run", "--baseline", "mmap@1.0"], "6.15"],
    [["run", "--candidate", "hook@7.3"], "mmap_prepare"],
    [["list", "things"], "protocols"],
    [["list", "kernels", "drivers"], "too many arguments"],
    [["dance"], "unknown command 'dance'"],
    [["--dance"], "unknown option '--dance'"],
    [["replay", "t.ops", "--dance"], "unknown option '--dance'"],
    [["run", "--dance"], "unknown option '--dance'"],
    [["replay"], "missing required argument 'file'"],
    [["replay", "t.ops", "--layout"], "argument missing"],
    [["maple-digest", "--ops", "1", "--pages", "1"], "--mask"],
    [["maple-digest", "--ops", "1e3", "--pages", "1", "--mask", "1"], "--ops 1e3: expected"],
    [["maple-digest", "--ops", "1", "--pages", "0", "--mask", "1"], "from 1 to"],
    [
      ["maple-digest", "--ops", "1", "--pages", "1", "--mask", "1", "--rng-state", "0"],
      "from 1 to 2^64 - 1",
    ],
  ])("%j", async (args, expected) => {
    expect(await refused(args)).toContain(expected);
  });
});

describe("places that cannot be written", () => {
  test("a report folder below a file", async () => {
    const file = { name: "occupied", bytes: "" };
    const args = ["run", "--work-only", "--out", "occupied/reports"];
    expect(await refused(args, file)).toContain("cannot write occupied/reports");
  });

  test("a layout in a folder that is not there", async () => {
    const file = { name: "t.ops", bytes: "mmap 0 1000 3 0x22 - 0\n" };
    const args = ["replay", "t.ops", "--layout", "missing/layout"];
    expect(await refused(args, file)).toContain("cannot write missing/layout: no such folder");
  });

  test("a layout where a folder stands", async () => {
    const cwd = mkdtempSync(join(folder, "run-"));
    mkdirSync(join(cwd, "layout"));
    writeFileSync(join(cwd, "t.ops"), "mmap 0 1000 3 0x22 - 0\n");
    const { code, stderr } = await vmabench(["replay", "t.ops", "--layout", "layout"], { cwd });
    expect(stderr).toBe("vmabench: cannot write layout: it is a folder\n");
    expect(code).toBe(2);
    expect(readdirSync(cwd)).toEqual(["layout", "t.ops"]);
  });
});
