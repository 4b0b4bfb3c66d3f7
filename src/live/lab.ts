// A child process and the model, side by side: runs an expectation on the kernel and says what differs.

import * as abi from "../core/abi.js";
import { windowsOf } from "./comparable.js";
import { type ComparisonOptions, type Difference, firstDifference } from "./compare.js";
import { childSteps, type Expectation } from "./expectation.js";
import type { ChildOptions, Ready } from "./messages.js";
import { ChildDied, LiveProcess } from "./process.js";
import { PAGE } from "./steps.js";

/** Runs expectations on the kernel, in a child process that is replaced when it is used up or dead. */
export class Lab {
  private process: LiveProcess | null = null;
  private sealed = new Set<number>();
  /** Pages that count as locked in the child though nothing is mapped. */
  private locked = 0;

  /** Episodes that said nothing, because the process itself had mapped something. */
  disturbed = 0;

  constructor(private readonly options: ChildOptions) {}

  /** What the child found out. Starts one if there is none. */
  async ready(): Promise<Ready> {
    return (await this.started()).ready;
  }

  /** What differs between kernel and model; null when nothing does. */
  async differs(expected: Expectation): Promise<Difference | null> {
    const start = (expected.grounds.own[0] as { start: number }).start;
    if (this.sealed.has(start) || !(await this.mayLock(expected))) await this.end();
    if (expected.steps.some(({ step }) => step.operation.op === abi.OP_MSEAL)) {
      this.sealed.add(start);
    }
    const process = await this.started();
    try {
      const { conditions, grounds } = expected;
      const steps = childSteps(expected);
      const reply = await process.run({ windows: windowsOf(grounds), conditions, steps });
      this.locked = reply.lockedLeft;
      const difference = firstDifference(expected, reply, comparisonOptions(process.ready));
      if (!difference || !reply.disturbed) return difference;
      this.disturbed++;
      return null;
    } catch (error) {
      if (!(error instanceof ChildDied)) throw error;
      await this.end();
      // nothing that a call does to its own process ends in SIGKILL: somebody else did that, or lack of memory
      if (error.signal === "SIGKILL" || mayStarve(expected)) {
        this.disturbed++;
        return null;
      }
      const step = Math.max(0, expected.steps.length - 1);
      return { step, kind: "died", kernel: [error.message], model: [] };
    }
  }

  /** Ends the child process, if there is one. */
  async end(): Promise<void> {
    const { process } = this;
    this.process = null;
    this.sealed.clear();
    this.locked = 0;
    await process?.end();
  }

  /** Whether what counts as locked already leaves RLIMIT_MEMLOCK as an episode wants it. */
  private async mayLock({ conditions }: Expectation): Promise<boolean> {
    const { memlock, ipcLock } = await this.ready();
    if (conditions.memlock === null) return ipcLock || this.locked === 0;
    return (conditions.memlock + this.locked) * PAGE <= memlock.hard;
  }

  private async started(): Promise<LiveProcess> {
    this.process ??= await LiveProcess.start(this.options);
    return this.process;
  }
}

/** Whether a limit may refuse the process memory of its own, of which it would die. */
function mayStarve({ conditions, steps }: Expectation): boolean {
  return conditions.room !== null || steps.some(({ step }) => step.limit !== undefined);
}

function comparisonOptions(ready: Ready): ComparisonOptions {
  return { inodes: ready.files.map(({ inode }) => inode), softDirty: ready.softDirty };
}
