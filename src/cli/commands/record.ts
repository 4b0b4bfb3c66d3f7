// vmabench record: a program's memory calls, by strace, into a file that replay reads.

import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { recordCommand } from "../../live/record.js";
import { printable } from "../../render/printable.js";
import { checkFileWritable, writeWhole } from "../../replay/layout.js";
import { parseStrace } from "../../trace/strace.js";

export function recordCliCommand(): Command {
  return new Command("record")
    .description("record a program's memory calls with strace")
    .argument("<command...>", "the program and its arguments, after --")
    .option("--out <file>", "file to write, packed when it ends in .gz (default: PROGRAM.strace)")
    .option("--json", "print one JSON document")
    .option("--quiet", "print nothing")
    .action(record);
}

interface RecordFlags {
  out?: string;
  json?: true;
  quiet?: true;
}

async function record(command: string[], flags: RecordFlags): Promise<void> {
  const out = flags.out ?? `${basename(command[0] as string)}.strace`;
  checkFileWritable(out);
  const { text, status } = await recordCommand(command);
  const { calls } = parseStrace(text, out);
  writeWhole(out, out.endsWith(".gz") ? gzipSync(text) : text);
  if (flags.json) {
    const document = { file: out, operations: calls.length, status };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else if (!flags.quiet) {
    const ended = status === 0 ? "" : `; the program ended with ${status ?? "a signal"}`;
    process.stderr.write(`${printable(out)}: ${calls.length} memory calls${ended}\n`);
  }
}
