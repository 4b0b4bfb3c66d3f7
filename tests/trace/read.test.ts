import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InputError, UsageError } from "../../src/errors.js";
import { DEFAULT_LIMITS, LINE_BYTES, PACKED_FREE } from "../../src/trace/limits.js";
import { type Recording, readTrace, readTraceBytes } from "../../src/trace/read.js";
import { traceArbitrary } from "./arbitrary.js";

const TRACE = "# vmatrace format version 1\n@maps initial\n@ops\n1 brk 0x0 = 0x1000\n@maps final\n";
const OPS = "# made by hand\nmmap 0 1000 3 0x22 - 0\n";

async function outcome(
  bytes: Uint8Array | string,
  name = "t",
  limits = DEFAULT_LIMITS,
): Promise<Recording | InputError> {
  try {
    return await readTraceBytes(Buffer.from(bytes), name, limits);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

describe("formats", () => {
  test.each([
    ["t.vmatrace", TRACE, "vmatrace"],
    ["t.ops", OPS, "ops"],
    ["any name", TRACE, "vmatrace"],
    ["any name", OPS, "ops"],
    ["any name", "#MARK\n", "ops"],
  ])("%s is known by name or content", async (name, text, format) => {
    expect(await outcome(text, name)).toMatchObject({ format });
    expect(await outcome(gzipSync(text), `${name}.gz`)).toMatchObject({ format });
  });

  test.each([
    ["", 1],
    ["# nothing\n", 2],
    ["execve ... 0\n", 1],
    [`${"# nothing\n".repeat(2000)}${OPS}`, 1001],
  ])("anything else is refused at its line", async (text, line) => {
    const error = await outcome(text);
    expect(error).toMatchObject({
      line,
      expected: "a vmatrace, an operation trace or what strace prints",
    });
  });
});

describe("bytes that no recorder wrote", () => {
  test("truncated gzip", async () => {
    const text = `${TRACE.slice(0, -12)}${"1 brk 0x0 = 0x1000\n".repeat(50_000)}`;
    const whole = gzipSync(text);
    const error = await outcome(whole.subarray(0, whole.length - 9), "t.vmatrace.gz");
    expect(error).toMatchObject({ expected: "whole gzip data", found: "the end of the file" });
    expect((error as InputError).line).toBeGreaterThan(1000);
  });

  test("damaged gzip", async () => {
    const bytes = gzipSync(TRACE.repeat(10));
    bytes.fill(0xff, 12, 20);
    expect(await outcome(bytes)).toMatchObject({ line: 1, expected: "whole gzip data" });
  });

  test("a NUL byte", async () => {
    const error = await outcome(TRACE.replace("0x0 =", "0x\u0000 ="), "t.vmatrace");
    expect(error).toMatchObject({ line: 4, found: "a NUL byte" });
  });

  test("a line that does not end", async () => {
    const expected = `a line of at most ${LINE_BYTES} bytes`;
    const long = Buffer.alloc(LINE_BYTES * 40, "x");
    expect(await outcome(Buffer.concat([Buffer.from(TRACE), long]))).toMatchObject({
      line: 6,
      expected,
    });
    expect(await outcome(gzipSync(long))).toMatchObject({ line: 1, expected });
  });

  test.each([
    ["text", { bytes: 1 << 20 }, { expected: "at most 1048576 bytes of text" }],
    ["lines", { lines: 5000 }, { line: 5001, expected: "at most 5000 lines" }],
  ])("more %s than allowed", async (_name, limits, wanted) => {
    const text = `#${"x".repeat(600)}\n`.repeat(10_000);
    const result = outcome(gzipSync(text), "t.ops.gz", { ...DEFAULT_LIMITS, ...limits });
    expect(await result).toMatchObject(wanted);
  });

  test("a small file that unpacks to gigabytes ends at the ratio", async () => {
    const text = `#${"x".repeat(60_000)}\n`.repeat(280);
    const members = Math.ceil(PACKED_FREE / text.length) + 10;
    const member = gzipSync(text);
    const bomb = Buffer.concat(Array.from({ length: members }, () => member));
    expect(bomb.length).toBeLessThan(2 ** 21);
    expect(await outcome(bomb, "t.ops.gz")).toMatchObject({
      expected: "text of at most 200 times its packed size",
    });
  });

  test("any bytes, and any damage to a good file, give a trace or one InputError", async () => {
    const name = fc.constantFrom("t", "t.ops", "t.vmatrace", "t.vmatrace.gz");
    const check = async (bytes: Uint8Array, file: string) => {
      const result = await outcome(bytes, file);
      if (result instanceof InputError) {
        expect(result.message).toMatch(/^[^\n]*:\d+: expected [^\n]+$/);
      } else {
        expect(["vmatrace", "ops"]).toContain(result.format);
      }
    };
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), name, check), {
      numRuns: 200,
    });
    await fc.assert(
      fc.asyncProperty(
        traceArbitrary,
        fc.nat(),
        fc.nat(255),
        fc.boolean(),
        async (text, at, byte, zip) => {
          const bytes = zip ? gzipSync(text) : Buffer.from(text);
          bytes[at % bytes.length] = byte;
          await check(bytes, zip ? "t.vmatrace.gz" : "t.vmatrace");
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("files", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "vmabench-read-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("plain and packed give the same trace", async () => {
    const packed = new URL("../../bench/traces/xz.vmatrace.gz", import.meta.url).pathname;
    const plain = join(folder, "xz.vmatrace");
    writeFileSync(plain, gunzipSync(readFileSync(packed)));
    const a = await readTrace(plain);
    const b = await readTrace(packed);
    expect({ ...a, file: "" }).toEqual({ ...b, file: "" });
  });

  test.each([
    ["missing", "no such file"],
    ["", "it is a folder"],
  ])("a file that cannot be read: %s", async (name, reason) => {
    const path = join(folder, name);
    const failure = readTrace(path);
    await expect(failure).rejects.toThrow(UsageError);
    await expect(failure).rejects.toThrow(`cannot read ${path}: ${reason}`);
  });
});
