// vmabench sweep on this machine: the built command line.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { vmabench } from "../cli/command.js";
import { testFolder } from "./plan.js";

const folder = testFolder();

const SMALL = `
sweep: small
workloads: [append-merge, append-never]
drivers: [vmops-only, hint-or-dump-flag, pfnmap-eager-full]
protocols: [mmap@6.15, mmap_prepare@6.16]
tlbs: [ideal, zen4]
seeds: [1, 2]
parameters: { ops: [16, 32], pages: [1, 8] }
batch: 6
`;
/** 2 workloads x (2 drivers x 2 protocols + 1 x 1) x 2 caches x 2 seeds x 4 sets of parameters. */
const SCENARIOS = 2 * 5 * 2 * 2 * 4;

function spec(name: string, text: string): string {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, text);
  return path;
}

const small = spec("small", SMALL);
const results = (out: string) => readFileSync(join(out, "results.ndjson"), "utf8");
const linesOf = (out: string) =>
  results(out)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("every scenario is there once, in order, the same bytes with one worker and with three", async () => {
  const outs = [1, 3].map((workers) => join(folder, `workers-${workers}`));
  for (const [i, workers] of ["1", "3"].entries()) {
    const { code, stdout } = await vmabench([
      "sweep",
      small,
      "--workers",
      workers,
      "--out",
      outs[i]!,
      "--json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ scenarios: SCENARIOS, failed: 0 });
  }
  expect(results(outs[0]!)).toBe(results(outs[1]!));
  const lines = linesOf(outs[0]!);
  const indices = lines.map(({ index }) => index);
  expect(lines).toHaveLength(SCENARIOS);
  expect(new Set(indices).size).toBe(SCENARIOS);
  expect(indices).toEqual([...indices].sort((a, b) => a - b));
  expect(readdirSync(outs[0]!)).not.toContain("sweep.log.ndjson");
});

test("a line says what `vmabench run` counts", async () => {
  const out = join(folder, "workers-1");
  const line = linesOf(out).find(
    ({ id, tlb, seed }) =>
      id === "append-merge/hint-or-dump-flag/mmap@6.15?ops=32&pages=8" &&
      tlb === "zen4" &&
      seed === 2,
  );
  const { stdout } = await vmabench([
    "run",
    "--work-only",
    "--json",
    "--seed",
    "2",
    "--tlb",
    "zen4",
    "--out",
    join(folder, "run"),
    "--workload",
    "append-merge?ops=32&pages=8",
    "--driver",
    "hint-or-dump-flag",
  ]);
  const [scenario] = JSON.parse(stdout).scenarios;
  expect(scenario.id).toBe(line.id);
  for (const [event, perOperation] of Object.entries(scenario.work)) {
    expect((line.work[event] ?? 0) / line.operations).toBe(perOperation);
  }
  expect(line.final).toEqual(scenario.final);
  expect(line.cycles).toBe(scenario.predicted.cycles);
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "stopped by %s in the middle and resumed, it ends with the bytes of a run undisturbed",
  async (signal) => {
    const out = join(folder, signal);
    const log = join(out, "sweep.log.ndjson");
    const stopped = await vmabench(["sweep", small, "--workers", "2", "--out", out], {
      meanwhile: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(log) || !readFileSync(log, "utf8").includes('{"job":')) return;
          child.kill(signal);
          clearInterval(timer);
        }, 5);
      },
    });
    expect(existsSync(join(out, "results.ndjson"))).toBe(false);
    if (signal === "SIGINT") {
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toMatch(/stopped, \d+ of 160 scenarios are done; --resume/);
    }
    const again = await vmabench(["sweep", small, "--out", out]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("--resume");

    const resumed = await vmabench(["sweep", small, "--out", out, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(results(out)).toBe(results(join(folder, "workers-1")));
  },
);

test("a finished sweep resumed is done at once; another spec is refused", async () => {
  const out = join(folder, "workers-1");
  const before = results(out);
  expect((await vmabench(["sweep", small, "--out", out, "--resume"])).code).toBe(0);
  expect(results(out)).toBe(before);
  const other = spec("other", SMALL.replace("seeds: [1, 2]", "seeds: [1, 3]"));
  const refused = await vmabench(["sweep", other, "--out", out, "--resume"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("is not this one");
});

test("a scenario that cannot be run is recorded with its error, the others stand, and the exit code is 1", async () => {
  const large = spec(
    "large-caches",
    "tlb: large\nbanks: [{ holds: [l1-4K], sets: 2048, ways: 12, policy: lru }]\n",
  );
  const failing = spec(
    "failing",
    `
sweep: failing
workloads: [touch-threads]
drivers: [vmops-only]
protocols: [mmap@6.15]
tlbs: [ideal, ${large}]
parameters: { ops: [8], cpus: [2, 16] }
`,
  );
  const out = join(folder, "failing");
  const { code, stdout } = await vmabench(["sweep", failing, "--out", out, "--json"]);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ scenarios: 4, failed: 1 });
  const wrong = linesOf(out).filter(({ error }) => error !== undefined);
  expect(wrong).toEqual([
    expect.objectContaining({ tlb: "large", error: expect.stringContaining("16 CPUs") }),
  ]);
});

test("--dry-run counts and estimates, and writes nothing", async () => {
  const out = join(folder, "dry");
  const { code, stdout } = await vmabench(["sweep", small, "--dry-run", "--json", "--out", out]);
  const document = JSON.parse(stdout);
  expect(code).toBe(0);
  expect(document.scenarios).toBe(SCENARIOS);
  expect(document.leftOut.refused).toEqual([
    { reason: expect.stringContaining("since 7.0"), scenarios: SCENARIOS / 5 },
  ]);
  expect(document.estimate.seconds).toBeGreaterThan(0);
  expect(existsSync(out)).toBe(false);
});

test("a grid larger than allowed is refused before anything is written", async () => {
  const out = join(folder, "large");
  const args = ["sweep", small, "--out", out, "--max-scenarios", String(SCENARIOS - 1)];
  const { code, stderr } = await vmabench(args);
  expect([code, stderr]).toEqual([
    2,
    `vmabench: ${small}: expected at most ${SCENARIOS - 1} scenarios (--max-scenarios), found ${SCENARIOS}\n`,
  ]);
  expect(existsSync(out)).toBe(false);
});

test("drivers, workloads and caches of the user's own reach the workers", async () => {
  const examples = new URL("../../examples/", import.meta.url).pathname;
  const own = spec(
    "own",
    `
sweep: own
workloads: [${examples}workloads/two-lives.yaml]
drivers: [${examples}drivers/lazy-dontexpand.yaml]
tlbs: [${examples}tlb/small-core.yaml]
`,
  );
  const driver = spec("driver", "driver: of-mine\nset: [DONTDUMP]\n");
  writeFileSync(
    own,
    readFileSync(own, "utf8").replace(`${examples}drivers/lazy-dontexpand.yaml`, driver),
  );
  const out = join(folder, "own");
  const { code, stderr } = await vmabench(["sweep", own, "--out", out, "--workers", "2"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(linesOf(out).map(({ id, tlb }) => [id, tlb])).toEqual([
    ["my-two-lives/of-mine/mmap@6.15", "small-core"],
    ["my-two-lives/of-mine/mmap_prepare@7.3", "small-core"],
  ]);
});

test("the report has a row for each value of each axis, and maps", () => {
  const out = join(folder, "workers-1");
  const report = readFileSync(join(out, "report.md"), "utf8");
  expect(report).toContain("**mmap_prepare@6.16 against mmap@6.15: ");
  for (const axis of ["driver", "workload", "tlb", "ops", "pages"]) {
    expect(report).toContain(`| ${axis} | ratio |`);
  }
  const linked = [...report.matchAll(/\]\((charts\/[a-z0-9-]+\.png)\)/g)].map((match) => match[1]!);
  expect(linked).toHaveLength(3);
  for (const file of linked) expect(existsSync(join(out, file))).toBe(true);
});

test("query answers over Parquet what the lines say", async () => {
  const out = join(folder, "workers-1");
  const sql = `SELECT driver, "param.pages" AS pages, count(*) AS n, sum("merge.attempts") AS attempts, sum(cycles) AS cycles
    FROM results WHERE protocol = 'mmap@6.15' GROUP BY ALL ORDER BY ALL`;
  const { code, stdout } = await vmabench(["query", out, sql, "--json"]);
  expect(code).toBe(0);
  const answer = JSON.parse(stdout);
  expect(answer).toHaveLength(6);
  for (const row of answer) {
    const lines = linesOf(out).filter(
      ({ driver, protocol, id }) =>
        driver === row.driver && protocol === "mmap@6.15" && id.includes(`pages=${row.pages}`),
    );
    expect(lines).toHaveLength(row.n);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    expect(row.attempts).toBe(sum(lines.map(({ work }) => work["merge.attempts"] ?? 0)));
    expect(row.cycles).toBeCloseTo(sum(lines.map(({ cycles }) => cycles)), 6);
  }
});

test("wrong SQL is the user's error; without DuckDB the machine cannot", async () => {
  const out = join(folder, "workers-1");
  const wrong = await vmabench(["query", out, "SELECT nothing FROM results"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/^vmabench: query: .*nothing/);

  const hook = `export async function resolve(name, context, next) {
    if (name.startsWith("@duckdb/")) throw new Error("not installed");
    return next(name, context);
  }`;
  const url = `data:text/javascript,${encodeURIComponent(hook)}`;
  const register = `import { register } from "node:module"; register(${JSON.stringify(url)});`;
  const importing = `--import data:text/javascript,${encodeURIComponent(register)}`;
  const without = await vmabench(["query", out, "SELECT 1"], { env: { NODE_OPTIONS: importing } });
  expect(without.code).toBe(3);
  expect(without.stderr).toContain("npm install @duckdb/node-api");
});

test("with times, every point's protocols are timed against the first, and the work is what it is without", async () => {
  const timed = spec(
    "timed",
    `
sweep: timed
workloads: [append-merge]
drivers: [hint-or-dump-flag, pfnmap-eager-full]
protocols: [mmap@6.15, mmap_prepare@6.16, mmap_prepare@7.3]
parameters: { ops: [256], pages: [1, 4] }
time: { rounds: 10, milliseconds: 20 }
`,
  );
  const untimed = spec("untimed", readFileSync(timed, "utf8").replace(/^time:.*$/m, ""));
  const outs = [join(folder, "timed"), join(folder, "untimed")] as const;
  expect((await vmabench(["sweep", timed, "--out", outs[0]])).code).toBe(0);
  expect((await vmabench(["sweep", untimed, "--out", outs[1]])).code).toBe(0);
  expect(results(outs[0])).toBe(results(outs[1]));

  const times = readFileSync(join(outs[0], "times.ndjson"), "utf8").trimEnd().split("\n");
  const lines = times.map((line) => JSON.parse(line));
  expect(lines.map(({ point, candidate }) => [point, candidate])).toEqual([
    [0, "mmap_prepare@6.16"],
    [0, "mmap_prepare@7.3"],
    [1, "mmap_prepare@7.3"],
    [2, "mmap_prepare@6.16"],
    [2, "mmap_prepare@7.3"],
    [3, "mmap_prepare@7.3"],
  ]);
  for (const { ratio, low, high, rounds } of lines) {
    expect(rounds).toBeGreaterThan(0);
    expect(low <= ratio && ratio <= high && low > 0).toBe(true);
  }
  const sql = `SELECT point, protocol, "time.ratio" AS ratio FROM results WHERE ratio IS NOT NULL ORDER BY index`;
  const { stdout } = await vmabench(["query", outs[0], sql, "--json"]);
  expect(JSON.parse(stdout)).toEqual(
    lines.map(({ point, candidate, ratio }) => ({ point, protocol: candidate, ratio })),
  );
  expect(readFileSync(join(outs[0], "report.md"), "utf8")).toContain("of the time; less at");
});
