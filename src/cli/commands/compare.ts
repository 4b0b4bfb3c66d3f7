// vmabench compare: two files of earlier runs, side by side. Runs nothing.

import { Command } from "commander";
import { UsageError } from "../../errors.js";
import { JSON_BYTES } from "../../input/json.js";
import { readText } from "../../input/text.js";
import { compareResults, endOf, type RunComparison } from "../../judge/compare.js";
import { compareGates } from "../../judge/compare-gates.js";
import { type GateRecord, parseGateRecord } from "../../record/gate.js";
import { parseResults } from "../../record/read.js";
import type { Results } from "../../record/schema.js";
import { colorsFor } from "../../render/colors.js";
import { compareReport, endLine } from "../../render/compare.js";
import { printJson } from "../print-json.js";

interface CompareFlags {
  maxSlowdown?: number;
  workOnly?: true;
  json?: true;
  quiet?: true;
}

/** Per cent. Runs apart see less than processes that hold both sides. */
const LIMIT = { results: 10, "gate records": 3 };

export function compareCommand(): Command {
  return new Command("compare")
    .description("two result files, or two gate records with one base, side by side")
    .argument("<base.json>", "result file or gate record of the earlier run")
    .argument("<head.json>", "the same kind of file of the later run")
    .option(
      "--max-slowdown <pct>",
      "per cent by which it may get slower (default: 10 for result files, 3 for gate records)",
      percent,
    )
    .option("--work-only", "compare work and layouts, not time")
    .option("--json", "print one JSON document")
    .option("--quiet", "print one line")
    .addHelpText("after", EXIT_CODES)
    .action(compare);
}

const EXIT_CODES = `
Exit codes:
  0  no regression
  1  more work, or slower, than the first file
  2  the command line or a file is wrong
  3  not comparable: other machine, seed, base, or nothing in common`;

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 100) return value;
  throw new UsageError(`--max-slowdown ${text}: expected per cent, above 0 up to 100`);
}

function compare(baseFile: string, headFile: string, flags: CompareFlags): void {
  const comparison = comparisonOf(baseFile, headFile, flags.maxSlowdown);
  if (flags.workOnly) comparison.time = [];
  if (flags.workOnly) comparison.notComparable.time = [];
  const end = endOf(comparison, flags.workOnly === true);
  const colors = colorsFor(process.stdout);
  if (flags.json) {
    const document = { schema: "vmabench/compare@1", ...end, baseFile, headFile, ...comparison };
    printJson(document);
  } else if (flags.quiet) {
    process.stdout.write(`${endLine(end, colors)}\n`);
  } else {
    process.stdout.write(`${compareReport(comparison, end, colors)}\n`);
  }
  process.exitCode = end.exitCode;
}

function comparisonOf(baseFile: string, headFile: string, percent?: number): RunComparison {
  const [base, head] = [readEither(baseFile), readEither(headFile)];
  const limit = (kind: keyof typeof LIMIT) => (percent ?? LIMIT[kind]) / 100;
  if ("results" in base && "results" in head) {
    return compareResults(base.results, head.results, limit("results"));
  }
  if ("gate" in base && "gate" in head) {
    return compareGates(base.gate, head.gate, limit("gate records"));
  }
  throw new UsageError(
    `${baseFile}, ${headFile}: expected two result files or two gate records, found one of each`,
  );
}

function readEither(path: string): { results: Results } | { gate: GateRecord } {
  const text = readText(path, JSON_BYTES);
  if (/^\s*\{\s*"schema"\s*:\s*"vmabench\/gate@/.test(text)) {
    return { gate: parseGateRecord(text, path) };
  }
  return { results: parseResults(text, path) };
}
