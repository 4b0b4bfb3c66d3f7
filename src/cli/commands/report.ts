// vmabench report: a report again from a result file, as a folder or as a mail.

import { dirname } from "node:path";
import { Command, Option } from "commander";
import { UsageError } from "../../errors.js";
import { printable } from "../../printable.js";
import { writeFileWhole } from "../../record/file.js";
import { readResults } from "../../record/read.js";
import type { Results } from "../../record/schema.js";
import { checkWritable, writeReport } from "../../record/store.js";
import { mailReport } from "../../render/mail.js";
import { reportFiles } from "../../render/report.js";
import { printJson } from "../print-json.js";

interface ReportFlags {
  format: "folder" | "mail";
  out?: string;
  json?: true;
  quiet?: true;
}

export function reportCommand(): Command {
  return new Command("report")
    .description("a report again from a result file: a folder, or text for a mailing list")
    .argument("<results>", "a result file, such as reports/latest/results.json")
    .addOption(
      new Option("--format <name>", "folder: what run writes; mail: plain text in 72 columns")
        .choices(["folder", "mail"])
        .default("folder"),
    )
    .option(
      "--out <path>",
      "folder to write (default: that of the result file), or the mail's file (default: standard output)",
    )
    .option("--json", "print one JSON document: format, where it was written, or text")
    .option("--quiet", "do not say what was written")
    .action(report);
}

function report(path: string, flags: ReportFlags): void {
  const results = readResults(path);
  if (flags.format === "mail") mail(results, flags);
  else folder(results, flags.out ?? dirname(path), flags);
}

function mail(results: Results, flags: ReportFlags): void {
  const text = mailReport(results);
  if (flags.out === "") throw new UsageError("--out: expected a file");
  if (flags.out !== undefined) writeFileWhole(flags.out, text);
  else if (!flags.json) process.stdout.write(text);
  say(flags, flags.out ?? null, flags.out === undefined ? text : null);
}

function folder(results: Results, out: string, flags: ReportFlags): void {
  checkWritable(out);
  writeReport(out, reportFiles(results));
  say(flags, `${out}/report.md`, null);
}

function say({ format, json, quiet }: ReportFlags, file: string | null, text: string | null): void {
  if (json) printJson({ format, file, text });
  else if (file !== null && !quiet) process.stderr.write(`${printable(file)}: written\n`);
}
