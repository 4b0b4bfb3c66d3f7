// Every way a gate can end, driven through the built command line. Cores are slower, do more work or answer wrongly
// on purpose (bench/selftest/cores.js); limits are wide and slowdowns large, so that a busy machine changes nothing.

import { execFile, execFileSync } from "node:child_process";
import {
  copyFileSync,
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
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
// @ts-expect-error: a script without types
import { filled } from "../../bench/selftest/cores.js";
import { withSection } from "../../src/core/module.js";
import { readGateRecord } from "../../src/record/gate.js";
import { readHistory } from "../../src/record/history.js";
import { vmabench } from "./command.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const build = join(root, "build");
const SCENARIO = "append-merge/vmops-only/mmap@6.15?ops=2048";
const ONE = ["--filter", SCENARIO.replace(/\?.*/, "*")];
const FEW = [...ONE, "--processes", "7", "--sittings", "2", "--rounds", "8"];
const WIDE = ["--max-slowdown", "30"];
const NEVER = "2999-12-31";

let folder = "";
let cores: Record<"copy" | "slow" | "reads" | "wrong" | "torn", string>;

/** Compiles in a process of its own: two at a time. */
async function template(call: string): Promise<Buffer> {
  const script = join(root, "bench/selftest/cores.js");
  const code = `import(${JSON.stringify(script)}).then(m => m.${call}).then(b => process.stdout.write(b))`;
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["-e", code], {
    encoding: "buffer",
    maxBuffer: 1 << 26,
  });
  return stdout;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-gate-"));
  const [slow, work] = await Promise.all([template("slowTemplate(3)"), template("workTemplate()")]);
  const built = (name: string) => readFileSync(join(build, `${name}.wasm`));
  const core = (name: string, timing: Uint8Array, counted: Uint8Array) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "timing.wasm"), timing);
    writeFileSync(join(folder, name, "work.wasm"), counted);
    return join(folder, name);
  };
  cores = {
    copy: core("copy", withSection(built("timing"), "a.copy"), built("work")),
    slow: core("slow", filled(slow, { spin: 256 * 1024 }), built("work")),
    reads: core("reads", built("timing"), filled(work, { extraReads: 1 })),
    wrong: core("wrong", built("timing"), filled(work, { wrong: 1 })),
    torn: core("torn", filled(slow, { wrong: 1 }), built("work")),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const place = (name: string) => join(folder, name);
const gate = (...args: string[]) => vmabench(["gate", ...args], { cwd: folder });
const against = (head: string, ...args: string[]) =>
  gate("--base", build, "--head", head, "--out", place("gate.json"), ...FEW, ...args);

let slow: ReturnType<typeof gate> | undefined;
/** A gate that finds the slow core slower; its record is slow.json. Run once, by whoever needs it first. */
const slowRun = () =>
  (slow ??= against(cores.slow, "--json", ...WIDE, "--out", place("slow.json")));

function written(name: string, document: unknown): string {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  writeFileSync(place(name), text);
  return place(name);
}

const accepting = (measure: string, limit: number, expiry: string) =>
  written("accepted.json", {
    schema: "vmabench/accepted@1",
    accepted: [{ name: "append-merge/*", measure, limit, reason: "a test wants it so", expiry }],
  });

describe("exit code 0", () => {
  test("the same code is not timed at all, whatever its custom sections say", async () => {
    const { code, stdout } = await against(cores.copy, "--json");
    const verdict = JSON.parse(stdout);
    expect([code, verdict.identical, verdict.time]).toEqual([0, true, []]);
    expect(readGateRecord(place("gate.json")).processes).toEqual([]);
  });

  test("timed against itself, other bytes and the same code are the same", async () => {
    const { code, stdout } = await against(cores.copy, "--time-identical", "--json", ...WIDE);
    const { time, control } = JSON.parse(stdout);
    expect(time.map(({ id, verdict }: Record<string, unknown>) => [id, verdict])).toEqual([
      [SCENARIO, "same"],
    ]);
    expect([code, control.noise]).toEqual([0, null]);
  });

  test("the committed counts hold for the working tree", async () => {
    const { code, stdout } = await gate("--json");
    expect([code, JSON.parse(stdout).work]).toEqual([0, []]);
  });
});

describe("exit code 1", () => {
  test("a slower core; a replay of its record says the same and runs nothing", async () => {
    const { code, stdout } = await slowRun();
    const verdict = JSON.parse(stdout);
    expect([code, verdict.time[0].verdict, verdict.work]).toEqual([1, "slower", []]);
    expect(verdict.reason).toBe(`slower: ${SCENARIO}`);
    const again = await gate("--replay", place("slow.json"), "--json");
    expect(again).toEqual({ code: 1, stdout, stderr: "" });
    // raw times in the order they were measured, as many as asked for
    const [first] = readGateRecord(place("slow.json")).processes[0]!.scenarios;
    expect([first!.sittings, first!.base.length, first!.head.length]).toEqual([2, 16, 16]);
  });

  test("more work than the base: one more read of a node, found before anything is timed", async () => {
    const { code, stdout, stderr } = await against(cores.reads, "--json");
    const { work, time } = JSON.parse(stdout);
    expect(work).toMatchObject([{ id: SCENARIO, measure: "maple.nodeReads", accepted: null }]);
    expect([code, time]).toEqual([1, []]);
    expect(stderr).toMatch(/1 counts rise: .* maple\.nodeReads/);
  });

  test("more work than committed", async () => {
    const { code, stdout } = await gate("--head", cores.reads);
    expect(code).toBe(1);
    expect(stdout).toMatch(/maple\.nodeReads +10244 → \d+ \(\+/);
    expect(stdout).toMatch(/gate failed: \d+ counts are not as committed/);
  });
});

describe("accepted.json", () => {
  test("an accepted rise passes, up to its limit and no further", async () => {
    const enough = accepting("maple.nodeReads", 100, NEVER);
    const passed = await against(cores.reads, "--accepted", enough);
    expect(passed.code).toBe(0);
    expect(passed.stdout).toContain("accepted: a test wants it so");
    const little = accepting("maple.nodeReads", 1, NEVER);
    expect((await against(cores.reads, "--accepted", little)).code).toBe(1);
    const other = accepting("time", 100, NEVER);
    expect((await against(cores.reads, "--accepted", other)).code).toBe(1);
  });

  test("an entry whose day is over no longer counts, and that is said", async () => {
    const over = accepting("work", 100, "2020-01-31");
    const { code, stderr } = await against(cores.reads, "--accepted", over);
    expect(code).toBe(1);
    expect(stderr).toContain("expired on 2020-01-31");
  });

  test("an accepted slowdown is the limit of its scenario", async () => {
    const accepted = accepting("time", 100_000, NEVER);
    const { code, stdout } = await against(cores.slow, "--json", "--accepted", accepted);
    const [time] = JSON.parse(stdout).time;
    expect([code, time.verdict, time.limit]).toEqual([0, "same", 100_000]);
  });
});

describe("exit code 2", () => {
  const refused = async (args: string[]) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await gate(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^vmabench: [^\n]+\n$/);
    expect(readdirSync(folder)).toEqual(before);
    return stderr;
  };

  test.each([
    [["--base", "no-such-thing"], "a folder with a built core, a gate record, or a git revision"],
    [["--base", "--nothing"], "a git revision"],
    [["--base", "."], "expected a built core, timing.wasm"],
    [["--max-slowdown", "0"], "--max-slowdown 0: expected per cent"],
    [["--max-slowdown", "lots"], "--max-slowdown lots: expected per cent"],
    [["--processes", "0"], "--processes 0: expected an integer from 1"],
    [["--rounds", "1.5"], "--rounds 1.5: expected an integer"],
    [["--suite", "none"], "quick"],
    [["--filter", "nothing*"], "no scenario of gate matches nothing*"],
    [["--refresh", "--filter", "append*"], "expected no --filter"],
    [["--refresh", "--base", "HEAD"], "expected no --base"],
    [["--seed", "2"], "is of suite gate with seed 1"],
    [["--replay", "missing.json"], "cannot read missing.json: no such file"],
  ])("%j", async (args, expected) => {
    expect(await refused(args)).toContain(expected);
  });

  test.each([
    ["--baseline", "{", ":1: expected JSON"],
    ["--baseline", { schema: "vmabench/baseline@1", suite: "gate", seed: -1 }, "seed"],
    ["--accepted", "nonsense", ":1: expected JSON"],
    ["--accepted", { schema: "vmabench/accepted@1", accepted: [{ name: "*" }] }, "accepted.0."],
    ["--replay", "{}", "expected schema: vmabench/gate@1"],
    ["--base", { schema: "vmabench/gate@1", cores: { timing: "?" } }, "expected gzip in base64"],
    ["--base", { schema: "vmabench/results@1" }, "expected schema: vmabench/gate@1"],
  ])("a damaged %s file: %j", async (flag, document, expected) => {
    const file = written("damaged.json", document);
    const stderr = await refused([flag, file]);
    expect(stderr).toContain(file);
    expect(stderr).toContain(expected);
  });

  test("a record with a wrong number is named with its place", async () => {
    await slowRun();
    const record = JSON.parse(readFileSync(place("slow.json"), "utf8"));
    record.processes[1].scenarios[0].head[3] = "soon";
    const file = written("wrong-number.json", record);
    expect(await refused(["--replay", file])).toContain("processes.1.scenarios.0.head.3");
    record.processes[1].scenarios[0].head.length = 3;
    expect(await refused(["--replay", written("wrong-number.json", record)])).toContain(
      "as many rounds of head and control as of base",
    );
  });

  test("a core that is no module", async () => {
    mkdirSync(place("broken"));
    writeFileSync(place("broken/timing.wasm"), "no module");
    const stderr = await refused(["--base", build, "--head", place("broken")]);
    expect(stderr).toContain("not a WebAssembly module");
  });
});

describe("exit code 3", () => {
  test("the control, a copy of the base, is found slower", async () => {
    await slowRun();
    const record = JSON.parse(readFileSync(place("slow.json"), "utf8"));
    for (const { scenarios } of record.processes) {
      for (const times of scenarios) times.control = times.head;
    }
    const { code, stdout } = await gate("--replay", written("noisy.json", record));
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /gate inconclusive: too noisy: the control, a copy of the base, is found/,
    );
  });

  test("too few processes for any verdict", async () => {
    const { code, stdout } = await against(cores.slow, ...WIDE, "--processes", "1", "--quiet");
    expect([code, stdout]).toEqual([3, "gate inconclusive: every scenario is undecided\n"]);
  });

  test("nothing ran: neither core can say what the results should be", async () => {
    for (const name of ["bare-base", "bare-head"]) {
      mkdirSync(place(name));
      copyFileSync(
        join(cores[name === "bare-head" ? "slow" : "copy"], "timing.wasm"),
        place(`${name}/timing.wasm`),
      );
    }
    const args = ["--base", place("bare-base"), "--head", place("bare-head"), ...FEW];
    const { code, stdout } = await gate(...args, "--quiet", "--out", place("gate.json"));
    expect([code, stdout]).toEqual([
      3,
      "gate inconclusive: no scenario could be timed on both cores\n",
    ]);
  });

  test("no committed counts to compare with", async () => {
    const { code, stdout } = await gate("--baseline", place("none.json"), "--quiet");
    expect(code).toBe(3);
    expect(stdout).toContain("none.json does not exist; vmabench gate --refresh writes it");
  });

  test("cores of different ABIs do not fit one shell", async () => {
    mkdirSync(place("alien"));
    for (const name of ["timing.wasm", "work.wasm"]) {
      const bytes = readFileSync(join(build, name)).toString("latin1");
      const altered = bytes.replace(/"COMMAND_SIZE":\d/, '"COMMAND_SIZE":9');
      expect(altered).not.toBe(bytes);
      writeFileSync(place(`alien/${name}`), Buffer.from(altered, "latin1"));
    }
    const { code, stdout, stderr } = await gate("--base", place("alien"), ...FEW);
    expect([code, stdout]).toEqual([3, ""]);
    expect(stderr).toMatch(/ABI \w{12} of .* do not fit one shell: COMMAND_SIZE is 9\d* and \d+/);
  });
});

