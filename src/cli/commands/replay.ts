// vmabench replay: recorded memory calls through the model, and what came of them.

import { Command, Option } from "commander";
import { driverArgument } from "../../catalogue/driver-file.js";
import { driverText } from "../../catalogue/drivers.js";
import { HOOKS, type Protocol, parseProtocol } from "../../catalogue/kernels.js";
import { protocolOfRelease } from "../../catalogue/releases.js";
import { checkPair, withOtherFile } from "../../catalogue/scenario.js";
import { TOUCH_ALL, TOUCH_NONE, TOUCH_WRITTEN } from "../../core/abi.js";
import { Core } from "../../core/core.js";
import { UsageError } from "../../errors.js";
import { colorsFor } from "../../render/colors.js";
import { type Check, check, disagrees } from "../../replay/check.js";
import { checkFileWritable, layoutLines, writeWhole } from "../../replay/layout.js";
import { replay } from "../../replay/replay.js";
import { type Summary, summarise } from "../../replay/summary.js";
import { checkText, summaryText } from "../../replay/text.js";
import { type Program, programOf } from "../../trace/program.js";
import { readTrace } from "../../trace/read.js";

interface ReplayFlags {
  protocol?: string;
  driver: string;
  check?: true;
  layout?: string;
  touch: keyof typeof TOUCHES;
  json?: true;
  quiet?: true;
}

const TOUCHES = { none: TOUCH_NONE, written: TOUCH_WRITTEN, all: TOUCH_ALL };
/** Where nothing says which kernel a trace is from. */
const DEFAULT_PROTOCOL = "mmap_prepare@7.3";
/** What an ordinary file's hook does. */
const DEFAULT_DRIVER = "vmops-only";

export function replayCommand(): Command {
  return new Command("replay")
    .description("replay recorded memory calls, and compare with what the kernel did")
    .argument("<file...>", "traces: .vmatrace, .ops or text of strace, plain or .gz")
    .option(
      "--protocol <protocol>",
      `how drivers are entered, in which kernel (default: that of the recording, else ${DEFAULT_PROTOCOL})`,
    )
    .option("--driver <driver>", "what every file's hook does: a name, or a file", DEFAULT_DRIVER)
    .option("--check", "compare results and layouts with the recorded ones")
    .option("--layout <file>", "write the layout at the end, one VMA a line")
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
  const driver = driverArgument(flags.driver);
  const named = flags.protocol === undefined ? null : parseProtocol(flags.protocol);
  if (flags.layout !== undefined && files.length > 1) {
    throw new UsageError("--layout takes the layout of one trace: name one file");
  }
  if (flags.layout !== undefined) checkFileWritable(flags.layout);
  // every file is read before the first is replayed: a wrong one leaves nothing half done
  const programs: Program[] = [];
  for (const file of files) programs.push(await readProgram(file, flags));

  const protocols = programs.map((program) => named ?? protocolOf(program));
  for (const protocol of protocols) checkPair(driver, protocol);

  const core = new Core("work");
  const documents: object[] = [];
  for (const [i, program] of programs.entries()) {
    const protocol = protocols[i] as Protocol;
    const { record, other } = withOtherFile(driver, protocol, program.files.length);
    const replayed = await replay(core, program, {
      profile: protocol.profile,
      hook: HOOKS[protocol.hook].hook,
      driver: record,
      other,
    });
    if (flags.layout !== undefined) {
      const lines = layoutLines(replayed.final, program.fileNumbers);
      writeWhole(flags.layout, lines.map((line) => `${line}\n`).join(""));
    }
    if (flags.check) {
      documents.push(printCheck(check(program, replayed), flags));
    } else {
      const under = { protocol: protocol.id, driver: driverText(driver), touch: flags.touch };
      documents.push(printSummary(summarise(core, program, replayed, under), program, flags));
    }
  }
  if (flags.json) {
    const document = documents.length === 1 ? documents[0] : documents;
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
}

/** How ordinary files are mapped in the kernel that a program was recorded on. */
function protocolOf({ kernel }: Program): Protocol {
  const recorded = kernel === null ? null : protocolOfRelease(kernel);
  return recorded?.protocol ?? parseProtocol(DEFAULT_PROTOCOL);
}

async function readProgram(file: string, flags: ReplayFlags): Promise<Program> {
  const program = programOf(await readTrace(file), { touch: TOUCHES[flags.touch] });
  if (flags.check && !program.recorded) {
    throw new UsageError(
      `${file}: an operation trace records no results that --check could compare`,
    );
  }
  return program;
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
