// Two files of two runs, side by side. Work is exact. The times of one scenario in two runs are not compared:
// measured at different moments they differ by half for the same code on a busy machine. What is compared is the
// ratio of two protocols, which each run has measured in pairs; what slows both alike does not show in it.

import { queryText } from "../catalogue/parameters.js";
import type { ComparisonRecord, Results, ScenarioRecord } from "../record/schema.js";
import { holm } from "../stats/holm.js";
import { normalTail } from "../stats/normal.js";
import { type BareChange, isRise } from "./work.js";

export type CompareVerdict = "slower" | "faster" | "same" | "undecided";

export interface TimeChange {
  /** A scenario, or for result files a candidate's with what it is compared with. */
  id: string;
  verdict: CompareVerdict;
  /** head / base, for result files of the two ratios, with an interval that allows for placement. */
  ratio: number;
  low: number;
  high: number;
  /** Of slower, adjusted for the number of entries. */
  p: number;
}

export interface RunComparison {
  kind: "results" | "gate records";
  /** Scenarios in both files. */
  scenarios: number;
  onlyInBase: string[];
  onlyInHead: string[];
  /** Why counts, or times, say nothing about each other; empty when they do. */
  notComparable: { work: string[]; time: string[] };
  work: BareChange[];
  time: TimeChange[];
}

/**
 * Standard deviation of a log ratio from one process to another, as the gate's own records show it for
 * byte-different copies of one core: code and memory lie elsewhere.
 */
const PLACEMENT = 0.02;
const LEVEL = 0.05;
/** 1.96: half of a 95 % interval in standard deviations. */
const SPAN_95 = 1.959964;

/** Two result files. `limit`: the share by which a candidate may lose against its baseline, 0.1 for 10 %. */
export function compareResults(base: Results, head: Results, limit: number): RunComparison {
  const theirs = new Map(base.scenarios.map((scenario) => [scenario.id, scenario]));
  const own = new Map(head.scenarios.map((scenario) => [scenario.id, scenario]));
  const pairs = head.scenarios.flatMap((scenario): Pair[] => {
    const before = theirs.get(scenario.id);
    return before ? [{ id: scenario.id, base: before, head: scenario }] : [];
  });
  const noWork = whyNoWork(base, head, pairs);
  const noTime = noWork.length > 0 ? noWork : whyNoTime(base, head);
  return {
    kind: "results",
    scenarios: pairs.length,
    onlyInBase: [...theirs.keys()].filter((id) => !own.has(id)),
    onlyInHead: [...own.keys()].filter((id) => !theirs.has(id)),
    notComparable: { work: noWork, time: noTime },
    work: noWork.length > 0 ? [] : pairs.flatMap(workOf),
    time: noTime.length > 0 ? [] : timesOf(timedPairs(base, head), limit),
  };
}

interface Pair {
  id: string;
  base: ScenarioRecord;
  head: ScenarioRecord;
}

function whyNoWork(base: Results, head: Results, pairs: readonly Pair[]): string[] {
  const reasons: string[] = [];
  if (pairs.length === 0) reasons.push("no scenario is in both files");
  if (base.settings.seed !== head.settings.seed) {
    reasons.push(`different seeds, ${base.settings.seed} and ${head.settings.seed}`);
  }
  const other = pairs.find((pair) => pair.base.operations !== pair.head.operations);
  if (other) {
    const { id } = other;
    reasons.push(
      `different operations in ${id}, ${other.base.operations} and ${other.head.operations}`,
    );
  }
  return reasons;
}

/** Parts of a machine that have to be equal for a time to mean the same. */
const MACHINE = [
  ["cpu", "CPUs"],
  ["cores", "numbers of cores"],
  ["os", "operating systems"],
  ["kernelRelease", "kernels"],
  ["node", "versions of Node.js"],
] as const;

function whyNoTime(base: Results, head: Results): string[] {
  const reasons = MACHINE.flatMap(([field, what]) => {
    const [before, now] = [base.environment[field], head.environment[field]];
    return before === now ? [] : [`different ${what}, ${before} and ${now}`];
  });
  if (timedPairs(base, head).length === 0) {
    reasons.push("no comparison of protocols is timed in both files");
  }
  return reasons;
}

function workOf({ id, base, head }: Pair): BareChange[] {
  const [before, now] = [flat(base), flat(head)];
  // an event that one of the versions does not know has not been compared
  return Object.keys(before)
    .filter((name) => now[name] !== undefined && now[name] !== before[name])
    .map((measure) => ({ id, measure, base: before[measure]!, head: now[measure]! }));
}

