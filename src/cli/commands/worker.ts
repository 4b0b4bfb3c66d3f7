// vmabench worker: takes the jobs of sweeps from a queue.

import { Command, Option } from "commander";
import { integer } from "../../render/format.js";
import { work } from "../../sweep/queue/work.js";
import { integerOption } from "../integer.js";
import { onInterrupt } from "../interrupt.js";
import { printJson } from "../print-json.js";
import { queueNameOption, queueOption, workersOption } from "../sweep-options.js";

interface WorkerFlags {
  queue: string;
  queueName: string;
  workers: number;
  idle?: number;
  json?: true;
  quiet?: true;
}

const IDLE_MOST = 86_400;

export function workerCommand(): Command {
  return new Command("worker")
    .description("takes the jobs of sweeps from a queue")
    .addOption(queueOption().makeOptionMandatory())
    .addOption(queueNameOption())
    .addOption(workersOption())
    .addOption(
      new Option(
        "--idle <seconds>",
        "end when there was nothing to do for so long, not only at Ctrl-C",
      ).argParser(integerOption("--idle", 1, IDLE_MOST)),
    )
    .option("--json", "print one JSON document at the end")
    .option("--quiet", "print nothing but errors")
    .action((flags: WorkerFlags) => run(flags));
}

async function run(flags: WorkerFlags): Promise<void> {
  const say = (text: string) => {
    if (!flags.quiet) process.stderr.write(`vmabench: ${text}\n`);
  };
  const stopped = new AbortController();
  let scenarios = 0;
  const ended = work({
    url: flags.queue,
    queue: flags.queueName,
    workers: flags.workers,
    idle: flags.idle,
    onDone: (count) => {
      scenarios += count;
    },
    say,
    signal: stopped.signal,
  });
  const forget = onInterrupt(() => {
    say("stopping after the jobs under way; Ctrl-C again does not wait");
    stopped.abort();
    return ended;
  });
  try {
    await ended;
  } finally {
    forget();
    if (flags.json) printJson({ scenarios });
    else say(`${integer(scenarios)} scenarios done`);
  }
}
