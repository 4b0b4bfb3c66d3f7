// The vmatrace format, version 1 (docs/traces.md): memory calls of a real program, with the kernel's own
// layouts before, between and after them.

import { InputError, quoted } from "../errors.js";
import { type Call, callLine, parseCall } from "./calls.js";
import { addHeader, emptyHeader, type Header } from "./header.js";
import { addVma, layoutLines, type RecordedLayout } from "./layout.js";
import { HELD_LIMIT } from "./limits.js";
import { type LineSink, textLines } from "./lines.js";
import { count, hexText, hexWord } from "./words.js";

/** The stack VMA was found grown, by page faults, before the operation that follows. Bytes. */
export interface StackGrowth {
  kind: "stack-growth";
  line: number;
  /** Start before and after, and the end, which stays. */
  start: number;
  grown: number;
  end: number;
}

/** The layout right after operation `after`, counted from 1. */
export interface Checkpoint {
  kind: "checkpoint";
  line: number;
  after: number;
  layout: RecordedLayout;
}

/** A comment line that is kept and means nothing. */
export interface Comment {
  kind: "comment";
  text: string;
}

export type Item = Call | StackGrowth | Checkpoint | Comment;

export interface Trace {
  format: "vmatrace";
  /** Name of the file it came from, for messages. */
  file: string;
  header: Header;
  /** Comment lines before the first section: the header as written. */
  head: string[];
  /** The layout at the exec stop. */
  initial: RecordedLayout;
  items: Item[];
  /** The layout at the entry of exit_group. */
  final: RecordedLayout;
  /** Comment lines after the last section has begun. */
  tail: string[];
}

type Section = "head" | "initial" | "ops" | "checkpoint" | "final";

/** What may come after each section's lines. */
const NEXT: Readonly<Record<Section, string>> = {
  head: '"@maps initial"',
  initial: 'a maps line or "@ops"',
  ops: 'an operation, "@maps checkpoint N" or "@maps final"',
  checkpoint: 'a maps line, "@ops" or "@maps final"',
  final: "a maps line or the end of the file",
};

/** Takes what a trace holds, in order. */
export interface TraceSink {
  /** The layout at the exec stop; comes first. */
  initial(layout: RecordedLayout): void;
  item(item: Item): void;
}

/** Reads a trace line by line; keeps its items where no sink takes them. */
export class VmatraceParser implements LineSink {
  private readonly trace: Trace;
  private section: Section = "head";
  private layout: RecordedLayout;
  private calls = 0;
  private mapsLines = 0;
  private lastCheckpoint = 0;
  /** Items seen while the lines of a layout are under way: first the layout's own, if it is a checkpoint. */
  private waiting: Item[] = [];

  constructor(
    private readonly file: string,
    private readonly sink: TraceSink | null = null,
  ) {
    const empty = (): RecordedLayout => ({ vmas: [], gate: null });
    this.layout = empty();
    this.trace = {
      format: "vmatrace",
      file,
      header: emptyHeader(),
      head: [],
      initial: this.layout,
      items: [],
      final: empty(),
      tail: [],
    };
  }

  /** Takes a line. InputError when it is wrong or in the wrong place. */
  line(text: string, number: number): void {
    if (text.startsWith("#")) this.comment(text, number);
    else if (text.startsWith("@")) this.marker(text, number);
    else if (text.trim() === "") return;
    else if (this.section === "ops") this.call(text, number);
    else if (this.section === "head") throw this.unexpected(text, number);
    else this.mapsLine(text, number);
  }

  /** The trace, after its last line. InputError when the file ends too early. */
  end(lines: number): Trace {
    if (this.section !== "final") {
      throw new InputError(this.file, lines + 1, NEXT[this.section], "the end of the file");
    }
    return this.trace;
  }

  private comment(text: string, number: number): void {
    addHeader(this.trace.header, text, this.file, number);
    const growth = this.isBetweenOps() ? parseStackGrowth(text, this.file, number) : undefined;
    if (growth) this.push(growth, number);
    else if (this.sink) return;
    else if (this.section === "head") this.keep(this.trace.head, text, number);
    else if (this.section === "final") this.keep(this.trace.tail, text, number);
    else this.push({ kind: "comment", text }, number);
  }

  private isBetweenOps(): boolean {
    return this.section !== "head" && this.section !== "final";
  }

