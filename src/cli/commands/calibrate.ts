// vmabench calibrate: a cost model fitted to this machine's kernel.

import { Command, Option } from "commander";
import { type CalibrateOptions, calibrate } from "../../calibrate/calibrate.js";
import { modelText } from "../../calibrate/text.js";
import { MachineError } from "../../errors.js";
import { type CostModel, costModelSchema } from "../../predict/model.js";
import { checkFileWritable, writeFileWhole } from "../../record/file.js";
import { colorsFor } from "../../render/colors.js";
import { progressOn } from "../../render/progress.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";

interface CalibrateFlags {
  out: string;
  seconds: number;
  seed: number;
  json?: true;
  quiet?: true;
}

export function calibrateCommand(): Command {
  return new Command("calibrate")
    .description("fit a cost model to this machine's kernel, for predicted nanoseconds")
    .option("--out <file>", "the model", "cost-model.json")
    .addOption(
      new Option("--seconds <n>", "time for measuring; at least one round is made")
        .argParser(integerOption("--seconds", 1, 86_400))
        .default(110),
    )
    .addOption(
      new Option("--seed <n>", "order of the benchmarks, and the resampling")
        .argParser(integerOption("--seed", 0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .option("--json", "print the model to standard output as well")
    .option("--quiet", "print nothing, no progress")
    .action(run);
}

/** Without a kernel to measure, says what predictions rest on. */
async function calibrateHere(options: CalibrateOptions): Promise<CostModel> {
  try {
    return await calibrate(options);
  } catch (error) {
    if (!(error instanceof MachineError)) throw error;
    throw new MachineError(`${error.message}; predictions use the model that ships`);
  }
}

async function run({ out, seconds, seed, json, quiet }: CalibrateFlags): Promise<void> {
  checkFileWritable(out);
  const progress = progressOn(process.stderr, { quiet: quiet === true });
  try {
    const model = costModelSchema.parse(
      await calibrateHere({
        seconds,
        seed,
        progress: (done, label) => progress.at(Math.min(Math.round(done), seconds), seconds, label),
      }),
    );
    progress.stop();
    const document = `${JSON.stringify(model, null, 2)}\n`;
    writeFileWhole(out, document);
    if (json) printJson(model);
    else if (!quiet) {
      process.stdout.write(`${modelText(model, colorsFor(process.stdout))}\nmodel: ${out}\n`);
    }
  } finally {
    progress.stop();
  }
}
