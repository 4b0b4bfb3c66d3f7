// A trace file as a program to go through. Short ones are held in memory; a long one is read to its end once, so that
// it is known to be right before anything is executed, and then again each time its operations are wanted.

import { statSync } from "node:fs";
import { UsageError } from "../errors.js";
import { Collector, type OperationSink } from "./collect.js";
import { DEFAULT_LIMITS, HELD, HELD_LIMIT, type TextLimits } from "./limits.js";
import { type LineSink, readLines } from "./lines.js";
import { OpsParser } from "./ops.js";
import { OpsOperations } from "./ops-operations.js";
import { Parts, sourceOf } from "./parts.js";
import type { Part, Program, ProgramHead, ProgramOptions, ProgramSource } from "./program.js";
import { FormatChooser } from "./read.js";
import { StraceParser } from "./strace.js";
import { straceProgram } from "./strace-program.js";
import { TraceOperations } from "./trace-operations.js";
import { VmatraceParser } from "./vmatrace.js";

/** A trace that has been read to its end. */
export interface OpenedTrace {
  source: ProgramSource;
  /** The program in memory; null where it is too long for that. */
  whole: Program | null;
}

/**
 * Opens a trace, plain or gzip. UsageError when the file cannot be opened, InputError naming the line when it is not a
 * trace, holds what the model does not have, or is beyond the limits. `hold`: operations to keep in memory.
 */
export async function openTrace(
  path: string,
  options: ProgramOptions = {},
  limits: TextLimits = DEFAULT_LIMITS,
  hold = HELD,
): Promise<OpenedTrace> {
  const version = versionOf(path);
  // a pipe gives its text once
  const into = new Collector(version === null ? HELD_LIMIT : hold);
  const feed = feedOf(path, options, into);
  const head = feed.end(await readLines(path, feed, limits));
  if ("operations" in head) return held(head);
  if (into.isWhole) return held(into.program(head));
  if (version === null) {
    throw new UsageError(`${path}: at most ${HELD_LIMIT} operations from what is no regular file`);
  }
  const { setupCount, count } = into;
  const each = async (take: (part: Part) => Promise<void>) => {
    const parts = new Parts(setupCount);
    const again = feedOf(path, options, parts);
    const pause = async () => {
      for (const part of parts.taken()) await take(part);
    };
    const lines = await readLines(path, { line: (...line) => again.line(...line), pause }, limits);
    again.end(lines);
    parts.cut();
    await pause();
    if (parts.count !== count || versionOf(path) !== version) {
      throw new UsageError(`${path} changed while it was replayed`);
    }
  };
  return { source: { ...head, length: count - setupCount, each }, whole: null };
}

function held(program: Program): OpenedTrace {
  return { source: sourceOf(program), whole: program };
}

/** What tells whether a regular file is still the same; null for what is none, or is not there. */
function versionOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : null;
}

/** Lines in, operations out, and at the end what the program needs before it begins. */
interface Feed extends LineSink {
  end(lines: number): ProgramHead | Program;
}

function feedOf(file: string, options: ProgramOptions, into: OperationSink): Feed {
  return new FormatChooser<Feed>(file, {
    vmatrace: () => {
      const out = new TraceOperations(file, options, into);
      const parser = new VmatraceParser(file, out);
      return feed(parser, (lines) => {
        const { header, final } = parser.end(lines);
        return out.end(header, final);
      });
    },
    ops: () => {
      const out = new OpsOperations(file, options, into);
      return feed(new OpsParser(file, out), () => out.end());
    },
    strace: () => {
      const parser = new StraceParser(file);
      return feed(parser, (lines) => straceProgram(parser.end(lines), options));
    },
  });
}

function feed(parser: LineSink, end: Feed["end"]): Feed {
  return { line: (text, number) => parser.line(text, number), end };
}
