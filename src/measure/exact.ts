// Work as the exact gate compares it: whole numbers, so that equal means equal.

import type { Scenario } from "../catalogue/scenario.js";
import { type Core, CoreTrap } from "../core/core.js";
import type { Abi } from "../core/module.js";
import type { ExactWork } from "../judge/work.js";
import { measureWork } from "./work.js";

/**
 * Work of every scenario on a core of a work build, whose counters lie where `abi` says. A scenario that this
 * core cannot run is left out and told to `onTrap`.
 */
export async function exactWork(
  core: Core,
  abi: Abi | null,
  scenarios: readonly Scenario[],
  seed: number,
  onTrap: (scenario: Scenario, error: CoreTrap) => void,
): Promise<Map<string, ExactWork>> {
  const found = new Map<string, ExactWork>();
  for (const scenario of scenarios) {
    await new Promise((resolve) => setImmediate(resolve)); // lets signals in
    const built = await scenario.workload.build(seed);
    try {
      const { operations, checksum, final, totals } = measureWork(
        core,
        scenario,
        built,
        abi?.events,
      );
      const counts = {
        ...totals,
        ...Object.fromEntries(Object.entries(final).map(([name, n]) => [`final.${name}`, n])),
      };
      const happened = Object.entries(counts).filter(([, n]) => n !== 0);
      const results = checksum.toString(16).padStart(8, "0");
      found.set(scenario.id, { operations, results, counts: Object.fromEntries(happened) });
    } catch (error) {
      if (!(error instanceof CoreTrap)) throw error;
      onTrap(scenario, error);
    }
  }
  return found;
}
