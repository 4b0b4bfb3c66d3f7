// A recorded program on the running kernel: its calls in a process of their own, timed, beside what a model predicts.

import { type Machine, openMachine } from "../calibrate/machine.js";
import { HOOKS } from "../catalogue/kernels.js";
import * as abi from "../core/abi.js";
import { TOUCH_NONE } from "../core/abi.js";
import { Core } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { MachineError } from "../errors.js";
import { openLibc } from "../live/libc.js";
import type { CostModel } from "../predict/model.js";
import { predict } from "../predict/predict.js";
import { NUMBERS, stepOf } from "../runner/calls.js";
import { DATA_AT, NOTHING, RECORDS_LIMIT } from "../runner/code.js";
import { CODE_AT } from "../runner/elf.js";
import { MOST_STEPS, type Step } from "../runner/records.js";
import { FIRST_FILE } from "../runner/runner.js";
import { median } from "../stats/median.js";
import type { Program } from "../trace/program.js";
import { openStandIns } from "./files.js";
import { type Item, type Script, scriptOf } from "./script.js";

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
  /** Of all calls together, nanoseconds. */
  predicted: { ns: number; relativeError: number; entryNs: number };
  /** `firstPassNs`: of the first pass in each process, when nothing is in the caches. */
  measured: { ns: number; firstPassNs: number };
  kinds: KindTimes[];
}

