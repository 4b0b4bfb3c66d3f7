// What the runs say, as Markdown.

import { Random } from "../../dist/catalogue/random.js";
import { judgeTimes, secondLookProcesses } from "../../dist/judge/gate.js";
import { median } from "../../dist/stats/median.js";
import { proportionInterval } from "../../dist/stats/proportion.js";

const sum = (values) => values.reduce((total, value) => total + value, 0);
/** Least change that counts. */
const EFFECT = 0.03;
const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** `k / n [low, high]`, Clopper and Pearson's 95 % interval. */
function share(k, n) {
  const { low, high } = proportionInterval(k, n);
  return `${k} / ${n} [${percent(low)}, ${percent(high)}]`;
}

export function summary(entries) {
  const parts = [true, false].flatMap((busy) => {
    const of = (kind) => entries.filter((entry) => entry.kind === kind && entry.busy === busy);
    const [same, slow] = [of("A/A"), of("slow")];
    const lines = [];
    if (same.length > 0) lines.push(...sameLines(same));
    if (slow.length > 0) lines.push("", ...powerLines(slow));
    if (lines.length === 0) return [];
    return [
      `${busy ? "One processor kept busy" : "Nothing else run by the test"}:`,
      "",
      ...lines,
      "",
    ];
  });
  return parts.length === 0 ? "no runs yet" : parts.join("\n");
}

function sameLines(runs) {
  const n = runs.length;
  const by = (code) => runs.filter(({ exitCode }) => exitCode === code).length;
  const verdicts = (name) => sum(runs.map((run) => run.verdicts[name] ?? 0));
  const seconds = runs.map((run) => run.seconds);
  const all = sum(runs.map((run) => sum(Object.values(run.verdicts))));
  const lines = [
    `- A/A, gate runs with a false alarm (exit code 1): ${share(by(1), n)}`,
    `- A/A, gate runs that were inconclusive (exit code 3): ${share(by(3), n)}`,
    `- A/A, scenarios: ${verdicts("slower")} slower, ${verdicts("faster")} faster, ${verdicts("undecided")} undecided, ${verdicts("same")} same of ${all}`,
    `- seconds of a run: median ${median(seconds).toFixed(0)}, longest ${Math.max(...seconds).toFixed(0)}`,
  ];
  const loads = runs.map(({ load }) => load);
  const beyond = runs[0].looks.map((_, s) => {
    const control = runs.flatMap(({ looks }) => looks[s].flatMap(([, values]) => values));
    return control.filter((value) => Math.abs(value) > Math.log1p(EFFECT)).length / control.length;
  });
  lines.push(
    `- the control's medians beyond 3 %, by scenario: ${percent(Math.min(...beyond))} to ${percent(Math.max(...beyond))}; load ${Math.min(...loads)} to ${Math.max(...loads)}`,
  );
  if (n > 2) lines.push(...resampledLines(runs));
  return lines;
}

/** Gate runs put together from processes drawn at random out of all those measured. */
function resampledLines(runs) {
  const random = new Random(1, "resampled");
  const processes = runs[0].looks[0][0][0].length;
  const whole = runs.filter(({ looks }) => looks.every(([[head]]) => head.length === processes));
  const scenarios = whole[0].looks.length;
  const all = DRAWS * scenarios;
  const counted = (slowdown) => {
    const found = new Array(scenarios).fill(0);
    let noisy = 0;
    for (let i = 0; i < all; i++) {
      const slowed = i % scenarios;
      const { noise, scenarios: judged } = drawnRun(whole, random, slowed, slowdown);
      const wanted = slowdown > 0 ? [judged[slowed]] : judged;
      if (noise !== null) noisy++;
      else if (wanted.some(({ verdict }) => verdict === "slower")) found[slowed]++;
    }
    return { found, noisy };
  };
  const alarms = counted(0);
  return [
    `- resampled from their processes, ${all} runs: ${sum(alarms.found)} false alarms, ${alarms.noisy} inconclusive`,
    ...[3.5, 5, 10].map((slowdown) => {
      const { found, noisy } = counted(slowdown);
      const least = percent(Math.min(...found) / DRAWS);
      return `- the same, every process of one scenario ${slowdown} % slower on paper: found in ${percent(sum(found) / all)}, in the worst scenario in ${least}; inconclusive ${percent(noisy / all)}`;
    }),
  ];
}

/** Runs for each scenario. */
const DRAWS = 200;

/** Both looks of one such run; a process is drawn with all of its scenarios, as it was measured. */
function drawnRun(runs, random, slowed, slowdown) {
  const processes = runs[0].looks[0][0][0].length;
  const draw = (count) =>
    Array.from({ length: count }, () => [random.pick(runs).looks, random.below(processes)]);
  const valuesOf = (drawn, s) => {
    const [head, control] = [0, 1].map((side) => drawn.map(([looks, p]) => looks[s][0][side][p]));
    const shift = s === slowed ? Math.log1p(slowdown / 100) : 0;
    return { head: head.map((value) => value + shift), control };
  };
  const first = draw(processes);
  const scenarios = runs[0].looks.map((_, s) => {
    const second = { head: [], control: [] };
    return { id: String(s), effect: EFFECT, first: valuesOf(first, s), second };
  });
  const look = judgeTimes(scenarios);
  const open = look.scenarios.flatMap(({ verdict }, s) => (verdict === "undecided" ? [s] : []));
  if (open.length === 0) return look;
  const again = draw(secondLookProcesses(open.length, processes));
  for (const s of open) scenarios[s].second = valuesOf(again, s);
  return judgeTimes(scenarios);
}

const ALL = "all together";

function powerLines(runs) {
  const percents = [...new Set(runs.map((run) => run.percent))].sort((a, b) => a - b);
  const paths = [...new Set(runs.map(({ path }) => path))];
  const rows = [...paths, ALL].map((path) => {
    const cells = percents.map((wanted) => {
      const isOf = (run) => run.percent === wanted && (path === ALL || run.path === path);
      const of = runs.filter(isOf);
      if (of.length === 0) return "–";
      const found = of.filter(({ exitCode }) => exitCode === 1).length;
      return `${share(found, of.length)}, ${percent(median(of.map(({ ratio }) => ratio)) - 1)}`;
    });
    return `| ${path} | ${cells.join(" | ")} |`;
  });
  const seconds = runs.map((run) => run.seconds);
  return [
    "Found of runs, with what the runs measured on median:",
    "",
    `| path | ${percents.map((p) => `+${p} %`).join(" | ")} |`,
    `| --- |${" --- |".repeat(percents.length)}`,
    ...rows,
    "",
    `A run of one scenario took ${median(seconds).toFixed(0)} s on median, ${Math.max(...seconds).toFixed(0)} s at most.`,
  ];
}
