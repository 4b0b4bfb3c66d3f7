// Text of files, read within a limit.

import { closeSync, openSync, readSync } from "node:fs";
import { UsageError } from "../errors.js";
import { reasonOf } from "../system-error.js";

const CHUNK = 1 << 16;

/** The file's text. Never reads more than `limit` bytes, whatever the file is. UsageError when it cannot. */
export function readText(path: string, limit: number): string {
  const text = readTextIfThere(path, limit);
  if (text === null) throw new UsageError(`cannot read ${path}: no such file`);
  return text;
}

/** The same; null when there is no such file. */
export function readTextIfThere(path: string, limit: number): string | null {
  try {
    const file = openSync(path, "r");
    try {
      return readAll(file, path, limit);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new UsageError(`cannot read ${path}: ${reasonOf(error)}`);
  }
}

function readAll(file: number, path: string, limit: number): string {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const more = readSync(file, chunk, 0, CHUNK, null);
    if (more === 0) return Buffer.concat(chunks).toString("utf8");
    length += more;
    if (length > limit) throw tooLarge(path, limit);
    chunks.push(chunk.subarray(0, more));
  }
}

/** The error for more text than is taken. */
export function tooLarge(name: string, limit: number): UsageError {
  return new UsageError(`${name}: expected at most ${limit} bytes, found more`);
}
