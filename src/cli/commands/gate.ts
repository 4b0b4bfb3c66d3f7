// vmabench gate: exact on work, statistical on time. Without a base, work is compared with the committed
// counts; with one, base and head meet in fresh processes.

import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { DEFAULT_BASELINE, DEFAULT_CANDIDATE, parseProtocol } from "../../catalogue/kernels.js";
import type { Scenario } from "../../catalogue/scenario.js";
import { groupsOf, readSuite } from "../../catalogue/suites.js";
import { Core } from "../../core/core.js";
import { UsageError } from "../../errors.js";
import { acceptedFor, byExpiry, readAccepted } from "../../judge/accepted.js";
import { GATE_ALPHA, processesFor } from "../../judge/gate.js";
import { type GateOutcome, outcomeOf } from "../../judge/outcome.js";
import { coveredChanges, workChanges } from "../../judge/work.js";
import { exactWork } from "../../measure/exact.js";
import { runGate } from "../../measure/gate.js";
import { coreFrom, type GateCore, workingTree } from "../../measure/source.js";
import { printable } from "../../printable.js";
import { baselineText, readBaseline } from "../../record/baseline.js";
import { writeFileWhole } from "../../record/file.js";
import { type GateRecord, readGateRecord } from "../../record/gate.js";
import { checkFileMakeable } from "../../record/store.js";
import { colorsFor } from "../../render/colors.js";
import { endLine, gateReport, workLines } from "../../render/gate.js";
import { progressOn } from "../../render/progress.js";
import { printJson } from "../print-json.js";

interface GateFlags {
  base?: string;
  head?: string;
  maxSlowdown: number;
  suite: string;
  filter: string[];
  seed: number;
  processes?: number;
  sittings: number;
  rounds: number;
  out: string;
  baseline: string;
  accepted: string;
  refresh?: true;
  workOnly?: true;
  timeIdentical?: true;
  replay?: string;
  json?: true;
  quiet?: true;
}

const reports = (name: string) =>
  fileURLToPath(new URL(`../../../reports/${name}`, import.meta.url));
/** Of each process, and rounds of each sitting. */
export const SITTINGS = 6;
export const ROUNDS = 20;

export function gateCommand(): Command {
  return new Command("gate")
    .description("regression gate: exact on work, statistical on time")
    .option("--base <dir|rev|record>", "a built core, a git revision, or an earlier gate's record")
    .option("--head <dir>", "a built core in place of the working tree's")
    .option("--max-slowdown <pct>", "per cent that a scenario may get slower", percent, 3)
    .option("--suite <name>", "which suite", "gate")
    .addOption(
      new Option("--filter <glob>", "only scenarios whose id matches; may be repeated")
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], "all"),
    )
    .option("--seed <n>", "seed of operations and orders", whole("--seed", 0), 1)
    .option(
      "--processes <n>",
      "processes of the first look (default: as many as the corrections need)",
      whole("--processes", 1),
    )
    .option("--sittings <n>", "sittings in each process", whole("--sittings", 1), SITTINGS)
    .option("--rounds <n>", "rounds in each sitting", whole("--rounds", 1), ROUNDS)
    .option("--out <file>", "where the record goes", "reports/latest/gate.json")
    .addOption(
      new Option("--baseline <file>", "the committed work counts").default(
        reports("baseline.json"),
        "the repository's reports/baseline.json",
      ),
    )
    .addOption(
      new Option("--accepted <file>", "changes that are meant").default(
        reports("accepted.json"),
        "the repository's reports/accepted.json",
      ),
    )
    .option("--refresh", "write the committed work counts anew and show the difference")
    .option("--work-only", "compare work, do not measure time")
    .option("--time-identical", "measure time even when both cores run the same code")
    .option("--replay <record>", "work out the verdicts of a record again, run nothing")
    .option("--json", "print one JSON document")
    .option("--quiet", "print one line, no progress")
    .addHelpText("after", EXIT_CODES)
    .action(gate);
}

const EXIT_CODES = `
Exit codes:
  0  no regression
  1  slower, or more work, than allowed
  2  the command line or an input file is wrong
  3  inconclusive: too noisy, not comparable, or nothing ran
  4  the cores give different results`;

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 100) return value;
  throw new UsageError(`--max-slowdown ${text}: expected per cent, above 0 up to 100`);
}

export function whole(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= 2 ** 31) return value;
    throw new UsageError(`${option} ${text}: expected an integer from ${least} to ${2 ** 31}`);
  };
}

async function gate(flags: GateFlags): Promise<void> {
  if (flags.replay !== undefined) {
    const record = readGateRecord(flags.replay);
    print(record, outcomeOf(record), flags);
  } else if (flags.base === undefined) {
    await committedWork(flags);
  } else {
    await against(flags.base, flags);
  }
}

function scenariosOf({ suite, filter }: GateFlags): Scenario[] {
  const protocols = [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol);
  const found = groupsOf(readSuite(suite), protocols, filter).flatMap(({ scenarios }) => scenarios);
  if (found.length === 0)
    throw new UsageError(`no scenario of ${suite} matches ${filter.join(" or ")}`);
  return found;
}

async function headOf(flags: GateFlags): Promise<GateCore> {
  return flags.head === undefined ? workingTree() : coreFrom(flags.head, say);
}

function say(line: string): void {
  process.stderr.write(`vmabench: ${printable(line)}\n`);
}

/** Accepted changes, with a word about those whose time is over. */
function acceptedOn(flags: GateFlags, day: string) {
  const { valid, expired } = byExpiry(readAccepted(flags.accepted), day);
  for (const { name, measure, expiry } of expired) {
    say(`accepted change of ${measure} in ${name} expired on ${expiry}: it no longer counts`);
  }
  return valid;
}

