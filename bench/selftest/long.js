// The long runs: false alarms on copies, and power against slowdowns of a known size.

import { loadavg } from "node:os";
import { gateScenarios } from "../../dist/judge/outcome.js";
import { PATHS, slowTemplate } from "./cores.js";
import { base, gate, named, slower, suite } from "./gate.js";

const core = base.codeSha256.slice(0, 12);
const digits = (value) => Math.round(value * 1e5) / 1e5;
const load = () => Math.round(loadavg()[0] * 10) / 10;

/** A core against a byte-different copy of itself, the whole suite. */
export async function falseAlarms({ log, busy, seed, runs }) {
  for (let run = 0; run < runs; run++) {
    const key = { kind: "A/A", busy, seed: seed + run };
    if (log.find(key)) continue;
    const { record, outcome, seconds } = await gate(base, { seed: key.seed });
    const verdicts = {};
    for (const { verdict } of outcome.times) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    const { exitCode, reason, noise } = outcome;
    const looks = looksOf(record);
    log.add({ ...key, core, exitCode, reason, noise, verdicts, seconds, load: load(), looks });
    console.error(`A/A ${run + 1} of ${runs}: exit code ${exitCode}, ${seconds} s`);
  }
}

/** For each scenario what the processes say: of head and of control, in the first look and in the second. */
function looksOf(record) {
  return gateScenarios(record).map(({ first, second }) =>
    [first, second].map(({ head, control }) => [head.map(digits), control.map(digits)]),
  );
}

/** Each path slowed by each percentage; only the scenario that treads the path most is timed. */
export async function power({ log, busy, seed, runs, percents }) {
  const slow = [];
  for (const path of runs > 0 ? PATHS : []) {
    const template = await slowTemplate(path.path);
    for (const percent of percents) {
      const spin = await spinFor({ log, path, template, percent });
      slow.push({ path, percent, spin, head: slower(template, spin) });
    }
  }
  // every path in turn, so that a run cut short says something of each
  for (let run = 0; run < runs; run++) {
    for (const { path, percent, spin, head } of slow) {
      const key = { percent, seed: seed + run + percent * 1000 };
      const { name, scenario } = path;
      if (log.find({ kind: "slow", busy, path: name, ...key })) continue;
      const { record, outcome, seconds } = await gate(head, {
        scenarios: named([scenario]),
        seed: key.seed,
      });
      const [{ verdict, ratio, processes }] = outcome.times;
      const { exitCode, noise } = outcome;
      log.add({
        kind: "slow",
        core,
        busy,
        path: name,
        ...key,
        spin,
        scenario,
        family: suite.length,
        verdict,
        exitCode,
        noise,
        ratio: digits(ratio.median),
        processes,
        seconds,
        load: load(),
        looks: looksOf(record),
      });
      const what = `${name} +${percent} %`;
      console.error(`${what}: ${verdict} ${exitCode}, ${digits(ratio.median)}, ${seconds} s`);
    }
  }
}

/**
 * Idle passes that make a path's scenario so many per cent slower. Found by trying, for each percentage: a processor
 * hides short ones behind other work, so that twice as many do not cost twice as much. A try is a measurement and errs,
 * so the next is taken from all before it that were near.
 */
async function spinFor({ log, path: { name: path, scenario }, template, percent }) {
  const known = log.find({ kind: "spin", core, path, percent });
  if (known) return known.spin;
  const scenarios = named([scenario]);
  const near = [];
  let spin = 5000 + 2000 * percent;
  for (let attempt = 0; attempt < 12; attempt++) {
    const head = slower(template, spin);
    const { outcome } = await gate(head, { scenarios, seed: 77 + attempt, count: 16, looks: 1 });
    const rise = (outcome.times[0].ratio.median - 1) * 100;
    console.error(`${path}: ${spin} passes are ${rise.toFixed(2)} % for ${percent} %`);
    // how much it really is, the runs themselves say
    if (Math.abs(rise - percent) < percent * 0.08) {
      log.add({ kind: "spin", core, path, percent, spin, rise: digits(rise) });
      return spin;
    }
    if (rise > percent / 2 && rise < percent * 2) near.push({ spin, rise });
    spin = Math.round(near.length > 0 ? percent / slope(near) : spin * (rise < percent ? 2 : 0.5));
  }
  throw new Error(`${scenario} cannot be made ${percent} % slower: is the machine quiet?`);
}

/** Per cent for each pass: least squares, through zero. */
function slope(tries) {
  const total = (term) => tries.reduce((sum, one) => sum + term(one), 0);
  return total(({ spin, rise }) => spin * rise) / total(({ spin }) => spin * spin);
}
