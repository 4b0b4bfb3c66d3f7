// vmabench peer: a kernel tree's own mm/vma.c and lib/maple_tree.c, timed beside the model.

import { join } from "node:path";
import { Command, Option } from "commander";
import { temporaryFolder } from "../../cleanup.js";
import { UsageError } from "../../errors.js";
import { buildPeer, compilerVersion, FLAGS } from "../../peer/build.js";
import { timeGroup } from "../../peer/measure.js";
import { pinToOneCpu } from "../../peer/pin.js";
import { namedPlan, type PeerGroup, peerPlan } from "../../peer/plan.js";
import { PeerFailed } from "../../peer/process.js";
import { groupRecord, type PeerReport, peerText, summaryOf } from "../../peer/report.js";
import { kernelTree } from "../../peer/tree.js";
import { colorsFor } from "../../render/colors.js";
import { progressOn } from "../../render/progress.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";

interface PeerFlags {
  kernelSource: string;
  against?: string;
  filter: string[];
  workload: string[];
  driver: string[];
  rounds: number;
  seed: number;
  json?: true;
  quiet?: true;
}

const DEFAULT_ROUNDS = 240;
const DEFAULT_DRIVER = "vmops-only";

export function peerCommand(): Command {
  return new Command("peer")
    .description("a kernel tree's own mm/vma.c and lib/maple_tree.c, timed beside the model")
    .requiredOption("--kernel-source <dir>", "the kernel tree (7.3)")
    .option("--against <dir>", "another tree, timed instead of the model")
    .option(
      "--filter <glob>",
      "only workloads, or workload/driver, that match; may be repeated",
      collect,
      [] as string[],
    )
    .option(
      "--workload <workload>",
      "instead of those: a name with parameters, or an operation trace (.ops); may be repeated",
      collect,
      [] as string[],
    )
    .option(
      "--driver <driver>",
      `what every file's hook does in --workload (default: ${DEFAULT_DRIVER}); may be repeated`,
      collect,
      [] as string[],
    )
    .addOption(
      new Option("--rounds <n>", "rounds for each workload, over six sittings")
        .argParser(integerOption("--rounds", 1, 100_000))
        .default(DEFAULT_ROUNDS),
    )
    .addOption(
      new Option("--seed <n>", "seed of the operations")
        .argParser(integerOption("--seed", 0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .option("--json", "print one JSON document")
    .option("--quiet", "print the table only, no progress")
    .action(run);
}

function collect(text: string, all: string[]): string[] {
  return [...all, text];
}

async function run(flags: PeerFlags): Promise<void> {
  const plan = await planOf(flags);
  const kernel = kernelTree(flags.kernelSource);
  const against = flags.against === undefined ? null : kernelTree(flags.against);
  const compiler = compilerVersion();
  const progress = progressOn(process.stderr, { quiet: flags.quiet === true });
  const { path: folder, remove } = temporaryFolder("peer");
  try {
    const base = await buildPeer(kernel, join(folder, "base"));
    const other = against && (await buildPeer(against, join(folder, "other")));
    const cpu = pinToOneCpu();
    const groups = [];
    for (const [done, group] of plan.entries()) {
      progress.at(done, plan.length, group.id);
      const { rounds, seed } = flags;
      groups.push(groupRecord(await timeGroup(group, { base, other, rounds, seed, folder })));
    }
    progress.stop();
    const summary = summaryOf(groups);
    const report = { kernel, against, compiler, flags: FLAGS, cpu, groups, summary };
    if (summary.differences > 0) process.exitCode = 1;
    print(report, flags);
  } catch (error) {
    if (error instanceof PeerFailed) throw new UsageError(error.message);
    throw error;
  } finally {
    progress.stop();
    remove();
  }
}

function planOf({ filter, workload, driver }: PeerFlags): PeerGroup[] | Promise<PeerGroup[]> {
  if (workload.length === 0 && driver.length === 0) return peerPlan(filter);
  if (workload.length === 0) throw new UsageError("--driver goes with --workload: name one");
  if (filter.length > 0) throw new UsageError("--filter with --workload: name one of both");
  return namedPlan(workload, driver.length > 0 ? driver : [DEFAULT_DRIVER]);
}

function print(report: PeerReport, { json }: PeerFlags): void {
  if (json) printJson(report);
  else process.stdout.write(peerText(report, colorsFor(process.stdout)));
}
