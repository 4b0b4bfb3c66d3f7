// vmabench export: a result in another tool's format.

import { Command, Option } from "commander";
import { EXPORT_FORMATS, type ExportName } from "../../export/formats.js";
import { printable } from "../../printable.js";
import { writeFileWhole } from "../../record/file.js";
import { readResults } from "../../record/read.js";
import { printJson } from "../print-json.js";

interface ExportFlags {
  format: ExportName;
  out?: string;
  json?: true;
  quiet?: true;
}

export function exportCommand(): Command {
  const formats = Object.entries(EXPORT_FORMATS);
  const width = Math.max(...formats.map(([name]) => name.length));
  const list = formats.map(([name, { title }]) => `  ${name.padEnd(width)}  ${title}`);
  return new Command("export")
    .description("a result in another tool's format")
    .argument("<results>", "a result file, such as reports/latest/results.json")
    .addOption(
      new Option("--format <name>", "which format")
        .choices(formats.map(([name]) => name))
        .makeOptionMandatory(),
    )
    .option("--out <file>", "file to write (default: standard output)")
    .option("--json", "print one JSON document: format, file or text")
    .option("--quiet", "do not say what was written")
    .addHelpText("after", `\nFormats:\n${list.join("\n")}`)
    .action(exportResults);
}

function exportResults(path: string, flags: ExportFlags): void {
  const { format, out, json, quiet } = flags;
  const text = EXPORT_FORMATS[format].write(readResults(path));
  if (out !== undefined) writeFileWhole(out, text);
  if (json) {
    const document = { format, file: out ?? null, text: out === undefined ? text : null };
    printJson(document);
  } else if (out === undefined) {
    process.stdout.write(text);
  } else if (!quiet) {
    process.stderr.write(`${printable(out)}: written\n`);
  }
}
