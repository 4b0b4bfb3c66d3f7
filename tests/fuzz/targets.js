// Everything that a file or a command line can reach. A target takes an input whole: it is refused with one line, or all
// that the commands make of it is made.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { parse } from "yaml";
import { readDriverFile } from "../../dist/catalogue/driver-file.js";
import { addDriver, driverOf, forgetDrivers, parseDriver } from "../../dist/catalogue/drivers.js";
import { PROTOCOLS, parseProtocol } from "../../dist/catalogue/kernels.js";
import { Random } from "../../dist/catalogue/random.js";
import { refusal, scenarioOf } from "../../dist/catalogue/scenario.js";
import { tlbArgument } from "../../dist/catalogue/tlb-file.js";
import { buildOn } from "../../dist/catalogue/workload.js";
import { parseWorkload, readWorkloadFile } from "../../dist/catalogue/workloads.js";
import { Core } from "../../dist/core/core.js";
import { readCosts } from "../../dist/estimate/costs.js";
import { estimate } from "../../dist/estimate/estimate.js";
import { EXPORT_FORMATS } from "../../dist/export/formats.js";
import { readExample } from "../../dist/hazards/example.js";
import { runWorld } from "../../dist/hazards/run.js";
import { exampleReport, judgedDocument } from "../../dist/hazards/text.js";
import { acceptedFor, byExpiry, readAccepted } from "../../dist/judge/accepted.js";
import { compareResults, endOf } from "../../dist/judge/compare.js";
import { compareGates } from "../../dist/judge/compare-gates.js";
import { currentEntries, seriesOf } from "../../dist/judge/history.js";
import { outcomeOf } from "../../dist/judge/outcome.js";
import { measureWork } from "../../dist/measure/work.js";
import { readModel } from "../../dist/predict/model.js";
import { predict } from "../../dist/predict/predict.js";
import { readBaseline } from "../../dist/record/baseline.js";
import { readGateRecord } from "../../dist/record/gate.js";
import { readHistory, readReference } from "../../dist/record/history.js";
import { readResults } from "../../dist/record/read.js";
import { colorsFor } from "../../dist/render/colors.js";
import { compareReport } from "../../dist/render/compare.js";
import { gateReport } from "../../dist/render/gate.js";
import { historyReport } from "../../dist/render/history.js";
import { mailReport } from "../../dist/render/mail.js";
import { markdownReport } from "../../dist/render/markdown.js";
import { pageDocument } from "../../dist/render/page/document.js";
import { terminalReport } from "../../dist/render/table.js";
import { Checker } from "../../dist/replay/check.js";
import { laneUnder, replay } from "../../dist/replay/replay.js";
import { Summing } from "../../dist/replay/summary.js";
import { checkText, summaryText } from "../../dist/replay/text.js";
import { jobsOf } from "../../dist/sweep/jobs.js";
import { readPlan } from "../../dist/sweep/plan.js";
import { openTrace } from "../../dist/trace/open.js";
import { feedLine, makeLine } from "./command-lines.js";
import { feedRecords, feedSnapshot, makeRecords } from "./core-target.js";
import { mutated } from "./mutate.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const colors = colorsFor({});
const protocols = PROTOCOLS.map(({ id }) => id);
const model = readModel();
const gated = [...readBaseline(join(root, "reports/baseline.json")).scenarios.keys()];

const files = (folder, ending) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(join(root, folder, name)));
const file = (path) => readFileSync(join(root, path));
const unpacked = (bytes) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);

/** Cores last as long as the process: making one takes milliseconds. */
const cores = new Map();
function core(build) {
  if (!cores.has(build)) cores.set(build, new Core(build));
  return cores.get(build);
}

/** Replays a trace held in memory and read again in parts: the same comes out, and the core's invariants hold. */
async function replayTrace(path) {
  const [held, parts] = [await replayed(path), await replayed(path, 8)];
  if (held !== parts) throw new Error("read in parts it is another program");
}

