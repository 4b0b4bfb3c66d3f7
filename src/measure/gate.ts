// A gate run, step by step: same results, same work, same bytes, then time in fresh processes with one second
// look at what stayed open. docs/measuring.md has the why of each step.

import type { Scenario } from "../catalogue/scenario.js";
import { Core } from "../core/core.js";
import { abiConflicts } from "../core/module.js";
import { MachineError } from "../errors.js";
import type { Accepted } from "../judge/accepted.js";
import { judgeTimes, secondLookProcesses } from "../judge/gate.js";
import { gateScenarios } from "../judge/outcome.js";
import { type BareChange, type ExactWork, workChanges } from "../judge/work.js";
import { captureEnvironment, captureTool } from "../record/environment.js";
import { type GateProcess, type GateRecord, packCore } from "../record/gate.js";
import { exactWork } from "./exact.js";
import { NODE_FLAGS, runProcess } from "./gate-process.js";
import { governor } from "./machine.js";
import type { GateCore } from "./source.js";
import { BuildsDisagree } from "./stage.js";

export interface GateOptions {
  suite: string;
  filters: string[];
  scenarios: readonly Scenario[];
  seed: number;
  /** Processes of the first look. */
  processes: number;
  /** In each process, and rounds in each sitting. */
  sittings: number;
  rounds: number;
  /** Per cent. */
  maxSlowdown: number;
  alpha: number;
  /** Scenarios to correct for, where those run are a part of more; default: those run. */
  family?: number;
  accepted: Accepted[];
  day: string;
  workOnly: boolean;
  /** Times cores of the same code too: the gate's own test. */
  timeIdentical: boolean;
  /** 1: no second look at what stays open (default 2). */
  looks?: 1 | 2;
  /** Times what gives the base's results when some scenarios do not; otherwise nothing is timed then. */
  leaveOutChanged?: boolean;
  /** Hears what is known before anything is timed. */
  onWork: (record: GateRecord) => void;
  progress: (done: number, total: number, label: string) => void;
}

/** Runs the gate and returns its record. MachineError when the ABI differs: nothing can be compared then. */
export async function runGate(
  base: GateCore,
  head: GateCore,
  options: GateOptions,
): Promise<GateRecord> {
  const conflicts = abiConflicts(base.abi, head.abi);
  if (conflicts.length > 0) {
    const some = conflicts.slice(0, 3).join(", ");
    throw new MachineError(
      `ABI ${base.abiVersion} of ${base.name} and ${head.abiVersion} of ${head.name} do not fit one shell: ` +
        `${some}${conflicts.length > 3 ? ` and ${conflicts.length - 3} more` : ""}; nothing was compared`,
    );
  }
  const own = await workOf(head, options, () => {});
  const notInBase: string[] = [];
  const theirs = await workOf(base, options, (scenario) => notInBase.push(scenario.id));
  const both = new Map([...(own ?? theirs ?? [])].filter(([id]) => !notInBase.includes(id)));
  const changes = own && theirs ? workChanges(theirs, both) : [];
  const changed = new Set(changes.filter(isOther).map(({ id }) => id));
  if (options.leaveOutChanged) for (const id of changed) both.delete(id);
  const disagree = changed.size > 0 && !options.leaveOutChanged;
  const identical = base.codeSha256 === head.codeSha256 && !options.timeIdentical;

  const record: GateRecord = {
    schema: "vmabench/gate@1",
    tool: captureTool(),
    environment: captureEnvironment(),
    settings: {
      suite: options.suite,
      filters: options.filters,
      seed: options.seed,
      processes: options.processes,
      sittings: options.sittings,
      rounds: options.rounds,
      maxSlowdown: options.maxSlowdown,
      alpha: options.alpha,
      family: options.family ?? options.scenarios.length,
      nodeFlags: NODE_FLAGS,
      day: options.day,
      governor: governor(),
    },
    base: described(base),
    head: described(head),
    accepted: options.accepted,
    work: { compared: own !== null && theirs !== null, scenarios: both.size, changes, notInBase },
    disagreement: null,
    identical,
    timed: [...both.keys()],
    processes: [],
    cores: { timing: packCore(head.timing), work: head.work && packCore(head.work) },
  };
  options.onWork(record);
  if (options.workOnly || identical || disagree || both.size === 0) return record;
  try {
    await timeRecord(record, base, head, both, options);
  } catch (error) {
    if (!(error instanceof BuildsDisagree)) throw error;
    record.disagreement = error.message;
  }
  return record;
}

const isOther = ({ measure }: BareChange) => measure === "results" || measure === "operations";

function described({ name, kind, codeSha256, abiVersion }: GateCore): GateRecord["base"] {
  return { name, kind, codeSha256, abiVersion };
}

/** Null when the core came without a work build. */
async function workOf(
  core: GateCore,
  { scenarios, seed }: GateOptions,
  onTrap: (scenario: Scenario) => void,
): Promise<Map<string, ExactWork> | null> {
  if (!core.work) return null;
  const instance = new Core("work", new WebAssembly.Module(core.work));
  return exactWork(instance, core.abi, scenarios, seed, onTrap);
}

async function timeRecord(
  record: GateRecord,
  base: GateCore,
  head: GateCore,
  work: ReadonlyMap<string, ExactWork>,
  options: GateOptions,
): Promise<void> {
  const cores = { base: base.timing, head: head.timing, control: base.timing };
  const { seed, sittings, rounds } = options;
  const look = async (number: 1 | 2, ids: readonly string[], processes: number) => {
    const scenarios = ids.map((id) => ({
      id,
      checksum: Number.parseInt(work.get(id)!.results, 16),
    }));
    for (let i = 0; i < processes; i++) {
      const process = record.processes.length;
      let done = 0;
      const step = () =>
        options.progress(i * ids.length + done++, processes * ids.length, `look ${number}`);
      step();
      const job = { cores, scenarios, seed, process, sittings, rounds };
      const times = await runProcess(job, step);
      record.processes.push(asRecorded(times, number));
    }
  };
  await look(1, record.timed, options.processes);
  const open = judgeTimes(gateScenarios(record), options.alpha, record.settings.family).scenarios;
  const undecided = open.filter(({ verdict }) => verdict === "undecided").map(({ id }) => id);
  if (undecided.length > 0 && options.looks !== 1) {
    await look(2, undecided, secondLookProcesses(undecided.length, options.processes));
  }
}

function asRecorded(
  times: Awaited<ReturnType<typeof runProcess>>,
  look: GateProcess["look"],
): GateProcess {
  return { ...times, look };
}
