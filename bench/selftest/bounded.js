// The short form of the self-test, for CI.

import { filled, PATHS, slowTemplate, workTemplate } from "./cores.js";
import { base, gate, named, slower } from "./gate.js";

/** About a quarter slower in a scenario that merges all the time. */
const SPIN = 64 * 1024;

/** True when every part ends as it should. */
export async function bounded(seed) {
  const merge = PATHS.find(({ name }) => name === "merge");
  const few = named(PATHS.slice(0, 2).map(({ scenario }) => scenario));
  const same = await gate(base, { scenarios: few, seed });
  const extra = filled(await workTemplate(), { extraReads: 1 });
  const more = await gate(
    { ...base, name: "one more read", work: extra },
    { seed, workOnly: true },
  );
  const template = await slowTemplate(merge.path);
  const slow = await gate(slower(template, SPIN), { scenarios: named([merge.scenario]), seed });
  return [
    // inconclusive is no false alarm; and a machine too noisy to say finds nothing either
    expected("a copy of itself", same, [0, 3]),
    expected("one more node read", more, [1]),
    expected("a merge a quarter slower", slow, slow.outcome.noise === null ? [1] : [1, 3]),
  ].every(Boolean);
}

function expected(what, { outcome, seconds }, codes) {
  const right = codes.includes(outcome.exitCode);
  const mark = right ? "ok  " : "FAIL";
  console.log(`${mark} ${what}: exit code ${outcome.exitCode}, ${outcome.reason} (${seconds} s)`);
  return right;
}
