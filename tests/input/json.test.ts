import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type InputError, UsageError } from "../../src/errors.js";
import { JSON_BYTES, parseJson, readJson, readJsonIfThere } from "../../src/input/json.js";

const schema = z.strictObject({
  name: z.string(),
  list: z.array(z.strictObject({ n: z.int().positive() })),
  more: z.record(z.string(), z.number()).optional(),
});

const failure = (text: string, first?: number) => {
  try {
    parseJson(text, "f.json", schema, first);
  } catch (error) {
    return (error as InputError).message;
  }
  return null;
};

describe("a JSON document that is wrong names line, field, and what was expected", () => {
  test.each([
    ["", "f.json:1: expected JSON with a value here"],
    ["{\n\n", "f.json:3: expected JSON with a close brace here"],
    ["[1,\n2,]\n", "f.json:2: expected JSON with a value here"],
    ["{\n'a': 1}", "f.json:2: expected JSON, found an invalid symbol"],
    ["// no\n{}", "f.json:1: expected JSON, found an invalid comment token"],
    ["{}\n\n{}", "f.json:3: expected JSON with an end of file here"],
    ["[".repeat(1e5), "f.json:1: expected JSON, found something else"],
    ["7", 'f.json:1: expected a mapping, found "7"'],
    ['{\n"name": "x"\n}', "f.json:1: expected list: a list, found nothing"],
    ['{"name": 1,\n"list": []}', 'f.json:1: expected name: a text, found "1"'],
    [
      '{"name": "x", "list": [\n{"n": 1},\n{"n": 1.5}]}',
      'f.json:3: expected list.1.n: an integer, found "1.5"',
    ],
    [
      '{"name": "x", "list": [\n{"n": 1,\n"m": 2}]}',
      'f.json:3: expected list.0.m: one of the fields n, found "m"',
    ],
    [
      '{"name": "x", "list": [],\n"more": {\n"a": null}}',
      "f.json:3: expected more.a: a number, found nothing",
    ],
  ])("%j", (text, message) => {
    expect(failure(text)).toBe(message);
  });

  test("a text that begins further down counts from there", () => {
    expect(failure("{", 41)).toBe("f.json:41: expected JSON with a close brace here");
  });

  test("any text gives a document or one line", () => {
    const texts = fc.oneof(fc.string(), fc.json(), fc.json({ maxDepth: 9 }));
    fc.assert(
      fc.property(texts, (text) => {
        expect(failure(text)).toMatch(/^f\.json:\d+: expected [^\n]+$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe("files", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vmabench-json-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("one that is not there is an error, or nothing", () => {
    const path = join(folder, "none.json");
    expect(() => readJson(path, schema)).toThrow(`cannot read ${path}: no such file`);
    expect(readJsonIfThere(path, schema)).toBeNull();
  });

  test("a folder, and a part of the path that is none", () => {
    expect(() => readJson(folder, schema)).toThrow(`cannot read ${folder}: it is a folder`);
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => readJsonIfThere(join(file, "x"), schema)).toThrow("a part of the path is not");
  });

  test.skipIf(process.platform === "win32")("one without an end is not read to it", () => {
    const read = () => readJson("/dev/zero", schema);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(`/dev/zero: expected at most ${JSON_BYTES} bytes, found more`);
  });
});
