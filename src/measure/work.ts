// Work: what a scenario does, counted by the work build. The same on every machine.

import { enterScenario, type Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import type { EventName } from "../core/abi.js";
import type { Core, OperationResult } from "../core/core.js";
import { type FinalState, finalState } from "../core/final.js";
import { callsOf, type Work } from "../predict/work.js";

export interface WorkResult {
  operations: number;
  /** Events per operation. */
  work: Record<EventName, number>;
  /** Events of all operations together. */
  totals: Readonly<Record<string, number>>;
  /** Calls and accesses made by all operations together, as a cost model prices them. */
  calls: Work;
  final: FinalState;
  /** Over the results of all operations; the timing build must give the same. */
  checksum: number;
}

/**
 * Runs a scenario once on a core of the work build. CoreTrap when a limit of the model is met. `events` says
 * where the counters lie in a core of another version.
 */
export function measureWork(
  core: Core,
  scenario: Scenario,
  built: BuiltWorkload,
  events?: Readonly<Record<string, number>>,
): WorkResult {
  enterScenario(core, scenario, built);
  const results = core.run(built.operations);
  const operations = results.length;
  const totals = core.counters(undefined, events);
  const work = { ...totals };
  for (const name of Object.keys(work) as EventName[]) work[name] /= operations;
  const calls = callsOf(
    built.operations,
    results.map(({ value }) => value),
    built.files,
  );
  return { operations, work, totals, calls, checksum: checksum(results), final: finalState(core) };
}

/** FNV-1a over value (both halves) and VMA count of every result, 32 bits. */
export function checksum(results: Iterable<OperationResult>): number {
  let sum = 0x811c9dc5;
  const mix = (word: number) => {
    sum = Math.imul(sum ^ (word | 0), 0x01000193);
  };
  for (const { value, vmas, status } of results) {
    mix(value % 2 ** 32);
    mix(Math.floor(value / 2 ** 32));
    mix(vmas);
    mix(status);
  }
  return sum >>> 0;
}
