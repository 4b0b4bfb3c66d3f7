// Files that people write, in YAML or JSON: read within limits, checked against a schema, and what is wrong
// named with file, line and field.

import { closeSync, openSync, readSync } from "node:fs";
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { z } from "zod";
import { InputError, quoted, UsageError } from "../errors.js";

/** Most bytes of a file. */
export const DOCUMENT_BYTES = 1 << 15;
/** Deepest nesting of lists and mappings. */
export const DOCUMENT_DEPTH = 32;
/** Most uses of YAML aliases. */
export const DOCUMENT_ALIASES = 32;

/** A file's contents, and where its fields stand. */
export interface Read<T> {
  data: T;
  /** The error for a field that is wrong for another reason than its type. */
  wrong(field: readonly PropertyKey[], expected: string, found?: string): InputError;
}

/**
 * Reads a YAML or JSON file. UsageError when it cannot be read or is too large, InputError naming line and field
 * when it is not what the schema describes.
 */
export function readDocument<S extends z.ZodType>(
  path: string,
  schema: S,
  limit = DOCUMENT_BYTES,
): Read<z.output<S>> {
  return parseText(readWithin(path, limit), path, schema, limit);
}

/** The same for text in memory; `name` stands for the file. */
export function parseText<S extends z.ZodType>(
  text: string,
  name: string,
  schema: S,
  limit = DOCUMENT_BYTES,
): Read<z.output<S>> {
  if (Buffer.byteLength(text) > limit) throw tooLarge(name, limit);
  const place = new Places(text, name);
  const parsed = schema.safeParse(place.value);
  if (!parsed.success) throw place.error(parsed.error.issues[0] as z.core.$ZodIssue, schema);
  return {
    data: parsed.data,
    wrong: (field, expected, found) => place.wrong(field, expected, found),
  };
}

function tooLarge(name: string, limit: number): UsageError {
  return new UsageError(`${name}: expected at most ${limit} bytes, found more`);
}

