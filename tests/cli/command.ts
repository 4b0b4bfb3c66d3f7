// The built command line, run as a user runs it.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const launcher = fileURLToPath(new URL("../../bin/vmabench.js", import.meta.url));

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Call {
  cwd?: string;
  env?: Record<string, string>;
  /** Runs once the process has started. */
  meanwhile?: (child: ReturnType<typeof spawn>) => void;
}

export function vmabench(args: readonly string[], call: Call = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd: call.cwd,
      env: { ...process.env, NO_COLOR: "1", ...call.env },
    });
    const output = outputOf(child);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
    call.meanwhile?.(child);
  });
}

/** What a process has written so far. */
export function outputOf({ stdout, stderr }: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  stdout?.on("data", (chunk) => {
    output.stdout += chunk;
  });
  stderr?.on("data", (chunk) => {
    output.stderr += chunk;
  });
  return output;
}
