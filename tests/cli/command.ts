// The built command line, run as a user runs it.

import { spawn } from "node:child_process";
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
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    call.meanwhile?.(child);
  });
}