const COMMAND = "replay --real";
const PAGE = 4096;
const TRIALS = 32;
const PROCESSES = 9;
/** Besides the first, which does not count. */
const PASSES = 4;
const USER_END = 0x7ffffffff000;
const LOWEST = 0x10000;

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
    const steps = stepsOf(script, program);
    const runs: Times[] = [];
    for (let i = 0; i < PROCESSES; i++) {
      const files = standIns.descriptors;
      const run = await machine.runner(steps.all, brk === undefined ? { files } : { files, brk });
      if (run.signal !== null) throw died(run.signal, run.done, steps, script);
      runs.push(timesOf(run.ticks, steps, machine.nanosecondsPerTick, run.values, run.elsewhere));
    }
    return {
      file: program.file,
      kernelRelease: machine.release,
      protocol: protocol.id,
      touch: touch.name,
      ...compared(script, runs, model),
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
      profile: protocol.profile,
      hook: HOOKS[protocol.hook].hook,
      touch: TOUCH_NONE,
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

/** All steps of a process, and which of them are the calls of which pass. */
interface Steps {
  all: Step[];
  /** For each pass, the step of each item. */
  passes: number[][];
}

function stepsOf(script: Script, program: Program): Steps {
  const all: Step[] = [];
  for (let i = 0; i < TRIALS; i++) all.push({ number: NOTHING, args: [] });
  const passes: number[][] = [];
  const one = [
    ...emptying(program),
    ...script.setup.flatMap(({ operation }, i) => placeStep(operation, i, program)),
  ];
  for (let pass = 0; pass <= PASSES; pass++) {
    all.push(...one);
    passes.push(
      script.items.map(({ operation, value }) => {
        const step = stepOf(operation) as Step;
        all.push(isPlaced(operation, value) ? { ...step, expected: value } : step);
        return all.length - 1;
      }),
    );
  }
  if (all.length > MOST_STEPS) {
    throw new MachineError(
      `${program.file}: too long to be replayed for real: ${all.length} steps, at most ${MOST_STEPS}`,
    );
  }
  return { all, passes };
}

function isPlaced({ op, flags = 0 }: Operation, value: number): boolean {
  const fixed = abi.MAP_FIXED | abi.MAP_FIXED_NOREPLACE;
  return op === abi.OP_MMAP && value > 0 && (Number(flags) & fixed) === 0;
}

/** Everything but the runner goes; the heap first, while it can still shrink. */
function emptying({ settings }: Program): Step[] {
  const above = DATA_AT + RECORDS_LIMIT;
  const unmap = (from: number, to: number) => ({ number: 11, args: [from, to - from] });
  return [
    { number: NUMBERS.munlockall, args: [] },
    ...(settings.startBrk === undefined
      ? []
      : [{ number: NUMBERS.brk, args: [settings.startBrk] }]),
    unmap(LOWEST, CODE_AT),
    unmap(CODE_AT + PAGE, DATA_AT),
    unmap(above, USER_END),
  ];
}

/** What exec left behind, as calls can make it: the heap by brk, the vDSO and its data as files that nothing merges with. */
function placeStep(operation: Operation, index: number, program: Program): Step[] {
  if (operation.op !== abi.OP_PLACE) return [stepOf(operation)].filter((step) => step !== null);
  const { addr = 0, len = 0, prot = 0, pgoff = 0, file = 0 } = operation;
  const { startBrk, brk } = program.settings;
  const [start, end] = [Number(addr), Number(addr) + Number(len)];
  if (start === startBrk && end === brk) return [{ number: NUMBERS.brk, args: [end] }];
  const flags = Number(prot);
  const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
  const access =
    (has(abi.VM_READ) ? abi.PROT_READ : 0) |
    (has(abi.VM_WRITE) ? abi.PROT_WRITE : 0) |
    (has(abi.VM_EXEC) ? abi.PROT_EXEC : 0);
  const type = has(abi.VM_SHARED) || has(abi.VM_MAYSHARE) ? abi.MAP_SHARED : abi.MAP_PRIVATE;
  const call = (more: number, descriptor: number | bigint, page: number) => [
    { number: 9, args: [addr, len, access, type | abi.MAP_FIXED | more, descriptor, page * PAGE] },
  ];
  if (file) return call(0, FIRST_FILE + file - 1, Number(pgoff));
  if (has(abi.VM_DONTEXPAND)) return call(0, FIRST_FILE + program.files.length, index * 64);
  const down = has(abi.VM_GROWSDOWN) ? abi.MAP_GROWSDOWN : 0;
  return call(abi.MAP_ANONYMOUS | down, -1n, 0);
}

/** What one process measured: by pass, by item. Nanoseconds. */
interface Times {
  passes: Float64Array[];
  /** Answers of the last pass. */
  values: Float64Array;
  elsewhere: number;
}

function timesOf(
  ticks: Float64Array,
  { passes }: Steps,
  nanosecondsPerTick: number,
  values: Float64Array,
  elsewhere: readonly number[],
): Times {
  const reading = median(ticks.subarray(0, TRIALS));
  const last = passes.at(-1) as number[];
  return {
    passes: passes.map((steps) =>
      Float64Array.from(steps, (step) => ((ticks[step] as number) - reading) * nanosecondsPerTick),
    ),
    values: Float64Array.from(last, (step) => values[step] as number),
    elsewhere: elsewhere.filter((step) => step >= (last[0] as number)).length,
  };
}

function compared({ items }: Script, runs: readonly Times[], model: CostModel) {
  const kinds = new Map<string, KindTimes>();
  const total = { predicted: 0, entry: 0, measured: 0, first: 0 };
  let calls = 0;
  let otherResults = 0;
  items.forEach(({ operation, kind, value, work }, i) => {
    if (kind === null) return;
    calls++;
    const { nanoseconds, entry } = predict(model, work);
    const measured = median(
      runs.flatMap(({ passes }) => passes.slice(1).map((times) => times[i] as number)),
    );
    // an access either works or ends the process
    const isAccess = operation.op === abi.OP_TOUCH;
    if (!isAccess && runs[0]?.values[i] !== value) otherResults++;
    const entryOf = kinds.get(kind) ?? { kind, calls: 0, predicted: 0, measured: 0 };
    kinds.set(kind, entryOf);
    entryOf.calls++;
    entryOf.predicted += nanoseconds;
    entryOf.measured += measured;
    total.predicted += nanoseconds;
    total.entry += entry;
    total.measured += measured;
    total.first += median(runs.map(({ passes }) => passes[0]?.[i] as number));
  });
  return {
    calls,
    otherResults,
    placedElsewhere: runs[0]?.elsewhere ?? 0,
    predicted: {
      ns: total.predicted,
      relativeError: model.errors.high,
      entryNs: total.entry,
    },
    measured: { ns: total.measured, firstPassNs: total.first },
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
