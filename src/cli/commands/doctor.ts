// vmabench doctor: is this machine fit to measure on, and how noisy is it.

import { Command } from "commander";
import { UsageError } from "../../errors.js";
import { diagnose } from "../../judge/fitness.js";
import { checkUp } from "../../measure/doctor.js";
import { colorsFor } from "../../render/colors.js";
import { doctorReport, verdictLine } from "../../render/doctor.js";
import { progressOn } from "../../render/progress.js";
import { printJson } from "../print-json.js";
import { ROUNDS, SITTINGS } from "./gate.js";

interface DoctorFlags {
  seconds: number;
  json?: true;
  quiet?: true;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("is this machine fit to measure on, and how small a slowdown shows on it")
    .option("--seconds <n>", "how long identical code is measured against itself", seconds, 20)
    .option("--json", "print one JSON document")
    .option("--quiet", "print the verdict only, no progress")
    .addHelpText("after", EXIT_CODES)
    .action(doctor);
}

const EXIT_CODES = `
Exit codes:
  0  fit, perhaps with caveats
  2  the command line is wrong
  3  unfit: times measured here say nothing`;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 1 && value <= 3600) return value;
  throw new UsageError(`--seconds ${text}: expected a number from 1 to 3600`);
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const progress = progressOn(process.stderr, { quiet: flags.quiet === true });
  try {
    const checkup = await checkUp({
      seconds: flags.seconds,
      sittings: SITTINGS,
      rounds: ROUNDS,
      progress: progress.at,
    });
    progress.stop();
    const diagnosis = diagnose(checkup);
    const colors = colorsFor(process.stdout);
    if (flags.json) {
      const document = { schema: "vmabench/doctor@1", ...diagnosis, ...checkup };
      printJson(document);
    } else if (flags.quiet) {
      process.stdout.write(`${verdictLine(diagnosis, colors)}\n`);
    } else {
      process.stdout.write(`${doctorReport(checkup, diagnosis, colors)}\n`);
    }
    process.exitCode = diagnosis.verdict === "unfit" ? 3 : 0;
  } finally {
    progress.stop();
  }
}
