// Programs in memory through a core, with everything that came of them.

import type { Core, VmaView } from "../../src/core/core.js";
import { type Check, Checker } from "../../src/replay/check.js";
import { type Lane, type Results, replay, type Watcher } from "../../src/replay/replay.js";
import { sourceOf } from "../../src/trace/parts.js";
import type { Part, Program, ProgramSource, Snapshot } from "../../src/trace/program.js";

/** Keeps what comes of every operation. */
export class Keeping implements Watcher {
  values: number[] = [];
  vmas: number[] = [];
  checkpoints: VmaView[][] = [];
  final: VmaView[] = [];

  part(_part: Part, { values, vmas }: Results): void {
    this.values.push(...values);
    this.vmas.push(...vmas);
  }

  layout(_snapshot: Snapshot, layout: VmaView[], isFinal: boolean): void {
    if (!isFinal) this.checkpoints.push(layout);
  }

  end(core: Core): void {
    this.final = core.layout();
  }
}

type As = Omit<Lane, "core">;

/** Replays a program with the privileges that its recording shows. */
export async function through(core: Core, program: Program, as: As): Promise<Keeping> {
  const [kept] = await replay(sourceOf(program), [{ core, ...as }], () => [new Keeping()]);
  return kept as Keeping;
}

/** Replays and checks; what `left` has is the layout at the end. */
export async function checked(
  core: Core,
  program: ProgramSource,
  as: As,
): Promise<Check & { left: VmaView[] }> {
  const [checker] = await replay(program, [{ core, ...as }], () => [new Checker(program)]);
  const { left } = checker as Checker;
  return { ...(checker as Checker).check(), left };
}
