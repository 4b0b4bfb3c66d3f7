// Files that vmabench writes and reads back, in JSON: within a limit, checked against a schema, and what is wrong named
// with file, line and field.

import { printParseErrorCode, visit } from "jsonc-parser";
import type { z } from "zod";
import { InputError } from "../errors.js";
import { expectedText, problemOf } from "./issue.js";
import { readText, readTextIfThere } from "./text.js";

/** Most bytes of a file. */
export const JSON_BYTES = 1 << 26;

/** A JSON file's contents. UsageError when it cannot be read, InputError naming line and field when it is wrong. */
export function readJson<S extends z.ZodType>(path: string, schema: S): z.output<S> {
  return parseJson(readText(path, JSON_BYTES), path, schema);
}

/** The same; null when there is no such file. */
export function readJsonIfThere<S extends z.ZodType>(path: string, schema: S): z.output<S> | null {
  const text = readTextIfThere(path, JSON_BYTES);
  return text === null ? null : parseJson(text, path, schema);
}

/** The same for text in memory, which begins at line `first` of what `name` stands for. */
export function parseJson<S extends z.ZodType>(
  text: string,
  name: string,
  schema: S,
  first = 1,
): z.output<S> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw notJson(text, name, first);
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const problem = problemOf(parsed.error, schema, data);
  const line = lineOf(text, problem.field);
  throw new InputError(name, first + line, expectedText(problem), problem.found);
}

/** The error for a text that is not JSON, at the line where it stops being so. */
function notJson(text: string, name: string, first: number): InputError {
  let error: InputError | null = null;
  walk(() => {
    visit(
      text,
      {
        onError(code, _offset, _length, line) {
          const [, missing, wrong] = WORDS.exec(printParseErrorCode(code)) ?? [];
          const expected = missing ? `JSON with ${words(missing)} here` : "JSON";
          error ??= new InputError(name, first + line, expected, wrong && words(wrong));
        },
      },
      { disallowComments: true, allowEmptyContent: false },
    );
  });
  return error ?? new InputError(name, first, "JSON", "something else");
}

/** `CloseBraceExpected`, or what there is: `InvalidSymbol`. */
const WORDS = /^(?:(\w+)Expected|(\w+))$/;

/** `CloseBrace`: `a close brace`. */
function words(code: string): string {
  const text = code.replace(/(?<!^)([A-Z])/g, " $1").toLowerCase();
  return `${/^[aeiou]/.test(text) ? "an" : "a"} ${text}`;
}

/** The line, from 0, of a field or of the nearest one around it that is there. */
function lineOf(text: string, field: readonly PropertyKey[]): number {
  let [depth, found] = [-1, 0];
  const see = (path: readonly PropertyKey[], line: number) => {
    if (path.length <= depth || path.length > field.length) return;
    if (path.some((key, i) => key !== field[i])) return;
    [depth, found] = [path.length, line];
  };
  walk(() => {
    visit(text, {
      onObjectProperty: (name, _o, _l, line, _c, path) => see([...path(), name], line),
      onObjectBegin: (_o, _l, line, _c, path) => see(path(), line),
      onArrayBegin: (_o, _l, line, _c, path) => see(path(), line),
      onLiteralValue: (_v, _o, _l, line, _c, path) => see(path(), line),
    });
  });
  return found;
}

/** The walker calls itself for each level: text nested thousands deep is more than its stack holds. */
function walk(go: () => void): void {
  try {
    go();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}
