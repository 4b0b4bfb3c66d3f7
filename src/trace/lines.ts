// Lines of a file, plain or gzip, read as a stream. Everything is bounded, so that no file, however it was
// made, takes the memory of the machine; what is wrong with the bytes ends in one InputError.

import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError, UsageError } from "../errors.js";

/** Longest line. The longest a recorder writes is a path of 4096 bytes, escaped. */
export const LINE_BYTES = 1 << 16;
/** Most text of one file, unpacked. */
export const TEXT_BYTES = 1 << 28;
/** Most lines of one file. */
export const LINE_LIMIT = 5_000_000;

/** Takes lines without their line end, counted from 1. */
export interface LineSink {
  line(text: string, number: number): void;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Feeds every line of the file to `sink` and returns how many there were. UsageError when the file cannot be
 * opened; InputError for damaged gzip data, NUL bytes, and lines or texts that are too long.
 */
export async function readLines(path: string, sink: LineSink): Promise<number> {
  const source = createReadStream(path, { highWaterMark: 1 << 16 });
  return splitLines(bytesOf(source, path), path, sink);
}

/** The same for bytes in memory. `name` stands for the file in messages. */
export async function readLinesOf(
  bytes: Uint8Array,
  name: string,
  sink: LineSink,
): Promise<number> {
  return splitLines(bytesOf(Readable.from([Buffer.from(bytes)]), name), name, sink);
}

/** The same for text in memory, at once. */
export function textLines(text: string, sink: LineSink): number {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  lines.forEach((line, i) => {
    sink.line(line.endsWith("\r") ? line.slice(0, -1) : line, i + 1);
  });
  return lines.length;
}

/** The bytes of a stream, unpacked when they begin as gzip does. */
async function* bytesOf(source: Readable, name: string): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const next = async () => {
    try {
      return await chunks.next();
    } catch (error) {
      throw cannotRead(name, error);
    }
  };
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield head;
    for (let step = await next(); !step.done; step = await next()) yield step.value;
  }
  try {
    if (head[0] === 0x1f && head[1] === 0x8b) {
      yield* pipeline(Readable.from(whole()), createGunzip(), () => {}) as AsyncIterable<Buffer>;
    } else {
      yield* whole();
    }
  } finally {
    source.destroy();
  }
}

async function splitLines(
  bytes: AsyncIterable<Buffer>,
  name: string,
  sink: LineSink,
): Promise<number> {
  let total = 0;
  let number = 1; // of the line under way
  let rest: Buffer = Buffer.alloc(0);
  const take = (line: Buffer) => {
    if (line.length > LINE_BYTES) {
      throw new InputError(name, number, `a line of at most ${LINE_BYTES} bytes`, "a longer one");
    }
    if (number > LINE_LIMIT)
      throw new InputError(name, number, `at most ${LINE_LIMIT} lines`, "more");
    if (line.includes(0)) throw new InputError(name, number, "text", "a NUL byte");
    const end = line.at(-1) === RETURN ? line.length - 1 : line.length;
    sink.line(line.toString("utf8", 0, end), number);
    number++;
  };
  try {
    for await (const chunk of bytes) {
      total += chunk.length;
      if (total > TEXT_BYTES) {
        throw new InputError(name, number, `at most ${TEXT_BYTES} bytes of text`, "more");
      }
      const text: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let to = text.indexOf(NEWLINE); to >= 0; to = text.indexOf(NEWLINE, from)) {
        take(text.subarray(from, to));
        from = to + 1;
      }
      rest = text.subarray(from);
      if (rest.length > LINE_BYTES) take(rest);
    }
  } catch (error) {
    throw damagedGzip(error)
      ? new InputError(name, number, "whole gzip data", reason(error))
      : error;
  }
  if (rest.length > 0) take(rest);
  return number - 1;
}

function damagedGzip(error: unknown): error is NodeJS.ErrnoException {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && code.startsWith("Z_");
}

function reason(error: NodeJS.ErrnoException): string {
  return error.code === "Z_BUF_ERROR" ? "the end of the file" : `damaged data (${error.message})`;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "a part of the path is not a folder",
};

function cannotRead(path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UsageError(`cannot read ${path}: ${REASONS[code ?? ""] ?? message}`);
}
