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
import { BATCH_LIMIT } from "../../core/abi.js";
import { Core } from "../../core/core.js";
import { quoted, UsageError } from "../../errors.js";
import { type CostModel, readModel } from "../../predict/model.js";
import { checkFileWritable, writeFileWhole } from "../../record/file.js";
import { colorsFor } from "../../render/colors.js";
import { whatIfText } from "../../render/what-if.js";
import { type Check, Checker, disagrees } from "../../replay/check.js";
import { layoutLines } from "../../replay/layout.js";
import { laneUnder, replay } from "../../replay/replay.js";
import { type Summary, Summing } from "../../replay/summary.js";
import { checkText, summaryText } from "../../replay/text.js";
import {
  DEFAULT_LIMITS,
  HELD,
  HELD_LIMIT,
  PACKED_FREE,
  type TextLimits,
} from "../../trace/limits.js";
import { type OpenedTrace, openTrace } from "../../trace/open.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";
import {
  besideRecorded,
  DEFAULT_DRIVER,
  DEFAULT_PROTOCOL,
  protocolOf,
  protocolsBeside,
  TOUCHES,
} from "../what-if.js";

const MIB = 2 ** 20;

interface ReplayFlags {
  protocol: string[];
  driver?: string;
  time?: true;
  check?: true;
  real?: true;
  layout?: string;
  costModel?: string;
  touch: keyof typeof TOUCHES;
  maxLines?: number;
  maxText?: number;
  maxRatio?: number;
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
    .option(
      "--max-lines <n>",
      `lines of one file (default: ${DEFAULT_LIMITS.lines})`,
      integerOption("--max-lines", 1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--max-text <mib>",
      `MiB of text of one file, unpacked (default: ${DEFAULT_LIMITS.bytes / MIB})`,
      integerOption("--max-text", 1, 2 ** 30),
    )
    .option(
      "--max-ratio <n>",
      `text of a packed file against its size, past ${PACKED_FREE / MIB} MiB (default: ${DEFAULT_LIMITS.ratio})`,
      integerOption("--max-ratio", 1, 1 << 20),
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
  const traces: OpenedTrace[] = [];
  for (const file of files) traces.push(await open(file, flags));

  const documents: object[] = [];
  if (flags.real) {
    documents.push(...(await replayEachReal(traces, model, flags)));
  } else if (beside) {
    const protocols = protocolsBeside(driver, named, flags.quiet === true);
    for (const trace of traces) {
      const result = await besideRecorded(trace, driver, protocols, flags, model);
      if (!flags.json && !flags.quiet) {
        process.stdout.write(`${whatIfText(result, colorsFor(process.stdout))}\n`);
      }
      documents.push(result);
    }
  } else {
    documents.push(...(await replayEach(traces, driver, named[0] ?? null, flags, model)));
  }
  if (flags.json) {
    const document = documents.length === 1 ? documents[0] : documents;
    printJson(document);
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
  if (twice !== undefined) throw new UsageError(`protocol ${quoted(twice)} is named twice`);
  const option = flags.check ? "--check" : flags.layout === undefined ? null : "--layout";
  if (ids.length > 1 && option) {
    throw new UsageError(`${option} is about one replay: name one --protocol`);
  }
  return ids.map(parseProtocol);
}

/** Files are those of the recording: ordinary ones, as the running kernel has them. */
async function replayEachReal(
  traces: readonly OpenedTrace[],
  model: CostModel,
  flags: ReplayFlags,
): Promise<object[]> {
  const { replayReal } = await import("../../real/replay-real.js");
  const { realText } = await import("../../real/text.js");
  const touch = { mode: TOUCHES[flags.touch], name: flags.touch };
  const documents: object[] = [];
  for (const { whole } of traces) {
    if (!whole) continue;
    const result = await replayReal(whole, model, touch);
    if (!flags.json && !flags.quiet) {
      process.stdout.write(`${realText(result, colorsFor(process.stdout))}\n`);
    }
    documents.push(result);
  }
  return documents;
}

async function replayEach(
  traces: readonly OpenedTrace[],
  driver: Driver,
  named: Protocol | null,
  flags: ReplayFlags,
  model: CostModel,
): Promise<object[]> {
  const protocols = traces.map(({ source }) => named ?? protocolOf(source));
  for (const protocol of protocols) checkPair(driver, protocol);
  const core = new Core("work");
  const documents: object[] = [];
  for (const [i, { source }] of traces.entries()) {
    const protocol = protocols[i] as Protocol;
    const lane = laneUnder(core, source, { driver, protocol });
    const [watcher] = await replay(source, [lane], () => [
      flags.check ? new Checker(source) : new Summing(source),
    ]);
    if (!watcher) continue;
    if (flags.layout !== undefined) {
      const lines = layoutLines(watcher.left, source.fileNumbers);
      writeFileWhole(flags.layout, lines.map((line) => `${line}\n`).join(""));
    }
    if (watcher instanceof Checker) {
      documents.push(printCheck(watcher.check(), flags));
    } else {
      const under = { protocol: protocol.id, driver: driverText(driver), touch: flags.touch };
      documents.push(printSummary(watcher.summary(under, model), source.isRecorded, flags));
    }
  }
  return documents;
}

async function open(file: string, flags: ReplayFlags): Promise<OpenedTrace> {
  const limits: TextLimits = {
    lines: flags.maxLines ?? DEFAULT_LIMITS.lines,
    bytes: flags.maxText === undefined ? DEFAULT_LIMITS.bytes : flags.maxText * MIB,
    ratio: flags.maxRatio ?? DEFAULT_LIMITS.ratio,
  };
  const option = flags.time ? "--time" : flags.real ? "--real" : null;
  const most = flags.time ? BATCH_LIMIT : HELD_LIMIT;
  const hold = option ? most : HELD;
  const trace = await openTrace(file, { touch: TOUCHES[flags.touch] }, limits, hold);
  const { length } = trace.source;
  if (option && (!trace.whole || length > most)) {
    const expected = `${option} takes programs of at most ${most} operations`;
    throw new UsageError(`${file}: ${expected}, found ${length}`);
  }
  return trace;
}

function printCheck(result: Check, flags: ReplayFlags): object {
  const wrong = disagrees(result.report);
  if (wrong) process.exitCode = 1;
  if (!flags.json && (wrong || !flags.quiet)) {
    process.stdout.write(checkText(result, colorsFor(process.stdout)));
  }
  return result.report;
}

function printSummary(summary: Summary, isRecorded: boolean, flags: ReplayFlags): object {
  if (!flags.json && !flags.quiet) {
    const withLayout = !isRecorded && flags.layout === undefined;
    process.stdout.write(summaryText(summary, withLayout, colorsFor(process.stdout)));
  }
  return summary;
}
