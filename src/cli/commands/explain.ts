// vmabench explain: what one mmap does, step by step, under each protocol.

import { Command, Option } from "commander";
import { driverArgument } from "../../catalogue/driver-file.js";
import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  PROTOCOLS,
  type Protocol,
  parseProtocol,
} from "../../catalogue/kernels.js";
import { parseScenario, refusal } from "../../catalogue/scenario.js";
import { readWorkloadFile } from "../../catalogue/workloads.js";
import { UsageError } from "../../errors.js";
import { explain } from "../../explain/explain.js";
import { explainedSvg } from "../../explain/svg.js";
import { explainedText } from "../../explain/text.js";
import { readModel } from "../../predict/model.js";
import { checkFileWritable, writeFileWhole } from "../../record/file.js";
import { colorsFor } from "../../render/colors.js";
import { printJson } from "../print-json.js";

interface ExplainFlags {
  driver?: string;
  workload?: string;
  beside: string[];
  all?: true;
  call?: number;
  seed: number;
  svg?: string;
  costModel?: string;
  json?: true;
  quiet?: true;
}

export function explainCommand(): Command {
  return new Command("explain")
    .description("one mmap, step by step, under each protocol side by side")
    .argument("<scenario>", "WORKLOAD/DRIVER/PROTOCOL?name=value&...")
    .addOption(
      new Option("--beside <protocol>", "shown beside the scenario's own; may be repeated")
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], `${DEFAULT_BASELINE} and ${DEFAULT_CANDIDATE}`),
    )
    .option("--driver <file>", "a file that describes the driver that the scenario names")
    .option("--workload <file>", "a file that describes the workload that the scenario names")
    .option("--all", "under every protocol that the driver could exist under")
    .option(
      "--call <n>",
      "which mmap of the workload (default: the first that meets a mapping)",
      positive("--call"),
    )
    .option("--seed <n>", "seed of the generated operations", positive("--seed"), 1)
    .option(
      "--cost-model <file>",
      "of calibrate, for predicted nanoseconds (default: the one that ships)",
    )
    .option("--svg <file>", "write the same as a picture, for a talk or a commit message")
    .option("--json", "print one JSON document")
    .option("--quiet", "print the names of the steps only")
    .action(explainScenario);
}

function positive(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
    throw new UsageError(`${option} ${text}: expected an integer from 1`);
  };
}

async function explainScenario(text: string, flags: ExplainFlags): Promise<void> {
  if (flags.driver !== undefined) driverArgument(flags.driver);
  if (flags.workload !== undefined) readWorkloadFile(flags.workload);
  const scenario = parseScenario(text);
  const { workload, driver } = scenario;
  const protocols = protocolsOf(scenario.protocol, flags).filter((protocol) => {
    const reason = flags.beside.includes(protocol.id) ? null : refusal(driver, protocol);
    if (reason && !flags.all && !flags.quiet) {
      process.stderr.write(`vmabench: left out: ${reason}\n`);
    }
    return reason === null;
  });
  if (flags.svg !== undefined) checkFileWritable(flags.svg);
  const explained = await explain(workload, driver, protocols, {
    ...flags,
    model: readModel(flags.costModel),
  });
  if (flags.svg !== undefined) writeFileWhole(flags.svg, explainedSvg(explained));
  if (flags.json) {
    printJson(explained);
  } else if (flags.quiet) {
    const lines = explained.runs.map(
      ({ protocol, steps }) => `${protocol}: ${steps.map(({ id }) => id).join(" ")}`,
    );
    process.stdout.write(`${lines.join("\n")}\n`);
  } else {
    process.stdout.write(explainedText(explained, colorsFor(process.stdout)));
  }
}

/** The scenario's own first, none twice. */
function protocolsOf(own: Protocol, flags: ExplainFlags): Protocol[] {
  const named = flags.beside.length > 0 ? flags.beside : [DEFAULT_BASELINE, DEFAULT_CANDIDATE];
  const others = flags.all ? PROTOCOLS : named.map(parseProtocol);
  return [...new Set([own, ...others])];
}
