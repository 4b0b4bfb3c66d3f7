// vmabench run: scenarios in, a comparison on the terminal and a report folder out.

import { Command, Option } from "commander";
import { driverArgument } from "../../catalogue/driver-file.js";
import { type Driver, driverText } from "../../catalogue/drivers.js";
import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  type Protocol,
  parseProtocol,
} from "../../catalogue/kernels.js";
import {
  groupsOf,
  readSuite,
  refusals,
  type ScenarioGroup,
  type Suite,
  suiteNames,
} from "../../catalogue/suites.js";
import { tlbArgument } from "../../catalogue/tlb-file.js";
import { DEFAULT_TLB_ID } from "../../catalogue/tlbs.js";
import { type Workload, workloadArgument, workloadText } from "../../catalogue/workloads.js";
import { quoted, UsageError } from "../../errors.js";
import { costsOf, readCosts } from "../../estimate/costs.js";
import { MINIMUM_EFFECT } from "../../judge/verdict.js";
import { measureSuite, type SuiteResult } from "../../measure/suite.js";
import { modelNote, readModel } from "../../predict/model.js";
import { printable } from "../../printable.js";
import { captureEnvironment, captureTool } from "../../record/environment.js";
import { type Results, resultsSchema } from "../../record/schema.js";
import { checkWritable, writeReport } from "../../record/store.js";
import { resultsText } from "../../record/text.js";
import { timesText } from "../../record/times.js";
import { colorsFor } from "../../render/colors.js";
import { progressOn } from "../../render/progress.js";
import { reportFiles } from "../../render/report.js";
import { findings } from "../../render/rows.js";
import { terminalReport } from "../../render/table.js";
import { columnsOf } from "../../render/width.js";
import { integerOption } from "../integer.js";
import { safeJson } from "../print-json.js";

interface RunFlags {
  suite?: string;
  driver: string[];
  workload: string[];
  filter: string[];
  baseline: string;
  candidate: string[];
  seed: number;
  out: string;
  workOnly?: true;
  tlb: string;
  costs?: string;
  costModel?: string;
  json?: true;
  quiet?: true;
}

/** Rounds wanted for each group, and the time all groups may take together for them. */
const ROUNDS = 600;
const TIME_FOR_ALL = 24_000;
const DEFAULT_SUITE = "quick";
/** What a driver is tried with when no workload is named: mapping, replacing, using, and real programs. */
const WORKLOADS_FOR_DRIVER = [
  "append-merge",
  "append-never",
  "holes-overlap",
  "touch-map-unmap",
  "trace-java-hello",
  "trace-python3",
];
/** What a workload is tried with when no driver is named. */
const DRIVERS_FOR_WORKLOAD = ["vmops-only", "hint-or-dump-flag"];
const WORKLOADS_FOR_FAILURE = ["failing-storm", "touch-overlap-fails"];
const TIME_FOR_ONE = { least: 600, most: 2500 };

