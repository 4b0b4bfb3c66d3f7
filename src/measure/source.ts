// Where a core to be gated comes from: a folder with a build, a revision of this repository, or the record of
// an earlier gate run, which carries its head's core.

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { endTogether, temporaryFolder } from "../cleanup.js";
import { coreBytes } from "../core/core.js";
import { type Abi, abiOf, abiVersion, codeSha256 } from "../core/module.js";
import { MachineError, UsageError } from "../errors.js";
import { readJson } from "../input/json.js";

export interface GateCore {
  name: string;
  kind: "working tree" | "revision" | "folder" | "record";
  timing: Uint8Array;
  /** Null when a folder holds only a timing build. */
  work: Uint8Array | null;
  codeSha256: string;
  abi: Abi;
  abiVersion: string;
}

const checkout = fileURLToPath(new URL("../../", import.meta.url));

/** Where the cores of revisions are kept, each in a folder of its own. */
export const KEPT_CORES = join(checkout, "node_modules", ".cache", "vmabench-cores");

/** The build of this tool. */
export function workingTree(): GateCore {
  const path = join(checkout, "build");
  return gateCore("working tree", "working tree", coreBytes("timing"), coreBytes("work"), path);
}

/**
 * The core that a base or head names. UsageError when it is nothing of the kind; MachineError when a revision
 * cannot be built here. `say` hears of what takes long.
 */
export async function coreFrom(text: string, say: (line: string) => void): Promise<GateCore> {
  if (existsSync(text)) {
    return statSync(text).isDirectory() ? fromFolder(text) : fromRecord(text);
  }
  return fromRevision(text, say);
}

function gateCore(
  name: string,
  kind: GateCore["kind"],
  timing: Uint8Array,
  work: Uint8Array | null,
  path: string,
): GateCore {
  const abi = abiOf(timing, path);
  if (!abi) {
    throw new UsageError(
      `${path}: this core does not say which ABI it has; build it again (scripts/build.js)`,
    );
  }
  return {
    name,
    kind,
    timing,
    work,
    codeSha256: codeSha256(timing),
    abi,
    abiVersion: abiVersion(abi),
  };
}

function fromFolder(folder: string): GateCore {
  const place = [folder, join(folder, "build")].find((f) => existsSync(join(f, "timing.wasm")));
  if (!place) throw new UsageError(`${folder}: expected a built core, timing.wasm, in it`);
  const timing = readFileSync(join(place, "timing.wasm"));
  const work = join(place, "work.wasm");
  const counted = existsSync(work) ? readFileSync(work) : null;
  return gateCore(folder, "folder", timing, counted, join(place, "timing.wasm"));
}

/** What a record of any release has. */
const carrier = z.object({
  schema: z.literal("vmabench/gate@1"),
  cores: z.object({ timing: z.string(), work: z.string().nullish() }),
});

function fromRecord(path: string): GateCore {
  const { timing, work } = readJson(path, carrier).cores;
  const counted = work ? unpack(work, path) : null;
  return gateCore(path, "record", unpack(timing, path), counted, path);
}

/** Most bytes of a core. */
const CORE_BYTES = 1 << 24;

function unpack(text: string, path: string): Uint8Array {
  try {
    return gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: CORE_BYTES });
  } catch {
    throw new UsageError(`${path}: cores: expected gzip in base64`);
  }
}

/** The commit that a revision names, and its date. UsageError, naming the option, when there is none. */
export function commitOf(revision: string, option: string): { commit: string; date: string } {
  const commit = resolveRevision(revision, option, "expected a git revision");
  return { commit, date: git("log", "-1", "--format=%cI", commit) };
}

/** What a core is made of. */
const BUILT_FROM = ["assembly", "asconfig.json"];

/** Hashes of what a commit's core is made of. */
function sourcesOf(commit: string, revision: string): string {
  try {
    return git("rev-parse", ...BUILT_FROM.map((path) => `${commit}:${path}`));
  } catch {
    throw new UsageError(`${revision}: expected a commit with ${BUILT_FROM.join(" and ")} in it`);
  }
}

