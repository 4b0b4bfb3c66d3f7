// What a schema finds wrong, in words.

import { z } from "zod";
import { quoted } from "../errors.js";

export interface Problem {
  /** The way to it from the document's root. */
  field: readonly PropertyKey[];
  expected: string;
  found?: string;
}

/** The first thing that is wrong with a value. */
export function problemOf(error: z.ZodError, schema: z.ZodType, value: unknown): Problem {
  const issue = error.issues[0] as z.core.$ZodIssue;
  const field = issue.path;
  const found = foundAt(value, field);
  switch (issue.code) {
    case "unrecognized_keys": {
      const unknown = issue.keys[0] as string;
      const expected = `one of the fields ${some(knownFields(schema, field))}`;
      return { field: [...field, unknown], expected, found: quoted(unknown) };
    }
    case "invalid_type":
      return { field, expected: TYPES[issue.expected] ?? issue.expected, found };
    case "invalid_value":
      return { field, expected: some(issue.values.map(String)), found };
    case "too_small":
    case "too_big":
      return { field, expected: boundText(issue), found };
    default:
      return { field, expected: issue.message.replace(/^expected /, ""), found };
  }
}

/** The same in one text, after the field that it is about. */
export function expectedText({ field, expected }: Problem): string {
  return field.length === 0 ? expected : `${field.map(fieldText).join(".")}: ${expected}`;
}

/** A field's name comes from the file: as it may stand in a message. */
function fieldText(key: PropertyKey): string {
  const text = String(key);
  return text === "" ? '""' : quoted(text).slice(1, -1);
}

/** Most names that a message lists. */
const LISTED = 24;

function some(names: readonly string[]): string {
  const rest = names.length - LISTED;
  return names.slice(0, LISTED).join(", ") + (rest > 0 ? ` or ${rest} others` : "");
}

function foundAt(value: unknown, path: readonly PropertyKey[]): string {
  const at = path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
  if (at === undefined || at === null) return "nothing";
  if (Array.isArray(at)) return "a list";
  return typeof at === "object" ? "a mapping" : quoted(String(at));
}

const TYPES: Readonly<Record<string, string>> = {
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
};

function boundText(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, bound] =
    issue.code === "too_small" ? ["at least", issue.minimum] : ["at most", issue.maximum];
  if (issue.origin === "array" || issue.origin === "set") return `${word} ${bound} entries`;
  if (issue.origin === "string") return `a text of ${word} ${bound} letters`;
  return `a number of ${word} ${bound}`;
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema | JsonSchema[];
  additionalProperties?: JsonSchema | boolean;
  anyOf?: JsonSchema[];
}

/** The fields that a schema knows at a path. */
function knownFields(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at = [z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema];
  const open = (all: JsonSchema[]): JsonSchema[] =>
    all.flatMap((s) => (s.anyOf ? open(s.anyOf) : [s]));
  at = open(at);
  for (const key of path) {
    at = open(
      at.flatMap(({ properties, items, additionalProperties }) => {
        if (typeof key === "number") return items && !Array.isArray(items) ? [items] : [];
        const own = properties?.[String(key)];
        if (own) return [own];
        return typeof additionalProperties === "object" ? [additionalProperties] : [];
      }),
    );
  }
  return [...new Set(at.flatMap((s) => Object.keys(s.properties ?? {})))];
}
