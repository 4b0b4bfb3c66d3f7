// A program under strace: its memory calls as text that `replay` reads.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { MachineError, UsageError } from "../errors.js";

/** Memory calls, and those that tell which file a descriptor is and which tasks share the memory. */
const CALLS =
  "trace=%memory,shmget,prctl,execve,execveat,open,openat,openat2,creat,memfd_create,close,dup,dup2,dup3,clone,?clone3,fork,vfork";

export interface Recorded {
  text: string;
  /** How the program ended: its exit code, or null for a signal. */
  status: number | null;
}

/**
 * Runs a command under strace, with this process's terminal, and gives the text recorded. MachineError where there
 * is no strace or it may not trace; UsageError when the command cannot be started.
 */
export async function recordCommand(command: readonly string[]): Promise<Recorded> {
  if (process.platform !== "linux") {
    throw new MachineError("record needs Linux: strace shows the system calls of Linux programs");
  }
  if (spawnSync("strace", ["-V"]).error) {
    throw new MachineError(
      "record needs strace, which is not installed: your distribution has it as the package strace",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "vmabench-record-"));
  const out = join(folder, "text");
  try {
    // -y paths of descriptors, -f all tasks, -qq no lines about attaching
    const args = ["-f", "-y", "-qq", "-e", "signal=none", "-e", CALLS, "-o", out, "--", ...command];
    const { status, stderr } = await runStrace(args);
    const text = readText(out);
    if (/^\d*\s*(?:brk|mmap)\(/m.test(text)) {
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
    rmSync(folder, { recursive: true, force: true });
  }
}

function runStrace(args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("strace", args, { stdio: ["inherit", "inherit", "pipe"] });
    // Ctrl-C goes to the program as well: what it did until then is the recording
    const ignore = () => {};
    process.on("SIGINT", ignore);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      process.stderr.write(chunk);
      stderr = (stderr + chunk.toString("utf8")).slice(-4096);
    });
    child.on("error", reject);
    child.on("close", (status) => {
      process.off("SIGINT", ignore);
      resolve({ status, stderr });
    });
  });
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
