// vmabench hazards: random hooks that write whatever a protocol lets them write, and what came of it.

import { join } from "node:path";
import { Command, Option } from "commander";
import { PROTOCOLS, type Protocol, parseProtocol } from "../../catalogue/kernels.js";
import { Core } from "../../core/core.js";
import { type ExampleFile, readExample } from "../../hazards/example.js";
import { exampleName, writeExamples } from "../../hazards/files.js";
import { type Example, hazards } from "../../hazards/hazards.js";
import type { Judged } from "../../hazards/judge.js";
import { runWorld } from "../../hazards/run.js";
import {
  exampleReport,
  hazardsDocument,
  hazardsText,
  judgedDocument,
  tableText,
} from "../../hazards/text.js";
import { worldOf } from "../../hazards/world.js";
import { printable } from "../../printable.js";
import { checkWritable } from "../../record/store.js";
import { colorsFor } from "../../render/colors.js";
import { progressOn } from "../../render/progress.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";

interface HazardFlags {
  runs: number;
  seed: number;
  protocol: Protocol[];
  out?: string;
  at?: number;
  replay?: string;
  json?: true;
  quiet?: true;
}

const DEFAULT_RUNS = 20_000;

export function hazardsCommand(): Command {
  return new Command("hazards")
    .description("random hooks that write whatever a protocol lets them: what broke, by class")
    .addOption(
      new Option("--runs <n>", "runs in all, dealt out evenly among the protocols")
        .argParser(integerOption("--runs", 1, 100_000_000))
        .default(DEFAULT_RUNS),
    )
    .addOption(
      new Option("--seed <n>", "seed of the hooks")
        .argParser(integerOption("--seed", 0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .addOption(
      new Option("--protocol <names>", "only these, comma separated; may be repeated")
        .argParser((value: string, before: Protocol[]) => [
          ...before,
          ...value.split(",").map((name) => parseProtocol(name.trim())),
        ])
        .default([], "all"),
    )
    .option("--out <dir>", "write the shortest example of each finding there")
    .addOption(
      new Option("--at <n>", "only hook number n of the seed, in full")
        .argParser(integerOption("--at", 0, 100_000_000))
        .conflicts(["runs", "out", "replay"]),
    )
    .addOption(
      new Option(
        "--replay <file>",
        "only the example in a file; exit code 1 if it shows no more",
      ).conflicts(["runs", "seed", "protocol", "out"]),
    )
    .option("--json", "print one JSON document")
    .option("--quiet", "print the table only, no progress")
    .action((flags: HazardFlags) => run(flags));
}

async function run(flags: HazardFlags): Promise<void> {
  if (flags.replay !== undefined) replay(flags.replay, flags);
  else if (flags.at !== undefined) showHook(flags.at, flags);
  else await runAll(flags);
}

function protocolsOf({ protocol }: HazardFlags): readonly Protocol[] {
  return protocol.length > 0 ? [...new Set(protocol)] : PROTOCOLS;
}

async function runAll(flags: HazardFlags): Promise<void> {
  const { runs, seed, out, json, quiet } = flags;
  if (out !== undefined) checkWritable(out);
  const progress = progressOn(process.stderr, { quiet: quiet === true });
  try {
    const protocols = protocolsOf(flags);
    const found = await hazards({
      runs,
      seed,
      protocols,
      progress: (done) => progress.at(done, runs, "runs"),
    });
    progress.stop();
    if (out !== undefined) writeExamples(out, found.examples);
    const colors = colorsFor(process.stdout);
    const commandOf = (example: Example) => commandFor(example, seed, out);
    if (json) printJson(hazardsDocument(found, commandOf));
    else if (quiet) process.stdout.write(tableText(found, colors));
    else process.stdout.write(hazardsText(found, colors, commandOf));
  } finally {
    progress.stop();
  }
}

/** The command that shows an example alone. */
function commandFor({ finding, protocol, hook }: Example, seed: number, out: string | undefined) {
  if (out === undefined) {
    return `vmabench hazards --seed ${seed} --at ${hook} --protocol ${protocol.id}`;
  }
  const path = join(out, `${exampleName(finding, protocol.hook)}.json`);
  return `vmabench hazards --replay ${/^[\w./+-]+$/.test(path) ? path : printable(JSON.stringify(path))}`;
}

/** One hook of a seed, under each protocol. */
function showHook(hook: number, flags: HazardFlags): void {
  const world = worldOf(flags.seed, hook);
  const core = new Core("work");
  const shown = protocolsOf(flags).map((protocol) => {
    const judged = runWorld(core, world, protocol);
    const finding = judged.findings[0] ?? "tree";
    return { example: { protocol, finding, world }, judged };
  });
  show(shown, flags);
}

function replay(path: string, flags: HazardFlags): void {
  const example = readExample(path);
  const judged = runWorld(new Core("work"), example.world, example.protocol);
  if (!judged.findings.includes(example.finding)) process.exitCode = 1;
  show([{ example, judged }], flags);
}

function show(
  shown: readonly { example: ExampleFile; judged: Judged }[],
  flags: HazardFlags,
): void {
  if (flags.json) {
    printJson(shown.map(({ example, judged }) => judgedDocument(example, judged)));
  } else if (flags.quiet) {
    const lines = shown.map(
      ({ example, judged }) =>
        `${example.protocol.id}: ${[...judged.classes, ...judged.findings].join(" ")}`,
    );
    process.stdout.write(`${lines.join("\n")}\n`);
  } else {
    const colors = colorsFor(process.stdout);
    const reports = shown.map(({ example, judged }) => exampleReport(example, judged, colors));
    process.stdout.write(reports.join("\n"));
  }
}
