// A result file made by hand: numbers chosen so that every verdict, a changed layout and three tree sizes
// occur.

import { EVENTS, type EventName } from "../../src/core/abi.js";
import type { ComparisonRecord, Results, ScenarioRecord } from "../../src/record/schema.js";

const BASELINE = "mmap@6.15";
const CANDIDATE = "mmap_prepare@7.3";

interface Case {
  workload: string;
  driver: string;
  params?: Record<string, string | number>;
  ns: number;
  ratio: number;
  width: number;
  verdict: NonNullable<ComparisonRecord["verdict"]>;
  vmas: [number, number];
  work: Partial<Record<EventName, [number, number]>>;
}

const CASES: Case[] = [
  {
    workload: "append-merge",
    driver: "vmops-only",
    ns: 310,
    ratio: 1.08,
    width: 0.01,
    verdict: "slower",
    vmas: [128, 128],
    work: { "maple.nodeReads": [6, 6], "hook.calls": [0.001, 1], "merge.attempts": [1, 1] },
  },
  {
    workload: "append-merge",
    driver: "hint-or-dump-flag",
    ns: 700,
    ratio: 0.46,
    width: 0.02,
    verdict: "faster",
    vmas: [128, 128],
    work: {
      "maple.nodeReads": [9, 6],
      "maple.nodeWrites": [3, 1],
      "hook.calls": [1, 1],
      "merge.attempts": [2, 1],
      "merge.secondAttempts": [1, 0],
      "merge.secondMerged": [1, 0],
      "vma.allocated": [1, 0],
      "vma.freed": [1, 0],
    },
  },
  {
    workload: "append-never",
    driver: "vmops-only",
    ns: 420,
    ratio: 1.01,
    width: 0.01,
    verdict: "same",
    vmas: [16504, 16504],
    work: { "maple.nodeReads": [7, 7], "vma.allocated": [1, 1] },
  },
  {
    workload: "failing-storm",
    driver: "pfnmap-eager-full",
    params: { "fail-after": 16 },
    ns: 2200,
    ratio: 1.4,
    width: 0.25,
    verdict: "unclear",
    vmas: [2168, 120],
    work: { "unwind.steps": [5, 9], "page.ptesSet": [16, 16], "page.ptesCleared": [48, 48] },
  },
  ...[1000, 10_000, 60_000].map(
    (vmas, i): Case => ({
      workload: `tree-${vmas}`,
      driver: "vmops-only",
      ns: 450 + 110 * i,
      ratio: 0.98 - 0.04 * i,
      width: 0.008,
      verdict: i === 0 ? "same" : "faster",
      vmas: [vmas, vmas],
      work: { "maple.nodeReads": [3 + i, 3 + i], "maple.nodeWrites": [2, 2] },
    }),
  ),
];

function scenarioRecord(c: Case, side: 0 | 1): ScenarioRecord {
  const protocol = side === 0 ? BASELINE : CANDIDATE;
  const params = c.params ?? {};
  const query = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  const median = side === 0 ? c.ns : c.ns * c.ratio;
  const work: Record<string, number> = {};
  for (const name of Object.keys(EVENTS) as EventName[]) work[name] = c.work[name]?.[side] ?? 0;
  return {
    id: `${c.workload}/${c.driver}/${protocol}${query.length > 0 ? `?${query.join("&")}` : ""}`,
    workload: c.workload,
    driver: c.driver,
    protocol,
    params,
    operations: 1000,
    work: work as ScenarioRecord["work"],
    time: {
      unit: "ns/op",
      median,
      low: median * 0.99,
      high: median * 1.02,
      confidence: 0.95,
      rounds: 200,
      operationsPerBatch: 100,
    },
    predicted: { cycles: null, ns: null, relativeError: null },
    final: {
      vmas: c.vmas[side],
      treeHeight: 3,
      treeLeaves: 20,
      treeInner: 3,
      pageTablePages: 0,
      committedPages: 480,
    },
  };
}

function comparisonRecord(c: Case): ComparisonRecord {
  const [base, candidate] = [scenarioRecord(c, 0), scenarioRecord(c, 1)];
  const work: Record<string, [number, number]> = {};
  for (const name of Object.keys(EVENTS) as EventName[]) work[name] = c.work[name] ?? [0, 0];
  return {
    workload: c.workload,
    driver: c.driver,
    params: c.params ?? {},
    baseline: BASELINE,
    candidate: CANDIDATE,
    timeRatio: {
      ratio: c.ratio,
      low: c.ratio - c.width,
      high: c.ratio + c.width,
      confidence: 0.95,
    },
    verdict: c.verdict,
    work: work as ComparisonRecord["work"],
    final: Object.fromEntries(
      Object.entries(base.final).map(([name, value]) => [
        name,
        [value, candidate.final[name as keyof typeof candidate.final]],
      ]),
    ) as ComparisonRecord["final"],
  };
}

/** A fresh copy each time, so that tests may change it. */
export function sampleResults(): Results {
  return {
    schema: "vmabench/results@1",
    tool: { name: "vmabench", version: "0.1.0", commit: null, coreSha256: "0".repeat(64) },
    environment: {
      node: "20.19.0",
      v8: "11.3",
      os: "linux x64",
      kernelRelease: "6.18.0",
      cpu: "Example CPU",
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
      loadAverage: [0.5, 0.4, 0.3],
      ci: null,
    },
    settings: { seed: 1, rounds: 200, suite: "quick", minimumEffect: 0.03 },
    scenarios: CASES.flatMap((c) => [scenarioRecord(c, 0), scenarioRecord(c, 1)]),
    comparisons: CASES.map(comparisonRecord),
  };
}
