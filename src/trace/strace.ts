// What strace prints, read as memory calls of one address space (docs/traces.md).
//
//   [pid 4711] 12:00:00.000001 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</a/file>, 0) = 0x7f0000000000 <0.000012>

import type { Word } from "../core/operation.js";
import { errnoOf } from "../errno.js";
import { InputError, quoted } from "../errors.js";
import { CALL_NAMES, type Call, type CallName, callForm } from "./calls.js";
import { Descriptors } from "./descriptors.js";
import { addHeader, emptyHeader, type Header } from "./header.js";
import { HELD_LIMIT, LINE_BYTES } from "./limits.js";
import { type LineSink, textLines } from "./lines.js";
import { argumentsOf, closingBracket, descriptorOf, stringOf, wordOf } from "./strace-values.js";
import { hexWord, signedInteger } from "./words.js";

export interface StraceTrace {
  format: "strace";
  /** Name of the file it came from, for messages. */
  file: string;
  /** What `vmabench record` writes above; empty for text of strace alone. */
  header: Header;
  /** Calls of the program's address space, in the order in which they took effect as far as the text shows. */
  calls: Call[];
}

/** Pid, time, instruction pointer and call number that options of strace put before a call. */
const PREFIX =
  /^(?:\[pid +(\d+)\] +|(\d+) +(?=[\d[]|\w+\(|<\.\.\.|\+\+\+|---))?(?:\d{1,2}:\d\d:\d\d(?:\.\d+)? +| *\d+\.\d+ +)?(?:\[ *[0-9a-f]+\] +)*/;
/** Of a call that was interrupted, put together: two lines of the longest. */
const CALL_LENGTH = 2 * LINE_BYTES;
const CALL = /^([a-z_][a-z0-9_]*)\(/;
const RESUMED = /^<\.\.\. ([a-z0-9_]+) resumed>/;
const UNFINISHED = "<unfinished ...>";
const NEW_SPACE = new Set(["execve", "execveat"]);
const FORKS = new Set(["clone", "clone3", "fork", "vfork"]);
/** Calls that strace of before 6.11 knows by number only. */
const BY_NUMBER: ReadonlyMap<string, CallName> = new Map([["syscall_0x1ce", "mseal"]]);

/** Whether a line is one that strace prints. */
export function isStraceLine(text: string): boolean {
  const rest = text.replace(PREFIX, "");
  return (
    /^[a-z_][a-z0-9_]*\(.*(?:\) += |<unfinished \.\.\.>$|<unavailable>\))/.test(rest) ||
    RESUMED.test(rest) ||
    /^(?:\+\+\+ (?:exited|killed)|--- (?:SIG|stopped)|strace: )/.test(rest)
  );
}

/** A line's call as it stands there. */
interface Raw {
  name: string;
  args: string[];
  /** What stands behind the closing bracket. */
  answer: string;
}

type Space = "program" | "other";

/** Builds the calls of a program line by line. */
export class StraceParser implements LineSink {
  private readonly trace: StraceTrace;
  private readonly spaces = new Map<number, Space>();
  private readonly tasks = new Map<number, number>();
  /** What each task has begun: the text so far, and where a munmap that is under way stands. */
  private readonly open = new Map<
    number,
    { text: string; line: number; call?: Call | undefined }
  >();
  private descriptors = new Descriptors();
  private readonly segments = new Map<number, Word>();
  private brk: Word | undefined;
  private main: number | undefined;
  private seen = 0;

  constructor(private readonly file: string) {
    this.trace = { format: "strace", file, header: emptyHeader(), calls: [] };
  }

  /** Takes a line. InputError for a memory call that cannot be read; other lines are passed over. */
  line(text: string, number: number): void {
    if (text.startsWith("#")) {
      addHeader(this.trace.header, text, this.file, number);
      return;
    }
    const prefix = PREFIX.exec(text);
    const rest = text.slice(prefix?.[0].length ?? 0);
    const pid = Number(prefix?.[1] ?? prefix?.[2] ?? 0);
    this.main ??= CALL.test(rest) ? pid : undefined;
    const resumed = RESUMED.exec(rest);
    const begun = resumed ? this.open.get(pid) : undefined;
    if (resumed && !begun) return; // the text begins in the middle of a call
    const whole = begun ? begun.text + rest.slice(resumed?.[0].length ?? 0) : rest;
    if (whole.length > CALL_LENGTH) {
      const most = `a call of at most ${CALL_LENGTH} characters`;
      throw new InputError(this.file, number, most, String(whole.length));
    }
    if (begun) this.open.delete(pid);
    if (!CALL.test(whole)) return;
    if (whole.endsWith(UNFINISHED)) {
      this.begin(pid, whole.slice(0, -UNFINISHED.length).trimEnd(), number);
    } else this.finish(pid, whole, number, begun);
  }

  /** The trace, after its last line. InputError when there was no memory call. */
  end(lines: number): StraceTrace {
    this.trace.calls = this.trace.calls.filter((call) => !Number.isNaN(call.result));
    if (this.seen === 0) {
      throw new InputError(this.file, lines + 1, "a memory call, as strace prints it", "none");
    }
    return this.trace;
  }

  /** What a munmap frees, another task may be given before it returns: it counts from where it began. */
  private begin(pid: number, text: string, line: number): void {
    const raw = rawCall(`${text})`);
    const call =
      raw?.name === "munmap" && this.isOurs(pid, raw)
        ? this.callOf(raw, "munmap", pid, line, Number.NaN)
        : undefined;
    if (call) this.push(call);
    this.open.set(pid, { text, line, call });
  }

  private finish(
    pid: number,
    text: string,
    line: number,
    begun: { call?: Call | undefined } | undefined,
  ): void {
    const raw = rawCall(text);
    const name = raw && (BY_NUMBER.get(raw.name) ?? raw.name);
    if (!raw || name === undefined) {
      const [, word = ""] = CALL.exec(text) ?? [];
      if (!isMemoryCall(word) || text.includes("<unavailable>")) return;
      throw new InputError(this.file, line, `${word}(...) = RESULT`, quoted(text));
    }
    if (!this.isOurs(pid, raw)) return;
    const result = answerOf(raw.answer);
    if (FORKS.has(name)) this.fork(raw, result);
    else if (NEW_SPACE.has(name)) this.exec(pid, result);
    else if (name === "shmget") this.segment(raw, result);
    else if (isMemoryCall(name)) this.memoryCall(raw, name, pid, line, result, begun?.call);
    else this.descriptors.see(name, raw.args, result);
  }

  /** Whether a task belongs to the program: tasks whose making was not seen do, unless they begin a program. */
  private isOurs(pid: number, raw: Raw): boolean {
    let space = this.spaces.get(pid);
    if (space === undefined) {
      const startsProgram = raw.name === "brk" && raw.args[0] === "NULL";
      space = pid !== this.main && startsProgram ? "other" : "program";
      this.spaces.set(pid, space);
    }
    return space === "program";
  }

  private fork(raw: Raw, result: Word | undefined): void {
    if (result === undefined || result <= 0) return;
    const text = raw.args.join(",");
    const shares = /\bCLONE_VM\b/.test(text) && !/\bCLONE_VFORK\b/.test(text);
    this.spaces.set(Number(result), shares ? "program" : "other");
  }

  /** The program's own execve: everything begins anew. */
  private exec(pid: number, result: Word | undefined): void {
    if (result === 0) this.restart(pid);
  }

  private restart(pid: number): void {
    this.trace.calls = [];
    this.open.clear();
    this.brk = undefined;
    this.spaces.clear();
    this.spaces.set(pid, "program");
    this.main = pid;
  }

  private segment(raw: Raw, result: Word | undefined): void {
    const size = wordOf(raw.args[1] ?? "");
    if (result !== undefined && result >= 0 && size !== undefined) {
      this.segments.set(Number(result), size);
    }
  }

  private memoryCall(
    raw: Raw,
    name: CallName,
    pid: number,
    line: number,
    result: Word | undefined,
    begun: Call | undefined,
  ): void {
    this.seen++;
    if (begun) {
      begun.result = result ?? Number.NaN;
      return;
    }
    if (result === undefined) return; // the task ended inside the call, or it is begun again
    if (name === "brk" && this.isNewProgram(raw, result)) this.restart(pid);
    const call = this.callOf(raw, name, pid, line, result);
    if (name === "brk") this.brk = result;
    this.push(call);
  }

  /** An execve that was not traced shows in a break that the program has not set. */
  private isNewProgram(raw: Raw, result: Word): boolean {
    return raw.args[0] === "NULL" && this.brk !== undefined && this.brk !== result;
  }

  private callOf(raw: Raw, name: CallName, pid: number, line: number, result: Word): Call {
    const { args: form, least, raw: any } = callForm(name);
    const texts = raw.args.slice(0, form.length);
    if (name === "mremap" && texts.length === 4) texts.push("NULL"); // shown with MREMAP_FIXED only
    if (texts.length < least) {
      const wanted = `${least} arguments of ${name}`;
      throw new InputError(this.file, line, wanted, String(texts.length));
    }
    const call: Call = {
      kind: "call",
      line,
      task: this.task(pid),
      name,
      args: [],
      result,
      other: [],
    };
    call.args = texts.map((text, i) => {
      const argument = form[i] ?? "argument";
      if (name === "prctl" && i === 4) return this.asked(call, text);
      const value = argument === "fd" ? this.descriptor(call, text, raw) : wordOf(text);
      if (value !== undefined) return value;
      if (result < 0 || any || name === "prctl") return 0; // a structure, or what the kernel refused too
      throw new InputError(this.file, line, `${argument} of ${name}`, quoted(text));
    });
    const size = name === "shmat" ? this.segments.get(Number(call.args[0])) : undefined;
    if (size !== undefined) call.size = size;
    return call;
  }

  private asked(call: Call, text: string): Word {
    const name = stringOf(text);
    if (name !== undefined) call.asked = name;
    return wordOf(text) ?? 0;
  }

  private descriptor(call: Call, text: string, raw: Raw): Word | undefined {
    const shown = descriptorOf(text);
    if (!shown || shown.fd < 0) return shown?.fd;
    const flags = BigInt(wordOf(raw.args[3] ?? "") ?? 0);
    const first = wordOf(raw.args[5] ?? "") === 0 && (flags & 0x10n) === 0n;
    const file = this.descriptors.mapped(shown.fd, shown.path, first);
    call.ofd = file.number;
    call.open = file.open;
    if (file.type !== undefined) call.type = file.type;
    if (file.path !== null) call.file = file.path.replaceAll(" ", "\\040");
    return shown.fd;
  }

  private task(pid: number): number {
    const known = this.tasks.get(pid) ?? this.tasks.size + 1;
    this.tasks.set(pid, known);
    return known;
  }

  private push(call: Call): void {
    if (this.trace.calls.length >= HELD_LIMIT) {
      throw new InputError(this.file, call.line, `at most ${HELD_LIMIT} memory calls`, "more");
    }
    this.trace.calls.push(call);
  }
}

function isMemoryCall(name: string): name is CallName {
  return (CALL_NAMES as readonly string[]).includes(BY_NUMBER.get(name) ?? name);
}

function rawCall(text: string): Raw | undefined {
  const [, name] = CALL.exec(text) ?? [];
  if (name === undefined) return undefined;
  const close = closingBracket(text, name.length);
  if (close < 0) return undefined;
  return {
    name: BY_NUMBER.get(name) ?? name,
    args: argumentsOf(text.slice(name.length + 1, close)),
    answer: text.slice(close + 1),
  };
}

/** The number behind `=`: an address, a count, a descriptor, or -errno. Undefined where strace shows none. */
function answerOf(text: string): Word | undefined {
  const [, value, name] = /^\s*= (-?\w+)(?:<[^>]*>)?(?: (E[A-Z0-9]+))?/.exec(text) ?? [];
  if (value === undefined) return undefined;
  if (name !== undefined) {
    const number = errnoOf(name);
    return number === undefined || number >= 512 ? undefined : -number;
  }
  return hexWord(value) ?? signedInteger(value);
}

/** Calls out of text in memory. InputError as for a file. */
export function parseStrace(text: string, file = "strace"): StraceTrace {
  const parser = new StraceParser(file);
  return parser.end(textLines(text, parser));
}
