// Files in which every free text was written by somebody who means harm.

import type { Results } from "../../src/record/schema.js";
import { richResults } from "../render/rich.js";

/** Markup of every medium, a name called, an address, escape sequences, controls, a direction override, a line's end. */
export const NASTY =
  "</script></title><img src=x onerror=alert(1)>\"'|`*_~~[x](javascript:1)![y](https://evil.example/y.png)<https://evil.example>" +
  " https://evil.example www.evil.example @nobody <!-- ]]> -->\u001b[31m\u001b]0;t\u0007\u009b2J\u202e\u2028\r\n# head\n- [ ] item\n\n    code";

/** The same length and words, and nothing else. */
export const HARMLESS = "harmless ".repeat(20);

/** Texts that have to be what they are. */
const FIXED = new Set(["schema", "coreSha256", "unit", "verdict", "protocol", "baseline"]);
const FIXED_LISTS = new Set(["candidate", "candidates", "protocols"]);

/** A document with an addition to every free text. */
export function dressed<T>(value: T, addition: string, key = ""): T {
  if (typeof value === "string") {
    return (FIXED.has(key) || FIXED_LISTS.has(key) ? value : value + addition) as T;
  }
  if (Array.isArray(value)) {
    return value.map((one) => dressed(one, addition, FIXED_LISTS.has(key) ? key : "")) as T;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, dressed(one, addition, name)]);
  return Object.fromEntries(entries) as T;
}

export function dressedResults(addition: string): Results {
  const results = dressed(richResults(), addition);
  for (const { params } of [...results.scenarios, ...results.comparisons]) {
    params[`name${addition}`] = `value${addition}`;
  }
  return results;
}

/** What a terminal would obey, or show in another order: all but line feeds. */
export const OBEYED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
