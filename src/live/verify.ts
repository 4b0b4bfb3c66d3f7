// Verifying: episodes of random calls on this machine's kernel, compared with the model.

import { readFileSync } from "node:fs";
import { protocolOfRelease, type ReleaseProtocol } from "../catalogue/releases.js";
import { MachineError } from "../errors.js";
import type { Difference } from "./compare.js";
import { EPISODE_STEPS, EpisodeSource } from "./episode.js";
import type { Expectation } from "./expectation.js";
import { Lab } from "./lab.js";
import { openLibc } from "./libc.js";
import { findFolder, modelOptions, notAsked } from "./machine.js";
import type { FileName } from "./messages.js";
import { Model } from "./model.js";
import { type Counterexample, shrink } from "./shrink.js";

export interface VerifyOptions {
  /** Calls to make. */
  operations: number;
  seed: number;
  /** Another model than the one for this release. */
  kernel?: ReleaseProtocol;
  /** Told after every episode, and while a mismatch is shortened. */
  progress?: (done: number, label: string) => void;
}

/** What came of it. */
export interface Verified {
  kernelRelease: string;
  kernel: ReleaseProtocol;
  seed: number;
  /** File id n is `files[n - 1]`. */
  files: FileName[];
  /** What was not asked of this kernel, and why. */
  leftOut: string[];
  operations: number;
  /** Layouts compared. */
  checkpoints: number;
  /** Episodes in which kernel and model differed. */
  mismatches: number;
  /** Episodes with a difference that says nothing: the process itself had mapped something under a limit. */
  unsettled: number;
  first: FirstMismatch | null;
}

/** The first mismatch. */
export interface FirstMismatch {
  episode: number;
  /** The shortest sequence that differs. */
  found: Counterexample;
  /** It differed again when it was run again. */
  reproduced: boolean;
}

const ATTEMPTS = 3;

/** Runs random calls until there were enough. MachineError when this machine cannot do it. */
export async function verify(options: VerifyOptions): Promise<Verified> {
  openLibc();
  const kernelRelease = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  const kernel = options.kernel ?? protocolOfRelease(kernelRelease);
  if (!kernel) throw new MachineError(`no kernel release can be made out of "${kernelRelease}"`);
  const folder = findFolder();
  const lab = new Lab({ folder: folder?.path ?? null });
  try {
    const ready = await lab.ready();
    const machine = modelOptions(kernel, ready, folder);
    const source = new EpisodeSource(new Model(machine), ready, options.seed, kernel.exact);
    const run = new Run(lab, source, ready.bases, new Model(machine), options);
    const counts = await run.all();
    const leftOut = notAsked(ready, folder, source.guards);
    const files = ready.files.map(({ name }) => name);
    return { kernelRelease, kernel, seed: options.seed, files, leftOut, ...counts };
  } finally {
    await lab.end();
  }
}

class Run {
  private checkpoints = 0;
  private operations = 0;
  private mismatches = 0;
  private unsettled = 0;
  private first: FirstMismatch | null = null;
  private baseIndex = 0;

  constructor(
    private readonly lab: Lab,
    private readonly source: EpisodeSource,
    private readonly bases: readonly number[],
    /** For shrinking, while that of the source goes on. */
    private readonly model: Model,
    private readonly options: VerifyOptions,
  ) {}

  async all() {
    const { source, bases } = this;
    let planned = 0;
    let pending: Promise<void> = Promise.resolve();
    for (let index = 0; planned < this.options.operations; index++) {
      const count = Math.min(EPISODE_STEPS, this.options.operations - planned);
      const base = bases[this.baseIndex % bases.length] as number;
      // made while the child is busy with the one before
      const expected = source.episode(index, count, base);
      if (source.seals(index)) this.baseIndex++;
      planned += expected.steps.length;
      await pending;
      pending = this.settle(index, expected);
      await new Promise((resolve) => setImmediate(resolve)); // the child gets it, Ctrl-C its turn
    }
    await pending;
    const { operations, checkpoints, mismatches, unsettled, first } = this;
    return { operations, checkpoints, mismatches, unsettled, first };
  }

  /** Compares an episode, and looks into what differs. */
  private async settle(episode: number, expected: Expectation): Promise<void> {
    const difference = await this.settled(expected);
    this.operations += expected.steps.length;
    this.checkpoints += expected.steps.filter(({ layout }) => layout !== null).length;
    if (difference) await this.count({ expected, difference }, episode);
    this.say("comparing");
  }

  /** What differs; an episode in which the process disturbed itself is run again. */
  private async settled(expected: Expectation): Promise<Difference | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { disturbed } = this.lab;
      const difference = await this.lab.differs(expected);
      if (this.lab.disturbed === disturbed) return difference;
    }
    this.unsettled++;
    return null;
  }

  private say(label: string): void {
    this.options.progress?.(this.operations, label);
  }

  private async count(seen: Counterexample, episode: number): Promise<void> {
    if (this.first?.reproduced) {
      const settled = !isUnderLimit(seen) || (await this.lab.differs(seen.expected)) !== null;
      if (settled) this.mismatches++;
      else this.unsettled++;
      return;
    }
    this.say("mismatch: looking for the shortest");
    const found = await this.shrunk(seen);
    if (!found && isUnderLimit(seen)) {
      this.unsettled++;
      return;
    }
    this.mismatches++;
    if (found || !this.first) {
      this.first = { episode, found: found ?? seen, reproduced: found !== null };
    }
  }

  private async shrunk({ expected }: Counterexample): Promise<Counterexample | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await shrink(this.model, expected, (trial) => this.lab.differs(trial));
      if (found) return found;
    }
    return null;
  }
}

/** Whether a limit was in force where the difference was seen, so that the process itself may have met it. */
function isUnderLimit({ expected, difference }: Counterexample): boolean {
  return expected.steps[difference.step]?.step.limit !== undefined;
}