/** What both commands print of a trace of which at most `hold` operations are in memory. */
async function replayed(path, hold) {
  const { source } = await openTrace(path, {}, undefined, hold);
  const checking = core("checking");
  const under = { driver: parseDriver("vmops-only"), protocol: parseProtocol("mmap_prepare@7.3") };
  const lanes = [laneUnder(checking, source, under), laneUnder(core("work"), source, under)];
  const [checker, summing] = await replay(source, lanes, () => [
    new Checker(source),
    new Summing(source),
  ]);
  const broken = checking.check();
  if (broken !== 0) throw new Error(`invariant ${broken} is broken`);
  const names = { protocol: "p", driver: "d", touch: "written" };
  const summary = summaryText(summing.summary(names, model), true, colors);
  return checkText(checker.check(), colors) + summary;
}

/** One scenario's work on the core that checks itself. */
async function work(workload, driver, protocol, tlb = tlbArgument("skylake-sp")) {
  if (refusal(driver, protocol)) return;
  const scenario = scenarioOf(workload, driver, protocol);
  measureWork(core("work"), scenario, await buildOn(tlb, workload, 1));
}

function printResults(results) {
  terminalReport(results, colors, { columns: 80 });
  markdownReport(results, []);
  mailReport(results);
  pageDocument(results, []);
  for (const { write } of Object.values(EXPORT_FORMATS)) {
    try {
      write(results);
    } catch (error) {
      if (error.exitCode !== 2) throw error;
    }
  }
  const compared = compareResults(results, results, 10);
  compareReport(compared, endOf(compared, false), colors);
}

