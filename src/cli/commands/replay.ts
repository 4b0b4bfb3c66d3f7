// vmabench replay: recorded memory calls through the model, and what came of them.

import { Command, Option } from "commander";
import { driverArgument } from "../../catalogue/driver-file.js";
import { type Driver, driverText } from "../../catalogue/drivers.js";
import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  type Protocol,
  parseProtocol,
} from "../../catalogue/kernels.js";
import { checkPair } from "../../catalogue/scenario.js";
import { Core } from "../../core/core.js";
import { UsageError } from "../../errors.js";
import { type CostModel, readModel } from "../../predict/model.js";
import { colorsFor } from "../../render/colors.js";
import { whatIfText } from "../../render/what-if.js";
import { type Check, check, disagrees } from "../../replay/check.js";
import { checkFileWritable, layoutLines, writeWhole } from "../../replay/layout.js";
import { replayWith } from "../../replay/replay.js";
import { type Summary, summarise } from "../../replay/summary.js";
import { checkText, summaryText } from "../../replay/text.js";
import { type Program, programOf } from "../../trace/program.js";
import { readTrace } from "../../trace/read.js";
import {
  besideRecorded,
  checkTimeable,
  DEFAULT_DRIVER,
  DEFAULT_PROTOCOL,
  protocolOf,
  protocolsBeside,
  type Source,
  TOUCHES,
} from "../what-if.js";

interface ReplayFlags {
  protocol: string[];
  driver?: string;
  time?: true;
  check?: true;
  real?: true;
  layout?: string;
  costModel?: string;
  touch: keyof typeof TOUCHES;
  json?: true;
  quiet?: true;
}

export function replayCommand(): Command {
  return new Command("replay")
    .description("replay recorded memory calls, and compare with what the kernel did")
    .argument("<file...>", "traces: .vmatrace, .ops or text of strace, plain or .gz")
    .addOption(
      new Option(
        "--protocol <protocol>",
        "how drivers are entered, in which kernel; several are shown side by side",
      )
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], `that of the recording, else ${DEFAULT_PROTOCOL}`),
    )
    .option(
      "--driver <driver>",
      `what every file's hook does, by name or as a file (default: ${DEFAULT_DRIVER}); without ` +
        `--protocol: as recorded, and with it under ${DEFAULT_BASELINE} and ${DEFAULT_CANDIDATE}`,
    )
    .option("--time", "measure the time of those side by side too, in paired rounds")
    .option("--check", "compare results and layouts with the recorded ones")
    .option(
      "--real",
      "make the calls on this machine's kernel, and compare predicted with measured time",
    )
    .option("--layout <file>", "write the layout at the end, one VMA a line")
    .option(
      "--cost-model <file>",
      "of calibrate, for predicted nanoseconds (default: the one that ships)",
    )
    .addOption(
      new Option("--touch <mode>", "private writable VMAs that count as written once made")
        .choices(Object.keys(TOUCHES))
        .default("written"),
    )
    .option("--json", "print one JSON document: an object, or an array for several files")
    .option("--quiet", "print mismatches only")
    .action(replayFiles);
}

