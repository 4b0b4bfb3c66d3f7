// Suites: which workloads run with which drivers, as data in bench/suites/NAME.json.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { quoted, UsageError } from "../errors.js";
import { readJson } from "../input/json.js";
import { parseDriver } from "./drivers.js";
import { matches } from "./glob.js";
import type { Protocol } from "./kernels.js";
import { refusal, type Scenario, scenarioOf } from "./scenario.js";
import { parseWorkload } from "./workloads.js";

const names = z.array(z.string().min(1)).min(1);

/** bench/suites/NAME.json */
export const suiteSchema = z.strictObject({
  title: z.string().min(1),
  /** Every workload of a group runs with every driver of it. */
  groups: z.array(z.strictObject({ workloads: names, drivers: names })).min(1),
});

export interface Suite extends z.infer<typeof suiteSchema> {
  name: string;
}

const suiteFolder = new URL("../../bench/suites/", import.meta.url);

/** Names of the suites there are. */
export function suiteNames(): string[] {
  return readdirSync(suiteFolder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();
}

/** The suite of that name. UsageError when there is none or its file is wrong. */
export function readSuite(name: string): Suite {
  if (!suiteNames().includes(name)) {
    throw new UsageError(`no suite ${quoted(name)}; there is ${suiteNames().join(", ")}`);
  }
  const path = fileURLToPath(new URL(`${name}.json`, suiteFolder));
  return { name, ...readJson(path, suiteSchema) };
}

/** One workload with one driver, under every protocol selected: what is timed side by side. */
export interface ScenarioGroup {
  workload: string;
  driver: string;
  scenarios: Scenario[];
}

/** What a suite leaves out under the protocols because it could not exist, each reason once. */
export function refusals(suite: Suite, protocols: readonly Protocol[]): string[] {
  const drivers = suite.groups.flatMap((group) => group.drivers.map(parseDriver));
  const reasons = drivers.flatMap((driver) => protocols.map((p) => refusal(driver, p)));
  return [...new Set(reasons.filter((reason) => reason !== null))];
}

/**
 * Every group of a suite under the protocols, in the suite's order, without what the filters leave out and
 * without pairs of driver and protocol that could not exist (`refusals`).
 */
export function groupsOf(
  suite: Suite,
  protocols: readonly Protocol[],
  filters: readonly string[],
): ScenarioGroup[] {
  const groups = new Map<string, ScenarioGroup>();
  for (const group of suite.groups) {
    for (const workload of group.workloads.map(parseWorkload)) {
      for (const driver of group.drivers.map(parseDriver)) {
        const scenarios = protocols
          .filter((protocol) => refusal(driver, protocol) === null)
          .map((protocol) => scenarioOf(workload, driver, protocol))
          .filter(({ id }) => filters.length === 0 || filters.some((f) => matches(f, id)));
        const first = scenarios[0];
        if (!first) continue;
        const key = JSON.stringify([workload.id, driver.id, first.params]);
        groups.set(key, { workload: workload.id, driver: driver.id, scenarios });
      }
    }
  }
  return [...groups.values()];
}
