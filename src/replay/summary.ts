// What a replay without `--check` tells: how it ended, what failed, how much work it was.

import type { EventName } from "../core/abi.js";
import type { Core } from "../core/core.js";
import { type FinalState, finalState } from "../core/final.js";
import type { CostModel } from "../predict/model.js";
import { predictEach } from "../predict/predict.js";
import { callsOf } from "../predict/work.js";
import type { Program } from "../trace/program.js";
import { errnoText } from "./errno.js";
import { layoutLines } from "./layout.js";
import type { Replayed } from "./replay.js";

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

/** Sums a replay up, from its results and the core it ran on. */
export function summarise(
  core: Core,
  program: Program,
  replayed: Replayed,
  under: { protocol: string; driver: string; touch: string },
  model: CostModel,
): Summary {
  const operations = program.operations.length;
  const failed: Record<string, number> = {};
  for (const value of replayed.values) {
    if (value >= 0) continue;
    const name = errnoText(value).slice(1);
    failed[name] = (failed[name] ?? 0) + 1;
  }
  const work = core.counters();
  const calls = callsOf(program.operations, replayed.values, program.files);
  const predicted = predictEach(model, work, calls, operations);
  for (const name of Object.keys(work) as EventName[]) work[name] /= Math.max(1, operations);
  return {
    file: program.file,
    operations,
    ...under,
    failed,
    work,
    predicted,
    final: finalState(core),
    layout: layoutLines(replayed.final, program.fileNumbers),
  };
}
