// A recorded program on the running kernel: its calls in a process of their own, timed, beside what a model predicts.

import { type Machine, openMachine, thpSetting } from "../calibrate/machine.js";
import { HOOKS } from "../catalogue/kernels.js";
import * as abi from "../core/abi.js";
import { Core } from "../core/core.js";
import { MachineError } from "../errors.js";
import { openLibc } from "../live/libc.js";
import type { CostModel } from "../predict/model.js";
import { predict } from "../predict/predict.js";
import { DATA_AT, RECORDS_LIMIT } from "../runner/code.js";
import { CODE_AT } from "../runner/elf.js";
import type { Run } from "../runner/runner.js";
import { median, quiet } from "../stats/median.js";
import type { Program } from "../trace/program.js";
import { openStandIns } from "./files.js";
import { type Item, type Script, scriptOf } from "./script.js";
import { type Steps, stepsOf } from "./steps.js";

/** Calls of a kind, and what they took together. Nanoseconds. */
export interface KindTimes {
  kind: string;
  calls: number;
  predicted: number;
  measured: number;
}

/** The document that `replay --real --json` prints. */
export interface RealReplay {
  file: string;
  kernelRelease: string;
  protocol: string;
  touch: string;
  /** Calls that were made. */
  calls: number;
  notReplayed: Record<string, number>;
  /** Calls that ended otherwise than in the model. */
  otherResults: number;
  /** mmaps that this kernel would have placed elsewhere: they are made with a fixed address. */
  placedElsewhere: number;
  processes: number;
  /** Passes that count in each process. */
  passes: number;
  /** A system call that does nothing, where the model was made. */
  modelEntryNs: number;
  /** Of all calls together, nanoseconds. */
  predicted: { ns: number; relativeError: number; entryNs: number };
  /** `firstPassNs`: of the first pass in each process. `nullCallNs`: a system call that does nothing, to
   * be held against the model's entry: how fast the machine is now. */
  measured: { ns: number; firstPassNs: number; nullCallNs: number };
  kinds: KindTimes[];
}

const COMMAND = "replay --real";
const PAGE = 4096;
const PROCESSES = 16;
/** Between processes, so that a busy neighbour does not meet them all. Milliseconds. */
const PAUSE = 40;
/** Besides the first, which does not count. */
const PASSES = 4;

/** Runs a program for real. MachineError where that cannot be. `touch`: TOUCH_*, and its name. */
export async function replayReal(
  program: Program,
  model: CostModel,
  touch: { mode: number; name: string },
): Promise<RealReplay> {
  const libc = openLibc(COMMAND);
  const machine = await openMachine(COMMAND);
  const standIns = openStandIns(libc, program);
  try {
    const core = new Core("work");
    const { protocol } = machine.kernel;
    enter(core, machine, program);
    const script = scriptOf(core, program, touch.mode);
    const brk = program.settings.startBrk;
    const steps = stepsOf(script, program, 1 + PASSES);
    const runs: Times[] = [];
    for (let i = 0; i < PROCESSES; i++) {
      const files = standIns.descriptors;
      const run = await machine.runner(steps.all, brk === undefined ? { files } : { files, brk });
      if (run.signal !== null) throw died(run.signal, run.done, steps, script);
      runs.push(timesOf(run, steps, machine.nanosecondsPerTick));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return {
      file: program.file,
      kernelRelease: machine.release,
      protocol: protocol.id,
      touch: touch.name,
      ...compared(script, runs, model),
      modelEntryNs: model.entry,
      notReplayed: script.notReplayed,
      processes: PROCESSES,
      passes: PASSES,
    };
  } finally {
    standIns.close();
    machine.close();
  }
}

/** The model's address space before the program's own set-up: the runner's code and records. */
function enter(core: Core, machine: Machine, program: Program): void {
  const { protocol } = machine.kernel;
  core.reset(
    {
      ...program.settings,
      ...thpSetting(),
      profile: protocol.profile,
      hook: HOOKS[protocol.hook].hook,
      touch: abi.TOUCH_NONE,
    },
    machine.tlb,
  );
  core.setDriver(0, machine.fileDriver);
  program.files.forEach((file, i) => {
    core.setFile(i + 1, file);
  });
  const flags = abi.VM_READ + abi.VM_MAYREAD;
  core.run([
    { op: abi.OP_PLACE, addr: CODE_AT, len: PAGE, prot: flags + abi.VM_EXEC },
    { op: abi.OP_PLACE, addr: DATA_AT, len: RECORDS_LIMIT, prot: flags + abi.VM_WRITE },
  ]);
}

/** What one process measured, by pass and item. Nanoseconds, the reading of the counter taken off. */
interface Times {
  passes: Float64Array[];
  /** A system call that does nothing. */
  nullCall: number;
  /** Answers of the last pass. */
  values: Float64Array;
  elsewhere: number;
}

function timesOf(
  { ticks, values, elsewhere }: Run,
  steps: Steps,
  nanosecondsPerTick: number,
): Times {
  const { passes, trials } = steps;
  const reading = median(trials.map((step) => ticks[step] as number));
  const time = (step: number) => ((ticks[step] as number) - reading) * nanosecondsPerTick;
  const last = passes.at(-1) as number[];
  return {
    passes: passes.map((list) => Float64Array.from(list, time)),
    nullCall: median(trials.map((step) => time(step + 1))),
    values: Float64Array.from(last, (step) => values[step] as number),
    elsewhere: elsewhere.filter((step) => step >= (last[0] as number)).length,
  };
}

function compared({ items }: Script, runs: readonly Times[], model: CostModel) {
  const kinds = new Map<string, KindTimes>();
  const total = { predicted: 0, entry: 0, measured: 0, first: 0 };
  let [calls, otherResults] = [0, 0];
  items.forEach(({ operation, kind, value, work }, i) => {
    if (kind === null) return;
    calls++;
    const { nanoseconds, entry } = predict(model, work);
    const measured = quiet(
      runs.map(({ passes }) => median(passes.slice(1).map((times) => times[i] as number))),
    );
    // an access either works or ends the process
    const isAccess = operation.op === abi.OP_TOUCH;
    if (!isAccess && runs[0]?.values[i] !== value) otherResults++;
    const all = kinds.get(kind) ?? { kind, calls: 0, predicted: 0, measured: 0 };
    kinds.set(kind, all);
    all.calls++;
    all.predicted += nanoseconds;
    all.measured += measured;
    total.predicted += nanoseconds;
    total.entry += entry;
    total.measured += measured;
    total.first += quiet(runs.map(({ passes }) => passes[0]?.[i] as number));
  });
  return {
    calls,
    otherResults,
    placedElsewhere: runs[0]?.elsewhere ?? 0,
    predicted: { ns: total.predicted, relativeError: model.errors.high, entryNs: total.entry },
    measured: {
      ns: total.measured,
      firstPassNs: total.first,
      nullCallNs: quiet(runs.map(({ nullCall }) => nullCall)),
    },
    kinds: [...kinds.values()].sort((a, b) => b.measured - a.measured),
  };
}

function died(signal: string, done: number, { passes }: Steps, { items }: Script): MachineError {
  const at = passes.flatMap((steps) => steps.map((step, i) => [step, i] as const));
  const item = at.find(([step]) => step >= done)?.[1];
  const { operation } = items[item ?? 0] as Item;
  const what = `operation ${(item ?? 0) + 1} (${operation.op} at 0x${(operation.addr ?? 0).toString(16)})`;
  return new MachineError(`the replay ended with ${signal} near ${what}`);
}
