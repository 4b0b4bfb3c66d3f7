// All groups of a suite, measured: work first, then time, one group after the other.

import type { ScenarioGroup } from "../catalogue/suites.js";
import { buildOn } from "../catalogue/workload.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import type { EventName } from "../core/abi.js";
import { Core } from "../core/core.js";
import type { TlbGeometry } from "../core/tlb.js";
import type { Costs } from "../estimate/costs.js";
import { difference, estimate } from "../estimate/estimate.js";
import { ratioOf, verdicts } from "../judge/verdict.js";
import type { CostModel } from "../predict/model.js";
import { predictEach } from "../predict/predict.js";
import {
  type ComparisonRecord,
  type FilmRecord,
  type FinalName,
  MOST_BATCHES,
  type ScenarioRecord,
  type TimeRecord,
} from "../record/schema.js";
import type { RawTimes } from "../record/times.js";
import { medianInterval } from "../stats/median.js";
import { batchOf, settle, timeAlone } from "./alone.js";
import { filmsOf } from "./films.js";
import { lifeOf } from "./life.js";
import { logRatios, type RoundTimes, timeRounds } from "./rounds.js";
import { Stage } from "./stage.js";
import { measureWork, type WorkResult } from "./work.js";

export interface SuiteOptions {
  seed: number;
  /** Id of the protocol that the others of a group are compared with. */
  baseline: string;
  /** Rounds wanted for each group; 0 = count work only. */
  rounds: number;
  /** Milliseconds of rounds for each group. */
  budget: number;
  /** What events cost, for estimated cycles. */
  costs: Costs;
  /** Prices in nanoseconds of a real kernel. */
  model: CostModel;
  /** What translates addresses; the default where absent. */
  tlb?: TlbGeometry | undefined;
  /** Called before each group. */
  progress: (done: number, total: number, group: ScenarioGroup) => void;
  /** Called often: lets signals in. */
  pause: () => Promise<void>;
}

export interface SuiteResult {
  scenarios: ScenarioRecord[];
  comparisons: ComparisonRecord[];
  films: FilmRecord[];
  /** What was timed, batch by batch. */
  times: RawTimes[];
  /** ln(candidate / baseline) of every round of each comparison; null where it was not timed. */
  logRatios: (Float64Array | null)[];
}

/** A comparison whose verdict waits for the rest of the run. */
interface Pending {
  record: ComparisonRecord;
  logRatios: Float64Array | null;
}

/** Measures every group. CoreTrap or BuildsDisagree when the core is wrong: then there is no result. */
export async function measureSuite(
  groups: readonly ScenarioGroup[],
  options: SuiteOptions,
): Promise<SuiteResult> {
  const workCore = new Core("work");
  const most = Math.max(...groups.map((group) => group.scenarios.length));
  const timingCores = Array.from(
    { length: options.rounds > 0 ? most : 0 },
    () => new Core("timing"),
  );
  const scenarios: ScenarioRecord[] = [];
  const pending: Pending[] = [];
  const raw: RawTimes[] = [];

  for (const [done, group] of groups.entries()) {
    options.progress(done, groups.length, group);
    await options.pause();
    const built = await buildOn(options.tlb, group.scenarios[0]!.workload, options.seed);
    const works = group.scenarios.map((scenario) => measureWork(workCore, scenario, built));
    const times =
      options.rounds > 0 ? await timeGroup(group, built, works, timingCores, options) : null;
    const records = group.scenarios.map(
      (scenario, i): ScenarioRecord => ({
        id: scenario.id,
        workload: scenario.workload.id,
        driver: scenario.driver.id,
        protocol: scenario.protocol.id,
        params: { ...scenario.params },
        operations: works[i]!.operations,
        work: works[i]!.work,
        time: times ? times.records[i]! : null,
        predicted: {
          ...estimate(options.costs, works[i]!.totals, works[i]!.operations),
          ...predictEach(options.model, works[i]!.totals, works[i]!.calls, works[i]!.operations),
        },
        final: works[i]!.final,
        life: lifeOf(workCore, scenario, built),
      }),
    );
    scenarios.push(...records);
    records.forEach(({ id }, i) => {
      if (times) raw.push({ id, nanoseconds: Array.from(times.raw[i]!) });
    });
    pending.push(...compare(records, works, times?.rounds ?? null, options));
  }
  const comparisons = judged(pending);
  return {
    scenarios,
    comparisons,
    films: await filmsOf(workCore, groups, scenarios, comparisons, options),
    times: raw,
    logRatios: pending.map((entry) => entry.logRatios),
  };
}

