// Bencher Metric Format, what `bencher run --adapter json` reads: benchmark -> measure -> value with bounds.
// `latency` is Bencher's own measure in nanoseconds; the counters become measures of their own.

import { printable } from "../printable.js";
import type { Results, ScenarioRecord } from "../record/schema.js";
import { cutName, eventsOf, refuseSameIds } from "./measures.js";

/** Bencher's limits of names, in characters. */
const BENCHMARK = 1024;
const MEASURE = 64;

interface Metric {
  value: number;
  lower_value?: number;
  upper_value?: number;
}

export function bencherJson(results: Results): string {
  refuseSameIds(results);
  const events = eventsOf(results);
  const benchmarks = results.scenarios.map((scenario) => [
    cutName(printable(scenario.id), BENCHMARK),
    Object.fromEntries(measures(scenario, events)),
  ]);
  return `${JSON.stringify(Object.fromEntries(benchmarks), null, 2)}\n`;
}

function measures(scenario: ScenarioRecord, events: readonly string[]): [string, Metric][] {
  const { time, final } = scenario;
  const work = scenario.work as Readonly<Record<string, number>>;
  return [
    ...(time
      ? [["latency", { value: time.median, lower_value: time.low, upper_value: time.high }]]
      : []),
    ...events.map((name) => [cutName(printable(name), MEASURE), { value: work[name] ?? 0 }]),
    ["vmas", { value: final.vmas }],
  ] as [string, Metric][];
}