  private marker(text: string, number: number): void {
    const { section } = this;
    const checkpoint = /^@maps checkpoint (.*)$/.exec(text);
    if (text === "@maps initial" && section === "head") {
      this.section = "initial";
    } else if (text === "@ops" && (section === "initial" || section === "checkpoint")) {
      if (section === "initial") this.sink?.initial(this.layout);
      this.section = "ops";
      this.takeWaiting(number);
    } else if (text === "@maps final" && (section === "ops" || section === "checkpoint")) {
      this.section = "final";
      this.takeWaiting(number);
      this.begin(this.trace.final);
    } else if (checkpoint && section === "ops") {
      this.beginCheckpoint(checkpoint[1] as string, number);
    } else {
      throw this.unexpected(text, number);
    }
  }

  private beginCheckpoint(text: string, number: number): void {
    const after = count(text);
    if (after !== this.calls || after === this.lastCheckpoint) {
      const wanted = `"@maps checkpoint N" with N the number of operations so far (${this.calls})`;
      throw new InputError(this.file, number, wanted, quoted(text));
    }
    this.section = "checkpoint";
    this.lastCheckpoint = after;
    this.begin({ vmas: [], gate: null });
    this.push({ kind: "checkpoint", line: number, after, layout: this.layout }, number);
  }

  private begin(layout: RecordedLayout): void {
    this.layout = layout;
    this.mapsLines = 0;
  }

  private call(text: string, number: number): void {
    this.push(parseCall(text, this.file, number), number);
    this.calls++;
  }

  private mapsLine(text: string, number: number): void {
    addVma(this.layout, text, this.file, number);
    this.mapsLines++;
    if (this.mapsLines > HELD_LIMIT) {
      throw new InputError(this.file, number, `at most ${HELD_LIMIT} maps lines`, "more");
    }
  }

  private push(item: Item, number: number): void {
    const isWaiting = this.section === "initial" || this.section === "checkpoint";
    if (isWaiting) this.keep(this.waiting, item, number);
    else if (this.sink) this.sink.item(item);
    else this.keep(this.trace.items, item, number);
  }

  private takeWaiting(number: number): void {
    for (const item of this.waiting) this.push(item, number);
    this.waiting = [];
  }

  private keep<T>(list: T[], item: T, number: number): void {
    if (list.length >= HELD_LIMIT) {
      throw new InputError(this.file, number, `at most ${HELD_LIMIT} operations`, "more");
    }
    list.push(item);
  }

  private unexpected(text: string, number: number): InputError {
    return new InputError(this.file, number, NEXT[this.section], quoted(text));
  }
}

function parseStackGrowth(text: string, file: string, line: number): StackGrowth | undefined {
  if (!text.startsWith("# stack-growth ")) return undefined;
  const [, before, after] =
    /^# stack-growth (0x[^ -]+-0x[^ -]+) -> (0x[^ -]+-0x[^ -]+)$/.exec(text) ?? [];
  const [start, end] = range(before);
  const [grown, sameEnd] = range(after);
  const right =
    typeof start === "number" &&
    typeof end === "number" &&
    typeof grown === "number" &&
    end === sameEnd &&
    grown < start &&
    start < end &&
    grown % 4096 === 0;
  if (right) return { kind: "stack-growth", line, start, grown, end };
  const expected = "# stack-growth 0xSTART-0xEND -> 0xLOWER-0xEND";
  throw new InputError(file, line, expected, quoted(text));
}

function range(text: string | undefined) {
  return (text ?? "").split("-").map(hexWord);
}

/** A trace out of text in memory. InputError as for a file. */
export function parseVmatrace(text: string, file = "trace"): Trace {
  const parser = new VmatraceParser(file);
  return parser.end(textLines(text, parser));
}

/** The text of a trace: what `parseVmatrace` makes the same trace of. */
export function printVmatrace(trace: Trace): string {
  const lines = [...trace.head, "@maps initial", ...layoutLines(trace.initial), "@ops"];
  for (const item of trace.items) {
    switch (item.kind) {
      case "call":
        lines.push(callLine(item));
        break;
      case "comment":
        lines.push(item.text);
        break;
      case "stack-growth": {
        const [start, grown, end] = [item.start, item.grown, item.end].map(hexText);
        lines.push(`# stack-growth ${start}-${end} -> ${grown}-${end}`);
        break;
      }
      case "checkpoint":
        lines.push(`@maps checkpoint ${item.after}`, ...layoutLines(item.layout), "@ops");
        break;
    }
  }
  lines.push("@maps final", ...layoutLines(trace.final), ...trace.tail);
  return `${lines.join("\n")}\n`;
}
