// Command lines put together from commands, their own options, and words good and bad; each is run as a user runs it.

import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../dist/cli/main.js";
import { printable } from "../../dist/printable.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const launcher = join(root, "bin", "vmabench.js");
/** Commands that only look at things take seconds at most; the others are given what they refuse. */
const QUICK = [
  "list",
  "explain",
  "replay",
  "compare",
  "report",
  "export",
  "query",
  "history",
  "maple-digest",
];
const REFUSED = [
  "gate",
  "run",
  "hazards",
  "sweep",
  "verify",
  "calibrate",
  "doctor",
  "peer",
  "comment",
  "record",
  "worker",
];
const SECONDS = 60;

/** Files that stand where the command runs. */
const PRESENT = {
  "results.json": "tests/fuzz/seeds/results.json",
  "gate.json": "tests/fuzz/seeds/gate.json",
  "history.ndjson": "tests/fuzz/seeds/history.ndjson",
  "calls.ops": "tests/fuzz/seeds/calls.ops",
  "hazard.json": "tests/fuzz/seeds/hazard.json",
  "driver.yaml": "examples/drivers/vmops-only.yaml",
  "server.yaml": "examples/workloads/server.yaml",
  "sweep.yaml": "examples/sweeps/overlap.yaml",
  "tlb.yaml": "examples/tlb/small-core.yaml",
  "xz.vmatrace.gz": "bench/traces/xz.vmatrace.gz",
};

const WORDS = [
  ...Object.keys(PRESENT),
  ...[
    "none.json",
    ".",
    "/dev/null",
    "",
    "-",
    "--",
    "0",
    "1",
    "-1",
    "1e9",
    "2.5",
    "NaN",
    "99999999999999999999",
  ],
  ...[
    "mmap@6.15",
    "mmap_prepare@7.3",
    "mmap@9.9",
    "vmops-only",
    "append-merge",
    "append-merge/vmops-only/mmap@6.15",
  ],
  ...[
    "quick",
    "skylake-sp",
    "csv",
    "junit",
    "mail",
    "drivers",
    "a/b/c?ops=0",
    "\u001b[31m",
    "x\ny",
    "é🧵",
    "SELECT 1",
  ],
];

const commands = new Map();
for (const { name, load } of COMMANDS) commands.set(name, await load());

export function makeLine(random) {
  const isQuick = random.below(4) > 0;
  const name = random.pick(isQuick ? QUICK : REFUSED);
  const command = commands.get(name);
  const words = [name];
  // nothing takes this one: what would take minutes is refused before it begins
  if (!isQuick) words.push("--no-such-option");
  const options = command.options.filter(
    ({ long }) => !["--time", "--real", "--append"].includes(long),
  );
  for (let left = random.below(5); left > 0; left--) {
    if (options.length > 0 && random.below(3) > 0) {
      const option = random.pick(options);
      words.push(option.long);
      if (option.required || option.optional) words.push(argumentFor(random, option));
    } else words.push(random.pick(WORDS));
  }
  if (random.below(30) === 0) words.splice(random.below(words.length + 1), 0, random.pick(WORDS));
  return Buffer.from(JSON.stringify(words));
}

function argumentFor(random, { argChoices }) {
  return argChoices && random.below(3) ? random.pick(argChoices) : random.pick(WORDS);
}

/** Exit code, what it may say on standard error, and what it may leave behind. */
export async function feedLine(bytes) {
  const words = JSON.parse(bytes.toString());
  const folder = mkdtempSync(join(tmpdir(), "vmabench-line-"));
  try {
    for (const [name, path] of Object.entries(PRESENT))
      copyFileSync(join(root, path), join(folder, name));
    const temporary = join(folder, "tmp");
    mkdirSync(temporary);
    const { code, signal, stderr } = await run(words, folder, temporary);
    if (signal !== null) throw new Error(`ended by ${signal}: ${JSON.stringify(words)}`);
    if (![0, 1, 2, 3].includes(code))
      throw new Error(`exit code ${code}: ${JSON.stringify(words)} ${stderr}`);
    const ours = stderr.split("\n").filter((line) => line.startsWith("vmabench: "));
    if (code > 1 && ours.length === 0)
      throw new Error(`exit code ${code} and no word: ${JSON.stringify(words)}`);
    if (code === 2 && !/^vmabench: [^\n]+\n$/.test(stderr)) {
      throw new Error(`not one line: ${JSON.stringify(words)} ${JSON.stringify(stderr)}`);
    }
    if (stderr.split("\n").some((line) => printable(line) !== line)) {
      throw new Error(`controls: ${JSON.stringify(stderr)}`);
    }
    if (readdirSync(temporary).length > 0)
      throw new Error(`temporary files: ${JSON.stringify(words)}`);
    for (const name of readdirSync(folder)) checkLeft(name, words, code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Nothing is written but what was asked for by name, and where a command writes without being asked. */
function checkLeft(name, words, code) {
  // a chart is written for light and for dark paper
  const asked = name.replace("-dark", "");
  if (name === "tmp" || name in PRESENT || words.some((word) => word.includes(asked))) return;
  const own = { report: /^(?:charts|report\.(?:md|html)|times\.json)$/ }[words[0]];
  if (code === 0 && own?.test(name)) return;
  throw new Error(`${name} was written: ${JSON.stringify(words)}`);
}

function run(words, folder, temporary) {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [launcher, ...words.map((word) => word.replaceAll("\0", ""))],
      {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1", TMPDIR: temporary },
        stdio: ["ignore", "ignore", "pipe"],
        timeout: SECONDS * 1000,
        killSignal: "SIGKILL",
      },
    );
    let stderr = "";
    child.stderr.on("data", (text) => {
      stderr += text;
    });
    child.on("close", (code, signal) => resolve({ code, signal, stderr }));
  });
}

if (!existsSync(launcher)) throw new Error("not built");
