// Replaying: a program through one or several cores, part by part, with the layouts asked for on the way.

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
import { encode } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import { MachineError } from "../errors.js";
import type { Part, ProgramSource, Snapshot } from "../trace/program.js";

/** A core and what it is to be. */
export interface Lane {
  core: Core;
  /** PROFILE_* */
  profile: number;
  /** HOOK_* */
  hook: number;
  /** What the files' hook does: written to driver index 0, which files of a program have by default. */
  driver: DriverRecord;
  /** The file that the hook puts in place of others; null or absent when it does not. */
  other?: { id: number; file: FileRecord } | null;
}

/** What came of the operations of a part; good until the watcher returns. */
export interface Results {
  /** Address, count, or -errno. */
  values: Float64Array;
  /** map_count right after each operation. */
  vmas: Uint32Array;
}

/** Looks on while a program goes through a core. The set-up is not shown. */
export interface Watcher {
  part(part: Part, results: Results): void;
  /** The model's layout where the kernel showed its own. */
  layout?(snapshot: Snapshot, layout: VmaView[], isFinal: boolean): void;
  /** The core as the program left it; its counters stand for the operations only. */
  end?(core: Core): void;
}

/** What a program's files do when they are mapped, and in which kernel. */
export interface Under {
  driver: Driver;
  protocol: Protocol;
}

/** A lane with every file of a program under a driver of the catalogue. */
export function laneUnder(core: Core, source: ProgramSource, { driver, protocol }: Under): Lane {
  const { record, other } = withOtherFile(driver, protocol, source.files.length);
  return {
    core,
    profile: protocol.profile,
    hook: HOOKS[protocol.hook].hook,
    driver: record,
    other,
  };
}

/**
 * Takes a program through every lane at once, each with a watcher of its own, and returns the watchers. Whether it had
 * CAP_IPC_LOCK, which no header says, is tried out where it matters, on the first lane; `watchers` makes new ones for
 * each try. MachineError when the model's memory is too small for the program.
 */
export async function replay<W extends Watcher>(
  source: ProgramSource,
  lanes: readonly Lane[],
  watchers: () => W[],
): Promise<W[]> {
  const limited = await attempt(source, lanes, watchers(), {});
  const { ipcLock, limitMemlock } = source.settings;
  if (ipcLock || limitMemlock === undefined || !limited.luck.ranIntoLimit) return limited.watchers;
  const privileged = await attempt(source, lanes, watchers(), { ipcLock: true });
  const isBetter = privileged.luck.asRecorded > limited.luck.asRecorded;
  return (isBetter ? privileged : limited).watchers;
}

async function attempt<W extends Watcher>(
  source: ProgramSource,
  lanes: readonly Lane[],
  watchers: W[],
  learned: Partial<Settings>,
): Promise<{ watchers: W[]; luck: Luck }> {
  for (const lane of lanes) prepare(lane, source, learned);
  const luck = new Luck();
  let done = 0;
  let isSetUp = false;
  await source.each(async (part) => {
    if (!part.isSetup && !isSetUp) {
      for (const { core } of lanes) core.clearCounters();
      isSetUp = true;
    }
    lanes.forEach(({ core }, i) => {
      const results = execute(core, source.file, part);
      if (part.isSetup) checkPlaced(source, results, done);
      else {
        if (i === 0) luck.part(part, results);
        watchers[i]?.part(part, results);
      }
      if (part.then) {
        watchers[i]?.layout?.(part.then.snapshot, core.layout(), part.then.isFinal);
      }
    });
    done += part.operations.length;
    await new Promise((resolve) => setImmediate(resolve));
  });
  lanes.forEach(({ core }, i) => {
    if (!isSetUp) core.clearCounters();
    watchers[i]?.end?.(core);
  });
  return { watchers, luck };
}

function prepare(
  { core, profile, hook, driver, other }: Lane,
  source: ProgramSource,
  learned: Partial<Settings>,
) {
  core.reset({ ...source.settings, ...learned, profile, hook });
  core.setDriver(0, driver);
  source.files.forEach((file, i) => {
    core.setFile(i + 1, file);
  });
  if (other) core.setFile(other.id, other.file);
}

function execute(core: Core, file: string, { operations, lines }: Part): Results {
  const values = new Float64Array(operations.length);
  const vmas = new Uint32Array(operations.length);
  core.loadBatch(encode(operations));
  const done = core.execute(0, operations.length);
  if (done < operations.length) {
    throw stopped(`${file}:${lines[done]}`, core.result(done).status);
  }
  for (let i = 0; i < operations.length; i++) {
    const result = core.result(i);
    values[i] = result.value;
    vmas[i] = result.vmas;
  }
  return { values, vmas };
}

function stopped(place: string, status: number): Error {
  if (status !== STATUS_POOL_EMPTY)
    return new CoreTrap(`${place}: the core does not know this operation`);
  return new MachineError(`${place}: the model's memory is full: the program is too large for it`);
}

/** The layout that a recording begins with cannot be refused. */
function checkPlaced({ file, isRecorded }: ProgramSource, { values }: Results, done: number): void {
  const refused = isRecorded ? values.findIndex((value) => value < 0) : -1;
  if (refused < 0) return;
  throw new Error(`the core refused VMA ${done + refused + 1} of the initial layout of ${file}`);
}

/** How well a replay does by the recording, and whether RLIMIT_MEMLOCK was in its way. */
class Luck implements Watcher {
  /** Calls with the recorded result. */
  asRecorded = 0;
  /** Whether calls that the recording kernel carried out were refused as if by the limit. */
  ranIntoLimit = false;

  part({ expectations }: Part, { values }: Results): void {
    expectations.forEach((expectation, i) => {
      if (!expectation) return;
      const { name, result } = expectation.call;
      const value = values[i] as number;
      if (Number(result) === value) this.asRecorded++;
      if (result < 0) return;
      const refusals = name.startsWith("mlock") ? [ENOMEM, EPERM] : [EAGAIN];
      if (refusals.includes(-value)) this.ranIntoLimit = true;
    });
  }
}
