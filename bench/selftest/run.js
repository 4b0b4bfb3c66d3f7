// The gate, tested on itself: how often it cries wolf, and how often it sleeps.
//
//   node bench/selftest/run.js [--false-alarms N] [--power N] [--seed N] [--bounded]
//
// --false-alarms N  N gate runs of a core against a byte-different copy of itself, the whole suite
// --power N         N gate runs for each path and each injected slowdown
// --bounded         what CI does: one A/A run of few processes, one slowdown of 10 %, the extra node read;
//                   exit code 1 when one of them goes wrong
//
// Prints Markdown. A run for power times only the scenario concerned, and corrects for the whole suite.

import { parseArgs } from "node:util";
import { buildIfStale } from "../../scripts/build.js";
import { extraReadCore, PATHS, slowTemplate, withSpin } from "./cores.js";

await buildIfStale();
const { groupsOf, readSuite } = await import("../../dist/catalogue/suites.js");
const { parseProtocol, DEFAULT_BASELINE, DEFAULT_CANDIDATE } = await import(
  "../../dist/catalogue/kernels.js"
);
const { codeSha256 } = await import("../../dist/core/module.js");
const { GATE_ALPHA, judgeTimes, processesFor } = await import("../../dist/judge/gate.js");
const { gateScenarios, outcomeOf } = await import("../../dist/judge/outcome.js");
const { runGate } = await import("../../dist/measure/gate.js");
const { workingTree } = await import("../../dist/measure/source.js");
const { Random } = await import("../../dist/catalogue/random.js");

const { values: flags } = parseArgs({
  options: {
    "false-alarms": { type: "string", default: "0" },
    power: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    bounded: { type: "boolean", default: false },
  },
});

const PERCENT = [2, 3, 5, 10];
const base = workingTree();
const protocols = [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol);
const suite = groupsOf(readSuite("gate"), protocols, []).flatMap(({ scenarios }) => scenarios);
const processes = processesFor(suite.length);
let failed = false;

/** One gate run; its record and outcome. */
async function gate(head, { scenarios = suite, seed, count = processes, workOnly = false }) {
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
    onWork: () => {},
    progress: () => {},
  });
  return { record, outcome: outcomeOf(record) };
}

function slower(template, spin) {
  const timing = withSpin(template, spin);
  return { ...base, name: "slower on purpose", timing, codeSha256: codeSha256(timing) };
}

async function falseAlarms(runs) {
  const counts = { slower: 0, faster: 0, same: 0, undecided: 0, noisy: 0 };
  const records = [];
  for (let run = 0; run < runs; run++) {
    const { record, outcome } = await gate(base, { seed: Number(flags.seed) + run });
    records.push(record);
    if (outcome.noise !== null) counts.noisy++;
    for (const { verdict } of outcome.times) counts[verdict]++;
    const open = outcome.times.filter(({ verdict }) => verdict !== "same").length;
    console.error(`A/A run ${run + 1} of ${runs}: exit code ${outcome.exitCode}, ${open} open`);
    if (outcome.exitCode !== 0) failed = true;
  }
  console.log(`\nA/A, ${runs} runs of ${suite.length} scenarios, ${processes} processes a look:`);
  console.log(`${counts.slower} slower, ${counts.faster} faster, ${counts.same} same, `);
  console.log(`${counts.undecided} undecided; ${counts.noisy} runs too noisy to say.`);
  if (runs > 1) resampled(records, 10_000);
}

