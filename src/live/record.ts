// A program under strace: its memory calls as text that `replay` reads.

import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { orUndo, temporaryFolder } from "../cleanup.js";
import { MachineError, UsageError } from "../errors.js";

/** Memory calls, and those that tell which file a descriptor is and which tasks share the memory. */
const CALLS =
  "trace=%memory,shmget,prctl,execve,execveat,open,openat,openat2,creat,memfd_create,close,dup,dup2,dup3,clone,?clone3,fork,vfork";

export interface Recorded {
  text: string;
  /** How the program ended: its exit code, or null for a signal. */
  status: number | null;
}

/** In the environment of whatever a recording runs: without strace nobody else knows them. */
const MARK = "VMABENCH_RECORDING";

/**
 * Runs a command under strace, with this process's terminal, and gives the text recorded. MachineError where there
 * is no strace or it may not trace; UsageError when the command cannot be started. `forward` is given a function that
 * sends the command a signal.
 */
export async function recordCommand(
  command: readonly string[],
  forward: (end: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Recorded> {
  if (process.platform !== "linux") {
    throw new MachineError("record needs Linux: strace shows the system calls of Linux programs");
  }
  if (spawnSync("strace", ["-V"]).error) {
    throw new MachineError(
      "record needs strace, which is not installed: your distribution has it as the package strace",
    );
  }
  const { path: folder, remove } = temporaryFolder("record");
  const out = join(folder, "text");
  try {
    // -y paths of descriptors, -f all tasks, -q no lines about attaching, KILL: how a task was killed
    const args = ["-f", "-y", "-q", "-e", "signal=KILL", "-e", CALLS, "-o", out, "--", ...command];
    const { status, signal, stderr } = await runStrace(args, folder, forward);
    const text = readText(out);
    checkEnd(text, signal);
    if (/^\d* *(?:brk|mmap)\(/m.test(text)) {
      const head = `# command: ${oneLine(command.join(" "))}\n# kernel: Linux ${release()} ${machine()}\n`;
      return { text: head + text, status };
    }
    const [why = "it recorded nothing"] = stderr
      .split("\n")
      .filter((line) => /^.*strace: /.test(line));
    if (/Operation not permitted|ptrace/.test(why)) {
      throw new MachineError(`strace may not trace here: ${oneLine(why)}`);
    }
    throw new UsageError(`cannot record ${command[0]}: ${oneLine(why)}`);
  } finally {
    remove();
  }
}

function runStrace(
  args: readonly string[],
  mark: string,
  forward: (end: (signal: NodeJS.Signals) => void) => void,
): Promise<{ status: number | null; signal: NodeJS.Signals | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("strace", args, {
      stdio: ["inherit", "inherit", "pipe"],
      env: { ...process.env, [MARK]: mark },
    });
    // strace keeps such signals away from itself while it writes to a file; without it the program would go on
    const forget = orUndo(() => {
      child.kill("SIGKILL");
      killMarked(mark);
    });
    forward((signal) => signalChildren(child.pid, signal));
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      stderr = (stderr + chunk.toString("utf8")).slice(-4096);
    });
    child.on("error", reject);
    child.on("exit", (_, signal) => {
      if (signal === "SIGKILL") killMarked(mark); // whose end would never be recorded
    });
    child.on("close", (status, signal) => {
      forget();
      resolve({ status, signal, stderr });
    });
  });
}

/** Ends what runs in a recording. */
function killMarked(mark: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      if (environment.includes(`${MARK}=${mark}`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // it has ended, or is somebody else's
    }
  }
}

/** MachineError when a recording began and the program's end is not in it. */
function checkEnd(text: string, signal: NodeJS.Signals | null): void {
  if (signal !== null && signal !== "SIGKILL") return; // that of the program: strace ends as it did
  const program = /^(\d+) /.exec(text)?.[1];
  const isBegun = program !== undefined || signal !== null;
  if (!isBegun || new RegExp(`^${program} +\\+\\+\\+ `, "m").test(text)) return;
  throw new MachineError(
    signal === null
      ? `strace could not write all that the program did: is there space in ${tmpdir()}?`
      : `strace ended with ${signal}, before the program`,
  );
}

/** To the programs that a process has started. */
function signalChildren(pid: number | undefined, signal: NodeJS.Signals): void {
  for (const child of childrenOf(pid)) {
    try {
      process.kill(child, signal);
    } catch {
      // it has ended
    }
  }
}

function childrenOf(pid: number | undefined): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return text.split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // strace has ended
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // strace ended before it began
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 300);
}

function machine(): string {
  return process.arch === "x64" ? "x86_64" : process.arch;
}
