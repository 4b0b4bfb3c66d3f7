// Files that people write, in YAML or JSON: read within limits, checked against a schema, and what is wrong
// named with file, line and field.

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
import type { z } from "zod";
import { InputError, quoted } from "../errors.js";
import { printable } from "../printable.js";
import { expectedText, type Problem, problemOf } from "./issue.js";
import { readText, tooLarge } from "./text.js";

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
  return parseText(readText(path, limit), path, schema, limit);
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
  if (!parsed.success) throw place.wrong(problemOf(parsed.error, schema, place.value));
  return {
    data: parsed.data,
    wrong: (field, expected, found) =>
      place.wrong(found === undefined ? { field, expected } : { field, expected, found }),
  };
}

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
      throw new InputError(name, this.lineAt(problem.pos[0]), "YAML or JSON", printable(what));
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

  wrong(problem: Problem): InputError {
    const line = this.lineAt(this.nodeOf(problem.field)?.range?.[0] ?? 0);
    return new InputError(this.name, line, expectedText(problem), problem.found);
  }
}
