// A command in a place of its own: where it writes, where it may be temporary, and what it leaves behind.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launcher, outputOf } from "../cli/command.js";

/** What a signal or a fault may leave of a command is looked for in here. */
export interface Place {
  root: string;
  /** What the command is told to write goes here. */
  out: string;
  /** TMPDIR of the command. */
  temporary: string;
}

export function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), "vmabench-faults-"));
  const place = { root, out: join(root, "out"), temporary: join(root, "tmp") };
  mkdirSync(place.out);
  mkdirSync(place.temporary);
  return place;
}

export function removePlace({ root }: Place): void {
  rmSync(root, { recursive: true, force: true });
}

/** Files of a folder and its inner ones: path and contents. */
export function contentsOf(folder: string): Map<string, Buffer> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path)]));
}

export interface Ended {
  /** As a shell has it: 128 and the signal's number when one ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

const NUMBERS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 };
/** Milliseconds after which a command hangs. */
export const HANGS = 100_000;

/** A signal to a process, or to a group by its negative id; false when it has ended. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** A command under way, in a process group of its own. */
export class Running {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  constructor(
    place: Place,
    args: readonly string[],
    options: { env?: Record<string, string>; before?: readonly string[] } = {},
  ) {
    const [program, ...rest] = [...(options.before ?? []), process.execPath, launcher, ...args];
    this.child = spawn(program as string, rest, {
      cwd: place.root,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", TMPDIR: place.temporary, ...options.env },
    });
    const output = outputOf(this.child);
    const timer = setTimeout(() => this.signal("SIGKILL", true), HANGS);
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      // not "close": a program left behind would hold the pipes open
      this.child.on("exit", (code, signal) => {
        clearTimeout(timer);
        setImmediate(() => resolve({ code: code ?? NUMBERS[signal ?? ""] ?? -1, ...output }));
      });
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** To the command, or to its whole group as a terminal does. */
  signal(signal: NodeJS.Signals, group = false): void {
    send(group ? -this.pid : this.pid, signal);
  }

  /** Processes of its group but itself: name and id. */
  children(): { pid: number; name: string; args: string }[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== this.pid)
      .flatMap((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
          const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
          if (Number(group) !== this.pid || state === "Z") return [];
          const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
          const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
          return [{ pid: Number(pid), name, args }];
        } catch {
          return []; // it has just ended
        }
      });
  }

  /** What still runs some time after the command has ended; then it is ended. */
  async orphans(): Promise<string[]> {
    const names = () => this.children().map(({ name, args }) => `${name}: ${args}`);
    for (let i = 0; i < 40 && names().length > 0; i++) await sleep(50);
    const left = names();
    if (left.length > 0) this.signal("SIGKILL", true);
    return left;
  }
}

export function run(place: Place, args: readonly string[], env?: Record<string, string>) {
  return new Running(place, args, env ? { env } : {}).ended;
}

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Why nothing can be mounted; null when it can. */
export const noMounts: string | null =
  spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0
    ? null
    : "mounting needs root";

/** What happens to the folder that a command writes to. It is seen by the command alone. */
export const MOUNTS = {
  /** A file system of four pages, with so many of them free. */
  full: (free: number) =>
    `mount -t tmpfs -o size=16k none "$OUT" && cp -a "$WAS/." "$OUT" &&
     { head -c 65536 /dev/zero >"$OUT/filler" 2>/dev/null; truncate -s -${free * 4096} "$OUT/filler"; }`,
  readOnly: `cp -a "$WAS/." "$OUT" && mount --bind "$OUT" "$OUT" && mount -o remount,ro,bind "$OUT"`,
};

/** Runs a command with its output folder mounted; afterwards the place's own folder has what was left there. */
export async function runMounted(
  place: Place,
  mount: string,
  args: readonly string[],
): Promise<Ended> {
  const [was, left] = [join(place.root, "was"), join(place.root, "left")];
  for (const folder of [was, left]) rmSync(folder, { recursive: true, force: true });
  cpSync(place.out, was, { recursive: true });
  mkdirSync(left);
  const script = `${mount} || exit 99; "$@"; code=$?; rm -f "$OUT/filler" 2>/dev/null; cp -a "$OUT/." "$LEFT"; exit $code`;
  const running = new Running(place, args, {
    before: ["unshare", "-m", "sh", "-c", script, "sh"],
    env: { OUT: place.out, WAS: was, LEFT: left },
  });
  const ended = await running.ended;
  rmSync(place.out, { recursive: true });
  cpSync(left, place.out, { recursive: true });
  return ended;
}

/** A program for PATH. */
export function writeProgram(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text, { mode: 0o755 });
}
