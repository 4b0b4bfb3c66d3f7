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
import { cannotWrite, checkFileWritable, inFolder } from "./file.js";

/** Path inside the folder, and contents. */
export type ReportFiles = ReadonlyMap<string, string | Uint8Array>;

/** What a report may have left in a folder. */
const REPORT = /^(results\.json|times\.json|report\.(md|html)|charts\/[a-z-]+\.png)$/;
type IsOurs = (name: string) => boolean;

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
    throw cannotWrite(folder, error);
  }
}

/** As `checkFileWritable`, for a file whose folder may have to be made. */
export function checkFileMakeable(path: string): void {
  if (existsSync(dirname(path))) checkFileWritable(path);
  else checkWritable(dirname(path));
}

/**
 * Writes the files to a folder aside and then moves them in; earlier reports of ours in `folder` are
 * replaced as a whole, other files are left alone. Synchronous, so that no signal handler runs between the
 * moves; when one of them fails, those done are undone. UsageError in one line when the folder may not be
 * written, MachineError when the report does not fit.
 */
export function writeReport(folder: string, files: ReportFiles): void {
  writeFolder(folder, files, (name) => REPORT.test(name));
}

/** As `writeReport`, with other files that are ours; anything else in the folder is the user's and stays. */
export function writeFolder(folder: string, files: ReportFiles, isOurs: IsOurs): void {
  const target = resolve(folder);
  for (const name of files.keys()) {
    if (!isOurs(name)) throw new Error(`${name} is not a file of ours`);
  }
  // inside an existing folder, which may be a mount of its own; beside one that does not exist yet
  const fresh = !existsSync(target);
  const start = fresh ? join(dirname(target), `.${basename(target)}-`) : join(target, ".vmabench-");
  try {
    inFolder(dirname(start), () => {
      const aside = mkdtempSync(start);
      try {
        const incoming = join(aside, "new");
        fill(incoming, files);
        if (fresh) renameSync(incoming, target);
        else replace(target, incoming, join(aside, "old"), isOurs);
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
    });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

function fill(folder: string, files: ReportFiles): void {
  for (const [name, contents] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
}

/** Files of ours in a folder and its inner ones. */
function oursIn(folder: string, isOurs: IsOurs): string[] {
  const names = (path: string) =>
    readdirSync(join(folder, path), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => (path ? `${path}/${entry.name}` : entry.name));
  const inner = INNER.filter((path) => existsSync(join(folder, path)));
  return ["", ...inner].flatMap(names).filter(isOurs);
}

function replace(target: string, incoming: string, outgoing: string, isOurs: IsOurs): void {
  const moves = [
    ...oursIn(target, isOurs).map((name) => ({
      from: join(target, name),
      to: join(outgoing, name),
    })),
    ...oursIn(incoming, isOurs).map((name) => ({
      from: join(incoming, name),
      to: join(target, name),
    })),
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
