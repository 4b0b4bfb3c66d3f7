// Two gate records with the same base: both heads were timed against it in the same processes, so that their
// ratios may be compared, however the machine felt on either day.

import type { GateRecord } from "../record/gate.js";
import { judged, type RunComparison, type TimeChange } from "./compare.js";
import { gateScenarios } from "./outcome.js";
import type { BareChange } from "./work.js";

/** Two gate records. `limit`: the share by which the second head may be slower than the first. */
export function compareGates(base: GateRecord, head: GateRecord, limit: number): RunComparison {
  const both = head.timed.filter((id) => base.timed.includes(id));
  const noWork = whyNoWork(base, head, both);
  const noTime = noWork.length > 0 ? noWork : whyNoTime(base, head);
  return {
    kind: "gate records",
    scenarios: both.length,
    onlyInBase: base.timed.filter((id) => !head.timed.includes(id)),
    onlyInHead: head.timed.filter((id) => !base.timed.includes(id)),
    notComparable: { work: noWork, time: noTime },
    work: noWork.length > 0 ? [] : workOf(base, head, both),
    time: noTime.length > 0 ? [] : timesOf(base, head, both, limit),
  };
}

function whyNoWork(base: GateRecord, head: GateRecord, both: readonly string[]): string[] {
  const reasons: string[] = [];
  if (base.base.codeSha256 !== head.base.codeSha256) {
    reasons.push(`different bases, ${base.base.name} and ${head.base.name}`);
  }
  if (base.settings.seed !== head.settings.seed) {
    reasons.push(`different seeds, ${base.settings.seed} and ${head.settings.seed}`);
  }
  if (both.length === 0) reasons.push("no scenario is in both files");
  if (!base.work.compared || !head.work.compared) reasons.push("work was not counted in both");
  return reasons;
}

function whyNoTime(base: GateRecord, head: GateRecord): string[] {
  const reasons: string[] = [];
  for (const field of ["cpu", "node"] as const) {
    const [before, now] = [base.environment[field], head.environment[field]];
    if (before !== now) reasons.push(`different ${field}, ${before} and ${now}`);
  }
  for (const record of [base, head]) {
    if (record.processes.length === 0) {
      reasons.push(`${record.head.name} of ${record.settings.day} was not timed`);
    }
  }
  return reasons;
}

/** Each head's counts are those of the base but for what its record lists. */
function workOf(base: GateRecord, head: GateRecord, both: readonly string[]): BareChange[] {
  const key = ({ id, measure }: BareChange) => `${id} ${measure}`;
  const [before, now] = [base, head].map(
    ({ work }) => new Map(work.changes.map((change) => [key(change), change])),
  ) as [Map<string, BareChange>, Map<string, BareChange>];
  const found: BareChange[] = [];
  for (const name of new Set([...before.keys(), ...now.keys()])) {
    const { id, measure, base: common } = (before.get(name) ?? now.get(name))!;
    const [was, is] = [before.get(name), now.get(name)].map((c) => (c ? c.head : common));
    if (both.includes(id) && was !== is) found.push({ id, measure, base: was!, head: is! });
  }
  return found;
}

function timesOf(
  base: GateRecord,
  head: GateRecord,
  both: readonly string[],
  limit: number,
): TimeChange[] {
  const of = (record: GateRecord) =>
    new Map(gateScenarios(record).map((s) => [s.id, [...s.first.head, ...s.second.head]]));
  const [before, now] = [of(base), of(head)];
  const changes = both.flatMap((id) => {
    const [a, b] = [moments(before.get(id) ?? []), moments(now.get(id) ?? [])];
    if (a.n < FEWEST || b.n < FEWEST) return [];
    return [{ id, log: b.mean - a.mean, error: Math.hypot(a.error, b.error) }];
  });
  return judged(changes, limit);
}

/** Fewer processes say nothing about how they differ. */
const FEWEST = 5;

/** Mean of process medians with its standard error. */
function moments(values: readonly number[]): { n: number; mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, error: Math.sqrt(squares / (n - 1) / n) };
}