function flat({ work, final }: ScenarioRecord): Record<string, number> {
  const after = Object.entries(final).map(([name, value]) => [`final.${name}`, value] as const);
  return { ...(work as Record<string, number>), ...Object.fromEntries(after) };
}

interface TimedPair {
  id: string;
  base: NonNullable<ComparisonRecord["timeRatio"]>;
  head: NonNullable<ComparisonRecord["timeRatio"]>;
}

/** Comparisons of the same protocols that have a time in both files. */
function timedPairs(base: Results, head: Results): TimedPair[] {
  const name = (c: ComparisonRecord) =>
    `${c.workload}/${c.driver}/${c.candidate}${queryText(c.params)} against ${c.baseline}`;
  const theirs = new Map(base.comparisons.map((c) => [name(c), c.timeRatio]));
  return head.comparisons.flatMap((comparison) => {
    const id = name(comparison);
    const [before, now] = [theirs.get(id), comparison.timeRatio];
    return before && now ? [{ id, base: before, head: now }] : [];
  });
}

function timesOf(pairs: readonly TimedPair[], limit: number): TimeChange[] {
  // too few rounds for an interval are as good as none
  const spread = ({ low, high, confidence }: TimedPair["base"]) =>
    confidence < 0.95 ? 1 : Math.log(high / low) / (2 * SPAN_95);
  const changes = pairs.map(({ id, base, head }) => ({
    id,
    log: Math.log(head.ratio / base.ratio),
    error: Math.hypot(spread(base), spread(head), PLACEMENT, PLACEMENT),
  }));
  return judged(changes, limit);
}

/** Verdicts over log ratios with standard errors: slower and faster after Holm's correction, same by two tests. */
export function judged(
  changes: readonly { id: string; log: number; error: number }[],
  limit: number,
): TimeChange[] {
  const bound = Math.log1p(limit);
  const up = holm(changes.map(({ log, error }) => normalTail((log - bound) / error)));
  const down = holm(changes.map(({ log, error }) => normalTail((-log - bound) / error)));
  return changes.map(({ id, log, error }, i): TimeChange => {
    const verdict = verdictOf(up[i]!, down[i]!, (bound - Math.abs(log)) / error);
    const reach = SPAN_95 * error;
    return {
      id,
      verdict,
      ratio: Math.exp(log),
      low: Math.exp(log - reach),
      high: Math.exp(log + reach),
      p: up[i]!,
    };
  });
}

function verdictOf(up: number, down: number, inside: number): CompareVerdict {
  if (up <= LEVEL / 2) return "slower";
  if (down <= LEVEL / 2) return "faster";
  return normalTail(inside) <= LEVEL ? "same" : "undecided";
}

export interface CompareOutcome {
  exitCode: 0 | 1 | 3;
  /** One line. */
  reason: string;
}

/** How a comparison ends. With `workOnly`, time is not asked for. */
export function endOf(comparison: RunComparison, workOnly: boolean): CompareOutcome {
  const { work, time, notComparable } = comparison;
  const rises = work.filter((change) => isRise(change) || change.measure === "results");
  const slower = time.filter(({ verdict }) => verdict === "slower");
  if (rises.length > 0) return { exitCode: 1, reason: `more work: ${names(rises)}` };
  if (slower.length > 0) return { exitCode: 1, reason: `slower: ${names(slower)}` };
  if (notComparable.work.length > 0) return not(notComparable.work);
  const less = work.length > 0 ? "less work, none of it more" : "the same work";
  if (workOnly) return { exitCode: 0, reason: less };
  if (notComparable.time.length > 0) return not(notComparable.time.map((why) => `time: ${why}`));
  const open = time.filter(({ verdict }) => verdict === "undecided").length;
  const times = open > 0 ? `nothing is found slower, ${open} undecided` : "nothing is slower";
  return { exitCode: 0, reason: `${less}; ${times}` };
}

function not(reasons: readonly string[]): CompareOutcome {
  return { exitCode: 3, reason: `not comparable: ${reasons.join("; ")}` };
}

function names(of: readonly { id: string }[]): string {
  const ids = [...new Set(of.map(({ id }) => id))];
  const rest = ids.length > 3 ? ` and ${ids.length - 3} more` : "";
  return ids.slice(0, 3).join(", ") + rest;
}
