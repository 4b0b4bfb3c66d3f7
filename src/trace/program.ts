// A recording as something to execute: settings, files, set-up, operations, and what the kernel answered.

import type { FileRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import type { Call } from "./calls.js";
import { Collector } from "./collect.js";
import type { RecordedLayout } from "./layout.js";
import { OpsOperations } from "./ops-operations.js";
import type { Recording } from "./read.js";
import { straceProgram } from "./strace-program.js";
import { TraceOperations } from "./trace-operations.js";
import type { Comparison } from "./translate.js";

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

/** What a program needs before it begins. */
export interface ProgramHead {
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
  /** Whether the kernel's answers are there. */
  isRecorded: boolean;
}

/** A program that is in memory as a whole. */
export interface Program extends ProgramHead {
  /** Executed first, not measured. */
  setup: Operation[];
  operations: Operation[];
  /** Line of the file for each operation of set-up and program, in this order; 0 = none. */
  lines: number[];
  /** For each operation; null for stack growth, which is no call. Empty where nothing was recorded. */
  expectations: (Expectation | null)[];
  checkpoints: Snapshot[];
  /** Null where no layout was recorded. */
  final: Snapshot | null;
}

/** Operations that follow one another, all of the set-up or all of the program. */
export interface Part {
  isSetup: boolean;
  operations: readonly Operation[];
  /** For each operation: its line of the file, 0 = none. */
  lines: readonly number[];
  /** For each operation; empty where nothing was recorded. */
  expectations: readonly (Expectation | null)[];
  /** A layout that the kernel showed right after the last of them, and whether it is the last of all. */
  then: { snapshot: Snapshot; isFinal: boolean } | null;
}

/** A program to go through once or several times, without having it in memory as a whole. */
export interface ProgramSource extends ProgramHead {
  /** How many operations come after the set-up. */
  length: number;
  /** Shows every part in order, the set-up first; goes on when `take` is done with it. */
  each(take: (part: Part) => Promise<void>): Promise<void>;
}

export interface ProgramOptions {
  /** Index of the driver record that every file uses. Default 0. */
  driver?: number;
  /** TOUCH_*: which VMAs count as written right after the call that made them. Default TOUCH_WRITTEN. */
  touch?: number;
}

/** The program of a recording. InputError for calls that the model does not have. */
export function programOf(recording: Recording, options: ProgramOptions = {}): Program {
  const into = new Collector(Number.POSITIVE_INFINITY);
  switch (recording.format) {
    case "strace":
      return straceProgram(recording, options);
    case "ops": {
      const out = new OpsOperations(recording.file, options, into);
      recording.calls.forEach((call, i) => {
        if (i === recording.mark) out.mark();
        out.call(call);
      });
      if (recording.mark === recording.calls.length) out.mark();
      return into.program(out.end());
    }
    case "vmatrace": {
      const out = new TraceOperations(recording.file, options, into);
      out.initial(recording.initial);
      for (const item of recording.items) out.item(item);
      return into.program(out.end(recording.header, recording.final));
    }
  }
}

/** The same program with another driver record behind its files. */
export function withDriver(program: Program, driver: number): Program {
  return { ...program, files: program.files.map((file) => ({ ...file, driver })) };
}
