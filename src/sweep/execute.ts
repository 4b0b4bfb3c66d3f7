// A job on a warm core: its scenarios one after the other, each a line of results.ndjson.

import { driverFamily, driverOf } from "../catalogue/drivers.js";
import { parseProtocol } from "../catalogue/kernels.js";
import { splitQuery } from "../catalogue/parameters.js";
import { type Scenario, scenarioOf } from "../catalogue/scenario.js";
import type { TlbPreset } from "../catalogue/tlbs.js";
import { type BuiltWorkload, parseWorkload, type Workload } from "../catalogue/workloads.js";
import { Core } from "../core/core.js";
import { type Costs, costsOf, readCosts } from "../estimate/costs.js";
import { estimate } from "../estimate/estimate.js";
import { measureWork } from "../measure/work.js";
import { pointOf } from "./exclude.js";
import { type Grid, gridOf, type Point } from "./grid.js";
import type { Job } from "./jobs.js";
import type { SweepPlan } from "./plan.js";
import { type TimeLine, Timer } from "./time.js";

export interface JobResult {
  job: number;
  /** Lines of results.ndjson, in order. */
  lines: string[];
  /** Lines of times.ndjson. */
  times: string[];
  /** How many of them are errors. */
  failed: number;
}

/** Executes jobs of one plan. Keeps a core and the last workload's operations between them. */
export class Executor {
  private core = new Core("work");
  private readonly grid: Grid;
  private readonly costs: Costs = readCosts();
  private readonly timer: Timer | null;
  private built: { key: string; workload: Workload; operations: BuiltWorkload } | null = null;

  constructor(private readonly plan: SweepPlan) {
    this.grid = gridOf(plan);
    this.timer = plan.time ? new Timer(plan.time, plan.protocols.length) : null;
  }

  async run({ job, points }: Job): Promise<JobResult> {
    const result: JobResult = { job, lines: [], times: [], failed: 0 };
    for (const number of points) {
      const point = pointOf(this.plan, this.grid, number);
      const checksums: number[] = [];
      for (const protocol of point.protocols) {
        const outcome = await this.tried(point, protocol);
        if ("error" in outcome) result.failed++;
        else checksums.push(Number.parseInt(outcome.results, 16));
        result.lines.push(JSON.stringify(outcome));
      }
      if (this.timer && checksums.length === point.protocols.length) {
        result.times.push(...(await this.timed(point, checksums, this.timer)));
      }
    }
    return result;
  }

  /** Lines of times.ndjson: the point's other protocols against the first, all in this process. */
  private async timed(point: Point, checksums: number[], timer: Timer): Promise<string[]> {
    const [baseline = ""] = this.plan.protocols;
    if (point.protocols[0] !== baseline || point.protocols.length < 2) return [];
    const { workload, operations } = await this.operationsOf(point);
    const scenarios = point.protocols.map((protocol) => scenarioAt(point, workload, protocol));
    const built = { ...operations, tlb: this.tlbOf(point.tlb) };
    const { number, seed } = point;
    try {
      const ratios = await timer.ratios(scenarios, built, checksums, seed);
      return ratios.map((ratio, i) => {
        const line: TimeLine = {
          point: number,
          baseline,
          candidate: point.protocols[i + 1] as string,
          ...ratio,
        };
        return JSON.stringify(line);
      });
    } catch (error) {
      return [JSON.stringify({ point: number, error: (error as Error).message })];
    }
  }

  /** A scenario's record; after the retries that the plan allows, its error. */
  private async tried(point: Point, protocol: string): Promise<ScenarioLine | FailedLine> {
    let message = "";
    for (let attempt = 0; attempt <= this.plan.retries; attempt++) {
      try {
        return await this.measure(point, protocol);
      } catch (error) {
        message = (error as Error).message;
        this.core = new Core("work"); // nothing is known of the state of the old one
        this.built = null;
      }
    }
    return failedLine(this.plan, point, protocol, message);
  }

  private async measure(point: Point, protocol: string): Promise<ScenarioLine> {
    const { workload, operations } = await this.operationsOf(point);
    const scenario = scenarioAt(point, workload, protocol);
    const tlb = this.tlbOf(point.tlb);
    const { totals, ...work } = measureWork(this.core, scenario, { ...operations, tlb });
    const happened = Object.entries(totals).filter(([, times]) => times !== 0);
    return {
      ...head(this.plan, point, protocol),
      ...identity(scenario),
      tlb: point.tlb,
      seed: point.seed,
      operations: work.operations,
      results: work.checksum.toString(16).padStart(8, "0"),
      cycles: estimate(costsOf(this.costs, tlb), totals, work.operations).cycles,
      final: { ...work.final },
      work: Object.fromEntries(happened),
    };
  }

  private async operationsOf({ workload: text, seed }: Point) {
    const key = `${seed} ${text}`;
    if (this.built?.key !== key) {
      const workload = parseWorkload(text);
      this.built = { key, workload, operations: await workload.build(seed) };
    }
    return this.built;
  }

  private tlbOf(id: string): TlbPreset {
    return this.plan.tlbs.find((tlb) => tlb.id === id) as TlbPreset;
  }
}

function scenarioAt({ driver: text }: Point, workload: Workload, protocol: string): Scenario {
  const { id, query } = splitQuery(text);
  return scenarioOf(workload, driverOf(driverFamily(id), query), parseProtocol(protocol));
}

/** A scenario's work: the same bytes on every machine. */
export interface ScenarioLine {
  index: number;
  point: number;
  id: string;
  workload: string;
  driver: string;
  protocol: string;
  params: Readonly<Record<string, string | number>>;
  tlb: string;
  seed: number;
  operations: number;
  /** Checksum over all results. */
  results: string;
  /** Estimated, per operation. */
  cycles: number;
  final: Readonly<Record<string, number>>;
  /** Events of all operations together; those that did not happen are left out. */
  work: Readonly<Record<string, number>>;
}

export interface FailedLine {
  index: number;
  point: number;
  workload: string;
  driver: string;
  protocol: string;
  tlb: string;
  seed: number;
  error: string;
}

/** What stands in place of a scenario that could not be run. */
export function failedLine(
  plan: SweepPlan,
  point: Point,
  protocol: string,
  error: string,
): FailedLine {
  const { workload, driver, tlb, seed } = point;
  return { ...head(plan, point, protocol), workload, driver, protocol, tlb, seed, error };
}

function head({ protocols }: SweepPlan, { number }: Point, protocol: string) {
  return { index: number * protocols.length + protocols.indexOf(protocol), point: number };
}

function identity({ id, workload, driver, protocol, params }: Scenario) {
  return { id, workload: workload.id, driver: driver.id, protocol: protocol.id, params };
}
