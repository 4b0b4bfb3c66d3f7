// What the exporters say of a scenario: the events that occur in a file at all, the comparison that a scenario
// is the candidate of, and names cut to what a consumer takes.

import { createHash } from "node:crypto";
import { queryText } from "../catalogue/parameters.js";
import type { EventName } from "../core/abi.js";
import { UsageError } from "../errors.js";
import type { ComparisonRecord, Results, ScenarioRecord } from "../record/schema.js";

/** Events that are not 0 in every scenario of the file, in the file's order. */
export function eventsOf({ scenarios }: Results): EventName[] {
  const all = new Set(scenarios.flatMap(({ work }) => Object.keys(work) as EventName[]));
  return [...all].filter((name) => scenarios.some(({ work }) => (work[name] ?? 0) > 0));
}

/** Comparisons by the scenario that is their candidate. */
export function comparisonFinder({
  comparisons,
}: Results): (scenario: ScenarioRecord) => ComparisonRecord | undefined {
  const key = (workload: string, driver: string, params: object, protocol: string) =>
    JSON.stringify([workload, driver, Object.entries(params).sort(), protocol]);
  const byScenario = new Map(
    comparisons.map((c) => [key(c.workload, c.driver, c.params, c.candidate), c]),
  );
  return ({ workload, driver, params, protocol }) =>
    byScenario.get(key(workload, driver, params, protocol));
}

/** `WORKLOAD/DRIVER?name=value`: what is compared, without its protocols. */
export function comparisonName({ workload, driver, params }: ComparisonRecord): string {
  return `${workload}/${driver}${queryText(params)}`;
}

/** A name of at most `most` characters: a longer one is cut, and told from its like by eight digits. */
export function cutName(name: string, most: number): string {
  if (name.length <= most) return name;
  const digits = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, most - 9).toWellFormed()}~${digits}`;
}

/** UsageError when two scenarios have one id: formats that are keyed by it would lose one. */
export function refuseSameIds({ scenarios }: Results): void {
  const seen = new Set<string>();
  for (const { id } of scenarios) {
    if (seen.has(id)) throw new UsageError(`two scenarios are called ${JSON.stringify(id)}`);
    seen.add(id);
  }
}