/** At most MOST_BATCHES of the times, evenly chosen, with four digits: what a histogram needs. */
function sampled(times: ArrayLike<number>): number[] {
  const count = Math.min(MOST_BATCHES, times.length);
  return Array.from({ length: count }, (_, i) =>
    Number(times[Math.floor((i * times.length) / count)]!.toPrecision(4)),
  );
}

interface GroupTimes {
  records: TimeRecord[];
  /** Null for a scenario without a partner. */
  rounds: Float64Array[] | null;
  /** For each scenario, nanoseconds per operation in the order of measuring. */
  raw: Float64Array[];
}

async function timeGroup(
  group: ScenarioGroup,
  built: BuiltWorkload,
  works: readonly WorkResult[],
  cores: readonly Core[],
  options: SuiteOptions,
): Promise<GroupTimes> {
  const checksums = works.map((work) => work.checksum);
  if (group.scenarios.length === 1) {
    const stage = new Stage(cores[0]!, group.scenarios[0]!, built);
    stage.verify(checksums[0]!);
    const perBatch = batchOf(stage, settle(stage));
    const { median, low, high, confidence, rounds, operationsPerBatch, samples } = timeAlone(
      stage,
      perBatch,
      options.budget / 2,
    );
    const record = {
      unit: "ns/op",
      median,
      low,
      high,
      confidence,
      rounds,
      operationsPerBatch,
      batches: sampled(samples),
    } as const;
    return { records: [record], rounds: null, raw: [samples] };
  }
  const { seed, rounds, budget, pause } = options;
  const timed = await timeRounds(group.scenarios, built, cores, {
    seed,
    rounds,
    budget,
    pause,
    checksums,
  });
  const records = timed.times.map((times) => timeRecord(times, timed));
  return { records, rounds: timed.times, raw: timed.times };
}

function timeRecord(times: Float64Array, { operationsPerBatch }: RoundTimes): TimeRecord {
  const { median, low, high, confidence } = medianInterval(times);
  return {
    unit: "ns/op",
    median,
    low,
    high,
    confidence,
    rounds: times.length,
    operationsPerBatch,
    batches: sampled(times),
  };
}

function compare(
  records: readonly ScenarioRecord[],
  works: readonly WorkResult[],
  rounds: readonly Float64Array[] | null,
  { baseline: baselineId, costs }: SuiteOptions,
): Pending[] {
  const at = records.findIndex((record) => record.protocol === baselineId);
  const baseline = records[at];
  if (!baseline) return [];
  return records.flatMap((candidate, i) => {
    if (i === at) return [];
    const ratios = rounds ? logRatios(rounds[at]!, rounds[i]!) : null;
    const record: ComparisonRecord = {
      workload: candidate.workload,
      driver: candidate.driver,
      params: candidate.params,
      baseline: baseline.protocol,
      candidate: candidate.protocol,
      timeRatio: ratios ? ratioOf(ratios) : null,
      verdict: null,
      work: paired(baseline.work, candidate.work) as Record<EventName, [number, number]>,
      final: paired(baseline.final, candidate.final) as Record<FinalName, [number, number]>,
      estimate: difference(costs, works[at]!, works[i]!),
    };
    return [{ record, logRatios: ratios }];
  });
}

function paired(
  base: Readonly<Record<string, number | undefined>>,
  candidate: Readonly<Record<string, number | undefined>>,
): Record<string, [number, number]> {
  return Object.fromEntries(
    Object.keys(base).map((name) => [name, [base[name] ?? 0, candidate[name] ?? 0]]),
  );
}

function judged(pending: readonly Pending[]): ComparisonRecord[] {
  const timed = pending.filter((entry) => entry.logRatios !== null);
  const found = verdicts(timed.map((entry) => entry.logRatios!));
  timed.forEach((entry, i) => {
    entry.record.verdict = found[i]!;
  });
  return pending.map((entry) => entry.record);
}
