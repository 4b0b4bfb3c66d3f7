// Scenarios of one workload, driver and set of parameters, side by side.

import { queryText } from "../../catalogue/parameters.js";
import type { Results, ScenarioRecord } from "../../record/schema.js";

export interface Group {
  workload: string;
  driver: string;
  /** `WORKLOAD / DRIVER` with parameters. */
  label: string;
  /** By protocol. */
  of: Map<string, ScenarioRecord>;
}

/** Protocols in the order they first appear: the baseline first. */
export function protocolsOf(results: Results): string[] {
  return [...new Set(results.scenarios.map((scenario) => scenario.protocol))];
}

export function groupScenarios(results: Results): Group[] {
  const groups = new Map<string, Group>();
  for (const scenario of results.scenarios) {
    const { workload, driver, params } = scenario;
    const label = `${workload}${queryText(params)} / ${driver}`;
    const group = groups.get(label) ?? { workload, driver, label, of: new Map() };
    group.of.set(scenario.protocol, scenario);
    groups.set(label, group);
  }
  return [...groups.values()];
}