async function replayFiles(files: string[], flags: ReplayFlags): Promise<void> {
  const driver = driverArgument(flags.driver ?? DEFAULT_DRIVER);
  const named = protocolsNamed(flags);
  if (flags.layout !== undefined && files.length > 1) {
    throw new UsageError("--layout takes the layout of one trace: name one file");
  }
  if (flags.layout !== undefined) checkFileWritable(flags.layout);
  const beside = isWhatIf(flags);
  checkReal(flags);
  if (flags.time && !beside) {
    throw new UsageError("--time goes with a comparison: name a --driver, or several --protocol");
  }
  const model = readModel(flags.costModel);
  // every file is read before the first is replayed: a wrong one leaves nothing half done
  const sources: Source[] = [];
  for (const file of files) sources.push(await readSource(file, flags));

  const documents: object[] = [];
  if (flags.real) {
    documents.push(...(await replayEachReal(sources, model, flags)));
  } else if (beside) {
    const protocols = protocolsBeside(driver, named, flags.quiet === true);
    for (const source of sources) {
      const result = await besideRecorded(source, driver, protocols, flags, model);
      if (!flags.json && !flags.quiet) {
        process.stdout.write(`${whatIfText(result, colorsFor(process.stdout))}\n`);
      }
      documents.push(result);
    }
  } else {
    documents.push(...(await replayEach(sources, driver, named[0] ?? null, flags, model)));
  }
  if (flags.json) {
    const document = documents.length === 1 ? documents[0] : documents;
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
}

/** UsageError for what --real cannot be combined with. */
function checkReal({ real, check: wanted, layout, protocol, driver, time }: ReplayFlags): void {
  if (!real) return;
  const others = { check: wanted, layout, driver, time, protocol: protocol[0] };
  const other = Object.entries(others).find(([, value]) => value !== undefined);
  if (other) throw new UsageError(`--real goes without --${other[0]}: it is the running kernel`);
}

/** Whether programs are shown as recorded and with the driver side by side. */
function isWhatIf({ check, layout, protocol, driver }: ReplayFlags): boolean {
  if (protocol.length > 1) return true;
  return !check && layout === undefined && protocol.length === 0 && driver !== undefined;
}

function protocolsNamed(flags: ReplayFlags): Protocol[] {
  const ids = flags.protocol;
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new UsageError(`protocol "${twice}" is named twice`);
  const option = flags.check ? "--check" : flags.layout === undefined ? null : "--layout";
  if (ids.length > 1 && option) {
    throw new UsageError(`${option} is about one replay: name one --protocol`);
  }
  return ids.map(parseProtocol);
}

/** Files are those of the recording: ordinary ones, as the running kernel has them. */
async function replayEachReal(
  sources: readonly Source[],
  model: CostModel,
  flags: ReplayFlags,
): Promise<object[]> {
  const { replayReal } = await import("../../real/replay-real.js");
  const { realText } = await import("../../real/text.js");
  const touch = { mode: TOUCHES[flags.touch], name: flags.touch };
  const documents: object[] = [];
  for (const { program } of sources) {
    const result = await replayReal(program, model, touch);
    if (!flags.json && !flags.quiet) {
      process.stdout.write(`${realText(result, colorsFor(process.stdout))}\n`);
    }
    documents.push(result);
  }
  return documents;
}

async function replayEach(
  sources: readonly Source[],
  driver: Driver,
  named: Protocol | null,
  flags: ReplayFlags,
  model: CostModel,
): Promise<object[]> {
  const protocols = sources.map(({ program }) => named ?? protocolOf(program));
  for (const protocol of protocols) checkPair(driver, protocol);
  const core = new Core("work");
  const documents: object[] = [];
  for (const [i, { program }] of sources.entries()) {
    const protocol = protocols[i] as Protocol;
    const replayed = await replayWith(core, program, { driver, protocol });
    if (flags.layout !== undefined) {
      const lines = layoutLines(replayed.final, program.fileNumbers);
      writeWhole(flags.layout, lines.map((line) => `${line}\n`).join(""));
    }
    if (flags.check) {
      documents.push(printCheck(check(program, replayed), flags));
    } else {
      const under = { protocol: protocol.id, driver: driverText(driver), touch: flags.touch };
      const summary = summarise(core, program, replayed, under, model);
      documents.push(printSummary(summary, program, flags));
    }
  }
  return documents;
}

async function readSource(file: string, flags: ReplayFlags): Promise<Source> {
  const recording = await readTrace(file);
  const program = programOf(recording, { touch: TOUCHES[flags.touch] });
  if (flags.time) checkTimeable(file, program.operations.length);
  return { recording, program };
}

function printCheck(result: Check, flags: ReplayFlags): object {
  const wrong = disagrees(result.report);
  if (wrong) process.exitCode = 1;
  if (!flags.json && (wrong || !flags.quiet)) {
    process.stdout.write(checkText(result, colorsFor(process.stdout)));
  }
  return result.report;
}

function printSummary(summary: Summary, program: Program, flags: ReplayFlags): object {
  if (!flags.json && !flags.quiet) {
    const withLayout = program.recorded === null && flags.layout === undefined;
    process.stdout.write(summaryText(summary, withLayout, colorsFor(process.stdout)));
  }
  return summary;
}