/** Gate runs put together from processes drawn at random out of all those measured: first looks only. */
function resampled(records, runs) {
  const medians = records.map(gateScenarios);
  const random = new Random(Number(flags.seed), "resampled");
  let [alarms, noisy] = [0, 0];
  for (let run = 0; run < runs; run++) {
    const drawn = Array.from({ length: processes }, () => [
      random.below(records.length),
      random.below(processes),
    ]);
    const scenarios = medians[0].map((scenario, i) => {
      const pick = (side) => drawn.map(([record, p]) => medians[record][i].first[side][p]);
      const first = { head: pick("head"), control: pick("control") };
      return { ...scenario, first, second: { head: [], control: [] } };
    });
    const { scenarios: verdicts, noise } = judgeTimes(scenarios);
    if (noise !== null) noisy++;
    else if (verdicts.some(({ verdict }) => verdict === "slower")) alarms++;
  }
  console.log(
    `Resampled from their processes, ${runs} runs: ${alarms} false alarms, ${noisy} too noisy.`,
  );
}

/** Idle passes that make a path's scenario one per cent slower, from a run with a slowdown large enough to see. */
async function spinPerPercent(template, scenarios) {
  let spin = 16 * 1024;
  for (let attempt = 0; ; attempt++) {
    const { outcome } = await gate(slower(template, spin), { scenarios, seed: 77, count: 7 });
    const rise = (outcome.times[0].ratio.median - 1) * 100;
    if (rise > 8 && rise < 60) return spin / rise;
    if (attempt === 8) throw new Error(`${scenarios[0].id} does not get slower`);
    spin = rise > 60 ? spin / 4 : spin * 3;
  }
}

async function power(runs) {
  console.log(`\n| path | scenario | ${PERCENT.map((p) => `+${p} %`).join(" | ")} |`);
  console.log(`| --- | --- | ${PERCENT.map(() => "---").join(" | ")} |`);
  for (const { name, path, scenario } of PATHS) {
    const scenarios = suite.filter(({ id }) => id === scenario);
    const template = await slowTemplate(path);
    const perPercent = await spinPerPercent(template, scenarios);
    const cells = [];
    for (const percent of PERCENT) {
      let found = 0;
      const seen = [];
      for (let run = 0; run < runs; run++) {
        const seed = Number(flags.seed) + run + percent * 1000;
        const { outcome } = await gate(slower(template, perPercent * percent), { scenarios, seed });
        if (outcome.exitCode === 1) found++;
        seen.push(outcome.times[0].ratio.median);
      }
      const measured = seen.sort((a, b) => a - b)[Math.floor(runs / 2)];
      cells.push(`${found} / ${runs} (${((measured - 1) * 100).toFixed(1)} %)`);
      console.error(`${name} +${percent} %: ${cells.at(-1)}`);
    }
    console.log(`| ${name} | ${scenario.replace(/\?.*/, "")} | ${cells.join(" | ")} |`);
  }
}

function expectExit(what, outcome, code) {
  const right = outcome.exitCode === code;
  console.log(
    `${right ? "ok  " : "FAIL"} ${what}: exit code ${outcome.exitCode}, ${outcome.reason}`,
  );
  if (!right) failed = true;
}

async function bounded() {
  const few = suite.filter(({ id }) => PATHS.some(({ scenario }) => scenario === id));
  const same = await gate(base, { scenarios: few, seed: Number(flags.seed) });
  // a machine too noisy to say is not a false alarm, but a finding is
  expectExit("A/A", same.outcome, same.outcome.exitCode === 3 ? 3 : 0);

  const [{ path, scenario }] = PATHS.slice(2);
  const scenarios = suite.filter(({ id }) => id === scenario);
  const template = await slowTemplate(path);
  const spin = (await spinPerPercent(template, scenarios)) * 10;
  const slow = await gate(slower(template, spin), { scenarios, seed: Number(flags.seed) });
  expectExit("merge 10 % slower", slow.outcome, 1);

  const extra = { ...base, name: "extra node read", work: await extraReadCore() };
  const { outcome } = await gate(extra, { seed: Number(flags.seed), workOnly: true });
  expectExit("an extra node read", outcome, 1);
}

if (flags.bounded) await bounded();
if (Number(flags["false-alarms"]) > 0) await falseAlarms(Number(flags["false-alarms"]));
if (Number(flags.power) > 0) await power(Number(flags.power));
process.exitCode = failed ? 1 : 0;
