// What of a machine disturbs measurements, as far as Linux tells. Everything is null where it does not.

import { existsSync, readdirSync, readFileSync } from "node:fs";

/** A small file of /proc or /sys; null when it is not there. */
export function readSystemFile(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}

/** Frequency governor of the first processor, such as `performance`. */
export function governor(): string | null {
  return readSystemFile("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
}

/** Whether the processors may run above their nominal frequency. */
export function turbo(): boolean | null {
  const intel = readSystemFile("/sys/devices/system/cpu/intel_pstate/no_turbo");
  if (intel !== null) return intel === "0";
  const boost = readSystemFile("/sys/devices/system/cpu/cpufreq/boost");
  return boost === null ? null : boost === "1";
}

/** What the machine runs on: a hypervisor's name, `container`, or null for nothing that shows. */
export function virtualisation(): string | null {
  const product = readSystemFile("/sys/class/dmi/id/product_name") ?? "";
  const known = /kvm|vmware|virtualbox|qemu|hvm|google compute|firecracker|virtual machine/i.exec(
    product,
  );
  if (known) return known[0];
  const cpu = readSystemFile("/proc/cpuinfo") ?? "";
  if (/^flags\s*:.*\bhypervisor\b/m.test(cpu)) return "a hypervisor";
  return existsSync("/.dockerenv") ? "a container" : null;
}

/** Bytes that can be had without swapping. */
export function memoryAvailable(): number | null {
  const line = /^MemAvailable:\s+(\d+) kB$/m.exec(readSystemFile("/proc/meminfo") ?? "");
  return line ? Number(line[1]) * 1024 : null;
}

export interface BusyProcess {
  name: string;
  /** Share of one processor. */
  share: number;
}

/** Processes other than this one that use more than `least` of a processor, over some milliseconds. */
export async function busyProcesses(milliseconds = 400, least = 0.1): Promise<BusyProcess[]> {
  const before = processTicks();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const ticks = (milliseconds / 1000) * TICKS_PER_SECOND;
  const found: BusyProcess[] = [];
  for (const [pid, { name, used }] of processTicks()) {
    const earlier = before.get(pid);
    const share = earlier ? (used - earlier.used) / ticks : 0;
    if (share > least && pid !== process.pid) found.push({ name, share });
  }
  return found.sort((a, b) => b.share - a.share);
}

/** USER_HZ, the same on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

function processTicks(): Map<number, { name: string; used: number }> {
  const found = new Map<number, { name: string; used: number }>();
  if (!existsSync("/proc/self/stat")) return found;
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    // PID (NAME) STATE ...: the name may have spaces and brackets in it
    const match = /^\d+ \((.*)\) (.*)$/s.exec(readSystemFile(`/proc/${entry}/stat`) ?? "");
    if (!match) continue;
    const fields = match[2]!.split(" ");
    found.set(Number(entry), { name: match[1]!, used: Number(fields[11]) + Number(fields[12]) });
  }
  return found;
}

/** Smallest step of the clock seen, and what reading it costs, in nanoseconds. */
export function clock(): { tick: number; cost: number } {
  let tick = Number.POSITIVE_INFINITY;
  const reads = 20_000;
  const start = performance.now();
  let before = start;
  for (let i = 0; i < reads; i++) {
    const now = performance.now();
    if (now > before) tick = Math.min(tick, now - before);
    before = now;
  }
  return { tick: tick * 1e6, cost: ((before - start) * 1e6) / reads };
}
