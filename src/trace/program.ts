// A recording as something to execute: settings, files, set-up, operations, and what the kernel answered.

import * as abi from "../core/abi.js";
import type { FileRecord } from "../core/core.js";
import type { Operation, Word } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import type { Call } from "./calls.js";
import { FileTable } from "./files.js";
import { placeOperations, settingsOf } from "./initial.js";
import type { RecordedLayout } from "./layout.js";
import type { OpsCall, OpsTrace } from "./ops.js";
import type { Recording } from "./read.js";
import { straceProgram } from "./strace-program.js";
import { type Comparison, Translator } from "./translate.js";
import type { Trace } from "./vmatrace.js";

/** What the kernel answered to an operation. */
export interface Expectation {
  /** Number of the call in the trace, from 1. */
  number: number;
  call: Call;
  comparison: Comparison;
}

/** A layout that the kernel showed after `executed` operations. */
export interface Snapshot {
  /** Operations of the program done before it. */
  executed: number;
  /** Calls of the trace done before it. */
  after: number;
  layout: RecordedLayout;
}

export interface Program {
  /** Name of the trace file. */
  file: string;
  /** The kernel it was recorded on, as the header has it; null where nothing says so. */
  kernel: string | null;
  settings: Partial<Settings>;
  /** File id n is `files[n - 1]`. */
  files: FileRecord[];
  /** `MAJ:MIN:INODE` of file id n at n - 1; null where nothing says so. */
  inodes: (string | null)[];
  /** Path of file id n at n - 1; null where nothing says so. */
  names: (string | null)[];
  /** The number that a layout file shows for file id n, at n - 1. */
  fileNumbers: number[];
  /** Executed first, not measured. */
  setup: Operation[];
  operations: Operation[];
  /** Line of the file for each operation of set-up and program, in this order; 0 = none. */
  lines: number[];
  /** What was recorded; null for operation traces, which record nothing. */
  recorded: {
    /** For each operation; null for stack growth, which is no call. */
    expectations: (Expectation | null)[];
    checkpoints: Snapshot[];
    /** Null where no layout was recorded. */
    final: Snapshot | null;
    /** Calls of the trace. */
    calls: number;
  } | null;
}

export interface ProgramOptions {
  /** Index of the driver record that every file uses. Default 0. */
  driver?: number;
  /** TOUCH_*: which VMAs count as written right after the call that made them. Default TOUCH_WRITTEN. */
  touch?: number;
}

/** The program of a recording. InputError for calls that the model does not have. */
export function programOf(recording: Recording, options: ProgramOptions = {}): Program {
  const touch = options.touch ?? abi.TOUCH_WRITTEN;
  const driver = options.driver ?? 0;
  switch (recording.format) {
    case "ops":
      return operationsProgram(recording, driver, touch);
    case "strace":
      return straceProgram(recording, driver, touch);
    case "vmatrace":
      return traceProgram(recording, driver, touch);
  }
}

function traceProgram(trace: Trace, driver: number, touch: number): Program {
  const files = new FileTable(trace.file, driver);
  const setup = placeOperations(trace, files);
  const translator = new Translator(trace.file, files);
  const operations: Operation[] = [];
  const lines = setup.map(() => 0);
  const expectations: (Expectation | null)[] = [];
  const checkpoints: Snapshot[] = [];
  let number = 0;
  for (const item of trace.items) {
    switch (item.kind) {
      case "call": {
        const { operation, comparison } = translator.translate(item);
        operations.push(operation);
        lines.push(item.line);
        expectations.push({ number: ++number, call: item, comparison });
        break;
      }
      case "stack-growth":
        operations.push({ op: abi.OP_STACK_GROW, addr: item.grown });
        lines.push(item.line);
        expectations.push(null);
        break;
      case "checkpoint": {
        const { after, layout } = item;
        checkpoints.push({ executed: operations.length, after, layout });
        break;
      }
    }
  }
  const final = { executed: operations.length, after: number, layout: trace.final };
  return {
    file: trace.file,
    kernel: trace.header.kernel,
    // recordings do not say; servers have had protection keys since 2017, and only PROT_EXEC alone shows them
    settings: { protectionKeys: true, ...settingsOf(trace), touch },
    files: files.files,
    inodes: files.inodes,
    names: files.names,
    fileNumbers: files.files.map((_, i) => i + 1),
    setup,
    operations,
    lines,
    recorded: { expectations, checkpoints, final, calls: number },
  };
}

function operationsProgram(trace: OpsTrace, driver: number, touch: number): Program {
  const files = new FileTable(trace.file, driver);
  const numbers: number[] = [];
  const fileOf = (number: Word | null, line: number): number => {
    if (number === null) return 0;
    const mode = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
    const id = files.id(`file ${number}`, line, null, mode);
    numbers[id - 1] = Number(number);
    return id;
  };
  const all = trace.calls.map((call) => operationOf(call, fileOf));
  const mark = trace.mark ?? 0;
  return {
    file: trace.file,
    kernel: null,
    settings: { touch },
    files: files.files,
    inodes: files.inodes,
    names: files.names,
    fileNumbers: numbers,
    setup: all.slice(0, mark),
    operations: all.slice(mark),
    lines: trace.calls.map((call) => call.line),
    recorded: null,
  };
}

function operationOf(
  { name, args, line }: OpsCall,
  fileOf: (number: Word | null, line: number) => number,
): Operation {
  const [a, b, c, d, e, f] = args.map((value) => value ?? 0) as [
    Word,
    Word,
    Word,
    Word,
    Word,
    Word,
  ];
  switch (name) {
    case "mmap":
      // FILE is the one argument that may be null
      return {
        op: abi.OP_MMAP,
        addr: a,
        len: b,
        prot: c,
        flags: d,
        pgoff: f,
        file: fileOf(args[4] ?? null, line),
      };
    case "munmap":
      return { op: abi.OP_MUNMAP, addr: a, len: b };
    case "mprotect":
      return { op: abi.OP_MPROTECT, addr: a, len: b, prot: c };
    case "mremap":
      return { op: abi.OP_MREMAP, addr: a, len: b, prot: c, flags: d, pgoff: e };
    case "touch":
      return { op: abi.OP_TOUCH, addr: a, len: b, flags: c };
    case "madvise":
      return { op: abi.OP_MADVISE, addr: a, len: b, prot: c };
    case "brk":
      return { op: abi.OP_BRK, addr: a };
    case "mlock":
      return { op: abi.OP_MLOCK, addr: a, len: b, flags: c };
    case "munlock":
      return { op: abi.OP_MUNLOCK, addr: a, len: b };
    case "mlockall":
      return { op: abi.OP_MLOCKALL, flags: a };
    case "munlockall":
      return { op: abi.OP_MUNLOCKALL };
    case "mseal":
      return { op: abi.OP_MSEAL, addr: a, len: b };
  }
}
