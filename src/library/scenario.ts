// The library's one function: a scenario in, its work, layout and time out.

import { parseScenario } from "../catalogue/scenario.js";
import { tlbArgument } from "../catalogue/tlb-file.js";
import { DEFAULT_TLB_ID } from "../catalogue/tlbs.js";
import { buildOn } from "../catalogue/workload.js";
import type { EventName } from "../core/abi.js";
import { Core, type VmaView } from "../core/core.js";
import type { FinalState } from "../core/final.js";
import { costsOf, readCosts } from "../estimate/costs.js";
import { type Estimate, estimate } from "../estimate/estimate.js";
import { batchOf, settle, timeAlone } from "../measure/alone.js";
import { Stage } from "../measure/stage.js";
import { measureWork } from "../measure/work.js";

export interface ScenarioOptions {
  /** Of the generated operations; 1 unless given. */
  seed?: number;
  /** Translation caches: a name of `vmabench list tlbs`, or a file. */
  tlb?: string;
  /** Milliseconds to measure for; 0 (the default) counts work only. */
  milliseconds?: number;
}

export interface ScenarioTime {
  /** Nanoseconds per operation of the WebAssembly model. Comparing two of these proves little: see `vmabench run`. */
  median: number;
  low: number;
  high: number;
  confidence: number;
  /** Batches timed. */
  rounds: number;
}

export interface ScenarioResult {
  /** WORKLOAD/DRIVER/PROTOCOL?name=value&... */
  id: string;
  operations: number;
  /** Events per operation, exact: the same on every machine. */
  work: Record<EventName, number>;
  /** Weighted counts, in cycles per operation (docs/translation.md). */
  estimate: Estimate;
  /** What stands after the last operation. */
  final: FinalState;
  /** The VMAs after the last operation, in address order. */
  layout: VmaView[];
  time: ScenarioTime | null;
}

/**
 * Runs one scenario, such as `append-merge/vmops-only/mmap_prepare@7.3?ops=4096`. UsageError (its message is one line,
 * its `exitCode` 2) for an id or option that is wrong; CoreTrap when the model's memory does not suffice.
 */
export async function runScenario(
  id: string,
  options: ScenarioOptions = {},
): Promise<ScenarioResult> {
  const { seed = 1, tlb = DEFAULT_TLB_ID, milliseconds = 0 } = options;
  const scenario = parseScenario(id);
  const preset = tlbArgument(tlb);
  const built = await buildOn(preset, scenario.workload, seed);
  const core = new Core("work");
  const { operations, work, totals, final, checksum } = measureWork(core, scenario, built);
  return {
    id: scenario.id,
    operations,
    work,
    estimate: estimate(costsOf(readCosts(), preset), totals, operations),
    final,
    layout: core.layout(),
    time: milliseconds > 0 ? timed(new Stage(new Core("timing"), scenario, built)) : null,
  };

  function timed(stage: Stage): ScenarioTime {
    stage.verify(checksum);
    const perBatch = batchOf(stage, settle(stage));
    const { median, low, high, confidence, rounds } = timeAlone(stage, perBatch, milliseconds);
    return { median, low, high, confidence, rounds };
  }
}
