// Names of error numbers, as the core's answers use them.

import * as abi from "../core/abi.js";

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(abi)
    .filter((entry): entry is [string, number] => /^E[A-Z0-9]+$/.test(entry[0]))
    .filter(([, value]) => typeof value === "number")
    .map(([name, value]) => [value, name]),
);

/** `-ENOMEM` for -12; the number itself where there is no name. */
export function errnoText(value: number): string {
  const name = NAMES.get(-value);
  return name === undefined ? String(value) : `-${name}`;
}

/** 12 for `ENOMEM`; undefined when no error has that name. */
export function errnoNumber(name: string): number | undefined {
  for (const [number, known] of NAMES) if (known === name) return number;
  return undefined;
}
