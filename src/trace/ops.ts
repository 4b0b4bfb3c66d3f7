// The short form for generated work (docs/traces.md): one operation a line, no results.
//
//   mmap 10000000000 4000 3 0x22 - 0      ADDR LEN PROT FLAGS FILE PGOFF
//   #MARK                                 ends the untimed set-up

import type { Word } from "../core/operation.js";
import { InputError, quoted } from "../errors.js";
import { HELD_LIMIT } from "./limits.js";
import { type LineSink, textLines } from "./lines.js";
import { bareHexWord, count, decimalWord, hexText, hexWord } from "./words.js";

/** `hex` bare hexadecimal, `flags` hexadecimal with 0x, `decimal`, `file` a number or -, `access` r or w. */
type Notation = "hex" | "flags" | "decimal" | "file" | "access";

function form(text: string): readonly (readonly [name: string, notation: Notation])[] {
  return text
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => {
      const [name, notation] = word.split(":");
      return [name as string, (notation ?? "hex") as Notation] as const;
    });
}

const FORMS = {
  mmap: form("ADDR LEN PROT:decimal FLAGS:flags FILE:file PGOFF:decimal"),
  munmap: form("ADDR LEN"),
  mprotect: form("ADDR LEN PROT:decimal"),
  mremap: form("OLD OLDLEN NEWLEN FLAGS:flags NEW"),
  touch: form("ADDR LEN ACCESS:access"),
  madvise: form("ADDR LEN ADVICE:decimal"),
  brk: form("ADDR"),
  mlock: form("ADDR LEN FLAGS:flags"),
  munlock: form("ADDR LEN"),
  mlockall: form("FLAGS:flags"),
  munlockall: form(""),
  mseal: form("ADDR LEN"),
} as const;

/** Arguments that may be left out at the end: the value they have then. */
const DEFAULTS: Readonly<Record<string, Word>> = { "mlock FLAGS": 0 };

export type OpsName = keyof typeof FORMS;
export const OPS_NAMES = Object.keys(FORMS) as readonly OpsName[];

/** One operation. `args` in the order of the line; FILE is null for `-`, ACCESS is 1 for w. */
export interface OpsCall {
  line: number;
  name: OpsName;
  args: (Word | null)[];
}

export interface OpsTrace {
  format: "ops";
  /** Name of the file it came from, for messages. */
  file: string;
  calls: OpsCall[];
  /** How many calls stand before `#MARK`; null without one. */
  mark: number | null;
}

/** Highest FILE number. */
const FILE_NUMBER_LIMIT = 0xffffffff;

/** Takes what an operation trace holds, in order. */
export interface OpsSink {
  call(call: OpsCall): void;
  /** What came before is the set-up. */
  mark(): void;
}

/** Reads an operation trace line by line; keeps it where no sink takes it. */
export class OpsParser implements LineSink {
  private readonly trace: OpsTrace;
  private marked = false;

  constructor(
    private readonly file: string,
    private readonly sink: OpsSink | null = null,
  ) {
    this.trace = { format: "ops", file, calls: [], mark: null };
  }

  /** Takes a line. InputError when it is wrong. */
  line(text: string, number: number): void {
    if (text.trim() === "#MARK") {
      if (this.marked) throw new InputError(this.file, number, "one #MARK at most", "another");
      this.marked = true;
      if (this.sink) this.sink.mark();
      else this.trace.mark = this.trace.calls.length;
      return;
    }
    const words = (text.split("#", 1)[0] as string).split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) return;
    const call = parseOpsCall(words, this.file, number);
    if (this.sink) this.sink.call(call);
    else this.keep(call);
  }

  private keep(call: OpsCall): void {
    if (this.trace.calls.length >= HELD_LIMIT) {
      throw new InputError(this.file, call.line, `at most ${HELD_LIMIT} operations`, "more");
    }
    this.trace.calls.push(call);
  }

  end(_lines: number): OpsTrace {
    return this.trace;
  }
}

function parseOpsCall(words: readonly string[], file: string, line: number): OpsCall {
  const name = words[0] as string;
  if (!Object.hasOwn(FORMS, name)) {
    throw new InputError(file, line, `an operation (${OPS_NAMES.join(", ")})`, quoted(name));
  }
  const known = FORMS[name as OpsName];
  const args = known.map(([argument, notation], i) => {
    const text = words[i + 1];
    const missing = text === undefined ? DEFAULTS[`${name} ${argument}`] : undefined;
    if (missing !== undefined) return missing;
    const value = argumentOf(text ?? "", notation);
    if (value === undefined) {
      const expected = `${argument} of ${name} as ${NOTATIONS[notation]}`;
      throw new InputError(file, line, expected, quoted(text ?? ""));
    }
    return value;
  });
  if (words.length > known.length + 1) {
    const extra = quoted(words[known.length + 1] as string);
    throw new InputError(file, line, `${known.length} arguments of ${name}`, extra);
  }
  return { line, name: name as OpsName, args };
}

const NOTATIONS: Readonly<Record<Notation, string>> = {
  hex: "a hexadecimal number",
  flags: "0x...",
  decimal: "a decimal number",
  file: "a file number or -",
  access: "r or w",
};

function argumentOf(text: string, notation: Notation): Word | null | undefined {
  switch (notation) {
    case "hex":
      return bareHexWord(text);
    case "flags":
      return hexWord(text);
    case "decimal":
      return decimalWord(text);
    case "file": {
      if (text === "-") return null;
      const number = count(text);
      return number !== undefined && number <= FILE_NUMBER_LIMIT ? number : undefined;
    }
    case "access":
      return text === "r" ? 0 : text === "w" ? 1 : undefined;
  }
}

/** An operation trace out of text in memory. InputError as for a file. */
export function parseOps(text: string, file = "operations"): OpsTrace {
  const parser = new OpsParser(file);
  return parser.end(textLines(text, parser));
}

/** The line of a call. */
export function opsLine(call: OpsCall): string {
  const known = FORMS[call.name];
  const words = call.args.map((value, i) => {
    if (value === null) return "-";
    switch (known[i]?.[1]) {
      case "hex":
        return value.toString(16);
      case "flags":
        return hexText(value);
      case "access":
        return value === 1 ? "w" : "r";
      default:
        return String(value);
    }
  });
  return [call.name, ...words].join(" ");
}

/** The text of an operation trace: what `parseOps` makes the same trace of. */
export function printOps(trace: OpsTrace): string {
  const lines = trace.calls.map(opsLine);
  if (trace.mark !== null) lines.splice(trace.mark, 0, "#MARK");
  return lines.map((line) => `${line}\n`).join("");
}
