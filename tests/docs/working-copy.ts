// A folder to paste a page's commands in: the repository as its reader has it, except that what they write stays
// in the folder.

import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { launcher, type Outcome, outputOf } from "../cli/command.js";
import { type Block, type Page, root } from "./page.js";

/** Not in it, because commands write there. */
const WRITTEN = new Set([".git", "reports", "sweeps"]);

/** `npm ci` was done when the tests run, and would empty the modules that the copy shares with the repository. */
const NPM = `[ "$1" = ci ] || exec "$(PATH=\${PATH#*${delimiter}} command -v npm)" "$@"`;

export interface WorkingCopy {
  folder: string;
  bin: string;
  remove(): void;
}

/** A working copy with the files that the page shows. */
export function workingCopy(page: Page): WorkingCopy {
  const top = mkdtempSync(join(tmpdir(), "vmabench-docs-"));
  const [folder, bin] = [join(top, "vmabench"), join(top, "bin")];
  mkdirSync(folder);
  mkdirSync(bin);
  for (const name of readdirSync(root).filter((name) => !WRITTEN.has(name) && name !== "examples"))
    symlinkSync(join(root, name), join(folder, name));
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
  const commands = { vmabench: `exec "${process.execPath}" "${launcher}" "$@"`, npm: NPM };
  for (const [name, script] of Object.entries(commands))
    writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 });
  for (const { title, text, where } of page.blocks) {
    if (title === undefined || title.startsWith(".github/")) continue;
    if (existsSync(join(folder, title))) throw new Error(`${where}: there is a ${title} already`);
    mkdirSync(dirname(join(folder, title)), { recursive: true });
    writeFileSync(join(folder, title), `${text}\n`);
  }
  return { folder, bin, remove: () => rmSync(top, { recursive: true, force: true }) };
}

/** What a block's commands did: a text for each that ended otherwise than expected, and what all of them printed. */
export interface Ran {
  wrong: string[];
  printed: string;
}

/** Runs a block. */
export async function runBlock(
  { language, text, where }: Block,
  copy: WorkingCopy,
  env: NodeJS.ProcessEnv = {},
): Promise<Ran> {
  const commands: [string, string[]][] =
    language === "js"
      ? [[process.execPath, ["--input-type=module", "--eval", text]]]
      : commandsOf(text).map((line) => ["bash", ["-o", "pipefail", "-c", line]]);
  const ran: Ran = { wrong: [], printed: "" };
  for (const [program, args] of commands) {
    const command = args.at(-1) as string;
    const expected = Number(/# exits with (\d+)/.exec(command)?.[1] ?? 0);
    const { code, stdout, stderr } = await run(program, args, copy, env);
    ran.printed += stdout;
    if (code !== expected)
      ran.wrong.push(
        `${where}: ${command}\nexpected exit code ${expected}, found ${code}\n${stdout}${stderr}`,
      );
  }
  return ran;
}

/** The commands of a block: its lines, with those that go on put together, without those that are only comments. */
export const commandsOf = (text: string): string[] =>
  text
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => !/^\s*(#|$)/.test(line));

/** Longest that a command may take, in ms; what it started ends with it. */
const LIMIT = 300_000;

function run(
  program: string,
  args: readonly string[],
  { folder, bin }: WorkingCopy,
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const path = `${bin}${delimiter}${process.env.PATH}`;
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group of its own
    });
    const timer = setTimeout(() => process.kill(-(child.pid as number), "SIGKILL"), LIMIT);
    const output = outputOf(child);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}
