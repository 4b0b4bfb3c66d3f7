// Which groups of a run are shown call by call.

import { queryText } from "../catalogue/parameters.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { ScenarioGroup } from "../catalogue/suites.js";
import { buildOn } from "../catalogue/workload.js";
import type { Core } from "../core/core.js";
import type { TlbGeometry } from "../core/tlb.js";
import type { ComparisonRecord, FilmRecord, ScenarioRecord } from "../record/schema.js";
import { filmOf } from "./film.js";

/** Films of a result: each is some 100 kB. */
const MOST_FILMS = 2;

/** Films of the groups that have most to show. */
export async function filmsOf(
  core: Core,
  groups: readonly ScenarioGroup[],
  records: readonly ScenarioRecord[],
  comparisons: readonly ComparisonRecord[],
  { baseline, seed, tlb }: { baseline: string; seed: number; tlb?: TlbGeometry | undefined },
): Promise<FilmRecord[]> {
  const films: FilmRecord[] = [];
  for (const { group, comparison } of worthFilming(groups, records, comparisons)) {
    if (films.length === MOST_FILMS) break;
    const [one, two] = [baseline, comparison.candidate].map((protocol) =>
      group.scenarios.find((scenario) => scenario.protocol.id === protocol),
    );
    if (!one || !two) continue;
    const film = filmOf(core, [one, two], await buildOn(tlb, one.workload, seed));
    if (film) films.push(film);
  }
  return films;
}

/**
 * One comparison of each workload, those with most to see first: stories before streams that look the same
 * everywhere; then other layouts, in the end or on the way, second merges, unwinding.
 */
function worthFilming(
  groups: readonly ScenarioGroup[],
  records: readonly ScenarioRecord[],
  comparisons: readonly ComparisonRecord[],
): { group: ScenarioGroup; comparison: ComparisonRecord }[] {
  const apart = ([a, b]: [number, number] = [0, 0]) => Math.abs(a - b);
  const ranked = comparisons
    .flatMap((comparison) => {
      const group = groups.find(({ scenarios: [first] }) => first && isOf(comparison, first));
      return group ? [{ group, comparison }] : [];
    })
    .map((entry) => {
      const { work, final } = entry.comparison;
      const story = entry.group.scenarios[0]!.workload.shape === "whole" ? 1 : 0;
      return {
        ...entry,
        rank: [
          story,
          apart(final.vmas),
          onTheWay(records, entry.comparison),
          apart(work["merge.secondMerged"]),
          apart(work["unwind.steps"]),
        ],
      };
    })
    .sort((a, b) => b.rank.map((r, i) => r - a.rank[i]!).find((d) => d !== 0) ?? 0);
  return ranked.filter(
    ({ group }, i) => ranked.findIndex((other) => other.group.workload === group.workload) === i,
  );
}

function isOf({ workload, driver, params }: ComparisonRecord, scenario: Scenario): boolean {
  return (
    scenario.workload.id === workload &&
    scenario.driver.id === driver &&
    queryText(scenario.params) === queryText(params)
  );
}

/** Most VMAs that the samples of two protocols ever differ by. */
function onTheWay(records: readonly ScenarioRecord[], comparison: ComparisonRecord): number {
  const vmas = [comparison.baseline, comparison.candidate].map(
    (protocol) =>
      records.find(
        (record) =>
          record.protocol === protocol &&
          record.workload === comparison.workload &&
          record.driver === comparison.driver &&
          queryText(record.params) === queryText(comparison.params),
      )?.life?.vmas ?? [],
  );
  return Math.max(0, ...vmas[0]!.map((count, i) => Math.abs(count - (vmas[1]![i] ?? count))));
}
