// Lines of a file, plain or gzip, read as a stream. Everything is bounded, so that no file, however it was
// made, takes the memory of the machine; what is wrong with the bytes ends in one InputError.

import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError, UsageError } from "../errors.js";
import { reasonOf } from "../system-error.js";
import { DEFAULT_LIMITS, LINE_BYTES, PACKED_FREE, type TextLimits } from "./limits.js";

/** Takes lines without their line end, counted from 1. */
export interface LineSink {
  line(text: string, number: number): void;
  /** Called from time to time between lines; reading goes on when it is done. */
  pause?(): Promise<void>;
}

/** Bytes read at once. */
const CHUNK = 1 << 16;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Feeds every line of the file to `sink` and returns how many there were. UsageError when the file cannot be
 * opened; InputError for damaged gzip data, NUL bytes, and lines or texts that are too long.
 */
export async function readLines(
  path: string,
  sink: LineSink,
  limits: TextLimits = DEFAULT_LIMITS,
): Promise<number> {
  const source = createReadStream(path, { highWaterMark: CHUNK });
  return splitLines(bytesOf(source, path), path, sink, limits);
}

/** The same for bytes in memory. `name` stands for the file in messages. */
export async function readLinesOf(
  bytes: Uint8Array,
  name: string,
  sink: LineSink,
  limits: TextLimits = DEFAULT_LIMITS,
): Promise<number> {
  return splitLines(bytesOf(Readable.from([Buffer.from(bytes)]), name), name, sink, limits);
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

/** Text, with the bytes of a packed file that had been read by then; null when it is not packed. */
interface Chunk {
  text: Buffer;
  packed: number | null;
}

/** The bytes of a stream, unpacked when they begin as gzip does. */
async function* bytesOf(source: Readable, name: string): AsyncGenerator<Chunk> {
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
  let read = 0;
  async function* whole(): AsyncGenerator<Buffer> {
    read += head.length;
    yield head;
    for (let step = await next(); !step.done; step = await next()) {
      read += step.value.length;
      yield step.value;
    }
  }
  try {
    if (head[0] === 0x1f && head[1] === 0x8b) {
      const gunzip = createGunzip({ chunkSize: CHUNK });
      const unpacked = pipeline(Readable.from(whole()), gunzip, () => {}) as AsyncIterable<Buffer>;
      for await (const text of unpacked) yield { text, packed: read };
    } else {
      for await (const text of whole()) yield { text, packed: null };
    }
  } finally {
    source.destroy();
  }
}

async function splitLines(
  chunks: AsyncIterable<Chunk>,
  name: string,
  sink: LineSink,
  limits: TextLimits,
): Promise<number> {
  let total = 0;
  let number = 1; // of the line under way
  let rest: Buffer = Buffer.alloc(0);
  const take = (line: Buffer) => {
    if (line.length > LINE_BYTES) {
      throw new InputError(name, number, `a line of at most ${LINE_BYTES} bytes`, "a longer one");
    }
    if (number > limits.lines) {
      throw new InputError(name, number, `at most ${limits.lines} lines`, "more");
    }
    if (line.includes(0)) throw new InputError(name, number, "text", "a NUL byte");
    const end = line.at(-1) === RETURN ? line.length - 1 : line.length;
    sink.line(line.toString("utf8", 0, end), number);
    number++;
  };
  try {
    for await (const { text: chunk, packed } of chunks) {
      total += chunk.length;
      if (total > limits.bytes) {
        throw new InputError(name, number, `at most ${limits.bytes} bytes of text`, "more");
      }
      if (packed !== null && total > PACKED_FREE && total > packed * limits.ratio) {
        const wanted = `text of at most ${limits.ratio} times its packed size`;
        throw new InputError(name, number, wanted, "more");
      }
      const text: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let from = 0;
      for (let to = text.indexOf(NEWLINE); to >= 0; to = text.indexOf(NEWLINE, from)) {
        take(text.subarray(from, to));
        from = to + 1;
      }
      rest = text.subarray(from);
      if (rest.length > LINE_BYTES) take(rest);
      await sink.pause?.();
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

function cannotRead(path: string, error: unknown): UsageError {
  return new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
}
