// The exact gate: counts are equal or they are not.

import { type Accepted, acceptedFor } from "./accepted.js";

/** What a scenario did, in whole numbers: totals of the events, and what stands afterwards. */
export interface ExactWork {
  operations: number;
  /** Of all results, eight hexadecimal digits. */
  results: string;
  /** Events that happened; absent is none. `final.vmas` and its like are in it too. */
  counts: Readonly<Record<string, number>>;
}

export interface WorkChange {
  id: string;
  /** An event, `final.*`, `operations`, `results`, or `scenario` when one side has none of it. */
  measure: string;
  base: number | string | null;
  head: number | string | null;
  /** The entry of accepted.json that allows it. */
  accepted: Accepted | null;
}

/** A change nobody has looked up yet. */
export type BareChange = Omit<WorkChange, "accepted">;

/** Every difference between two sets of scenarios, in the order of the head's, what is gone last. */
export function workChanges(
  base: ReadonlyMap<string, ExactWork>,
  head: ReadonlyMap<string, ExactWork>,
): BareChange[] {
  const changes: BareChange[] = [];
  const add = (id: string, measure: string, from: BareChange["base"], to: BareChange["head"]) => {
    if (from !== to) changes.push({ id, measure, base: from, head: to });
  };
  for (const [id, now] of head) {
    const before = base.get(id);
    if (!before) {
      add(id, "scenario", null, "new");
      continue;
    }
    add(id, "operations", before.operations, now.operations);
    add(id, "results", before.results, now.results);
    const names = [...new Set([...Object.keys(before.counts), ...Object.keys(now.counts)])].sort();
    for (const name of names) add(id, name, before.counts[name] ?? 0, now.counts[name] ?? 0);
  }
  for (const id of base.keys()) if (!head.has(id)) add(id, "scenario", "there", null);
  return changes;
}

/** Changes with the entry that allows each. */
export function coveredChanges(
  changes: readonly BareChange[],
  accepted: readonly Accepted[],
): WorkChange[] {
  return changes.map((change) => {
    const entry = acceptedFor(accepted, change.id, change.measure);
    return { ...change, accepted: covers(entry, change.base, change.head) };
  });
}

/** The entry, if it allows as much as that. Changed results are never a matter of degree. */
function covers(
  entry: Accepted | null,
  base: number | string | null,
  head: number | string | null,
): Accepted | null {
  if (!entry || typeof base !== "number" || typeof head !== "number") return null;
  return Math.abs(head - base) <= (Math.abs(base) * entry.limit) / 100 ? entry : null;
}

/** Whether more is done than before. */
export function isRise({ base, head }: BareChange): boolean {
  return typeof base === "number" && typeof head === "number" && head > base;
}
