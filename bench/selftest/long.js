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
    const key = { kind: "A/A", core, busy, seed: seed + run };
    if (log.find(key)) continue;
    const { record, outcome, seconds } = await gate(base, { seed: key.seed });
    const verdicts = {};
    for (const { verdict } of outcome.times) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    const medians = gateScenarios(record).map(({ first }) => [
      first.head.map(digits),
      first.control.map(digits),
    ]);
    const { exitCode, reason, noise } = outcome;
    log.add({ ...key, exitCode, reason, noise, verdicts, seconds, load: load(), medians });
    console.error(`A/A ${run + 1} of ${runs}: exit code ${exitCode}, ${seconds} s`);
  }
}

/** Each path slowed by each percentage; only the scenario that treads the path most is timed. */
export async function power({ log, busy, seed, runs, percents }) {
  for (const { name: path, path: number, scenario } of runs > 0 ? PATHS : []) {
    const wanted = percents.flatMap((percent) =>
      Array.from({ length: runs }, (_, run) => ({ percent, seed: seed + run + percent * 1000 })),
    );
    const open = wanted.filter((key) => !log.find({ kind: "slow", core, busy, path, ...key }));
    if (open.length === 0) continue;
    const scenarios = named([scenario]);
    const template = await slowTemplate(number);
    for (const key of open) {
      const spin = await spinFor({ log, path, template, scenarios, percent: key.percent });
      const head = slower(template, spin);
      const { outcome, seconds } = await gate(head, { scenarios, seed: key.seed });
      const [time] = outcome.times;
      log.add({
        kind: "slow",
        core,
        busy,
        path,
        ...key,
        scenario,
        family: suite.length,
        verdict: time.verdict,
        exitCode: outcome.exitCode,
        ratio: digits(time.ratio.median),
        processes: time.processes,
        seconds,
        load: load(),
      });
      console.error(
        `${path} +${key.percent} %: ${time.verdict}, ${digits(time.ratio.median)}, ${seconds} s`,
      );
    }
  }
}

/**
 * Idle passes that make a path's scenario so many per cent slower. Found by trying, for each percentage: a processor
 * hides short ones behind other work, so that twice as many do not cost twice as much.
 */
async function spinFor({ log, path, template, scenarios, percent }) {
  const known = log.find({ kind: "spin", core, path, percent });
  if (known) return known.spin;
  // what was tried, with the percentage closest to the wanted one from below and from above
  let below = { spin: 0, rise: 0 };
  let above = null;
  let spin = 5000 + 2000 * percent;
  for (let attempt = 0; attempt < 12; attempt++) {
    const head = slower(template, spin);
    const { outcome } = await gate(head, { scenarios, seed: 77 + attempt, count: 15, looks: 1 });
    const rise = (outcome.times[0].ratio.median - 1) * 100;
    console.error(`${path}: ${Math.round(spin)} passes are ${rise.toFixed(2)} % for ${percent} %`);
    if (Math.abs(rise - percent) < 0.1 + percent * 0.05) {
      log.add({ kind: "spin", core, path, percent, spin: Math.round(spin), rise: digits(rise) });
      return Math.round(spin);
    }
    if (rise < percent) below = { spin, rise };
    else above = { spin, rise };
    const between = (percent - below.rise) / ((above?.rise ?? 0) - below.rise);
    spin = above ? below.spin + (above.spin - below.spin) * between : spin * 2;
  }
  throw new Error(`${scenarios[0].id} cannot be made ${percent} % slower: is the machine quiet?`);
}