const today = () => new Date().toISOString().slice(0, 10);

/** Work against reports/baseline.json: any difference that nobody accepted fails. */
async function committedWork(flags: GateFlags): Promise<void> {
  const head = await headOf(flags);
  if (!head.work) throw new UsageError(`${head.name}: expected a work build, work.wasm`);
  const scenarios = scenariosOf(flags);
  const core = new Core("work", new WebAssembly.Module(head.work));
  const now = await exactWork(core, head.abi, scenarios, flags.seed, (_, error) => {
    throw error;
  });
  const before = readBaseline(flags.baseline);
  if (flags.refresh) refuseFilter(flags);
  else if (!before) {
    const reason = `${flags.baseline} does not exist; vmabench gate --refresh writes it`;
    finishWork({ exitCode: 3, reason }, [], scenarios.length, flags);
    return;
  } else if (before.suite !== flags.suite || before.seed !== flags.seed) {
    throw new UsageError(
      `${flags.baseline} is of suite ${before.suite} with seed ${before.seed}: expected --suite and --seed to be the same`,
    );
  }
  const selected = new Map(
    [...(before?.scenarios ?? [])].filter(([id]) => flags.filter.length === 0 || now.has(id)),
  );
  const accepted = acceptedOn(flags, today());
  const changes = coveredChanges(workChanges(selected, now), accepted);
  if (flags.refresh) {
    const { suite, seed } = flags;
    writeFileWhole(flags.baseline, baselineText({ suite, seed, scenarios: now }));
    const reason = changes.length
      ? `written, ${changes.length} counts differ`
      : "nothing has changed";
    finishWork({ exitCode: 0, reason: `${flags.baseline}: ${reason}` }, changes, now.size, flags);
    return;
  }
  const open = changes.filter((change) => change.accepted === null);
  finishWork(
    open.length === 0
      ? { exitCode: 0, reason: `work of ${now.size} scenarios is as committed` }
      : {
          exitCode: 1,
          reason: `${open.length} counts are not as committed; vmabench gate --refresh if that is meant`,
        },
    changes,
    now.size,
    flags,
  );
}

function refuseFilter({ filter }: GateFlags): void {
  if (filter.length > 0)
    throw new UsageError("--refresh writes all scenarios: expected no --filter");
}

function finishWork(
  end: Pick<GateOutcome, "exitCode" | "reason">,
  changes: GateOutcome["work"],
  scenarios: number,
  flags: GateFlags,
): void {
  const colors = colorsFor(process.stdout);
  if (flags.json) {
    const document = { schema: "vmabench/gate-verdict@1", ...end, scenarios, work: changes };
    printJson(document);
  } else {
    const lines = flags.quiet ? [] : workLines(changes, colors);
    process.stdout.write(`${[...lines, endLine(end, colors)].join("\n")}\n`);
  }
  process.exitCode = end.exitCode;
}

/** Head against a base, in work and in time. */
async function against(baseText: string, flags: GateFlags): Promise<void> {
  if (flags.refresh) throw new UsageError("--refresh takes the working tree: expected no --base");
  const scenarios = scenariosOf(flags);
  const day = today();
  const accepted = acceptedOn(flags, day);
  checkFileMakeable(flags.out);
  const base = await coreFrom(baseText, say);
  const head = await headOf(flags);
  const progress = progressOn(process.stderr, { quiet: flags.quiet === true });
  try {
    const record = await runGate(base, head, {
      suite: flags.suite,
      filters: flags.filter,
      scenarios,
      seed: flags.seed,
      processes: flags.processes ?? processesFor(scenarios.length),
      sittings: flags.sittings,
      rounds: flags.rounds,
      maxSlowdown: flags.maxSlowdown,
      alpha: GATE_ALPHA,
      accepted,
      day,
      workOnly: flags.workOnly === true,
      timeIdentical: flags.timeIdentical === true,
      onWork: (early) => {
        const rises = outcomeOf(early).failing;
        if (rises.length > 0)
          say(`${rises.length} counts rise: ${rises[0]!.id} ${rises[0]!.measure}`);
      },
      progress: progress.at,
    });
    progress.stop();
    writeFileWhole(flags.out, `${JSON.stringify(record)}\n`);
    print(record, outcomeOf(record), flags);
  } finally {
    progress.stop();
  }
}

function print(record: GateRecord, outcome: GateOutcome, flags: GateFlags): void {
  const colors = colorsFor(process.stdout);
  if (flags.json) {
    printJson(documentOf(record, outcome));
  } else if (flags.quiet) {
    process.stdout.write(`${endLine(outcome, colors)}\n`);
  } else {
    process.stdout.write(`${gateReport(record, outcome, colors)}\n`);
  }
  process.exitCode = outcome.exitCode;
}

function documentOf(record: GateRecord, outcome: GateOutcome): object {
  const { base, head, settings, environment, identical } = record;
  const limit = (id: string) =>
    acceptedFor(record.accepted, id, "time")?.limit ?? settings.maxSlowdown;
  return {
    schema: "vmabench/gate-verdict@1",
    exitCode: outcome.exitCode,
    reason: outcome.reason,
    base,
    head,
    environment,
    settings,
    identical,
    work: outcome.work,
    control: { noise: outcome.noise, beyond: outcome.controlBeyond },
    time:
      record.processes.length === 0 ? [] : outcome.times.map((t) => ({ ...t, limit: limit(t.id) })),
  };
}