/** Name, kind of text, ending of its files, what inputs are made from, what takes them, and in which runs. */
export const TARGETS = [
  {
    name: "vmatrace",
    kind: "text",
    ending: ".vmatrace",
    seeds: () => files("bench/traces", ".vmatrace.gz").map(unpacked),
    feed: replayTrace,
  },
  {
    name: "ops",
    kind: "text",
    ending: ".ops",
    seeds: () => [...files("examples/workloads", ".ops"), file("tests/fuzz/seeds/calls.ops")],
    feed: replayTrace,
  },
  {
    name: "strace",
    kind: "text",
    ending: ".strace",
    seeds: () => files("tests/trace/strace", ".gz").map(unpacked),
    feed: replayTrace,
  },
  {
    name: "packed",
    kind: "bytes",
    ending: ".gz",
    seeds: () => [
      file("bench/traces/xz.vmatrace.gz"),
      gzipSync(file("tests/fuzz/seeds/calls.ops")),
      gzipSync("munmap 0 1000\n".repeat(5000)),
    ],
    feed: replayTrace,
  },
  {
    name: "driver",
    kind: "yaml",
    ending: ".yaml",
    seeds: () => files("examples/drivers", ".yaml"),
    async feed(path) {
      forgetDrivers();
      const driver = driverOf(addDriver(readDriverFile(path)), {});
      for (const protocol of protocols.map(parseProtocol)) {
        await work(parseWorkload("append-merge?ops=16"), driver, protocol);
      }
    },
  },
  {
    name: "workload",
    kind: "yaml",
    ending: ".yaml",
    seeds: () => [...files("examples/workloads", ".yaml"), ...files("bench/workloads", ".yaml")],
    async feed(path) {
      const workload = readWorkloadFile(path).choose({});
      await work(workload, parseDriver("vmops-only"), parseProtocol("mmap@6.15"));
    },
  },
  {
    name: "sweep",
    kind: "yaml",
    ending: ".yaml",
    seeds: () => files("examples/sweeps", ".yaml"),
    feed: (path) => void jobsOf(readPlan(path)),
  },
  {
    name: "tlb",
    kind: "yaml",
    ending: ".yaml",
    seeds: () => files("examples/tlb", ".yaml"),
    async feed(path) {
      const workload = parseWorkload("touch-map-unmap?ops=8");
      await work(
        workload,
        parseDriver("vmops-only"),
        parseProtocol("mmap@6.15"),
        tlbArgument(path),
      );
    },
  },
  {
    name: "costs",
    kind: "json",
    ending: ".json",
    seeds: () => [file("bench/costs/default.json")],
    feed: (path) => void estimate(readCosts(path), core("work").counters(), 1),
  },
  {
    name: "cost-model",
    kind: "json",
    ending: ".json",
    seeds: () => [file("bench/costs/kernel-6.18.json")],
    feed: (path) => void predict(readModel(path), { call: 1, "call.mmap": 1 }),
  },
  {
    name: "results",
    kind: "json",
    ending: ".json",
    seeds: () => [file("tests/fuzz/seeds/results.json")],
    feed: (path) => printResults(readResults(path)),
  },
  {
    name: "gate-record",
    kind: "json",
    ending: ".json",
    seeds: () => [file("tests/fuzz/seeds/gate.json")],
    feed(path) {
      const record = readGateRecord(path);
      gateReport(record, outcomeOf(record), colors);
      compareGates(record, record, 3);
    },
  },
  {
    name: "accepted",
    kind: "json",
    ending: ".json",
    seeds: () => [file("tests/fuzz/seeds/accepted.json")],
    feed(path) {
      const { valid } = byExpiry(readAccepted(path), "2026-01-01");
      for (const id of gated) acceptedFor(valid, id, "time");
    },
  },
  {
    name: "baseline",
    kind: "json",
    ending: ".json",
    seeds: () => [file("reports/baseline.json"), file("reports/reference.json")],
    feed: (path) => void readBaseline(path),
  },
  {
    name: "reference",
    kind: "json",
    ending: ".json",
    seeds: () => [file("reports/reference.json")],
    feed: (path) => void readReference(path),
  },
  {
    name: "history",
    kind: "text",
    ending: ".ndjson",
    seeds: () => [file("tests/fuzz/seeds/history.ndjson")],
    feed(path) {
      const entries = currentEntries(readHistory(path));
      if (entries.length > 0) historyReport(entries, seriesOf(entries), colors);
    },
  },
  {
    name: "hazard",
    kind: "json",
    ending: ".json",
    seeds: () => [file("tests/fuzz/seeds/hazard.json")],
    feed(path) {
      const example = readExample(path);
      const judged = runWorld(core("checking"), example.world, example.protocol);
      exampleReport(example, judged, colors);
      judgedDocument(example, judged);
    },
  },
];

/** Targets whose inputs are made, not changed from others. */
TARGETS.push(
  {
    name: "records",
    ending: ".bin",
    make: makeRecords,
    feed: (path) => feedRecords(readFileSync(path)),
  },
  {
    name: "snapshot",
    ending: ".bin",
    make: (random) =>
      Buffer.from(Array.from({ length: 8 * (1 + random.below(4)) }, () => random.below(256))),
    feed: (path) => feedSnapshot(readFileSync(path)),
  },
  {
    name: "command-line",
    ending: ".json",
    // starting a process takes as long as a hundred inputs of the others
    every: 10,
    make: makeLine,
    feed: (path) => feedLine(readFileSync(path)),
  },
);

/** An input of a target: the same for the same numbers. */
export function inputOf(target, seed, run) {
  const random = new Random(seed, `${target.name} ${run}`);
  return target.make ? target.make(random) : mutated(random, seedsOf(target), target.kind);
}

const known = new Map();

/** A target's seeds, and for documents what stands in them. */
function seedsOf({ name, kind, seeds }) {
  if (known.has(name)) return known.get(name);
  const all = seeds();
  known.set(name, all);
  if (kind === "yaml" || kind === "json") all.documents = all.map((text) => parse(text.toString()));
  return all;
}
