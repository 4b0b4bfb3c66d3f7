// What of this machine matters to measuring: what it says of itself, and how it treats identical code.

import { availableParallelism, loadavg, totalmem } from "node:os";
import { DEFAULT_BASELINE, DEFAULT_CANDIDATE, parseProtocol } from "../catalogue/kernels.js";
import { parseScenario } from "../catalogue/scenario.js";
import { groupsOf, readSuite } from "../catalogue/suites.js";
import { Core } from "../core/core.js";
import { abiOf } from "../core/module.js";
import { judgeTimes, type ProcessMedians } from "../judge/gate.js";
import { processMedians } from "../judge/outcome.js";
import { captureEnvironment } from "../record/environment.js";
import type { Environment } from "../record/schema.js";
import { median } from "../stats/median.js";
import { exactWork } from "./exact.js";
import { type ProcessTimes, runProcess } from "./gate-process.js";
import {
  type BusyProcess,
  busyProcesses,
  clock,
  governor,
  memoryAvailable,
  turbo,
  virtualisation,
} from "./machine.js";
import { workingTree } from "./source.js";

export interface Checkup {
  environment: Environment;
  /** Nanoseconds. */
  clock: { tick: number; cost: number };
  processors: number;
  load: number;
  governor: string | null;
  turbo: boolean | null;
  virtualisation: string | null;
  busy: BusyProcess[];
  memory: { total: number; available: number | null };
  noise: Noise;
  /** Scenarios that a gate run has. */
  gateScenarios: number;
}

/** How identical code differs from itself, in a gate's processes. */
export interface Noise {
  scenarios: string[];
  processes: number;
  /** Of one scenario in one process, on average. */
  secondsEach: number;
  /** Standard deviation of a process's log ratio: the typical scenario, and the worst one. */
  typical: number;
  worst: number;
  /** Share of the control's process medians beyond 3 %. */
  controlBeyond: number;
  /** What a gate would say of these processes; null when nothing. */
  noisy: string | null;
  involuntarySwitches: number;
}

/** Every path of the core, as the gate's self-test has them, and a recorded program. */
const SCENARIOS = [
  "append-merge/hint-or-dump-flag/mmap@6.15?ops=2048",
  "append-never/vmops-only/mmap_prepare@7.3?ops=2048",
  "mprotect-churn/vmops-only/mmap@6.15?ops=2048",
  "tree-1000/vmops-only/mmap_prepare@7.3?ops=2048",
  "touch-map-unmap/vmops-only/mmap@6.15?ops=256",
  "trace-python3/vmops-only/mmap_prepare@7.3",
];
const FEWEST = 3;
const EFFECT = 0.03;

export interface CheckupOptions {
  /** For the run of identical code; at least three processes are run whatever it says. */
  seconds: number;
  sittings: number;
  rounds: number;
  progress: (done: number, total: number, label: string) => void;
}

export async function checkUp(options: CheckupOptions): Promise<Checkup> {
  const busy = await busyProcesses();
  const [load] = loadavg() as [number, number, number];
  return {
    environment: captureEnvironment(),
    clock: clock(),
    processors: availableParallelism(),
    load,
    governor: governor(),
    turbo: turbo(),
    virtualisation: virtualisation(),
    busy,
    memory: { total: totalmem(), available: memoryAvailable() },
    noise: await noiseOf(options),
    gateScenarios: gateScenarioCount(),
  };
}

function gateScenarioCount(): number {
  const protocols = [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol);
  return groupsOf(readSuite("gate"), protocols, []).flatMap(({ scenarios }) => scenarios).length;
}

async function noiseOf(options: CheckupOptions): Promise<Noise> {
  const { timing, work } = workingTree();
  const scenarios = SCENARIOS.map(parseScenario);
  const counted = new Core("work", new WebAssembly.Module(work!));
  const known = await exactWork(counted, abiOf(work!, "work.wasm"), scenarios, 1, (_, error) => {
    throw error;
  });
  const jobs = [...known].map(([id, { results }]) => ({
    id,
    checksum: Number.parseInt(results, 16),
  }));
  const cores = { base: timing, head: timing, control: timing };
  const { seconds, sittings, rounds, progress } = options;
  const processes: ProcessTimes[] = [];
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  while (processes.length < FEWEST || elapsed() < seconds) {
    progress(Math.min(seconds, Math.round(elapsed())), seconds, "identical code");
    const job = { cores, scenarios: jobs, seed: 1, process: processes.length, sittings, rounds };
    processes.push(await runProcess(job, () => {}));
  }
  return summary(processes, elapsed());
}

function summary(processes: readonly ProcessTimes[], seconds: number): Noise {
  const medians = SCENARIOS.map((id) => processMedians(processes, id));
  const judged = judgeTimes(
    medians.map((first, i) => ({ id: SCENARIOS[i]!, effect: EFFECT, first, second: NOTHING })),
  );
  const deviations = medians.map(({ head }) => deviation(head));
  return {
    scenarios: SCENARIOS,
    processes: processes.length,
    secondsEach: seconds / processes.length / SCENARIOS.length,
    typical: median(deviations),
    worst: Math.max(...deviations),
    controlBeyond: judged.controlBeyond,
    noisy: judged.noise,
    involuntarySwitches: processes.reduce((sum, p) => sum + p.involuntarySwitches, 0),
  };
}

const NOTHING: ProcessMedians = { head: [], control: [] };

/** About zero, which is what identical code is. */
function deviation(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}
