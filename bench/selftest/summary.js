// What the runs say, as Markdown.

import { Random } from "../../dist/catalogue/random.js";
import { judgeTimes } from "../../dist/judge/gate.js";
import { median } from "../../dist/stats/median.js";
import { proportionInterval } from "../../dist/stats/proportion.js";

const sum = (values) => values.reduce((total, value) => total + value, 0);
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
  if (n > 2) lines.push(resampled(runs, 10_000));
  return lines;
}

/** Gate runs put together from processes drawn at random out of all those measured: first looks only. */
function resampled(runs, count) {
  const random = new Random(1, "resampled");
  const processes = runs[0].looks[0][0][0].length;
  const whole = runs.filter(({ looks }) => looks.every(([[head]]) => head.length === processes));
  let [alarms, noisy] = [0, 0];
  for (let i = 0; i < count; i++) {
    const drawn = Array.from({ length: processes }, () => [
      random.below(whole.length),
      random.below(processes),
    ]);
    const scenarios = whole[0].looks.map((_, s) => {
      const pick = (side) => drawn.map(([run, p]) => whole[run].looks[s][0][side][p]);
      const first = { head: pick(0), control: pick(1) };
      return { id: String(s), effect: 0.03, first, second: { head: [], control: [] } };
    });
    const judged = judgeTimes(scenarios);
    if (judged.noise !== null) noisy++;
    else if (judged.scenarios.some(({ verdict }) => verdict === "slower")) alarms++;
  }
  return `- resampled from their processes, ${count} first looks: ${alarms} false alarms, ${noisy} too noisy`;
}

function powerLines(runs) {
  const percents = [...new Set(runs.map((run) => run.percent))].sort((a, b) => a - b);
  const paths = [...new Set(runs.map(({ path }) => path))];
  const rows = paths.map((path) => {
    const cells = percents.map((wanted) => {
      const of = runs.filter((run) => run.path === path && run.percent === wanted);
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
