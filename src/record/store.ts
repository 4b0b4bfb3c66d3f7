// Writing a report folder so that it is either the old one or the new one, never something between.

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../errors.js";

/** Path inside the folder, and contents. */
export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

/** What a report of ours may have left in a folder; anything else there is the user's and stays. */
const OURS = /^(results\.json|times\.json|report\.md|charts\/[a-z-]+\.png)$/;
/** Folders that a report has inside its own. */
const INNER = ["charts"];

/**
 * Finds out, before anything is measured, whether `folder` can be written. UsageError in one line when not.
 * Leaves nothing behind.
 */
export function checkWritable(folder: string): void {
  const target = resolve(folder);
  if (existsSync(target) && !statSync(target).isDirectory()) {
    throw new UsageError(`cannot write ${folder}: it is not a folder`);
  }
  try {
    if (existsSync(target)) accessSync(target, constants.W_OK | constants.X_OK);
    let existing = dirname(target);
    while (!existsSync(existing)) existing = dirname(existing);
    // access() knows nothing of read-only mounts seen through root; making a folder does
    const place = existsSync(target) ? target : existing;
    rmSync(mkdtempSync(join(place, ".vmabench-")), { recursive: true });
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${reason(error)}`);
  }
}

/**
 * Writes the files to a folder aside and then moves them in; earlier reports of ours in `folder` are
 * replaced as a whole, other files are left alone. Synchronous, so that no signal handler runs between the
 * moves; when one of them fails, those done are undone.
 */
export function writeReport(folder: string, files: ReportFiles): void {
  const target = resolve(folder);
  for (const name of files.keys()) {
    if (!OURS.test(name)) throw new Error(`${name} is not a report file`);
  }
  let aside: string | undefined;
  try {
    const fresh = !existsSync(target);
    if (fresh) mkdirSync(dirname(target), { recursive: true });
    // inside an existing folder, which may be a mount of its own; beside one that does not exist yet
    aside = fresh
      ? mkdtempSync(join(dirname(target), `.${basename(target)}-`))
      : mkdtempSync(join(target, ".vmabench-"));
    const incoming = join(aside, "new");
    for (const [name, contents] of files) {
      mkdirSync(dirname(join(incoming, name)), { recursive: true });
      writeFileSync(join(incoming, name), contents);
    }
    if (fresh) renameSync(incoming, target);
    else replace(target, incoming, join(aside, "old"));
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${reason(error)}`);
  } finally {
    if (aside !== undefined) rmSync(aside, { recursive: true, force: true });
  }
}

/** Writes one file aside and renames it into place. UsageError in one line when it cannot be written. */
export function writeFileWhole(path: string, contents: string | Uint8Array): void {
  const target = resolve(path);
  const aside = `${target}.${process.pid}.new`;
  try {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(aside, contents);
    renameSync(aside, target);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new UsageError(`cannot write ${path}: ${reason(error)}`);
  }
}

/** Files of ours in a folder and its inner ones. */
function oursIn(folder: string): string[] {
  const names = (path: string) =>
    readdirSync(join(folder, path), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => (path ? `${path}/${entry.name}` : entry.name));
  const inner = INNER.filter((path) => existsSync(join(folder, path)));
  return ["", ...inner].flatMap(names).filter((name) => OURS.test(name));
}

function replace(target: string, incoming: string, outgoing: string): void {
  const moves = [
    ...oursIn(target).map((name) => ({ from: join(target, name), to: join(outgoing, name) })),
    ...oursIn(incoming).map((name) => ({ from: join(incoming, name), to: join(target, name) })),
  ];
  const done: typeof moves = [];
  try {
    for (const move of moves) {
      mkdirSync(dirname(move.to), { recursive: true });
      renameSync(move.from, move.to);
      done.push(move);
    }
  } catch (error) {
    for (const { from, to } of done.reverse()) renameSync(to, from);
    throw error;
  } finally {
    for (const inner of INNER) removeIfEmpty(join(target, inner));
  }
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "read-only file system";
  if (code === "ENOSPC") return "no space left";
  if (code === "ENOTDIR") return "a part of the path is not a folder";
  return message;
}
