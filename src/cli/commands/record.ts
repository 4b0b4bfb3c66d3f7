// vmabench record: a program's memory calls, by strace, into a file that replay reads.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { Command } from "commander";
import { recordCommand } from "../../live/record.js";
import { printable } from "../../printable.js";
import { checkFileWritable, writeFileWhole } from "../../record/file.js";
import { parseStrace } from "../../trace/strace.js";
import { onInterrupt } from "../interrupt.js";
import { printJson } from "../print-json.js";

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

type Forward = (end: (signal: NodeJS.Signals) => void) => void;

/** A signal is the program's: what it did until then is the recording, and the command ends as interrupted. */
async function interruptibly<T>(work: (forward: Forward) => Promise<T>): Promise<T> {
  let send = (_: NodeJS.Signals) => {};
  const recorded = work((end) => {
    send = end;
  });
  const forget = onInterrupt((signal) => {
    // Ctrl-C of a terminal goes to the program without us
    if (signal !== "SIGINT" || !isInForeground()) send(signal);
    return recorded;
  });
  return recorded.finally(forget);
}

async function recordTo(out: string, command: string[], forward: Forward) {
  const { text, status } = await recordCommand(command, forward);
  const { calls } = parseStrace(text, out);
  writeFileWhole(out, out.endsWith(".gz") ? gzipSync(text) : text);
  return { calls, status };
}

/** Whether this process is of the group that a terminal sends Ctrl-C to: fields 5 and 8 of proc(5) stat. */
function isInForeground(): boolean {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

async function record(command: string[], flags: RecordFlags): Promise<void> {
  const out = flags.out ?? `${basename(command[0] as string)}.strace`;
  checkFileWritable(out);
  const { calls, status } = await interruptibly((forward) => recordTo(out, command, forward));
  if (flags.json) {
    const document = { file: out, operations: calls.length, status };
    printJson(document);
  } else if (!flags.quiet) {
    const ended = status === 0 ? "" : `; the program ended with ${status ?? "a signal"}`;
    process.stderr.write(`${printable(out)}: ${calls.length} memory calls${ended}\n`);
  }
}
