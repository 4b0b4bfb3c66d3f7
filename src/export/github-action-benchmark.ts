// github-action-benchmark, tool `customSmallerIsBetter`: a list of name, unit, value, range and extra. Each name
// becomes a chart there, so a scenario has one entry, its time; its work is in `extra`, which is shown beside it.
// A scenario that was not timed has an entry for every event instead.

import { printable } from "../printable.js";
import type { Results, ScenarioRecord } from "../record/schema.js";
import { number } from "../render/format.js";
import { eventsOf } from "./measures.js";

interface Entry {
  name: string;
  unit: string;
  value: number;
  range?: string;
  extra?: string;
}

export function githubActionBenchmarkJson(results: Results): string {
  const events = eventsOf(results);
  const entries = results.scenarios.flatMap((scenario) => entriesOf(scenario, events));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function entriesOf(scenario: ScenarioRecord, events: readonly string[]): Entry[] {
  const { time } = scenario;
  const name = printable(scenario.id);
  const work = scenario.work as Readonly<Record<string, number>>;
  if (!time) {
    return events.map((event) => ({
      name: `${name} ${printable(event)}`,
      unit: "events/op",
      value: work[event] ?? 0,
    }));
  }
  const counted = events.filter((event) => (work[event] ?? 0) > 0);
  return [
    {
      name,
      unit: time.unit,
      value: time.median,
      range: `${number(time.low)} to ${number(time.high)}`,
      extra: [
        `${time.rounds} rounds of ${time.operationsPerBatch} operations`,
        `${scenario.final.vmas} VMAs left`,
        ...counted.map((event) => `${printable(event)} ${number(work[event] as number)}/op`),
      ].join("\n"),
    },
  ];
}
