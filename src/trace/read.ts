// One way in for every trace format: by the file's name, and where that says nothing by its first line.

import { InputError, quoted } from "../errors.js";
import { type LineSink, readLines, readLinesOf } from "./lines.js";
import { OPS_NAMES, OpsParser, type OpsTrace } from "./ops.js";
import { isStraceLine, StraceParser, type StraceTrace } from "./strace.js";
import { type Trace, VmatraceParser } from "./vmatrace.js";

/** What a trace file holds. */
export type Recording = Trace | OpsTrace | StraceTrace;

/**
 * Reads a trace, plain or gzip. UsageError when the file cannot be opened, InputError naming the line when it
 * is not a trace; nothing else, whatever the file holds.
 */
export async function readTrace(path: string): Promise<Recording> {
  const sink = new FormatChooser(path);
  return sink.end(await readLines(path, sink));
}

/** The same for bytes in memory; `name` stands for the file. */
export async function readTraceBytes(bytes: Uint8Array, name: string): Promise<Recording> {
  const sink = new FormatChooser(name);
  return sink.end(await readLinesOf(bytes, name, sink));
}

type Parser = VmatraceParser | OpsParser | StraceParser;

/** Passes lines on to the parser of their format. */
class FormatChooser implements LineSink {
  private parser: Parser | undefined;
  /** Lines that could begin either format. */
  private readonly held: [text: string, number: number][] = [];

  constructor(private readonly file: string) {
    const name = file.replace(/\.gz$/, "");
    if (name.endsWith(".vmatrace")) this.parser = new VmatraceParser(file);
    else if (name.endsWith(".ops")) this.parser = new OpsParser(file);
    else if (name.endsWith(".strace")) this.parser = new StraceParser(file);
  }

  line(text: string, number: number): void {
    if (this.parser) {
      this.parser.line(text, number);
      return;
    }
    this.held.push([text, number]);
    this.parser = this.choose(text, number);
    if (this.parser) for (const [t, n] of this.held.splice(0)) this.parser.line(t, n);
  }

  end(lines: number): Recording {
    if (this.parser) return this.parser.end(lines);
    throw new InputError(this.file, lines + 1, EXPECTED, "the end of the file");
  }

  private choose(text: string, number: number): Parser | undefined {
    if (/^# vmatrace format|^@maps /.test(text)) return new VmatraceParser(this.file);
    if (isStraceLine(text)) return new StraceParser(this.file);
    const word = text.trim().split(/\s/, 1)[0] as string;
    if ((OPS_NAMES as readonly string[]).includes(word) || text.trim() === "#MARK") {
      return new OpsParser(this.file);
    }
    if (word.startsWith("#") || word === "") {
      if (this.held.length <= HELD_LINES) return undefined;
    }
    throw new InputError(this.file, number, EXPECTED, quoted(text));
  }
}

const EXPECTED = "a vmatrace, an operation trace or what strace prints";
/** Comment lines a file of unknown name may begin with. */
const HELD_LINES = 1000;
