// Sweeps through a queue: workers and Redis are killed, and nothing is lost or there twice.

import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Queue, Worker } from "bullmq";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Outcome, vmabench } from "../cli/command.js";
import { testFolder } from "./plan.js";
import { noRedis, PASSWORD, type TestServer, testServer } from "./redis.js";

const folder = testFolder();
const spec = join(folder, "spec.yaml");
writeFileSync(
  spec,
  `
sweep: queued
workloads: [append-merge, append-never]
drivers: [vmops-only, hint-or-dump-flag, pfnmap-eager-full]
parameters: { ops: [16, 32, 64, 128], pages: [1, 2, 4, 8] }
seeds: { from: 1, to: 11 }
batch: 8
`,
);
const SCENARIOS = 2 * 3 * 2 * 4 * 4 * 11;
const local = join(folder, "local");
const results = (out: string) => readFileSync(join(out, "results.ndjson"), "utf8");

let server: TestServer;
const workers: { child: ChildProcess; outcome: Promise<Outcome> }[] = [];

/** Starts a worker process with one thread. */
function startWorker(): ChildProcess {
  let child: ChildProcess | undefined;
  const outcome = vmabench(["worker", "--workers", "1"], {
    env: { VMABENCH_QUEUE: server.url },
    meanwhile: (started) => {
      child = started;
    },
  });
  workers.push({ child: child as ChildProcess, outcome });
  return child as ChildProcess;
}

/** Once the sweep's log holds this part of all scenarios. */
async function reached(out: string, part: number): Promise<void> {
  const log = join(out, "sweep.log.ndjson");
  for (;;) {
    const text = existsSync(log) ? readFileSync(log, "utf8") : "";
    if (text.split('{"index":').length - 1 >= part * SCENARIOS) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  if (noRedis) return;
  server = await testServer(folder);
  await server.start();
  expect((await vmabench(["sweep", spec, "--out", local, "--quiet"])).code).toBe(0);
});

afterAll(async () => {
  for (const { child } of workers) child.kill("SIGKILL");
  await Promise.all(workers.map(({ outcome }) => outcome));
  await server?.kill();
});

test.skipIf(noRedis)(
  `a worker killed and Redis restarted in the middle: every result once, as on one machine${noRedis ? ` (${noRedis})` : ""}`,
  async () => {
    const out = join(folder, "disturbed");
    const [first] = [startWorker(), startWorker(), startWorker()];
    const collector = vmabench(["sweep", spec, "--out", out, "--json"], {
      env: { VMABENCH_QUEUE: server.url },
    });
    await reached(out, 0.2);
    first.kill("SIGKILL");
    await reached(out, 0.5);
    await server.kill();
    await server.start();
    const { code, stdout, stderr } = await collector;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ scenarios: SCENARIOS, failed: 0 });
    expect(results(out)).toBe(results(local));

    expect(stderr).toContain("is lost; trying again");
    const written = readdirSync(out).filter((name) => /\.(ndjson|json|md)$/.test(name));
    const texts = [stdout, stderr, ...written.map((name) => readFileSync(join(out, name), "utf8"))];
    expect(texts.filter((text) => text.includes(PASSWORD))).toEqual([]);
  },
);

test.skipIf(noRedis)("a collector killed in the middle goes on where it was", async () => {
  const out = join(folder, "collector");
  const env = { VMABENCH_QUEUE: server.url };
  const killed = vmabench(["sweep", spec, "--out", out], {
    env,
    meanwhile: (child) => {
      reached(out, 0.3).then(() => child.kill("SIGKILL"));
    },
  });
  await killed;
  expect(existsSync(join(out, "results.ndjson"))).toBe(false);
  expect((await vmabench(["sweep", spec, "--out", out, "--resume"], { env })).code).toBe(0);
  expect(results(out)).toBe(results(local));
});

test.skipIf(noRedis)("Ctrl-C ends a worker after the jobs it has", async () => {
  const { child, outcome } = workers.at(-1)!;
  child.kill("SIGINT");
  const { code, stderr } = await outcome;
  expect(code).toBe(130);
  expect(stderr).toMatch(/scenarios done/);
});

test.skipIf(noRedis)("a worker with another core puts the job back and says so", async () => {
  const { hostname, port, password } = new URL(server.url);
  const connection = { host: hostname, port: Number(port), password };
  const queue = new Queue("other-core", { connection });
  const data = { sweep: "0", core: "f".repeat(64), job: 0, points: [0] };
  await queue.add("newer", data, { jobId: "0-0" });
  const args = ["worker", "--queue", server.url, "--queue-name", "other-core", "--workers", "1"];
  const { code, stderr } = await vmabench(args);
  expect(code).toBe(3);
  expect(stderr).toContain('sweep "newer" needs the core ffffffffffffffff');
  expect(stderr).not.toContain(PASSWORD);
  expect(await (await queue.getJob("0-0"))?.getState()).toBe("waiting");
  await queue.close();
});

test.skipIf(noRedis)("a job that fails in the queue is recorded with its reason", async () => {
  const { hostname, port, password } = new URL(server.url);
  const connection = { host: hostname, port: Number(port), password };
  const broken = new Worker("broken", () => Promise.reject(new Error("out of order")), {
    connection,
  });
  const tiny = join(folder, "tiny.yaml");
  writeFileSync(tiny, "sweep: tiny\nworkloads: [trace-xz]\ndrivers: [vmops-only]\nretries: 0\n");
  const out = join(folder, "tiny");
  const args = ["sweep", tiny, "--out", out, "--queue", server.url, "--queue-name", "broken"];
  const { code, stdout } = await vmabench(args);
  await broken.close();
  expect(code).toBe(1);
  expect(stdout).toContain("2 failed");
  expect(results(out).match(/"error":"out of order"/g)).toHaveLength(2);
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain("out of order");
});

test("a dead address is said within five seconds, and nothing is written", async () => {
  const out = join(folder, "dead");
  const began = performance.now();
  const { code, stderr } = await vmabench([
    "sweep",
    spec,
    "--out",
    out,
    "--queue",
    "redis://:hush@127.0.0.1:1",
  ]);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^vmabench: no Redis to use at redis:\/\/127\.0\.0\.1:1: .*REFUSED/m);
  expect(stderr).not.toContain("hush");
  expect(existsSync(out)).toBe(false);
  expect(performance.now() - began).toBeLessThan(60_000); // the process too, on a busy machine
});

test("an address that is none is not repeated: it may hold a password", async () => {
  const { code, stderr } = await vmabench(["worker", "--queue", "http://user:hush@host"]);
  expect(code).toBe(2);
  expect(stderr).toContain("redis://");
  expect(stderr).not.toContain("hush");
});
