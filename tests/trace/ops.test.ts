import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.js";
import { OPS_NAMES, type OpsCall, type OpsTrace, parseOps, printOps } from "../../src/trace/ops.js";

const word = fc.oneof(
  fc.nat(Number.MAX_SAFE_INTEGER),
  fc.bigInt({ min: BigInt(Number.MAX_SAFE_INTEGER) + 1n, max: (1n << 64n) - 1n }),
);
const file = fc.oneof(fc.constant(null), fc.nat(0xffffffff));
const forms: Record<(typeof OPS_NAMES)[number], fc.Arbitrary<unknown>[]> = {
  mmap: [word, word, word, word, file, word],
  munmap: [word, word],
  mprotect: [word, word, word],
  mremap: [word, word, word, word, word],
  touch: [word, word, fc.constantFrom(0, 1)],
  madvise: [word, word, word],
  brk: [word],
  mlock: [word, word, word],
  munlock: [word, word],
  mlockall: [word],
  munlockall: [],
  mseal: [word, word],
};
const call = fc
  .constantFrom(...OPS_NAMES)
  .chain((name) => fc.tuple(...forms[name]).map((args) => ({ name, args })));

const trace: fc.Arbitrary<OpsTrace> = fc.array(call, { maxLength: 20 }).chain((calls) =>
  fc.option(fc.nat(calls.length)).map((mark) => ({
    format: "ops",
    file: "operations",
    // what the parser will say: one call a line, #MARK a line of its own
    calls: calls.map((c, i) => ({
      line: i + 1 + (mark !== null && i >= mark ? 1 : 0),
      ...c,
    })) as OpsCall[],
    mark,
  })),
);

function errorOf(text: string): InputError {
  try {
    parseOps(text, "t.ops");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("operation traces", () => {
  test("printing and parsing are inverse", () => {
    fc.assert(
      fc.property(trace, (t) => {
        expect(parseOps(printOps(t))).toEqual(t);
      }),
    );
  });

  test("the form users write", () => {
    const { calls, mark } = parseOps(
      [
        "# a comment",
        "mmap 10000000000 0x4000 3 0x22 - 0   # and another",
        "mmap 0 4000 1 0x1 0 12",
        "",
        "#MARK",
        "mremap 10000000000 4000 8000 0x1 0",
        "touch 10000000000 4000 w",
        "mlock 10000000000 1000",
      ].join("\r\n"),
    );
    expect(mark).toBe(2);
    expect(calls).toEqual([
      { line: 2, name: "mmap", args: [0x10000000000, 0x4000, 3, 0x22, null, 0] },
      { line: 3, name: "mmap", args: [0, 0x4000, 1, 1, 0, 12] },
      { line: 6, name: "mremap", args: [0x10000000000, 0x4000, 0x8000, 1, 0] },
      { line: 7, name: "touch", args: [0x10000000000, 0x4000, 1] },
      { line: 8, name: "mlock", args: [0x10000000000, 0x1000, 0] },
    ]);
  });

  test.each([
    ["mmap 0 1000 3 22 - 0", "FLAGS of mmap as 0x..."],
    ["mmap 0 1000 0x3 0x22 - 0", "PROT of mmap as a decimal number"],
    ["mmap 0 1000 3 0x22 x 0", "FILE of mmap as a file number or -"],
    ["mmap 0 1000 3 0x22 4294967296 0", "FILE of mmap"],
    ["mmap 0 1000 3 0x22 -", "PGOFF of mmap"],
    ["munmap 0 10000000000000000", "LEN of munmap as a hexadecimal number"],
    ["touch 0 1000 x", "ACCESS of touch as r or w"],
    ["munmap 0 1000 1", "2 arguments of munmap"],
    ["mremap 0 1000 2000 0x1", "NEW of mremap"],
    ["toString 0", "an operation (mmap,"],
  ])("%s", (line, expected) => {
    const error = errorOf(`munmap 0 1000\n${line}\n`);
    expect(error.message).toMatch(/^t\.ops:2: expected .*, found ./);
    expect(error.message).toContain(expected);
  });

  test("#MARK stands once", () => {
    expect(errorOf("#MARK\nbrk 0\n#MARK\n")).toMatchObject({
      line: 3,
      expected: "one #MARK at most",
    });
  });
});
