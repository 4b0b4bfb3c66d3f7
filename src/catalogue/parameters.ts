// Parameters of drivers and workloads: declared once, parsed from `name=value&...`, checked, and written
// back in one canonical form so that equal scenarios have equal ids.

import { quoted, UsageError } from "../errors.js";

export type ParameterValue = string | number;
export type Parameters = Readonly<Record<string, ParameterValue>>;

export interface Parameter {
  name: string;
  meaning: string;
  /** What it is when not given; undefined = absent. */
  default?: ParameterValue | undefined;
  /** The value a text stands for; throws an Error whose message completes "NAME=TEXT: ...". */
  parse(text: string): ParameterValue;
}

/** An integer from `low` to `high`. */
export function integer(
  name: string,
  meaning: string,
  range: { low: number; high: number; default?: number },
): Parameter {
  const parameter: Parameter = {
    name,
    meaning,
    parse(text) {
      const value = Number(text);
      if (!/^\d+$/.test(text) || value < range.low || value > range.high) {
        throw new Error(`expected an integer from ${range.low} to ${range.high}`);
      }
      return value;
    },
  };
  return range.default === undefined ? parameter : { ...parameter, default: range.default };
}

/** One word of a list; the first is the default. */
export function choice(name: string, meaning: string, words: readonly string[]): Parameter {
  return {
    name,
    meaning,
    default: words[0] as string,
    parse(text) {
      if (!words.includes(text)) throw new Error(`expected ${words.join(" or ")}`);
      return text;
    },
  };
}

/** Splits `ID?name=value&name=value`. UsageError when a pair is not one. */
export function splitQuery(text: string): { id: string; query: Record<string, string> } {
  const mark = text.indexOf("?");
  if (mark < 0) return { id: text, query: {} };
  const query: Record<string, string> = {};
  for (const pair of text.slice(mark + 1).split("&")) {
    const [, name, value] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(
        `${quoted(text)}: ${quoted(pair)} is not a parameter, expected name=value`,
      );
    }
    if (Object.hasOwn(query, name)) throw new UsageError(`${quoted(text)}: ${name} is given twice`);
    query[name] = value;
  }
  return { id: text.slice(0, mark), query };
}

export interface Parsed {
  /** Every parameter with its value, defaults included. */
  values: Parameters;
  /** Only what differs from the default, by name: what stands in a scenario's id. */
  params: Parameters;
}

/** Checks a query against the declared parameters. UsageError naming what there is. */
export function parseParameters(
  owner: string,
  declared: readonly Parameter[],
  query: Readonly<Record<string, string>>,
): Parsed {
  const values: Record<string, ParameterValue> = {};
  const params: Record<string, ParameterValue> = {};
  for (const parameter of declared) {
    if (parameter.default !== undefined) values[parameter.name] = parameter.default;
  }
  for (const name of Object.keys(query).sort()) {
    const parameter = declared.find((p) => p.name === name);
    if (!parameter) {
      const known = declared.map((p) => p.name).join(", ") || "none";
      throw new UsageError(`${owner} has no parameter ${quoted(name)}; it has: ${known}`);
    }
    const text = query[name] as string;
    try {
      values[name] = parameter.parse(text);
    } catch (error) {
      throw new UsageError(`${owner}: ${name}=${text}: ${(error as Error).message}`);
    }
    if (values[name] !== parameter.default) params[name] = values[name] as ParameterValue;
  }
  return { values, params };
}

/** `?a=1&b=2` in name order, or nothing. */
export function queryText(params: Parameters): string {
  const names = Object.keys(params).sort();
  return names.length === 0 ? "" : `?${names.map((n) => `${n}=${params[n]}`).join("&")}`;
}
