// One input, and what must hold of it: it is taken whole, or refused with one line that a user can use.

import { MachineError, UsageError } from "../../dist/errors.js";
import { printable } from "../../dist/printable.js";

/** Longest line that an error may be. */
const LONGEST = 1000;

/** Feeds a file to a target. Null when all is well; else what is wrong, in words. */
export async function finding(target, path) {
  try {
    await target.feed(path);
    return null;
  } catch (error) {
    return wrongError(error, path);
  }
}

function wrongError(error, path) {
  const isOurs = error instanceof UsageError || error instanceof MachineError;
  if (!isOurs) return error?.stack ?? String(error);
  const line = error.message;
  if (line.includes("\n")) return `an error of several lines: ${line}`;
  if (printable(line) !== line) return `an error that is not printable: ${JSON.stringify(line)}`;
  if (line.length > LONGEST) return `an error of ${line.length} letters: ${line.slice(0, 200)}`;
  if (error instanceof UsageError && !line.includes(path) && !namesField(line)) {
    return `an error that names no place: ${line}`;
  }
  return null;
}

/** What a file names and the catalogue does not have is said in the catalogue's words. */
function namesField(line) {
  return /^(no |driver |workload |tlb |protocol )|"[^"]*"/.test(line);
}
