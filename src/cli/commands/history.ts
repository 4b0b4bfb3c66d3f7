// vmabench history: how time went from commit to commit, against a fixed reference build.

import { join, parse } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { matches } from "../../catalogue/glob.js";
import { DEFAULT_BASELINE, DEFAULT_CANDIDATE, parseProtocol } from "../../catalogue/kernels.js";
import { groupsOf, readSuite } from "../../catalogue/suites.js";
import { MachineError, UsageError } from "../../errors.js";
import { GATE_ALPHA, processesFor } from "../../judge/gate.js";
import { currentEntries, type Series, seriesOf } from "../../judge/history.js";
import { outcomeOf } from "../../judge/outcome.js";
import { runGate } from "../../measure/gate.js";
import { commitOf, coreFrom } from "../../measure/source.js";
import { writeFileWhole } from "../../record/file.js";
import type { GateRecord } from "../../record/gate.js";
import {
  appendHistory,
  type HistoryEntry,
  readHistory,
  readReference,
} from "../../record/history.js";
import { checkFileMakeable } from "../../record/store.js";
import { historyChart } from "../../render/charts/history.js";
import { THEMES } from "../../render/charts/theme.js";
import { colorsFor } from "../../render/colors.js";
import { finding, historyReport } from "../../render/history.js";
import { progressOn } from "../../render/progress.js";
import { printJson } from "../print-json.js";
import { ROUNDS, SITTINGS, whole } from "./gate.js";

interface HistoryFlags {
  file: string;
  reference: string;
  append?: string | true;
  filter: string[];
  last?: number;
  processes?: number;
  sittings: number;
  rounds: number;
  chart?: string;
  json?: true;
  quiet?: true;
}

const reports = (name: string) =>
  fileURLToPath(new URL(`../../../reports/${name}`, import.meta.url));
const SUITE = "gate";
const SEED = 1;

export function historyCommand(): Command {
  return new Command("history")
    .description("time from commit to commit against a fixed reference, and where it changed")
    .option("--append [rev]", "measure a revision (default: HEAD) and add it to the file")
    .addOption(
      new Option("--file <file>", "the history").default(
        reports("history.ndjson"),
        "the repository's reports/history.ndjson",
      ),
    )
    .addOption(
      new Option(
        "--reference <file>",
        "names the commit that all others are measured against",
      ).default(reports("reference.json"), "the repository's reports/reference.json"),
    )
    .addOption(
      new Option("--filter <glob>", "only scenarios whose id matches; may be repeated")
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], "all"),
    )
    .option("--last <n>", "only the newest commits", whole("--last", 1))
    .option("--processes <n>", "with --append: processes", whole("--processes", 1))
    .option("--sittings <n>", "in each process", whole("--sittings", 1), SITTINGS)
    .option("--rounds <n>", "in each sitting", whole("--rounds", 1), ROUNDS)
    .option("--chart <file>", "draw the series, as PNG; a dark one beside it")
    .option("--json", "print one JSON document")
    .option("--quiet", "print one line, no progress")
    .action(history);
}

async function history(flags: HistoryFlags): Promise<void> {
  if (flags.append !== undefined)
    await append(flags.append === true ? "HEAD" : flags.append, flags);
  const all = currentEntries(readHistory(flags.file));
  const entries = flags.last === undefined ? all : all.slice(-flags.last);
  if (entries.length === 0) {
    throw new MachineError(
      `${flags.file} has no entry yet; vmabench history --append measures one`,
    );
  }
  const { filter } = flags;
  const series = seriesOf(entries).filter(
    ({ id }) => filter.length === 0 || filter.some((glob) => matches(glob, id)),
  );
  if (series.length === 0) throw new UsageError(`no scenario matches ${filter.join(" or ")}`);
  if (flags.chart !== undefined) drawChart(flags.chart, series, entries);
  print(entries, series, flags);
}

function drawChart(
  path: string,
  series: readonly Series[],
  entries: readonly HistoryEntry[],
): void {
  const commits = entries.map(({ commit }) => commit);
  for (const theme of THEMES) {
    const png = historyChart(series, commits, theme);
    if (!png) throw new UsageError(`--chart ${path}: expected two entries to draw, there is one`);
    writeFileWhole(theme.name === "dark" ? darkOf(path) : path, png);
  }
}

