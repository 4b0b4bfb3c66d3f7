// Replaying: a program through a core, batch by batch, with the layouts asked for on the way.

import type { Driver } from "../catalogue/drivers.js";
import { HOOKS, type Protocol } from "../catalogue/kernels.js";
import { withOtherFile } from "../catalogue/scenario.js";
import { EAGAIN, ENOMEM, EPERM, STATUS_POOL_EMPTY } from "../core/abi.js";
import {
  type Core,
  CoreTrap,
  type DriverRecord,
  type FileRecord,
  type VmaView,
} from "../core/core.js";
import { encode, type Operation } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import { MachineError } from "../errors.js";
import type { Program } from "../trace/program.js";

/** Operations executed by one call of the core; between calls an interrupt gets its turn. */
const BATCH = 8192;

export interface ReplayOptions {
  /** PROFILE_* */
  profile: number;
  /** HOOK_* */
  hook: number;
  /** What the files' hook does: written to driver index 0, which files of a program have by default. */
  driver: DriverRecord;
  /** The file that the hook puts in place of others; null or absent when it does not. */
  other?: { id: number; file: FileRecord } | null;
}

/** What came out: one value and one VMA count for each operation of the program (not of its set-up). */
export interface Replayed {
  /** Address, count, or -errno. */
  values: Float64Array;
  /** map_count right after each operation. */
  vmas: Uint32Array;
  /** The layout at each checkpoint of the program. */
  checkpoints: VmaView[][];
  /** The layout at the end. */
  final: VmaView[];
}

/**
 * Executes set-up and operations of a program on a core that is reset first; its counters stand for the
 * operations only. MachineError when the model's memory is too small for the program.
 */
export async function replay(
  core: Core,
  program: Program,
  options: ReplayOptions,
): Promise<Replayed> {
  const replayed = await replayUnder(core, program, options, {});
  if (program.settings.ipcLock || !ranIntoLockLimit(program, replayed)) return replayed;
  const privileged = await replayUnder(core, program, options, { ipcLock: true });
  const better = asRecorded(program, privileged) > asRecorded(program, replayed);
  return better ? privileged : replayUnder(core, program, options, {});
}

/** What a program's files do when they are mapped, and in which kernel. */
export interface Under {
  driver: Driver;
  protocol: Protocol;
}

/** `replay` with every file under a driver of the catalogue. */
export function replayWith(
  core: Core,
  program: Program,
  { driver, protocol }: Under,
): Promise<Replayed> {
  const { record, other } = withOtherFile(driver, protocol, program.files.length);
  const { hook } = HOOKS[protocol.hook];
  return replay(core, program, { profile: protocol.profile, hook, driver: record, other });
}

/** Calls with the recorded result. */
function asRecorded({ recorded }: Program, { values }: Replayed): number {
  const expectations = recorded?.expectations ?? [];
  return expectations.filter((one, i) => one && Number(one.call.result) === values[i]).length;
}

/**
 * Whether calls that the recording kernel carried out were refused as if by RLIMIT_MEMLOCK. No header says
 * whether the program had CAP_IPC_LOCK, which lifts the limit.
 */
function ranIntoLockLimit({ recorded, settings }: Program, { values }: Replayed): boolean {
  if (!recorded || settings.limitMemlock === undefined) return false;
  return recorded.expectations.some((expectation, i) => {
    if (!expectation || expectation.call.result < 0) return false;
    const refused = -(values[i] as number);
    return expectation.call.name.startsWith("mlock")
      ? refused === ENOMEM || refused === EPERM
      : refused === EAGAIN;
  });
}

async function replayUnder(
  core: Core,
  program: Program,
  { profile, hook, driver, other = null }: ReplayOptions,
  learned: Partial<Settings>,
): Promise<Replayed> {
  core.reset({ ...program.settings, ...learned, profile, hook });
  core.setDriver(0, driver);
  program.files.forEach((file, i) => {
    core.setFile(i + 1, file);
  });
  if (other) core.setFile(other.id, other.file);

  const run = new Run(core, program);
  const placed = await run.through(program.setup, 0, program.setup.length, 0);
  const refused = program.recorded ? placed.values.findIndex((value) => value < 0) : -1;
  if (refused >= 0) {
    throw new Error(`the core refused VMA ${refused + 1} of the initial layout of ${program.file}`);
  }
  core.clearCounters();

  const { operations } = program;
  const values = new Float64Array(operations.length);
  const vmas = new Uint32Array(operations.length);
  const checkpoints: VmaView[][] = [];
  let from = 0;
  const advance = async (to: number) => {
    const part = await run.through(operations, from, to, program.setup.length);
    values.set(part.values, from);
    vmas.set(part.vmas, from);
    from = to;
  };
  for (const { executed } of program.recorded?.checkpoints ?? []) {
    await advance(executed);
    checkpoints.push(core.layout());
  }
  await advance(operations.length);
  return { values, vmas, checkpoints, final: core.layout() };
}

class Run {
  constructor(
    private readonly core: Core,
    private readonly program: Program,
  ) {}

  /** Executes operations [from, to); `before` operations of the program stand before the first of them. */
  async through(operations: readonly Operation[], from: number, to: number, before: number) {
    const values = new Float64Array(to - from);
    const vmas = new Uint32Array(to - from);
    for (let at = from; at < to; at += BATCH) {
      const count = Math.min(BATCH, to - at);
      this.core.loadBatch(encode(operations.slice(at, at + count)));
      const done = this.core.execute(0, count);
      if (done < count) throw this.stopped(before + at + done, this.core.result(done).status);
      for (let i = 0; i < count; i++) {
        const result = this.core.result(i);
        values[at - from + i] = result.value;
        vmas[at - from + i] = result.vmas;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { values, vmas };
  }

  private stopped(index: number, status: number): Error {
    const place = `${this.program.file}:${this.program.lines[index]}`;
    if (status === STATUS_POOL_EMPTY) {
      return new MachineError(
        `${place}: the model's memory is full: the program is too large for it`,
      );
    }
    return new CoreTrap(`${place}: the core does not know this operation`);
  }
}
