// What a replay without `--check` tells: how it ended, what failed, how much work it was.

import type { EventName } from "../core/abi.js";
import type { Core, VmaView } from "../core/core.js";
import { type FinalState, finalState } from "../core/final.js";
import type { CostModel } from "../predict/model.js";
import { predictEach } from "../predict/predict.js";
import { addCall, type Work } from "../predict/work.js";
import type { Part, ProgramHead } from "../trace/program.js";
import { errnoText } from "./errno.js";
import { layoutLines } from "./layout.js";
import type { Results, Watcher } from "./replay.js";

/** The document that `replay --json` prints. */
export interface Summary {
  file: string;
  /** Operations after the set-up. */
  operations: number;
  protocol: string;
  driver: string;
  touch: string;
  /** Operations that returned an error, by its name. */
  failed: Record<string, number>;
  /** Events per operation. */
  work: Partial<Record<EventName, number>>;
  /** What a real kernel would take, per operation. */
  predicted: { ns: number; relativeError: number };
  final: FinalState;
  /** As `--layout` writes it. */
  layout: string[];
}

/** How a replay was set up, in words. */
export type UnderNames = Pick<Summary, "protocol" | "driver" | "touch">;

/** Sums a replay up as it goes on. */
export class Summing implements Watcher {
  private operations = 0;
  private readonly failed: Record<string, number> = {};
  private readonly calls: Work = {};
  /** The layout at the end. */
  left: VmaView[] = [];
  private ended: { events: ReturnType<Core["counters"]>; final: FinalState } | null = null;

  constructor(private readonly source: ProgramHead) {}

  part({ operations }: Part, { values }: Results): void {
    this.operations += operations.length;
    operations.forEach((operation, i) => {
      const value = values[i] as number;
      addCall(this.calls, operation, value, this.source.files[(operation.file ?? 0) - 1]?.mode);
      if (value >= 0) return;
      const name = errnoText(value).slice(1);
      this.failed[name] = (this.failed[name] ?? 0) + 1;
    });
  }

  end(core: Core): void {
    this.left = core.layout();
    this.ended = { events: core.counters(), final: finalState(core) };
  }

  /** What it came to. */
  summary(under: UnderNames, model: CostModel): Summary {
    if (!this.ended) throw new Error("the replay has not ended");
    const { operations, failed } = this;
    const { events, final } = this.ended;
    const work = { ...events };
    for (const name of Object.keys(work) as EventName[]) work[name] /= Math.max(1, operations);
    return {
      file: this.source.file,
      operations,
      ...under,
      failed,
      work,
      predicted: predictEach(model, events, this.calls, operations),
      final,
      layout: layoutLines(this.left, this.source.fileNumbers),
    };
  }
}