/** `history.png` has `history-dark.png` beside it. */
function darkOf(path: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-dark${ext}`);
}

function print(entries: HistoryEntry[], series: Series[], flags: HistoryFlags): void {
  const colors = colorsFor(process.stdout);
  if (flags.json) {
    const { reference } = entries.at(-1)!;
    const document = {
      schema: "vmabench/history-view@1",
      reference,
      commits: entries.length,
      series,
    };
    printJson(document);
  } else if (flags.quiet) {
    process.stdout.write(`${finding(series)}\n`);
  } else {
    process.stdout.write(`${historyReport(entries, series, colors)}\n`);
  }
}

async function append(revision: string, flags: HistoryFlags): Promise<void> {
  const { commit, date } = commitOf(revision, "--append");
  const reference = readReference(flags.reference);
  const there = readHistory(flags.file).some(
    (entry) => entry.commit === commit && entry.reference.commit === reference.commit,
  );
  if (there) throw new UsageError(`--append ${revision}: ${flags.file} has ${commit} already`);
  checkFileMakeable(flags.file);
  const progress = progressOn(process.stderr, { quiet: flags.quiet === true });
  try {
    const record = await measure(reference.commit, commit, flags, progress.at);
    progress.stop();
    appendHistory(flags.file, entryOf(record, commit, date, reference.commit));
  } finally {
    progress.stop();
  }
}

async function measure(
  reference: string,
  commit: string,
  flags: HistoryFlags,
  progress: (done: number, total: number, label: string) => void,
): Promise<GateRecord> {
  const say = (line: string) => process.stderr.write(`vmabench: ${line}\n`);
  const protocols = [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol);
  const groups = groupsOf(readSuite(SUITE), protocols, flags.filter);
  const scenarios = groups.flatMap((group) => group.scenarios);
  if (scenarios.length === 0) {
    throw new UsageError(`no scenario of ${SUITE} matches ${flags.filter.join(" or ")}`);
  }
  return runGate(await coreFrom(reference, say), await coreFrom(commit, say), {
    suite: SUITE,
    filters: flags.filter,
    scenarios,
    seed: SEED,
    processes: flags.processes ?? processesFor(scenarios.length),
    sittings: flags.sittings,
    rounds: flags.rounds,
    maxSlowdown: 3,
    alpha: GATE_ALPHA,
    accepted: [],
    day: new Date().toISOString().slice(0, 10),
    workOnly: false,
    timeIdentical: true,
    looks: 1,
    leaveOutChanged: true,
    onWork: () => {},
    progress,
  });
}

/** What is kept of a run. MachineError when it says nothing: then nothing is kept. */
function entryOf(
  record: GateRecord,
  commit: string,
  date: string,
  reference: string,
): HistoryEntry {
  const { times, noise } = outcomeOf(record);
  if (record.disagreement) throw new MachineError(`different results: ${record.disagreement}`);
  if (noise !== null) throw new MachineError(`too noisy, nothing is added: ${noise}`);
  if (record.processes.length === 0) {
    throw new MachineError("no scenario gives the results of the reference: choose a new one");
  }
  const { suite, seed, processes, sittings, rounds } = record.settings;
  const { cpu, node, ci } = record.environment;
  return {
    schema: "vmabench/history@1",
    commit,
    date,
    reference: { commit: reference, codeSha256: record.base.codeSha256 },
    codeSha256: record.head.codeSha256,
    machine: { cpu, node, ci },
    settings: { suite, seed, processes, sittings, rounds },
    scenarios: Object.fromEntries(
      times.map(({ id, ratio, processes: count }) => {
        const [value, low, high] = [ratio.median, ratio.low, ratio.high].map(rounded);
        return [id, { ratio: value!, low: low!, high: high!, processes: count }];
      }),
    ),
  };
}

/** Five digits: a hundredth of what a gate can see. */
const rounded = (ratio: number) => Number(ratio.toFixed(5));
