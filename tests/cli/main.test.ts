import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { COMMANDS, main } from "../../src/cli/main.js";
import { MachineError, UsageError } from "../../src/errors.js";
import { launcher, vmabench } from "./command.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const json = (text: string) => JSON.parse(text);

interface Listed {
  id: string;
  title: string;
}

describe("help and version", () => {
  test("the help lists every command and exit code", async () => {
    const { code, stdout, stderr } = await vmabench(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const { name } of COMMANDS) expect(stdout).toContain(`  ${name} `);
    for (const exit of [0, 1, 2, 3, 70, 130])
      expect(stdout).toMatch(new RegExp(`^ +${exit} `, "m"));
  });

  test.each([
    ...COMMANDS.map(({ name }) => [name, "--help"]),
    ["help", "run"],
    ["help", "maple-digest"],
  ])("%s %s is help of its own", async (...args) => {
    const name = args.find((word) => !/help$/.test(word));
    const { code, stdout, stderr } = await vmabench(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: vmabench ${name}`);
    expect(stdout).toContain("--json");
    expect(stdout).toContain("--quiet");
  });

  test.each(COMMANDS.map((entry) => [entry.name, entry] as const))(
    "%s describes itself as the list of commands does",
    async (name, { summary, load }) => {
      const command = await load();
      expect([command.name(), command.description()]).toEqual([name, summary]);
    },
  );

  test("no command at all shows the help as an error", async () => {
    const { code, stdout, stderr } = await vmabench([]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: vmabench");
  });

  test("--version", async () => {
    const manifest = json(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(await vmabench(["--version"])).toEqual({
      code: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
  });
});

describe("list", () => {
  test("one JSON document: an object of lists, or one list", async () => {
    const all = json((await vmabench(["list", "--json"])).stdout);
    expect(Object.keys(all)).toEqual([
      "kernels",
      "protocols",
      "drivers",
      "workloads",
      "tlbs",
      "suites",
    ]);
    for (const [kind, entries] of Object.entries(all) as [string, Listed[]][]) {
      expect(json((await vmabench(["list", kind, "--json"])).stdout)).toEqual(entries);
      expect(entries.length).toBeGreaterThan(1);
      for (const { id, title } of entries)
        expect([id, title]).toEqual([expect.stringMatching(/^.+$/), expect.stringMatching(/^.+$/)]);
    }
  });

  test("for people a line each, for scripts the ids", async () => {
    const entries = json((await vmabench(["list", "tlbs", "--json"])).stdout) as Listed[];
    const ids = (await vmabench(["list", "tlbs", "--quiet"])).stdout;
    expect(ids).toBe(entries.map(({ id }) => `${id}\n`).join(""));
    const lines = (await vmabench(["list", "tlbs"])).stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual(
      entries.map(({ id, title }) => [id, title]),
    );
  });
});

describe("how it ends", () => {
  test.each([
    [new UsageError("no such thing"), 2, "vmabench: no such thing\n"],
    [new MachineError("no memory"), 3, "vmabench: no memory\n"],
    [
      new Error("first\n  second"),
      70,
      "vmabench: internal error: first; second; please report this bug (VMABENCH_DEBUG=1 shows where it happened)\n",
    ],
  ])("%s: one line and its exit code", async (error, code, line) => {
    const entry = COMMANDS.find(({ name }) => name === "list")!;
    vi.spyOn(entry, "load").mockRejectedValue(error);
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      expect(await main(["list"])).toBe(code);
      expect(stderr.mock.calls).toEqual([[line]]);
    } finally {
      vi.restoreAllMocks();
    }
  });

  test("a reader who stops reading is no error", () => {
    const out = execFileSync("/bin/sh", [
      "-c",
      `for i in 1 2 3; do "$0" "$1" list --json | head -c 5 >/dev/null; done 2>&1`,
      process.execPath,
      launcher,
    ]);
    expect(out.toString()).toBe("");
  });

  test("Ctrl-C ends a long replay with 130 and leaves nothing behind", async () => {
    const file = join(folder, "long.ops");
    writeFileSync(file, `mmap 1000000 1000 3 0x32 - 0\nmunmap 1000000 1000\n`.repeat(900_000));
    const layout = join(folder, "layout");
    const { code, stdout } = await vmabench(["replay", file, "--json", "--layout", layout], {
      meanwhile: (child) => void setTimeout(() => child.kill("SIGINT"), 700),
    });
    // null: the signal came before the command had begun
    expect([code ?? 130, stdout]).toEqual([130, ""]);
    expect(() => readFileSync(layout)).toThrow("ENOENT");
    rmSync(file);
  });
});
