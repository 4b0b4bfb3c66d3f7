// A neighbour: a process that keeps one processor busy.

import { spawn } from "node:child_process";

/** Starts it; the function returned ends it. */
export function keepBusy() {
  // it also ends by itself when this process is gone
  const code =
    "process.on('disconnect', () => process.exit()); const turn = () => { const end = Date.now() + 200; while (Date.now() < end); setImmediate(turn); }; turn();";
  const child = spawn(process.execPath, ["-e", code], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  return () => child.kill();
}
