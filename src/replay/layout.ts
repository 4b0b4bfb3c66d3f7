// Layout files: one VMA a line in address order, `START END FLAGS PGOFF FILE`.

import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { VM_SOFTDIRTY } from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import { UsageError } from "../errors.js";

/**
 * The lines of a layout: addresses and vm_flags hexadecimal without 0x, SOFTDIRTY left out, offset in pages
 * decimal, file a number or -. `fileNumbers[n - 1]` is the number of file id n; files that the model made
 * itself get the numbers above all of those.
 */
export function layoutLines(vmas: readonly VmaView[], fileNumbers: readonly number[]): string[] {
  const above = fileNumbers.reduce((most, number) => Math.max(most, number), 0);
  const numberOf = (file: number) => fileNumbers[file - 1] ?? above + file - fileNumbers.length;
  return vmas.map(({ start, end, flags, pgoff, file }) => {
    const dirty = Math.floor(flags / VM_SOFTDIRTY) % 2 === 1;
    const kept = dirty ? flags - VM_SOFTDIRTY : flags;
    const hex = [start, end, kept].map((word) => word.toString(16)).join(" ");
    return `${hex} ${pgoff} ${file === 0 ? "-" : numberOf(file)}`;
  });
}

/** Finds out, before anything is replayed, whether `writeWhole` can write a file. UsageError when not. */
export function checkFileWritable(path: string): void {
  try {
    if (replaceable(path)) {
      const aside = asideOf(path);
      writeFileSync(aside, "", { flag: "wx" });
      rmSync(aside);
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Writes a file aside and renames it, so that it is there as a whole or not at all. UsageError when it cannot. */
export function writeWhole(path: string, text: string | Uint8Array): void {
  const aside = asideOf(path);
  let made = false;
  try {
    if (!replaceable(path)) {
      writeFileSync(path, text);
      return;
    }
    writeFileSync(aside, "", { flag: "wx" });
    made = true;
    writeFileSync(aside, text);
    renameSync(aside, path);
  } catch (error) {
    if (made) rmSync(aside, { force: true });
    throw cannotWrite(path, error);
  }
}

/** Whether a file can take the place of what is there: a pipe or a device is written to instead. */
function replaceable(path: string): boolean {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  return !present || present.isFile();
}

function asideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}`);
}

function cannotWrite(path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new UsageError(`cannot write ${path}: ${REASONS[code ?? ""] ?? message}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "read-only file system",
  ENOSPC: "no space left",
  ENOENT: "no such folder",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "it is a folder",
};
