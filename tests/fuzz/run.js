// Fuzzing: nearly right inputs for everything that reads one.
//
//   npm run fuzz -- [--minutes N | --runs N] [--jobs N] [--seed N] [--target NAME]... [--keep FOLDER]
//   npm run fuzz -- --corpus
//
// --corpus       what was a finding once (tests/fuzz/corpus), and nothing else
// --runs N       inputs of each target (default 200), then it ends; one in ten of command lines
// --minutes N    goes on that long instead, with new seeds
// --jobs N       processes at a time (default 1)
// --keep FOLDER  where inputs that are findings are put, by target (default: reports/latest/fuzz)
//
// A finding: anything but a result or one line that names the place; more than SLOW milliseconds and PER_BYTE more for
// each byte; more than MEMORY. Exit code 1 when there is one.

import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildIfStale } from "../../scripts/build.js";

await buildIfStale();
const { finding } = await import("./feed.js");
const { inputOf, TARGETS } = await import("./targets.js");

/** Milliseconds on a busy machine, and more for each byte of the input. */
const SLOW = 10_000;
const PER_BYTE = 0.02;
/** Bytes of a process. */
const MEMORY = 1.2e9;
const HEAP = 512;

const names = TARGETS.map(({ name }) => name);
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "200" },
    minutes: { type: "string" },
    jobs: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    target: { type: "string", multiple: true, default: names },
    keep: { type: "string", default: "reports/latest/fuzz" },
    corpus: { type: "boolean", default: false },
  },
});
const unknown = flags.target.find((name) => !names.includes(name));
if (unknown !== undefined) {
  console.error(`--target ${unknown}: there is ${names.join(", ")}`);
  process.exit(2);
}

if (flags.corpus) {
  await feedCorpus();
  process.exit();
}

const folder = mkdtempSync(join(tmpdir(), "vmabench-fuzz-"));
const tally = new Map(flags.target.map((name) => [name, { runs: 0, findings: 0, slowest: 0 }]));
const seen = new Set();
const end = flags.minutes ? performance.now() + Number(flags.minutes) * 60_000 : 0;
let seed = Number(flags.seed);
try {
  await Promise.all(Array.from({ length: Number(flags.jobs) }, (_, job) => work(job)));
} finally {
  rmSync(folder, { recursive: true });
}
for (const [name, { runs, findings, slowest }] of tally) {
  const most = `slowest ${Math.round(slowest)} ms`;
  console.log(
    `${name.padEnd(12)} ${String(runs).padStart(8)} inputs, ${findings} findings, ${most}`,
  );
}
process.exitCode = seen.size > 0 ? 1 : 0;

/** Feeds every file of the corpus to its target. */
async function feedCorpus() {
  const corpus = fileURLToPath(new URL("corpus/", import.meta.url));
  for (const name of readdirSync(corpus)) {
    const target = TARGETS.find((one) => one.name === name);
    for (const file of readdirSync(join(corpus, name))) {
      const wrong = await finding(target, join(corpus, name, file));
      console.log(`${name}/${file}: ${wrong ?? "as it should be"}`);
      if (wrong !== null) process.exitCode = 1;
    }
  }
}

/** One process after the other until the time is over. */
async function work(job) {
  const own = join(folder, String(job));
  mkdirSync(own);
  do await batch(own, seed++);
  while (performance.now() < end);
}

/** Runs a process to its end, its own or ours. After a death the next one goes on behind the input that caused it. */
function batch(own, number) {
  return new Promise((resolve) => {
    const worker = fileURLToPath(new URL("worker.js", import.meta.url));
    const args = [String(number), own, flags.runs, ...flags.target];
    const execArgv = [`--max-old-space-size=${HEAP}`];
    const child = fork(worker, args, { execArgv, stdio: ["ignore", "ignore", "pipe", "ipc"] });
    let errors = "";
    child.stderr.on("data", (text) => {
      errors = (errors + text).slice(-4000);
    });
    let current = null;
    let timer = null;
    child.on("message", (message) => {
      clearTimeout(timer);
      current = message.milliseconds === undefined ? message : null;
      if (current) timer = setTimeout(() => child.kill("SIGKILL"), SLOW * 3);
      else judge(message, number);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && current) note(current, number, `ended by ${signal ?? code}: ${errors}`);
      else if (code !== 0) note({ target: "worker", run: 0 }, number, errors);
      resolve();
    });
  });
}

function judge(done, number) {
  const { target, bytes, milliseconds, rss, wrong } = done;
  const of = tally.get(target);
  of.runs++;
  of.slowest = Math.max(of.slowest, milliseconds);
  if (wrong !== null) note(done, number, wrong);
  else if (milliseconds > SLOW + PER_BYTE * bytes)
    note(done, number, `${milliseconds} ms for ${bytes} bytes`);
  else if (rss > MEMORY) note(done, number, `${rss} bytes of memory`);
}

/** Keeps an input that is a finding, and prints it the first time that it shows. */
function note({ target, run }, number, what) {
  if (tally.has(target)) tally.get(target).findings++;
  const place = what.match(/at .*\((.*)\)/)?.[1] ?? what.replace(/[\d"].*/s, "");
  if (seen.has(`${target} ${place}`)) return;
  seen.add(`${target} ${place}`);
  const fed = TARGETS.find(({ name }) => name === target);
  let kept = "";
  if (fed) {
    mkdirSync(join(flags.keep, target), { recursive: true });
    kept = join(flags.keep, target, `${number}-${run}${fed.ending}`);
    writeFileSync(kept, inputOf(fed, number, run));
  }
  console.log([`${target}: ${kept}`, ...what.split("\n").slice(0, 6)].join("\n  "));
}
