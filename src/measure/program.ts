// The time of one program under several drivers and protocols, in paired rounds.

import { scenarioOf } from "../catalogue/scenario.js";
import type { BuiltWorkload, Workload } from "../catalogue/workloads.js";
import { Core } from "../core/core.js";
import { type Ratio, ratioOf } from "../judge/verdict.js";
import type { Under } from "../replay/replay.js";
import type { Time } from "../replay/what-if.js";
import { medianInterval } from "../stats/median.js";
import { logRatios, timeRounds } from "./rounds.js";
import { measureWork } from "./work.js";

export interface ProgramTimes {
  /** For each driver and protocol. */
  times: Time[];
  /** For each of them against the one at `baseline`. */
  ratios: Ratio[];
}

/** Times a program whose files use DRIVER_INDEX. CoreTrap or BuildsDisagree when the core is wrong. */
export async function timeProgram(
  built: BuiltWorkload,
  unders: readonly Under[],
  baseline: number,
  { rounds, budget }: { rounds: number; budget: number },
): Promise<ProgramTimes> {
  const workload: Workload = {
    id: "program",
    title: "a recorded program",
    params: {},
    shape: "whole",
    phases: 1,
    build: async () => built,
  };
  const scenarios = unders.map(({ driver, protocol }) => scenarioOf(workload, driver, protocol));
  const counting = new Core("work");
  const checksums = scenarios.map((scenario) => measureWork(counting, scenario, built).checksum);
  const cores = scenarios.map(() => new Core("timing"));
  const timed = await timeRounds(scenarios, built, cores, {
    seed: 1,
    rounds,
    budget,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    checksums,
  });
  const times = timed.times.map((list): Time => {
    const { median, low, high, confidence } = medianInterval(list);
    return { unit: "ns/op", median, low, high, confidence, rounds: list.length };
  });
  const base = timed.times[baseline] as Float64Array;
  return { times, ratios: timed.times.map((list) => ratioOf(logRatios(base, list))) };
}
