// Writing a file so that it is there as a whole, the old one or the new one, and saying why when that cannot be.

import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { MachineError, UsageError } from "../errors.js";
import { reasonOf } from "../system-error.js";

/** Finds out, before long work, whether a file can be written in a folder that is there. Leaves nothing behind. */
export function checkFileWritable(path: string): void {
  try {
    if (!replaceable(path)) return;
    const aside = asideOf(path);
    writeFileSync(aside, "", { flag: "wx" });
    rmSync(aside);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/**
 * Writes one file aside and renames it into place, with the folders above it; a pipe or a device is written to
 * instead. UsageError in one line when it may not be written, MachineError when it does not fit.
 */
export function writeFileWhole(path: string, contents: string | Uint8Array): void {
  try {
    if (!replaceable(path)) {
      writeFileSync(path, contents);
      return;
    }
    inFolder(dirname(path), () => {
      writeAside(path, (aside) => writeFileSync(aside, contents, { flag: "wx" }));
    });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Has `write` make a file beside `path`, then puts it there. Synchronous: no signal comes in between. */
export function writeAside(path: string, write: (aside: string) => void): void {
  const aside = asideOf(path);
  try {
    write(aside);
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}

/** Does something in a folder, which is made with those above it; when that fails, those made go again. */
export function inFolder(folder: string, write: () => void): void {
  const last = resolve(folder);
  const first = mkdirSync(last, { recursive: true });
  try {
    write();
  } catch (error) {
    if (first !== undefined) {
      for (let made = last; made.length >= first.length; made = dirname(made)) rmdirSync(made);
    }
    throw error;
  }
}

/** Where a file is made before it is renamed. */
export function asideOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
}

/** Whether a file can take the place of what is there. */
function replaceable(path: string): boolean {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present?.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  return !present || present.isFile();
}

/** The error to throw: MachineError for a disk that is full or broken, UsageError for a path that is not to be used. */
export function cannotWrite(path: string, error: unknown): UsageError | MachineError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const Kind = FAULTS.has(code) ? MachineError : UsageError;
  // a file that is not there is made: what is missing lies above it
  const reason = code === "ENOENT" ? "no such folder" : reasonOf(error);
  return new Kind(`cannot write ${path}: ${reason}`);
}

/** What another path would not mend, or not surely. */
const FAULTS: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE"]);
