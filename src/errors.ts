// Errors that the command line turns into one line and an exit code.

import { printable } from "./printable.js";

/** The command line or an input file is wrong: exit code 2. The message is one line. */
export class UsageError extends Error {
  override name = "UsageError";
  readonly exitCode = 2;
}

/** An input file is wrong at a line. The message is `FILE:LINE: expected ..., found ...`. */
export class InputError extends UsageError {
  override name = "InputError";

  /** `line` counts from 1. Without `found` the message ends after what was expected. */
  constructor(
    readonly file: string,
    readonly line: number,
    readonly expected: string,
    readonly found?: string,
  ) {
    super(`${file}:${line}: expected ${expected}${found === undefined ? "" : `, found ${found}`}`);
  }
}

/** The machine, or the model's memory, cannot do what was asked: exit code 3. */
export class MachineError extends Error {
  override name = "MachineError";
  readonly exitCode = 3;
}

/** Text of an input as it may stand in a message: quoted, printable, short. */
export function quoted(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return text === "" ? "nothing" : printable(JSON.stringify(short));
}
