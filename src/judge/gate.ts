// The gate's verdicts on time: a pure function of process medians. A process is one observation, because what
// differs between identical builds is mostly where a process happens to put them (docs/measuring.md).

import { binomialHalfCumulative } from "../stats/binomial.js";
import { holm } from "../stats/holm.js";
import { type MedianInterval, medianInterval } from "../stats/median.js";

export type GateVerdict = "slower" | "faster" | "same" | "undecided";

/** ln(head / base), with the control as a second base, and ln(control / base): the median of each process. */
export interface ProcessMedians {
  head: number[];
  control: number[];
}

export interface GateScenario {
  id: string;
  /** Least change that counts, as a share: 0.03 is 3 %. */
  effect: number;
  first: ProcessMedians;
  /** The second look; empty where the first one settled it. */
  second: ProcessMedians;
}

export interface ScenarioVerdict {
  id: string;
  verdict: GateVerdict;
  /** head / base over processes. */
  ratio: MedianInterval;
  control: MedianInterval;
  /** Adjusted for the number of scenarios: of slower, at the look that decided. */
  p: number;
  processes: number;
}

export interface TimeJudgement {
  scenarios: ScenarioVerdict[];
  /** Why nothing may be concluded from this run; null when the control is as it should be. */
  noise: string | null;
  /** Share of the control's process medians beyond their scenario's effect. */
  controlBeyond: number;
}

/** The chance of a false `slower` in a whole run; half of it goes to each look. */
export const GATE_ALPHA = 0.05;
/** More of the control than this beyond the effect, and a run says nothing. */
const NOISY = 0.25;
const SAME_LEVEL = 0.05;

/** Processes of one look: as few as let all of them together reach the corrected level. */
export function processesFor(scenarios: number, alpha = GATE_ALPHA): number {
  return Math.ceil(Math.log2((2 * Math.max(1, scenarios)) / alpha));
}

/** A second look may cost this many scenarios times processes, so that a run has a bounded length. */
const SECOND_LOOK = 600;
const MOST_AGAIN = 4;

/** Processes of the second look at the scenarios that stayed open: the fewer they are, the closer. */
export function secondLookProcesses(open: number, firstLook: number): number {
  const affordable = Math.floor(SECOND_LOOK / open);
  return Math.max(firstLook, Math.min(MOST_AGAIN * firstLook, affordable));
}

/**
 * Verdicts of a run, after its first look or after both. `family`: how many scenarios to correct for, where
 * those given are a part of more.
 */
export function judgeTimes(
  scenarios: readonly GateScenario[],
  alpha = GATE_ALPHA,
  family = scenarios.length,
): TimeJudgement {
  const [head, control] = (["head", "control"] as const).map((side) =>
    decide(scenarios, side, alpha, family),
  ) as [Decision[], Decision[]];
  const verdicts = scenarios.map((scenario, i): ScenarioVerdict => {
    const ownControl = pooled(scenario, "control");
    const { verdict, p } = head[i]!;
    return {
      id: scenario.id,
      verdict,
      ratio: ratioOf(pooled(scenario, "head")),
      control: ratioOf(ownControl),
      p,
      processes: ownControl.length,
    };
  });
  const moved = scenarios.flatMap(({ id }, i) =>
    ["slower", "faster"].includes(control[i]!.verdict) ? [`${id} ${control[i]!.verdict}`] : [],
  );
  const beyond = scenarios.flatMap((s) =>
    pooled(s, "control").map((x) => Math.abs(x) > Math.log1p(s.effect)),
  );
  const controlBeyond = beyond.filter(Boolean).length / Math.max(1, beyond.length);
  return { scenarios: verdicts, noise: whyNoisy(moved, controlBeyond), controlBeyond };
}

function whyNoisy(moved: readonly string[], controlBeyond: number): string | null {
  if (moved.length > 0) return `the control, a copy of the base, is found ${moved.join(", ")}`;
  if (controlBeyond <= NOISY) return null;
  const share = `${Math.round(controlBeyond * 100)} %`;
  return `${share} of the medians of the control, a copy of the base, lie beyond the limit`;
}

interface Decision {
  verdict: GateVerdict;
  p: number;
}

/**
 * Two looks with half of alpha each, so that having looked twice costs nothing. The first corrects by Holm; the
 * second, which sees a selection, by the plain number of scenarios.
 */
function decide(
  scenarios: readonly GateScenario[],
  side: keyof ProcessMedians,
  alpha: number,
  family: number,
): Decision[] {
  const others = new Array<number>(Math.max(0, family - scenarios.length)).fill(1);
  const corrected = (pValues: number[]) => holm([...pValues, ...others]);
  const bounds = scenarios.map(({ effect }) => Math.log1p(effect));
  const first = scenarios.map((scenario) => scenario.first[side]);
  const up = corrected(first.map((values, i) => pAbove(values, bounds[i]!)));
  const down = corrected(first.map((values, i) => pAbove(values.map(negative), bounds[i]!)));
  return scenarios.map((scenario, i) => {
    const bound = bounds[i]!;
    const look = verdictOf(up[i]!, down[i]!, first[i]!, bound, alpha / 2);
    if (look !== "undecided" || scenario.second[side].length === 0) {
      return { verdict: look, p: up[i]! };
    }
    const all = pooled(scenario, side);
    const times = (p: number) => Math.min(1, p * Math.max(family, scenarios.length));
    const [above, below] = [pAbove(all, bound), pAbove(all.map(negative), bound)].map(times);
    return { verdict: verdictOf(above!, below!, all, bound, alpha / 2), p: above! };
  });
}

function verdictOf(
  up: number,
  down: number,
  values: readonly number[],
  bound: number,
  level: number,
): GateVerdict {
  if (up <= level) return "slower";
  if (down <= level) return "faster";
  // both one-sided tests: the median is below the bound, and above its negative
  const under = pAbove(values.map(negative), -bound);
  const over = pAbove(values, -bound);
  return under <= SAME_LEVEL && over <= SAME_LEVEL ? "same" : "undecided";
}

const negative = (x: number) => -x;

/** Sign test: the chance of as many values above `bound` as there are, were the median at it. */
function pAbove(values: readonly number[], bound: number): number {
  const above = values.filter((x) => x > bound).length;
  return binomialHalfCumulative(values.length - above, values.length);
}

function pooled(scenario: GateScenario, side: keyof ProcessMedians): number[] {
  return [...scenario.first[side], ...scenario.second[side]];
}

function ratioOf(values: readonly number[]): MedianInterval {
  const { median, low, high, confidence } = medianInterval(values);
  return { median: Math.exp(median), low: Math.exp(low), high: Math.exp(high), confidence };
}
