// One CPU for everything that is timed. The model and the programs take turns, so they never run at once; on two
// CPUs one of them would have the busier neighbour for as long as it lives.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Ties this thread, and the programs that it starts from now on, to the last CPU it may run on; V8's compiler threads
 * stay free. The number of the CPU, or null where taskset is missing or may not.
 */
export function pinToOneCpu(): number | null {
  const status = readFileSync("/proc/self/status", "utf8");
  const cpu = /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1];
  if (cpu === undefined) return null;
  const { status: code, error } = spawnSync("taskset", ["-cp", cpu, String(process.pid)]);
  return error || code !== 0 ? null : Number(cpu);
}
