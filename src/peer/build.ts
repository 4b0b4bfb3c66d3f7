// The peer, built on the machine of whoever has the kernel tree: our driver program (native/) with the tree's files
// included. Nothing of the tree is copied; the program is made in a folder that goes away again.

import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { endTogether } from "../cleanup.js";
import { MachineError, UsageError } from "../errors.js";
import { cannotWrite } from "../record/file.js";
import type { KernelTree } from "./tree.js";

/** The sources of the driver program; the same from src/ and from dist/. */
export const NATIVE = fileURLToPath(new URL("../../src/peer/native/", import.meta.url));
const COMPILER = "gcc";

/** Headers that the tree's own makefiles would generate. */
const GENERATED: Readonly<Record<string, string>> = {
  "bit-length.h": "#define CONFIG_64BIT 1\n#define CONFIG_PHYS_ADDR_T_64BIT 1\n",
  "map-shift.h": "#define XA_CHUNK_SHIFT 3\n",
  "autoconf.h": '#include "bit-length.h"\n#define CONFIG_XARRAY_MULTI 1\n',
};

/** What the compiler is told besides where headers are. */
export const FLAGS: readonly string[] = [
  "-O2",
  "-DNDEBUG",
  "-D_LGPL_SOURCE",
  "-DNUM_VMA_FLAG_BITS=64",
  "-DNUM_MM_FLAG_BITS=64",
  "-w",
];

/** The first line of what `gcc --version` says. MachineError where there is none, or no Linux on x86-64. */
export function compilerVersion(): string {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new MachineError("peer needs Linux on x86-64: the kernel's code is built for it");
  }
  const { error, stdout } = spawnSync(COMPILER, ["--version"], { encoding: "utf8" });
  if (error) {
    throw new MachineError(
      "peer needs gcc, which is not installed: your distribution has it as the package gcc",
    );
  }
  return stdout.split("\n", 1)[0] as string;
}

/** Compiles the driver program with a tree; the path of the program. UsageError saying what the tree lacks. */
export async function buildPeer(tree: KernelTree, folder: string): Promise<string> {
  try {
    mkdirSync(join(folder, "generated"), { recursive: true });
    for (const [name, text] of Object.entries(GENERATED)) {
      writeFileSync(join(folder, "generated", name), text);
    }
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  const program = join(folder, "peer");
  const compiled = promisify(execFile)(COMPILER, compilerArguments(tree, folder, program), {
    env: { ...process.env, LC_ALL: "C" },
  });
  endTogether(compiled.child);
  try {
    await compiled;
  } catch (error) {
    throw whyNotBuilt(tree, error as CompilerError);
  }
  return program;
}

/** What execFile rejects with: an exit code, a signal, or the code of a system call. */
type CompilerError = Error & { code?: number | string; signal?: string | null; stderr?: string };

function whyNotBuilt(tree: KernelTree, { message, code, signal, stderr = "" }: CompilerError) {
  if (signal) return new MachineError(`${COMPILER} ended with ${signal}`);
  if (typeof code !== "number") return new MachineError(`${COMPILER} cannot be run: ${message}`);
  if (/No space left on device/.test(stderr)) {
    return new MachineError(`${COMPILER} cannot write its output: no space left`);
  }
  return new UsageError(`kernel source ${tree.path} cannot be built: ${whatIsMissing(stderr)}`);
}

function compilerArguments(tree: KernelTree, folder: string, program: string): string[] {
  const root = resolve(tree.path);
  const headers = [
    NATIVE, // before the tree's, for linux/rcupdate.h
    folder,
    join(root, "tools/testing/shared"),
    join(root, "tools/testing/vma"),
    join(root, "tools/include"),
    join(root, "tools/arch/x86/include"),
    join(root, "lib"),
    root,
  ];
  const first = ["-include", join(NATIVE, "bits.h")];
  return [
    ...FLAGS,
    ...first,
    ...headers.map((path) => `-I${path}`),
    "-o",
    program,
    join(NATIVE, "peer.c"),
  ];
}

/** What the compiler's first complaint says about the tree. */
export function whatIsMissing(stderr: string): string {
  const header = /fatal error: (\S+): No such file/.exec(stderr)?.[1];
  if (header) return `it has no header ${header}`;
  const linked = /undefined reference to [`']([^`']+)'/.exec(stderr)?.[1];
  if (linked) return `it has no ${linked}, or not where it is looked for`;
  const complaint = /^(.*?):(\d+):\d+: error: (.*)$/m.exec(stderr);
  if (!complaint) return stderr.trim().split("\n", 1)[0] ?? "gcc failed without a word";
  const [, file, line, text] = complaint as unknown as [string, string, string, string];
  const symbol = /['‘`]([^'’`]+)['’`]/.exec(text)?.[1];
  const at = `${file}:${line}: ${text}`;
  const unknown =
    /undeclared|implicit declaration|unknown type name|has no member|too (few|many) arg|incompatible type/;
  return symbol && unknown.test(text) ? `${symbol} is not there as 7.3 has it (${at})` : at;
}
