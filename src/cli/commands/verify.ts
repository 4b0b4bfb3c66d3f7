// vmabench verify: random memory calls on this machine's own kernel, compared with the model.

import { Command, Option } from "commander";
import { verifyDocument, verifyText } from "../../live/text.js";
import { verify } from "../../live/verify.js";
import { colorsFor } from "../../render/colors.js";
import { progressOn } from "../../render/progress.js";
import { integerOption } from "../integer.js";
import { printJson } from "../print-json.js";

interface VerifyFlags {
  ops: number;
  seed: number;
  json?: true;
  quiet?: true;
}

const DEFAULT_OPERATIONS = 100_000;

export function verifyCommand(): Command {
  return new Command("verify")
    .description("random memory calls on this machine's kernel, compared with the model")
    .addOption(
      new Option("--ops <n>", "calls to make")
        .argParser(integerOption("--ops", 1, 100_000_000))
        .default(DEFAULT_OPERATIONS),
    )
    .addOption(
      new Option("--seed <n>", "seed of the calls")
        .argParser(integerOption("--seed", 0, Number.MAX_SAFE_INTEGER))
        .default(1),
    )
    .option("--json", "print one JSON document")
    .option("--quiet", "print a mismatch only, no progress")
    .action((flags: VerifyFlags) => run(flags));
}

async function run({ ops, seed, json, quiet }: VerifyFlags): Promise<void> {
  const progress = progressOn(process.stderr, { quiet: quiet === true });
  try {
    const verified = await verify({
      operations: ops,
      seed,
      progress: (done, label) => progress.at(done, ops, label),
    });
    progress.stop();
    if (verified.mismatches > 0) process.exitCode = 1;
    if (json) {
      printJson(verifyDocument(verified));
    } else if (!quiet || verified.mismatches > 0) {
      process.stdout.write(verifyText(verified, colorsFor(process.stdout)));
    }
  } finally {
    progress.stop();
  }
}