/** The file's text. Never reads more than is allowed, whatever it is. */
function readWithin(path: string, limit: number): string {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  try {
    const file = openSync(path, "r");
    try {
      for (;;) {
        const more = readSync(file, buffer, length, buffer.length - length, null);
        length += more;
        if (more === 0 || length === buffer.length) break;
      }
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read ${path}: ${REASONS[code ?? ""] ?? message}`);
  }
  if (length > limit) throw tooLarge(path, limit);
  return buffer.toString("utf8", 0, length);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
};

/** What stands at the beginning of a line and opens a list or a key each. */
const LIST_MARKS = /^(?:[ \t]*[-?:](?=[ \t]))+/;

/** The parsed document with the lines of its nodes. */
class Places {
  readonly value: unknown;
  private readonly document: Document;
  private readonly lines = new LineCounter();
  private firstAlias = 1;

  constructor(
    text: string,
    private readonly name: string,
  ) {
    this.checkNesting(text);
    this.document = this.parsed(text);
    const [problem] = [...this.document.errors, ...this.document.warnings];
    if (problem) {
      const [what = "YAML"] = problem.message.split("\n");
      throw new InputError(name, this.lineAt(problem.pos[0]), "YAML or JSON", what);
    }
    this.checkNodes();
    this.value = this.toValue();
  }

  /** The parser's own check for keys that stand twice, and its long messages, take quadratic time. */
  private parsed(text: string): Document {
    try {
      return parseDocument(text, {
        lineCounter: this.lines,
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: "error",
      });
    } catch (error) {
      if (error instanceof RangeError) throw this.tooDeep(1); // its stack was too small
      throw error;
    }
  }

  private toValue(): unknown {
    try {
      return this.document.toJS({ maxAliasCount: DOCUMENT_ALIASES });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      const expected = `aliases that stand for at most ${DOCUMENT_ALIASES} others`;
      throw new InputError(this.name, this.firstAlias, expected, "more");
    }
  }

  /** Brackets and marks of lists, before the parser follows them: it goes some calls deeper for each. */
  private checkNesting(text: string): void {
    let depth = 0;
    for (const [i, line] of text.split("\n").entries()) {
      const marks = LIST_MARKS.exec(line)?.[0].replace(/\s/g, "").length ?? 0;
      if (marks > DOCUMENT_DEPTH) throw this.tooDeep(i + 1);
      for (const c of line) {
        if (c === "[" || c === "{") depth++;
        else if (c === "]" || c === "}") depth = Math.max(0, depth - 1);
        if (depth > 8 * DOCUMENT_DEPTH) throw this.tooDeep(i + 1);
      }
    }
  }

  private tooDeep(line: number): InputError {
    return new InputError(this.name, line, `nesting of at most ${DOCUMENT_DEPTH} levels`, "more");
  }

  private checkNodes(): void {
    let aliases = 0;
    visit(this.document, (_key, node, path) => {
      // a pair and its value are two steps of the path
      if (isNode(node) && path.length > 2 * DOCUMENT_DEPTH) throw this.tooDeep(this.lineOf(node));
      if (isMap(node)) this.checkKeys(node);
      if (!isAlias(node)) return;
      const line = this.lineOf(node);
      if (++aliases === 1) this.firstAlias = line;
      if (aliases > DOCUMENT_ALIASES) {
        throw new InputError(this.name, line, `at most ${DOCUMENT_ALIASES} aliases`, "more");
      }
      if (!node.resolve(this.document)) {
        throw new InputError(this.name, line, "an anchor before it", quoted(`*${node.source}`));
      }
    });
  }

  /** Every key is a text, and stands once. */
  private checkKeys({ items }: YAMLMap): void {
    const seen = new Set<string>();
    for (const { key } of items) {
      const line = isNode(key) ? this.lineOf(key) : 1;
      if (!isScalar(key) || key.value === null || key.value === "__proto__") {
        throw new InputError(this.name, line, "the name of a field", quoted(String(key)));
      }
      const name = String(key.value);
      if (seen.has(name)) {
        throw new InputError(this.name, line, "each field once", `${quoted(name)} again`);
      }
      seen.add(name);
    }
  }

  private lineOf(node: Node): number {
    return this.lineAt(node.range?.[0] ?? 0);
  }

  private lineAt(offset: number): number {
    return Math.max(1, this.lines.linePos(offset).line);
  }

  /** The node of a field, or the nearest one around it that exists. */
  private nodeOf(field: readonly PropertyKey[]): Node | null {
    for (let length = field.length; length > 0; length--) {
      const parent = this.document.getIn(field.slice(0, length - 1), true);
      const key = field[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find(({ key: k }) => (isScalar(k) ? k.value : k) === key);
        if (pair && isNode(pair.key)) return pair.key as Node;
      }
      const node = this.document.getIn(field.slice(0, length), true);
      if (isNode(node)) return node;
    }
    return isNode(this.document.contents) ? this.document.contents : null;
  }

  wrong(field: readonly PropertyKey[], expected: string, found?: string): InputError {
    const line = this.lineAt(this.nodeOf(field)?.range?.[0] ?? 0);
    const prefix = field.length === 0 ? "" : `${field.map(String).join(".")}: `;
    return new InputError(this.name, line, prefix + expected, found);
  }

  error(issue: z.core.$ZodIssue, schema: z.ZodType): InputError {
    const found = this.foundAt(issue.path);
    switch (issue.code) {
      case "unrecognized_keys": {
        const unknown = issue.keys[0] as string;
        const field = [...issue.path, unknown];
        const known = knownFields(schema, issue.path).join(", ");
        return this.wrong(field, `one of the fields ${known}`, quoted(unknown));
      }
      case "invalid_type":
        return this.wrong(issue.path, TYPES[issue.expected] ?? issue.expected, found);
      case "invalid_value":
        return this.wrong(issue.path, issue.values.map(String).join(", "), found);
      case "too_small":
      case "too_big":
        return this.wrong(issue.path, boundText(issue), found);
      default:
        return this.wrong(issue.path, issue.message.replace(/^expected /, ""), found);
    }
  }

  private foundAt(path: readonly PropertyKey[]): string {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      this.value,
    );
    if (value === undefined || value === null) return "nothing";
    if (Array.isArray(value)) return "a list";
    return typeof value === "object" ? "a mapping" : quoted(String(value));
  }
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
