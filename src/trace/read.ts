// One way in for every trace format: by the file's name, and where that says nothing by its first line.

import { InputError, quoted } from "../errors.js";
import { DEFAULT_LIMITS, type TextLimits } from "./limits.js";
import { type LineSink, readLines, readLinesOf } from "./lines.js";
import { OPS_NAMES, OpsParser, type OpsTrace } from "./ops.js";
import { isStraceLine, StraceParser, type StraceTrace } from "./strace.js";
import { type Trace, VmatraceParser } from "./vmatrace.js";

/** What a trace file holds. */
export type Recording = Trace | OpsTrace | StraceTrace;

/**
 * Reads a trace, plain or gzip, into memory. UsageError when the file cannot be opened, InputError naming the line when
 * it is not a trace; nothing else, whatever the file holds.
 */
export async function readTrace(path: string): Promise<Recording> {
  const sink = chooserOf(path);
  return sink.end(await readLines(path, sink));
}

/** The same for bytes in memory; `name` stands for the file. */
export async function readTraceBytes(
  bytes: Uint8Array,
  name: string,
  limits: TextLimits = DEFAULT_LIMITS,
): Promise<Recording> {
  const sink = chooserOf(name);
  return sink.end(await readLinesOf(bytes, name, sink, limits));
}

function chooserOf(file: string) {
  return new FormatChooser<VmatraceParser | OpsParser | StraceParser>(file, {
    vmatrace: () => new VmatraceParser(file),
    ops: () => new OpsParser(file),
    strace: () => new StraceParser(file),
  });
}

/** Takes the lines of a file, and says at their end what they were. */
interface Parser<T> extends LineSink {
  end(lines: number): T;
}

type Format = "vmatrace" | "ops" | "strace";

/** Passes lines on to the parser of their format. */
export class FormatChooser<P extends Parser<unknown>> implements LineSink {
  private parser: P | undefined;
  /** Lines that could begin either format. */
  private readonly held: [text: string, number: number][] = [];

  constructor(
    private readonly file: string,
    private readonly parsers: Record<Format, () => P>,
  ) {
    const name = file.replace(/\.gz$/, "");
    const format = (["vmatrace", "ops", "strace"] as const).find((f) => name.endsWith(`.${f}`));
    if (format) this.parser = parsers[format]();
  }

  line(text: string, number: number): void {
    if (this.parser) {
      this.parser.line(text, number);
      return;
    }
    this.held.push([text, number]);
    const format = this.choose(text, number);
    if (!format) return;
    this.parser = this.parsers[format]();
    for (const [t, n] of this.held.splice(0)) this.parser.line(t, n);
  }

  end(lines: number): ReturnType<P["end"]> {
    if (this.parser) return this.parser.end(lines) as ReturnType<P["end"]>;
    throw new InputError(this.file, lines + 1, EXPECTED, "the end of the file");
  }

  private choose(text: string, number: number): Format | undefined {
    if (/^# vmatrace format|^@maps /.test(text)) return "vmatrace";
    if (isStraceLine(text)) return "strace";
    const word = text.trim().split(/\s/, 1)[0] as string;
    if ((OPS_NAMES as readonly string[]).includes(word) || text.trim() === "#MARK") return "ops";
    if (word.startsWith("#") || word === "") {
      if (this.held.length <= HELD_LINES) return undefined;
    }
    throw new InputError(this.file, number, EXPECTED, quoted(text));
  }
}

const EXPECTED = "a vmatrace, an operation trace or what strace prints";
/** Comment lines a file of unknown name may begin with. */
const HELD_LINES = 1000;