export function runCommand(): Command {
  return new Command("run")
    .description("run scenarios, print the comparison, write a report folder")
    .option("--suite <name>", `which suite: ${suiteNames().join(", ")} (default: ${DEFAULT_SUITE})`)
    .addOption(
      new Option(
        "--driver <driver>",
        "instead of a suite: this driver, by name or as a file that describes it; may be repeated",
      )
        .argParser(collect)
        .default([], "the suite's"),
    )
    .addOption(
      new Option(
        "--workload <workload>",
        "instead of a suite: this workload, by name or as a file that describes it; may be repeated",
      )
        .argParser(collect)
        .default([], "the suite's"),
    )
    .addOption(
      new Option("--filter <glob>", "only scenarios whose id matches; may be repeated")
        .argParser(collect)
        .default([], "all"),
    )
    .option("--baseline <protocol>", "what the others are compared with", DEFAULT_BASELINE)
    .addOption(
      new Option("--candidate <protocol>", "compared with it; may be repeated")
        .argParser(collect)
        .default([], DEFAULT_CANDIDATE),
    )
    .option(
      "--seed <n>",
      "seed of the generated operations",
      integerOption("--seed", 0, Number.MAX_SAFE_INTEGER),
      1,
    )
    .option("--out <dir>", "folder of the report", "reports/latest")
    .option("--work-only", "count work, do not measure time")
    .option("--tlb <processor>", "whose translation caches: a name, or a file", DEFAULT_TLB_ID)
    .option("--costs <file>", "cycles of each event (default: those that ship)")
    .option(
      "--cost-model <file>",
      "of calibrate, for nanoseconds of a kernel (default: the one that ships)",
    )
    .option("--json", "print the result file's contents to standard output")
    .option("--quiet", "print one line for each comparison of protocols, no progress")
    .action((flags: RunFlags) => run(flags));
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

async function run(flags: RunFlags): Promise<void> {
  const candidates = flags.candidate.length > 0 ? flags.candidate : [DEFAULT_CANDIDATE];
  const protocols = protocolsOf(flags.baseline, candidates);
  const tlb = tlbArgument(flags.tlb);
  const costs = costsOf(readCosts(flags.costs), tlb);
  const model = readModel(flags.costModel);
  const workloads = flags.workload.map(workloadArgument);
  const suite = suiteOf(flags, workloads);
  const groups = groupsOf(suite, protocols, flags.filter);
  if (groups.length === 0) throw nothingSelected(flags.filter, groupsOf(suite, protocols, []));
  // traces that a workload names are read before anything is measured
  for (const workload of workloads) await workload.build(flags.seed);
  checkWritable(flags.out);
  if (!flags.quiet) {
    for (const reason of refusals(suite, protocols)) {
      process.stderr.write(`vmabench: left out: ${printable(reason)}\n`);
    }
  }

  const progress = progressOn(process.stderr, { quiet: flags.quiet === true });
  try {
    const environment = captureEnvironment();
    const rounds = flags.workOnly ? 0 : ROUNDS;
    const { times, logRatios, ...measured } = await measureSuite(groups, {
      seed: flags.seed,
      baseline: flags.baseline,
      rounds,
      budget: budgetFor(groups.length),
      tlb,
      costs,
      model,
      progress: (done, total, group) =>
        progress.at(done, total, `${group.workload} / ${group.driver}`),
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    });
    progress.stop();
    const results: Results = resultsSchema.parse({
      schema: "vmabench/results@1",
      tool: captureTool(),
      environment,
      settings: {
        seed: flags.seed,
        rounds,
        suite: suite.name,
        drivers: flags.driver,
        workloads: flags.workload,
        filters: flags.filter,
        baseline: flags.baseline,
        candidates,
        minimumEffect: MINIMUM_EFFECT,
        workOnly: flags.workOnly === true,
        tlb: tlb.id,
        costs: costs.id,
        costModel: modelNote(model),
      },
      ...measured,
    });
    const raw: [string, string][] =
      times.length > 0 ? [["times.json", timesText(flags.seed, times)]] : [];
    writeReport(flags.out, new Map([...reportFiles(results), ...raw]));
    print(results, logRatios, flags);
  } finally {
    progress.stop();
  }
}

/** The suite asked for, or what `--driver` makes one of. */
function suiteOf(flags: RunFlags, workloads: readonly Workload[]): Suite {
  if (flags.driver.length === 0 && flags.workload.length === 0)
    return readSuite(flags.suite ?? DEFAULT_SUITE);
  if (flags.suite !== undefined) {
    throw new UsageError(
      "--suite with --driver or --workload: a suite has its own, name one of both",
    );
  }
  const named = flags.driver.length > 0 ? flags.driver : DRIVERS_FOR_WORKLOAD;
  const own = workloads.map(workloadText);
  const groups = named.map(driverArgument).map((driver) => ({
    workloads: own.length > 0 ? own : workloadsFor(driver),
    drivers: [driverText(driver)],
  }));
  return { name: "selection", title: "named on the command line", groups };
}

/** A driver that always fails at once leaves nothing to use. */
function workloadsFor({ description }: Driver): string[] {
  const { fails } = description;
  if (!fails) return WORKLOADS_FOR_DRIVER;
  return fails.where === "at-once"
    ? WORKLOADS_FOR_FAILURE
    : [...WORKLOADS_FOR_FAILURE, "append-never"];
}

function protocolsOf(baseline: string, candidates: readonly string[]): Protocol[] {
  const ids = [baseline, ...candidates];
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new UsageError(`protocol ${quoted(twice)} is named twice`);
  return ids.map(parseProtocol);
}

function nothingSelected(filters: readonly string[], all: readonly ScenarioGroup[]): UsageError {
  const there = all.map(({ workload, driver }) => `${workload}/${driver}`);
  const text = [...new Set(there)].join(", ");
  return new UsageError(`no scenario matches ${filters.join(" or ")}; there is ${text}`);
}

function budgetFor(groups: number): number {
  return Math.min(TIME_FOR_ONE.most, Math.max(TIME_FOR_ONE.least, TIME_FOR_ALL / groups));
}

function print(results: Results, logRatios: SuiteResult["logRatios"], flags: RunFlags): void {
  if (flags.json) {
    process.stdout.write(`${safeJson(resultsText(results))}\n`);
  } else if (flags.quiet) {
    const lines = findings(results);
    if (lines.length === 0)
      lines.push(`work of ${results.scenarios.length} scenarios, none to compare`);
    process.stdout.write(`${lines.join("\n")}\n`);
  } else {
    const colors = colorsFor(process.stdout);
    const columns = columnsOf(process.stdout);
    const text = terminalReport(results, colors, { columns, logRatios });
    process.stdout.write(
      `${text}\n${colors.dim(`report: ${printable(flags.out)}/report.html, report.md`)}\n`,
    );
  }
}
