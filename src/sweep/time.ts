// The protocols of one point, timed against each other in one process: machines are never compared.

import type { Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { Core } from "../core/core.js";
import { type Ratio, ratioOf } from "../judge/verdict.js";
import { logRatios, timeRounds } from "../measure/rounds.js";

/** A line of times.ndjson: candidate / baseline, the median over paired rounds with its interval. */
export interface TimeLine extends Ratio {
  point: number;
  baseline: string;
  candidate: string;
  rounds: number;
}

/** Keeps a core for each protocol. */
export class Timer {
  private readonly cores: Core[];

  constructor(
    private readonly wanted: { rounds: number; milliseconds: number },
    protocols: number,
  ) {
    this.cores = Array.from({ length: protocols }, () => new Core("timing"));
  }

  /**
   * The ratio of each scenario after the first to the first. `checksums` are the results of the work build. Error when
   * the timing build gives others, or when there are more operations than can be timed.
   */
  async ratios(
    scenarios: readonly Scenario[],
    built: BuiltWorkload,
    checksums: readonly number[],
    seed: number,
  ): Promise<(Ratio & { rounds: number })[]> {
    const { times } = await timeRounds(scenarios, built, this.cores.slice(0, scenarios.length), {
      seed,
      rounds: this.wanted.rounds,
      budget: this.wanted.milliseconds,
      pause: async () => {},
      checksums,
    });
    const [base, ...others] = times as [Float64Array, ...Float64Array[]];
    return others.map((candidate) => ({
      ...ratioOf(logRatios(base, candidate)),
      rounds: base.length,
    }));
  }
}
