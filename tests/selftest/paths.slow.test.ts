// What the gate's self-test slows down is something that its scenarios do.

import { beforeAll, expect, test } from "vitest";
// @ts-expect-error: a script without types
import { markingCore, PATHS } from "../../bench/selftest/cores.js";
import { enterScenario, parseScenario } from "../../src/catalogue/scenario.js";
import { Core } from "../../src/core/core.js";

let core: Core;
beforeAll(async () => {
  core = new Core("work", new WebAssembly.Module(await markingCore()));
});

test.each(PATHS as { name: string; path: number; scenario: string }[])(
  "a third of the operations or more go through it: $name",
  async ({ path, scenario: id }) => {
    const scenario = parseScenario(id);
    const built = await scenario.workload.build(1);
    enterScenario(core, scenario, built);
    const trodden = built.operations.filter((operation) => {
      const marks = core.run([operation])[0]?.value ?? 0;
      return (marks & (1 << path)) !== 0;
    });
    expect(trodden.length).toBeGreaterThanOrEqual(built.operations.length / 3);
  },
);
