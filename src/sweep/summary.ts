// What a sweep shows, in one pass over its results and one over its times: how a candidate compares with the baseline
// in estimated cycles and in time, along each axis and along every two of them.

import type { ParameterValue } from "../catalogue/parameters.js";
import { axisOf } from "./axis.js";
import type { ScenarioLine } from "./execute.js";
import { bare, type Coordinates, coordinatesOf, type Grid } from "./grid.js";
import type { SweepPlan } from "./plan.js";
import { isFailed, type Result } from "./results.js";
import type { TimeLine } from "./time.js";

/** Ratios of the points that share a value. */
export interface Cell {
  points: number;
  /** Sum of ln(candidate / baseline). */
  logs: number;
  less: number;
  more: number;
}

export interface Factor {
  name: string;
  /** Its values, or stretches of them, in the axis's order. */
  labels: string[];
  indexOf(at: Coordinates): number;
}

export interface Comparison {
  candidate: string;
  measure: "estimated cycles" | "time";
  all: Cell;
  /** By factor, by value. */
  marginal: Map<string, Cell[]>;
  /** By two factors, `A|B`: rows are A's values. */
  pairs: Map<string, Cell[][]>;
}

export interface Summary {
  baseline: string;
  factors: Factor[];
  comparisons: Comparison[];
  /** The first errors, and how many there are. */
  errors: { id: string; error: string }[];
  failed: number;
}

/** A ratio within this of 1 counts as neither less nor more. */
const SAME = 0.005;
const ERRORS_SHOWN = 20;
/** Values of a factor at most; neighbours share one where there are more. */
const VALUES_SHOWN = 12;

/** The geometric mean of a cell's ratios. */
export function meanRatio({ logs, points }: Cell): number {
  return Math.exp(logs / points);
}

/** Sums up results, and ratios of times where there are any, in the order of the files. */
export function summarise(
  plan: SweepPlan,
  grid: Grid,
  results: Iterable<Result>,
  times: Iterable<TimeLine> | null = null,
): Summary {
  const [baseline = "", ...candidates] = plan.protocols;
  const factors = factorsOf(plan);
  const comparisons = candidates.flatMap((candidate) => [
    emptyComparison(candidate, "estimated cycles", factors),
    ...(times ? [emptyComparison(candidate, "time", factors)] : []),
  ]);
  const find = (of: string, measure: Comparison["measure"]) =>
    comparisons.find((c) => c.candidate === of && c.measure === measure) as Comparison;
  const summary: Summary = { baseline, factors, comparisons, errors: [], failed: 0 };
  let base: ScenarioLine | null = null;
  for (const { line, at } of results) {
    if (isFailed(line)) {
      summary.failed++;
      const id = `${line.workload}/${line.driver}/${line.protocol}, ${line.tlb}, seed ${line.seed}`;
      if (summary.errors.length < ERRORS_SHOWN) summary.errors.push({ id, error: line.error });
    } else if (line.protocol === baseline) base = line;
    else if (base?.point === line.point && base.cycles > 0 && line.cycles > 0) {
      const log = Math.log(line.cycles / base.cycles);
      record(find(line.protocol, "estimated cycles"), factors, at, log);
    }
  }
  for (const { point, candidate, ratio } of times ?? []) {
    record(find(candidate, "time"), factors, coordinatesOf(grid, point).at, Math.log(ratio));
  }
  return summary;
}

function record(comparison: Comparison, factors: Factor[], at: Coordinates, log: number): void {
  add(comparison.all, log);
  const places = factors.map((factor) => factor.indexOf(at));
  factors.forEach(({ name }, i) => {
    const row = places[i] as number;
    if (row < 0) return;
    add(comparison.marginal.get(name)![row] as Cell, log);
    for (let j = i + 1; j < factors.length; j++) {
      const column = places[j] as number;
      if (column < 0) continue;
      add(comparison.pairs.get(`${name}|${factors[j]!.name}`)![row]![column] as Cell, log);
    }
  });
}

function add(cell: Cell, log: number): void {
  cell.points++;
  cell.logs += log;
  if (log < -SAME) cell.less++;
  if (log > SAME) cell.more++;
}

const empty = (): Cell => ({ points: 0, logs: 0, less: 0, more: 0 });

function emptyComparison(
  candidate: string,
  measure: Comparison["measure"],
  factors: readonly Factor[],
): Comparison {
  const marginal = new Map<string, Cell[]>();
  const pairs = new Map<string, Cell[][]>();
  factors.forEach((a, i) => {
    marginal.set(a.name, a.labels.map(empty));
    for (const b of factors.slice(i + 1)) {
      pairs.set(
        `${a.name}|${b.name}`,
        a.labels.map(() => b.labels.map(empty)),
      );
    }
  });
  return { candidate, measure, all: empty(), marginal, pairs };
}

/** The axes along which there is something to see. Seeds are repetitions, not a factor. */
function factorsOf(plan: SweepPlan): Factor[] {
  const named = (name: string, values: string[], of: (at: Coordinates) => string): Factor => {
    const labels = [...new Set(values)];
    return { name, labels, indexOf: (at) => labels.indexOf(of(at)) };
  };
  const workloads = [...plan.workloads, ...plan.include.map(({ workload }) => workload)];
  const drivers = [...plan.drivers, ...plan.include.map(({ driver }) => driver)];
  const factors = [
    named("driver", drivers.map(bare), ({ driver }) => bare(driver)),
    named("workload", workloads.map(bare), ({ workload }) => bare(workload)),
    named(
      "tlb",
      plan.tlbs.map(({ id }) => id),
      ({ tlb }) => tlb,
    ),
    ...Object.keys(plan.parameters).map((name) => parameterFactor(plan, name)),
  ];
  return factors.filter(({ labels }) => labels.length > 1);
}

function parameterFactor(plan: SweepPlan, name: string): Factor {
  const axis = axisOf(plan.parameters[name]!);
  const bins = Math.min(VALUES_SHOWN, axis.length);
  const binOf = (index: number) => Math.floor((index * bins) / axis.length);
  const index = new Map<string, number>();
  const ends: [ParameterValue, ParameterValue][] = [];
  for (let i = 0; i < axis.length; i++) {
    const value = axis.at(i);
    index.set(String(value), i);
    const end = ends[binOf(i)];
    if (end) end[1] = value;
    else ends.push([value, value]);
  }
  return {
    name,
    labels: ends.map(([from, to]) => (from === to ? String(from) : `${from} … ${to}`)),
    indexOf({ parameters }) {
      const at = index.get(String(parameters[name]));
      return at === undefined ? -1 : binOf(at);
    },
  };
}
