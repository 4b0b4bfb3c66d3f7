// Options that take a whole number.

import { UsageError } from "../errors.js";

/** Reads an option's text as an integer from `least` to `most`. UsageError naming the option when it is none. */
export function integerOption(
  option: string,
  least: number,
  most: number,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new UsageError(`${option} ${text}: expected an integer from ${least} to ${most}`);
  };
}
