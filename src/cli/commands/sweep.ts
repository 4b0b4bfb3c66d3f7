// vmabench sweep: a grid of scenarios, on this machine or many.

import { join } from "node:path";
import { Command } from "commander";
import { UsageError } from "../../errors.js";
import { printable } from "../../printable.js";
import { colorsFor } from "../../render/colors.js";
import { sweepProgressOn } from "../../render/sweep-progress.js";
import { sweepReport } from "../../render/sweep-report.js";
import { dryRunText, type Finished, finishedText, leftOutLines } from "../../render/sweep-text.js";
import { estimateTime } from "../../sweep/estimate.js";
import { finish } from "../../sweep/finish.js";
import { openFolder, readManifest, type SweepFolder } from "../../sweep/folder.js";
import { type Jobs, jobsOf } from "../../sweep/jobs.js";
import { type Done, runLocal } from "../../sweep/local.js";
import { readPlan } from "../../sweep/plan.js";
import { collect } from "../../sweep/queue/collect.js";
import { checkServer } from "../../sweep/queue/connection.js";
import { integerOption } from "../integer.js";
import { onInterrupt } from "../interrupt.js";
import { printJson } from "../print-json.js";
import { queueNameOption, queueOption, workersOption } from "../sweep-options.js";

interface SweepFlags {
  workers: number;
  queue?: string;
  queueName: string;
  out?: string;
  maxScenarios: number;
  resume?: true;
  dryRun?: true;
  json?: true;
  quiet?: true;
}

export function sweepCommand(): Command {
  return new Command("sweep")
    .description("a grid of scenarios, on this machine or many")
    .argument("<spec>", "the file that describes it (docs/scale.md)")
    .addOption(workersOption())
    .addOption(queueOption())
    .addOption(queueNameOption())
    .option("--out <dir>", "folder of the results (default: sweeps/NAME)")
    .option(
      "--max-scenarios <n>",
      "refuse a grid of more",
      integerOption("--max-scenarios", 1, Number.MAX_SAFE_INTEGER),
      50_000_000,
    )
    .option("--resume", "go on with the unfinished sweep in that folder")
    .option("--dry-run", "print how many scenarios there are and how long they would take")
    .option("--json", "print one JSON document")
    .option("--quiet", "no progress; print failures only")
    .action((spec: string, flags: SweepFlags) => sweep(spec, flags));
}

async function sweep(spec: string, flags: SweepFlags): Promise<void> {
  const jobs = jobsOf(readPlan(spec));
  if (jobs.tally.scenarios === 0) throw nothingLeft(spec, jobs);
  if (flags.dryRun) return dryRun(jobs, flags);
  const { scenarios } = jobs.tally;
  if (scenarios > flags.maxScenarios) {
    throw new UsageError(
      `${spec}: expected at most ${flags.maxScenarios} scenarios (--max-scenarios), found ${scenarios}`,
    );
  }
  if (flags.queue !== undefined && jobs.plan.workloadFiles.length > 0) {
    throw new UsageError(
      `${spec}: workload files stay on this machine; with --queue a sweep takes built-in workloads`,
    );
  }
  const out = flags.out ?? join("sweeps", jobs.plan.sweep);
  if (flags.queue !== undefined) await checkServer(flags.queue);
  const folder = openFolder(out, jobs, flags.resume === true);
  const seconds = folder ? await run(jobs, folder, flags) : 0;
  const finished: Finished = {
    sweep: jobs.plan.sweep,
    ...(readManifest(out)?.done as { scenarios: number; failed: number }),
    leftOut: leftOut(jobs),
    seconds,
    out,
  };
  if (finished.failed > 0) process.exitCode = 1;
  if (flags.json) printJson(finished);
  else if (!flags.quiet || finished.failed > 0) {
    process.stdout.write(finishedText(finished, colorsFor(process.stdout)));
  }
}

/** Runs what is missing and writes the results. Seconds that it took. */
async function run(jobs: Jobs, folder: SweepFolder, flags: SweepFlags): Promise<number> {
  const { log } = folder;
  const quiet = flags.quiet === true;
  const total = jobs.tally.scenarios;
  const progress = sweepProgressOn(process.stderr, { total, before: log.scenarios, quiet });
  for (const line of leftOutLines(leftOut(jobs))) progress.say(line);
  const forget = onInterrupt(() => {
    progress.stop();
    process.stderr.write(
      `vmabench: stopped, ${log.scenarios} of ${total} scenarios are done; --resume --out ${printable(folder.path)} goes on\n`,
    );
  });
  const began = performance.now();
  try {
    const onDone = ({ worker, scenarios }: Done) => progress.done(worker, scenarios);
    if (flags.queue !== undefined) {
      const { queue: url, queueName: queue } = flags;
      await collect(jobs, log, { url, queue, onDone, say: progress.say });
    } else {
      await runLocal(jobs, log, flags.workers, onDone);
    }
    await finish(folder, jobs, sweepReport);
    return Math.round((performance.now() - began) / 100) / 10;
  } finally {
    progress.stop();
    forget();
  }
}

function leftOut({ tally: { excluded, refused } }: Jobs) {
  return { excluded, refused };
}

function nothingLeft(spec: string, { tally: { excluded, refused } }: Jobs): UsageError {
  const reasons = [
    ...(excluded > 0 ? [`${excluded} are excluded`] : []),
    ...refused.map(({ reason, scenarios }) => `${scenarios} are refused: ${reason}`),
  ];
  return new UsageError(`${spec}: no scenario is left; ${reasons.join("; ")}`);
}

async function dryRun(jobs: Jobs, flags: SweepFlags): Promise<void> {
  const sampled = await estimateTime(jobs);
  const { scenarios } = jobs.tally;
  const each = sampled?.millisecondsPerScenario ?? null;
  const document = {
    sweep: jobs.plan.sweep,
    scenarios,
    jobs: jobs.count,
    leftOut: leftOut(jobs),
    estimate:
      each === null
        ? null
        : {
            workers: flags.workers,
            sampled: sampled?.scenarios ?? 0,
            millisecondsPerScenario: each,
            seconds: (scenarios * each) / 1000 / flags.workers,
          },
  };
  if (flags.json) printJson(document);
  else process.stdout.write(dryRunText(document));
}
