// The result arranged for the page: numbers with the digits that anybody can see, nothing twice.

import { queryText } from "../../catalogue/parameters.js";
import type { EventName } from "../../core/abi.js";
import { VM_FLAGS } from "../../core/names.js";
import { WORK_GROUPS } from "../../core/work-groups.js";
import type { PageData, PageRow, PageScenario } from "../../page/data.js";
import type { Results, ScenarioRecord } from "../../record/schema.js";
import { quantile } from "../../stats/quantile.js";
import type { Picture } from "../charts/picture.js";

/** Of more scenarios the page leaves out samples of life: it has to load in no time. */
const MOST_WITH_LIFE = 400;
/** Shares of batches that are shown: 5, 10, ..., 95 %. */
const SHARES = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/** What the page shows of a result. */
export function pageData(results: Results, pictures: readonly Picture[]): PageData {
  const events = eventsOf(results);
  const indices = new Map(
    results.scenarios.map((scenario, i) => [keyOf(scenario, scenario.protocol), i]),
  );
  const { minimumEffect, suite, seed, drivers, workloads, baseline, candidates, workOnly } =
    results.settings;
  return {
    settings: { suite, seed, drivers, workloads, baseline, candidates, workOnly },
    effect: typeof minimumEffect === "number" ? minimumEffect : 0.03,
    protocols: [...new Set(results.scenarios.map(({ protocol }) => protocol))],
    events,
    groups: WORK_GROUPS.map((group) => ({
      name: group.name,
      events: group.events.map((event) => events.indexOf(event)).filter((index) => index >= 0),
    })),
    scenarios: results.scenarios.map((scenario) =>
      pageScenario(scenario, events, results.scenarios.length <= MOST_WITH_LIFE),
    ),
    rows: rowsOf(results, indices),
    plots: pictures.flatMap(({ title, plot }) => (plot ? [{ title, ...plot }] : [])),
    films: results.films ?? [],
    flags: flagNames(results),
  };
}

function keyOf(
  {
    workload,
    driver,
    params,
  }: { workload: string; driver: string; params: Results["scenarios"][number]["params"] },
  protocol: string,
): string {
  return `${workload}/${driver}/${protocol}${queryText(params)}`;
}

/** Events that any scenario has, in the order of the core. */
function eventsOf({ scenarios }: Results): string[] {
  const seen = new Set<string>();
  for (const { work } of scenarios) {
    for (const [name, count] of Object.entries(work)) if (count) seen.add(name);
  }
  return [...seen];
}

function pageScenario(
  { id, protocol, operations, work, time, predicted, final, life }: ScenarioRecord,
  events: readonly string[],
  withLife: boolean,
): PageScenario {
  const batches = [...(time?.batches ?? [])].sort((a, b) => a - b);
  return {
    id,
    protocol,
    operations,
    time: time && {
      median: digits(time.median),
      low: digits(time.low),
      high: digits(time.high),
      rounds: time.rounds,
    },
    work: events.flatMap((name, i) => {
      const count = work[name as EventName] ?? 0;
      return count > 0 ? [i, digits(count)] : [];
    }),
    cycles: predicted.cycles === null ? null : digits(predicted.cycles),
    vmas: final.vmas,
    nodes: final.treeLeaves + final.treeInner,
    ...(batches.length > 0
      ? { quantiles: SHARES.map((share) => digits(quantile(batches, share))) }
      : {}),
    ...(life && withLife ? { life } : {}),
  };
}

function digits(value: number): number {
  return Number(value.toPrecision(5));
}

/** One row a comparison, and one for every scenario that none of them has. */
function rowsOf(
  { comparisons, scenarios }: Results,
  indices: ReadonlyMap<string, number>,
): PageRow[] {
  const shown = new Set<number>();
  const compared = comparisons.flatMap((comparison): PageRow[] => {
    const { workload, driver, params, timeRatio, verdict } = comparison;
    const key = keyOf(comparison, comparison.candidate);
    const [baseline, candidate] = [
      indices.get(keyOf(comparison, comparison.baseline)),
      indices.get(key),
    ];
    if (baseline === undefined || candidate === undefined) return [];
    shown.add(baseline).add(candidate);
    const ratio = timeRatio && {
      ratio: digits(timeRatio.ratio),
      low: digits(timeRatio.low),
      high: digits(timeRatio.high),
    };
    return [
      { key, workload: workload + queryText(params), driver, baseline, candidate, ratio, verdict },
    ];
  });
  const alone = scenarios.flatMap((scenario, candidate): PageRow[] => {
    if (shown.has(candidate)) return [];
    const { id, workload, driver, params } = scenario;
    const row = { key: id, workload: workload + queryText(params), driver, candidate };
    return [{ ...row, baseline: null, ratio: null, verdict: null }];
  });
  return [...compared, ...alone];
}

/** Permissions, and the flags that are not part of them, that a reader is told. */
function flagNames({ films = [] }: Results): Record<string, string> {
  const values = new Set<number>();
  for (const { initial, steps } of films) {
    for (const [, , flags] of initial) values.add(flags);
    for (const { change, candidate } of steps) {
      for (const [, , flags] of [...(change?.came ?? []), ...(candidate?.came ?? [])])
        values.add(flags);
    }
  }
  return Object.fromEntries([...values].map((flags) => [String(flags), flagText(flags)]));
}

const PERMISSIONS = new Set(["READ", "WRITE", "EXEC", "SHARED"]);
/** Nearly every VMA has these. */
const USUAL = new Set(["MAYREAD", "MAYWRITE", "MAYEXEC", "MAYSHARE", "ACCOUNT", "SOFTDIRTY"]);

function flagText(flags: number): string {
  const words = VM_FLAGS.text(flags).split("|");
  const letter = (name: string, yes: string, no: string) => (words.includes(name) ? yes : no);
  const access = `${letter("READ", "r", "-")}${letter("WRITE", "w", "-")}${letter("EXEC", "x", "-")}${letter("SHARED", "s", "p")}`;
  const rest = words.filter(
    (word) => !PERMISSIONS.has(word) && !USUAL.has(word) && word !== "none",
  );
  return [access, ...rest.map((word) => word.toLowerCase())].join(" ");
}
