// Gate runs for the self-test: the working tree's core against a core made for the purpose.

import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  parseProtocol,
} from "../../dist/catalogue/kernels.js";
import { groupsOf, readSuite } from "../../dist/catalogue/suites.js";
import { codeSha256 } from "../../dist/core/module.js";
import { GATE_ALPHA, processesFor } from "../../dist/judge/gate.js";
import { outcomeOf } from "../../dist/judge/outcome.js";
import { runGate } from "../../dist/measure/gate.js";
import { workingTree } from "../../dist/measure/source.js";
import { filled } from "./cores.js";

export const base = workingTree();
const protocols = [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol);
export const suite = groupsOf(readSuite("gate"), protocols, []).flatMap((group) => group.scenarios);
export const processes = processesFor(suite.length);

/** Scenarios of the suite by their ids. */
export const named = (ids) => suite.filter(({ id }) => ids.includes(id));

/** One gate run with everything as `vmabench gate` has it; its record, outcome and seconds. */
export async function gate(head, options = {}) {
  const { scenarios = suite, seed = 1, count = processes, looks = 2, workOnly = false } = options;
  const started = performance.now();
  const record = await runGate(base, head, {
    suite: "gate",
    filters: [],
    scenarios,
    seed,
    processes: count,
    sittings: 6,
    rounds: 20,
    maxSlowdown: 3,
    alpha: GATE_ALPHA,
    family: suite.length,
    accepted: [],
    day: new Date().toISOString().slice(0, 10),
    workOnly,
    timeIdentical: true,
    looks,
    onWork: () => {},
    progress: () => {},
  });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { record, outcome: outcomeOf(record), seconds };
}

/** The working tree with `spin` idle passes on the template's path. */
export function slower(template, spin) {
  const timing = filled(template, { spin });
  return { ...base, name: "slower on purpose", timing, codeSha256: codeSha256(timing) };
}