/** Compiles assembly/ of a revision with this checkout's compiler; each such core is built once and kept. */
async function fromRevision(revision: string, say: (line: string) => void): Promise<GateCore> {
  const commit = resolveRevision(revision);
  const sources = sourcesOf(commit, revision);
  const builder = pathToFileURL(join(checkout, "scripts/build.js"));
  const compiler = readFileSync(join(checkout, "node_modules/assemblyscript/package.json"), "utf8");
  const key = createHash("sha256")
    .update(sources)
    .update(JSON.parse(compiler).version)
    .update(readFileSync(builder))
    .update(readFileSync(new URL("abi.js", builder)))
    .digest("hex")
    .slice(0, 24);
  const kept = join(KEPT_CORES, key);
  if (!existsSync(kept)) {
    say(`building the core of ${revision} (${commit.slice(0, 10)})`);
    try {
      await buildRevision(commit, builder, kept);
    } catch (error) {
      throw new MachineError(`the core of ${revision} cannot be built: ${whyNot(error)}`);
    }
  }
  const name = `${revision} (${commit.slice(0, 10)})`;
  const [timing, work] = ["timing.wasm", "work.wasm"].map((file) => readFileSync(join(kept, file)));
  return gateCore(name, "revision", timing!, work!, kept);
}

/** Compiles a commit's assembly/ in a folder of its own and moves the result to `kept` as a whole. */
async function buildRevision(commit: string, builder: URL, kept: string): Promise<void> {
  const { path: tree, remove } = temporaryFolder("base");
  try {
    git("archive", "--format=tar", "-o", join(tree, "base.tar"), commit, ...BUILT_FROM);
    execFileSync("tar", ["-xf", "base.tar"], { cwd: tree });
    mkdirSync(join(tree, "build"));
    await Promise.all(["timing", "work"].map((target) => compile(builder, target, tree)));
    mkdirSync(dirname(kept), { recursive: true });
    keep(join(tree, "build"), kept);
  } finally {
    remove();
  }
}

/** Copies builds into the folder of those kept, as a whole. */
function keep(build: string, kept: string): void {
  const aside = mkdtempSync(join(dirname(kept), ".new-"));
  try {
    for (const name of ["timing.wasm", "work.wasm"]) {
      writeFileSync(join(aside, name), readFileSync(join(build, name)));
    }
    renameSync(aside, kept);
  } catch (error) {
    rmSync(aside, { recursive: true });
    if (!existsSync(kept)) throw error; // otherwise another gate was faster
  }
}

/** One line out of what a compiler or git has to say. */
function whyNot(error: unknown): string {
  const { message, stderr, signal } = error as Error & { stderr?: string; signal?: string };
  if (signal) return `its build ended with ${signal}`;
  const lines = (stderr || message).split("\n").filter((line) => line.trim() !== "");
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? "for no reason given").trim();
}

/** Compiles a target in a process of its own: the compiler takes one processor for some seconds. */
async function compile(builder: URL, target: string, tree: string): Promise<void> {
  const [file, name, from] = [builder.href, target, tree].map((text) => JSON.stringify(text));
  const code = `import(${file}).then((m) => m.buildCore(${name}, { from: ${from} }))`;
  const compiled = promisify(execFile)(process.execPath, ["-e", code]);
  endTogether(compiled.child);
  await compiled;
}

function resolveRevision(
  revision: string,
  option = "--base",
  expected = "expected a folder with a built core, a gate record, or a git revision",
): string {
  if (revision.startsWith("-")) throw new UsageError(`${option} ${revision}: ${expected}`);
  try {
    return git("rev-parse", "--verify", "--quiet", `${revision}^{commit}`);
  } catch {
    throw new UsageError(`${option} ${revision}: ${expected}`);
  }
}

function git(...args: string[]): string {
  return execFileSync("git", ["-C", checkout, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
