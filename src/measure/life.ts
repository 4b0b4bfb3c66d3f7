// What stands while a scenario runs: VMAs and maple nodes, at moments spread evenly over its operations.

import { enterScenario, type Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import type { Core } from "../core/core.js";
import { type LifeRecord, MOST_SAMPLES } from "../record/schema.js";

/** Runs a scenario once more, stopping to look. Exact, and the same on every machine. */
export function lifeOf(core: Core, scenario: Scenario, built: BuiltWorkload): LifeRecord {
  enterScenario(core, scenario, built);
  const { operations } = built;
  const life: LifeRecord = { after: [], vmas: [], nodes: [] };
  const look = (after: number) => {
    const { leaves, inner } = core.shape();
    life.after.push(after);
    life.vmas.push(core.account().mapCount);
    life.nodes.push(leaves + inner);
  };
  look(0);
  const stretches = Math.min(MOST_SAMPLES - 1, operations.length);
  for (let i = 0; i < stretches; i++) {
    const [first, end] = [i, i + 1].map((n) => Math.floor((n * operations.length) / stretches));
    core.run(operations.slice(first, end));
    look(end as number);
  }
  return life;
}