describe("exit code 4", () => {
  test("other results than the base", async () => {
    const { code, stdout } = await against(cores.wrong, "--quiet");
    expect([code, stdout]).toEqual([4, `gate failed: different results: ${SCENARIO}\n`]);
  });

  test("a timing build that answers otherwise than its work build", async () => {
    const { code, stdout } = await against(cores.torn, "--quiet");
    expect(code).toBe(4);
    expect(stdout).toMatch(/different results: head: .* timing and work build give other results/);
    expect((await gate("--replay", place("gate.json"), "--quiet")).stdout).toBe(stdout);
  });
});

describe("a base by name", () => {
  test("of a revision is built in a folder of its own, once, and kept", async () => {
    const commit = execFileSync("git", ["-C", root, "rev-parse", "HEAD"], { encoding: "utf8" });
    const status = () => execFileSync("git", ["-C", root, "status", "--porcelain"]).toString();
    const before = status();
    const args = ["--base", "HEAD", "--work-only", "--out", place("gate.json"), ...FEW];
    expect([0, 1]).toContain((await gate(...args)).code); // an unfinished change may well do more
    const again = await gate(...args);
    expect(again.stderr).not.toContain("building the core"); // from the cache
    expect(again.stdout).toContain(`against HEAD (${commit.slice(0, 10)})`);
    expect(readGateRecord(place("gate.json")).base).toMatchObject({ kind: "revision" });
    expect(status()).toBe(before);
    expect(existsSync(join(root, "node_modules/.cache/vmabench-cores"))).toBe(true);
  });

  test("that is no commit is refused", async () => {
    const { code, stderr } = await gate("--base", "HEAD:assembly", ...FEW);
    expect([code, stderr]).toEqual([2, expect.stringContaining("a git revision")]);
  });

  test("of a record is the core that it carries", async () => {
    await slowRun();
    const args = ["--base", place("slow.json"), "--head", cores.slow, ...FEW, "--json"];
    const { code, stdout } = await gate(...args, "--out", place("gate.json"));
    const { base, identical } = JSON.parse(stdout);
    expect([code, base.kind, identical]).toEqual([0, "record", true]);
  });
});

