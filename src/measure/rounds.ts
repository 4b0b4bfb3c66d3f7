// Paired timing. In every round each variant executes the same operations once, in random order; what is
// compared is the ratio inside a round, so that whatever the machine does for longer than a round falls on
// both sides. docs/measuring.md says why.

import { Random } from "../catalogue/random.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import type { Core } from "../core/core.js";
import { batchOf, settle } from "./alone.js";
import { cut, Stage } from "./stage.js";

export interface RoundOptions {
  seed: number;
  /** Rounds wanted; a sitting always ends with a whole pass, so there may be some more. */
  rounds: number;
  /** Milliseconds of rounds after which no further pass starts; every sitting has one pass. */
  budget: number;
  /** Called between passes: lets signals in. */
  pause: () => Promise<void>;
  /** Results of each scenario on the work build: the timing build has to give the same. */
  checksums: readonly number[];
}

export interface RoundTimes {
  /** For each scenario, nanoseconds per operation in every round. All of one length. */
  times: Float64Array[];
  operationsPerBatch: number;
}

/**
 * Times scenarios of one workload and driver against each other. There is one sitting for every core: the
 * scenarios change places, so that none owes its time to where its memory happens to lie.
 *
 *   sitting 1   core 1: A   core 2: B
 *   sitting 2   core 1: B   core 2: A
 */
export async function timeRounds(
  scenarios: readonly Scenario[],
  built: BuiltWorkload,
  cores: readonly Core[],
  options: RoundOptions,
): Promise<RoundTimes> {
  const random = new Random(options.seed, "rounds");
  const sittings = scenarios.length;
  const times: number[][] = scenarios.map(() => []);
  let marks: number[] = [];

  for (let sitting = 0; sitting < sittings; sitting++) {
    const stages = scenarios.map((scenario, i) => {
      const core = cores[(i + sitting) % scenarios.length] as Core;
      return new Stage(core, scenario, built);
    });
    stages.forEach((stage, i) => {
      stage.verify(options.checksums[i] as number);
    });
    const settled: number[] = [];
    for (const stage of stages) {
      await options.pause();
      settled.push(settle(stage));
    }
    // the same batches for every variant and every sitting, or the ratio carries their difference
    if (sitting === 0) marks = cut(stages[0]!.operations, batchOf(stages[0]!, geometric(settled)));

    const batches = marks.length - 1;
    const wanted = Math.ceil((options.rounds * (sitting + 1)) / sittings);
    const deadline = performance.now() + options.budget / sittings;
    do {
      await options.pause();
      // whoever is rewound last finds its memory in the caches
      for (const stage of random.shuffle([...stages])) stage.rewind();
      for (let batch = 0; batch < batches; batch++) {
        const first = marks[batch] as number;
        const count = (marks[batch + 1] as number) - first;
        for (const variant of random.shuffle(stages.map((_, i) => i))) {
          times[variant]!.push((stages[variant]!.time(first, count) * 1e6) / count);
        }
      }
    } while (times[0]!.length < wanted && performance.now() < deadline);
  }
  const operationsPerBatch = Math.round((marks.at(-1) ?? 0) / (marks.length - 1));
  return { times: times.map((list) => Float64Array.from(list)), operationsPerBatch };
}

/** ln(candidate / baseline), round by round. */
export function logRatios(baseline: Float64Array, candidate: Float64Array): Float64Array {
  return baseline.map((base, round) => Math.log((candidate[round] as number) / base));
}

function geometric(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
