// Builds everything: the ABI file, the three cores, the TypeScript, the page. `node scripts/build.js [--quiet] [--force]`;
// what is newer than its sources is left alone.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { abiTable, writeAbi } from "./abi.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const TARGETS = ["timing", "work", "checking"];
const CORE_SOURCES = ["assembly", "asconfig.json", "scripts"];
const SHELL_SOURCES = ["src", "tsconfig.json", "tsconfig.build.json", "package.json"];

/** Time of the newest file at or below a path, in milliseconds; 0 where there is none. */
function newest(path) {
  const full = join(root, path);
  if (!existsSync(full)) return 0;
  const stats = statSync(full);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...readdirSync(full).map((name) => newest(join(path, name))));
}

function isStale(output, sources) {
  const made = newest(output);
  return made === 0 || sources.some((source) => newest(source) > made);
}

/**
 * Compiles one target of asconfig.json. Error with the compiler's messages when it fails.
 *
 *   from  top of the checkout whose assembly/ is compiled: this one, or an older one for the gate
 *   to    the file to write, absolute; by default build/TARGET.wasm
 *   use   further build constants, `NAME=number`
 */
export async function buildCore(target, { from = root, to, use = [] } = {}) {
  const { main } = await import("assemblyscript/asc");
  const file = to ?? join(from, "build", `${target}.wasm`);
  const options = ["assembly/index.ts", "--target", target, "--baseDir", from];
  if (to) options.push("--outFile", relative(from, to), "--textFile", "");
  for (const constant of use) options.push("--use", constant);
  const { error, stderr } = await main(options, { stdout: { write: () => true } });
  if (error) throw new Error(`core build "${target}" failed\n${stderr}`);
  const code = target === "timing" ? await inlined(readFileSync(file)) : readFileSync(file);
  const table = JSON.stringify(abiTable(pathToFileURL(`${from}/`)));
  writeFileSync(file, Buffer.concat([code, section("vmabench.abi", table)]));
}

/** What asc compiles for. */
const FEATURES = [
  "MutableGlobals",
  "SignExt",
  "NontrappingFPToInt",
  "BulkMemory",
  "BulkMemoryOpt",
  "SIMD128",
];

/** Largest functions, in Binaryen's units, that are copied to where they are called: always, and when it pays. */
const INLINE_LIMIT = 120;

/**
 * The module with more of its calls inlined than asc's limits allow (12, and 200 for a single caller): the V8 of
 * Node.js 20 inlines nothing itself. The core takes 10 to 20 % less time; with a limit of 300 the functions become
 * so large that V8 makes worse code of them. The text file shows the module as it was before.
 */
async function inlined(bytes) {
  const { default: binaryen } = await import("assemblyscript/binaryen");
  const module = binaryen.readBinary(bytes);
  try {
    module.setFeatures(FEATURES.reduce((all, name) => all | binaryen.Features[name], 0));
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(0);
    binaryen.setLowMemoryUnused(true); // asc leaves the first kilobyte empty: memoryBase
    binaryen.setAlwaysInlineMaxSize(INLINE_LIMIT);
    binaryen.setFlexibleInlineMaxSize(INLINE_LIMIT);
    binaryen.setOneCallerInlineMaxSize(100_000);
    binaryen.setAllowInliningFunctionsWithLoops(true);
    module.runPasses(["inlining-optimizing"]);
    return Buffer.from(module.emitBinary());
  } finally {
    module.dispose();
  }
}

/** A custom section of a WebAssembly module: id 0, length, name with its length, contents. */
function section(name, text) {
  const [title, contents] = [Buffer.from(name), Buffer.from(text)];
  const body = Buffer.concat([unsigned(title.length), title, contents]);
  return Buffer.concat([Buffer.from([0]), unsigned(body.length), body]);
}

/** LEB128. */
function unsigned(value) {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}

function buildShell() {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
}

/** Scripts and style of report.html, which stand in every page whole. */
async function buildPage() {
  const { build } = await import("rolldown");
  await build({
    input: join(root, "src/page/main.ts"),
    platform: "browser",
    logLevel: "warn",
    output: { file: join(root, "dist/page/page.js"), format: "iife", minify: true },
  });
  const styles = readdirSync(join(root, "src/page/style")).sort();
  const style = styles.map((name) => readFileSync(join(root, "src/page/style", name), "utf8"));
  writeFileSync(join(root, "dist/page/style.css"), style.join(""));
}

/** Builds what is missing or older than its sources; with `force`, everything. */
export async function buildIfStale({ force = false, say = () => {} } = {}) {
  writeAbi();
  mkdirSync(join(root, "build"), { recursive: true });
  for (const target of TARGETS) {
    if (!force && !isStale(`build/${target}.wasm`, CORE_SOURCES)) continue;
    say(`building core (${target})`);
    await buildCore(target);
  }
  if (
    force ||
    isStale("dist/cli/main.js", SHELL_SOURCES) ||
    isStale("dist/page/page.js", SHELL_SOURCES)
  ) {
    say("building shell");
    buildShell();
    await buildPage();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const quiet = process.argv.includes("--quiet");
  try {
    await buildIfStale({
      force: process.argv.includes("--force"),
      say: (text) => quiet || console.error(text),
    });
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