test("a commit is added to the history once, as ratios to the reference in the same processes", async () => {
  const commit = execFileSync("git", ["-C", root, "rev-parse", "HEAD"], {
    encoding: "utf8",
  }).trim();
  const reference = written("reference.json", {
    schema: "vmabench/reference@1",
    commit,
    reason: "measured against itself",
  });
  const file = place("history.ndjson");
  const append = ["history", "--append", "--file", file, "--reference", reference];
  const few = [...ONE, "--processes", "5", "--sittings", "3", "--rounds", "8"];
  const { code, stdout, stderr } = await vmabench([...append, ...few, "--json"], { cwd: folder });
  if (code === 3) {
    // so few rounds on a very busy machine: then nothing may be added
    expect(stderr).toContain("too noisy, nothing is added");
    expect(readHistory(file)).toEqual([]);
    return;
  }
  expect([code, JSON.parse(stdout).commits]).toEqual([0, 1]);
  const [entry, ...more] = readHistory(file);
  expect(more).toEqual([]);
  expect(entry).toMatchObject({ commit, reference: { commit }, settings: { processes: 5 } });
  expect(Object.keys(entry!.scenarios)).toEqual([SCENARIO]);
  const again = await vmabench([...append, ...few], { cwd: folder });
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("already")]);
});

test("the committed counts are written anew with --refresh, and the difference shown", async () => {
  const file = place("fresh.json");
  copyFileSync(join(root, "reports/baseline.json"), file);
  const shown = await gate("--refresh", "--baseline", file, "--head", cores.reads);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/maple\.nodeReads +10244 → /);
  expect((await gate("--baseline", file, "--head", cores.reads, "--quiet")).code).toBe(0);
  await gate("--refresh", "--baseline", file);
  expect(readFileSync(file, "utf8")).toBe(
    readFileSync(join(root, "reports/baseline.json"), "utf8"),
  );
});
