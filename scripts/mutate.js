// Do the tests notice? Breaks one rule of merging or unwinding at a time in a copy of the repository, builds, and
// runs the tests of the core until the first that fails. `node scripts/mutate.js [text]`: only rules containing
// the text. Exit code 1 when a broken rule went unnoticed. Takes several minutes; not part of `npm test`.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTATIONS } from "./mutations.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const PARTS = ["assembly", "bench", "bin", "scripts", "src", "tests"];
const FILES = ["asconfig.json", "package.json", "tsconfig.json", "tsconfig.build.json"];
const TESTS = [
  "counts",
  "eras",
  "examples",
  "failures",
  "fork",
  "kernel-tests",
  "reference",
  "steps",
  "tlb",
  "tlb-cpus",
];

/** A copy of the sources that shares node_modules. */
function copyRepository() {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-mutate-"));
  for (const part of [...PARTS, ...FILES]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** The mutated text. Error when the rule's text is not there exactly once: the list is out of date. */
function mutated(text, { rule, file, find, replace }) {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${file}: text of "${rule}" stands there ${parts.length - 1} times, not once`);
  }
  return parts.join(replace);
}

function build(folder) {
  for (const target of ["work", "checking"]) {
    const compiler = join(folder, "node_modules", "assemblyscript", "bin", "asc.js");
    const options = ["assembly/index.ts", "--target", target];
    execFileSync(process.execPath, [compiler, ...options], { cwd: folder, stdio: "pipe" });
  }
}

/** The first test that fails; null when all pass. */
function firstFailure(folder) {
  const vitest = join(folder, "node_modules", "vitest", "vitest.mjs");
  const files = TESTS.map((name) => `tests/core/${name}.test.ts`);
  const options = ["run", "--bail", "1", "--reporter", "json", ...files];
  const { status, stdout } = spawnSync(process.execPath, [vitest, ...options], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) return null;
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf("{")));
  for (const { name, message, assertionResults } of testResults) {
    const failed = assertionResults.find((result) => result.status === "failed");
    if (failed) return failed.fullName.trim();
    if (message) return `${name}: ${message}`;
  }
  return "unknown";
}

/** Breaks one rule, runs the tests, puts the rule back. True when they noticed. */
function check(folder, mutation) {
  const path = join(folder, mutation.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, mutated(text, mutation));
  try {
    build(folder);
    const failure = firstFailure(folder);
    const verdict = failure === null ? "NOT NOTICED" : `noticed by: ${failure}`;
    console.log(`${mutation.rule}\n    ${verdict}`);
    return failure !== null;
  } finally {
    writeFileSync(path, text);
  }
}

const wanted = process.argv[2] ?? "";
const chosen = MUTATIONS.filter(({ rule }) => rule.includes(wanted));
for (const mutation of chosen) mutated(readFileSync(join(root, mutation.file), "utf8"), mutation);
const folder = copyRepository();
process.on("SIGINT", () => {
  rmSync(folder, { recursive: true });
  process.exit(130);
});
try {
  build(folder);
  const failure = firstFailure(folder);
  if (failure !== null) throw new Error(`the tests fail without any mutation: ${failure}`);
  const missed = chosen.filter((mutation) => !check(folder, mutation));
  console.log(`${chosen.length - missed.length} of ${chosen.length} broken rules noticed`);
  process.exitCode = missed.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
