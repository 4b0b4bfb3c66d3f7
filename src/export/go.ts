// The Go benchmark data format (golang.org/design/14313-benchmark-format), which benchstat reads. Names carry
// their parts as key=value, so that one file is enough to compare protocols:
//
//   benchstat -col /protocol results.txt
//
// The counters are units of their own, declared exact: benchstat then reports any difference.

import { printable } from "../printable.js";
import type { Results, ScenarioRecord } from "../record/schema.js";
import { eventsOf } from "./measures.js";

/** Node.js's names of processors, as Go calls them. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "386",
  loong64: "loong64",
};

export function goBenchmarkText(results: Results): string {
  const events = eventsOf(results);
  const lines = [
    ...configuration(results),
    ...events.map((name) => `Unit ${unitOf(name)} assume=exact`),
    "Unit vmas better=lower assume=exact",
    ...results.scenarios.map((scenario) => resultLine(scenario, events)),
  ];
  return `${lines.join("\n")}\n`;
}

function configuration({ tool, environment, settings }: Results): string[] {
  const [os = "", architecture = ""] = environment.os.split(" ");
  const pairs = {
    goos: os,
    goarch: GO_ARCHITECTURES[architecture] ?? architecture,
    pkg: tool.name,
    cpu: environment.cpu,
    commit: tool.commit ?? "",
    kernel: environment.kernelRelease,
    node: environment.node,
    suite: settings.suite,
    seed: String(settings.seed),
  };
  return Object.entries(pairs)
    .filter(([, value]) => value !== "")
    .map(([key, value]) => `${key}: ${printable(value)}`);
}

function resultLine(scenario: ScenarioRecord, events: readonly string[]): string {
  const { time, operations, final } = scenario;
  const work = scenario.work as Readonly<Record<string, number>>;
  const iterations = time ? time.rounds * time.operationsPerBatch : operations;
  const values = [
    ...(time ? [`${time.median} ns/op`] : []),
    ...events.map((name) => `${work[name] ?? 0} ${unitOf(name)}`),
    `${final.vmas} vmas`,
  ];
  return [benchmarkName(scenario), Math.max(1, iterations), ...values].join("\t");
}

const unitOf = (event: string) => `${escaped(event)}/op`;

function benchmarkName({ workload, driver, protocol, params }: ScenarioRecord): string {
  const parts = { workload, driver, protocol, ...params };
  const text = Object.entries(parts).map(([key, value]) => `${escaped(key)}=${escaped(value)}`);
  // a name that ends in -N would be read as one measured with GOMAXPROCS=N
  return `BenchmarkMmap/${text.join("/")}`.replace(/-(?=\d+$)/, "%2D");
}

/** Nothing that ends a field or a part of a name: those characters as %XX, as in an address. */
function escaped(value: string | number): string {
  return printable(String(value)).replace(/[%/=\\\s]/gu, (c) => encodeURIComponent(c));
}
