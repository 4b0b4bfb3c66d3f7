import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/errors.js";
import { CALL_NAMES, type Call } from "../../src/trace/calls.js";
import { parseVmatrace, printVmatrace, type Trace } from "../../src/trace/vmatrace.js";
import { traceArbitrary } from "./arbitrary.js";

const folder = new URL("../../bench/traces/", import.meta.url);
const recorded = readdirSync(folder)
  .filter((name) => name.endsWith(".gz"))
  .map((name) => ({ name, text: gunzipSync(readFileSync(new URL(name, folder))).toString() }));

/** A whole trace around some operation lines. */
function traceOf(...lines: string[]): string {
  const stack = "0x7ffffffde000-0x7ffffffff000 rw-p 0x0 00:00:0 [stack]";
  return ["@maps initial", stack, "@ops", ...lines, "@maps final", stack, ""].join("\n");
}

function errorOf(text: string): InputError {
  try {
    parseVmatrace(text, "t");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("no error");
}

/** Line numbers taken out: printing puts a trace into its shortest form. */
function withoutLines(trace: Trace): unknown {
  return JSON.parse(
    JSON.stringify(trace, (key, value) =>
      key === "line" ? undefined : typeof value === "bigint" ? `${value}n` : value,
    ),
  );
}

describe("recorded traces", () => {
  test("there are ten", () => expect(recorded).toHaveLength(10));

  test.each(recorded)("$name is printed byte for byte as it was read", ({ text }) => {
    expect(printVmatrace(parseVmatrace(text))).toBe(text);
  });

  test.each(recorded)("$name has as many operations as its trailer says", ({ text }) => {
    const trace = parseVmatrace(text);
    const calls = trace.items.filter((item) => item.kind === "call");
    expect(trace.tail).toContain(`# ops: ${calls.length}`);
    expect(trace.header).toMatchObject({
      maxMapCount: 65530,
      mmapMinAddr: 4096,
      overcommit: 0,
      thp: true,
      limits: { stack: 0x800000, memlock: 0x800000 },
    });
    expect(trace.header.startBrk).toBeGreaterThan(0);
  });

  test("stack growth, checkpoints and both layouts are found", () => {
    const gcc = parseVmatrace(recorded.find(({ name }) => name.startsWith("gcc"))!.text);
    const growth = gcc.items.filter((item) => item.kind === "stack-growth");
    expect(growth).toMatchObject([
      { start: 0x7ffffffde000, grown: 0x7ffffffdc000, end: 0x7ffffffff000 },
    ]);
    const java = parseVmatrace(recorded.find(({ name }) => name.startsWith("java"))!.text);
    const checkpoints = java.items.filter((item) => item.kind === "checkpoint");
    expect(checkpoints.map(({ after }) => after)).toEqual([500]);
    expect(java.initial.vmas).toHaveLength(
      java.initial.vmas.filter(({ name }) => name !== "[vsyscall]").length,
    );
    expect(java.initial.gate).toBe("--xp");
  });
});

describe("printing and parsing", () => {
  test("are inverse", () => {
    fc.assert(
      fc.property(traceArbitrary, (text) => {
        const trace = parseVmatrace(text);
        const again = parseVmatrace(printVmatrace(trace));
        expect(withoutLines(again)).toEqual(withoutLines(trace));
      }),
      { numRuns: 200 },
    );
  });

  test("keep 64-bit arguments exactly", () => {
    const text = traceOf("1 munmap 0xfffffffffffff001 0xffffffffffffffff = -22 vmas=1");
    const call = parseVmatrace(text).items[0] as Call;
    expect(call.args).toEqual([0xfffffffffffff001n, 0xffffffffffffffffn]);
    expect(printVmatrace(parseVmatrace(text))).toBe(text);
  });

  test("keep keys that are not known, and names with blanks", () => {
    const text = traceOf(
      "1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x1000 file=/a\\040b type=reg:ext4 open=r ino=fe:00:7 ofd=1 later=9 vmas=2",
      "1 prctl 0x53564d41 0x0 0x1000 0x1000 0x0 = 0 name= glibc: malloc arena vmas=2",
    );
    const trace = parseVmatrace(text);
    expect(trace.items).toMatchObject([
      { other: [["later", "9"]], ofd: 1, file: "/a\\040b" },
      { asked: " glibc: malloc arena", vmas: 2 },
    ]);
    expect(printVmatrace(trace)).toBe(text);
  });
});

describe("what is wrong is named with its line", () => {
  const op = (line: string) => errorOf(traceOf(line));

  test.each([
    ["bad number", "1 munmap 0xzz 0x1000 = 0", "addr of munmap as 0x..."],
    ["hexadecimal without 0x", "1 munmap 1000 0x1000 = 0", "addr of munmap as 0x..."],
    ["more than 64 bits", "1 munmap 0x10000000000000000 0x1000 = 0", "addr of munmap as 0x..."],
    ["missing argument", "1 munmap 0x1000 = 0", "len of munmap as 0x..."],
    ["one argument too many", "1 munmap 0x1000 0x1000 0x1 = 0", '"=" after the 2 arguments'],
    ["unknown call", "1 mummap 0x1000 0x1000 = 0", "a call (mmap, munmap,"],
    ["name of every object", "1 constructor 0x0 = 0", "a call (mmap, munmap,"],
    ["no task", "mmap 0x0", "task number from 1"],
    ["no result", "1 munmap 0x1000 0x1000 =", "the result of munmap"],
    ["result of another kind", "1 brk 0x0 = zero", "the result of brk"],
    ["bad key", "1 munmap 0x1000 0x1000 = 0 vmas", "key=value"],
    ["key twice", "1 munmap 0x1000 0x1000 = 0 vmas=1 vmas=2", "each key once"],
    ["bad count", "1 munmap 0x1000 0x1000 = 0 vmas=-1", "vmas= as a decimal number"],
    ["bad inode", "1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x1000 ino=7", "ino=MAJ:MIN:INODE"],
    ["bad open mode", "1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x1000 open=x", "open=r, w or rw"],
    ["stack growing upwards", "# stack-growth 0x1000-0x3000 -> 0x2000-0x3000", "0xLOWER-0xEND"],
    ["unknown section", "@maps middle", '"@maps checkpoint N" or "@maps final"'],
    ["sections out of order", "@maps initial", '"@maps checkpoint N" or "@maps final"'],
    ["checkpoint elsewhere", "@maps checkpoint 3", "the number of operations so far (0)"],
  ])("%s", (_name, line, expected) => {
    const error = op(line);
    expect(error.message).toMatch(/^t:4: expected .*, found ./);
    expect(error.message).toContain(expected);
    expect(error.message).not.toContain("\n");
    expect(error.exitCode).toBe(2);
  });

  test.each([
    ["inverted range", "0x3000-0x2000 rw-p 0x0 00:00:0", "start lies below its end"],
    ["empty range", "0x3000-0x3000 rw-p 0x0 00:00:0", "start lies below its end"],
    ["half a page", "0x3000-0x3800 rw-p 0x0 00:00:0", "whole pages"],
    ["kernel addresses", "0x3000-0x900000000000 rw-p 0x0 00:00:0", "below 0x800000000000"],
    ["bad permissions", "0x3000-0x4000 rwp 0x0 00:00:0", "permissions"],
    ["bad offset", "0x3000-0x4000 rw-p 0x10 00:00:0", "file offset"],
    ["bad inode", "0x3000-0x4000 rw-p 0x0 0", "MAJ:MIN:INODE"],
    ["cut short", "0x3000-0x4000", "permissions"],
    ["overlap", "0x1000-0x3000 rw-p 0x0 00:00:0\n0x2000-0x4000 rw-p 0x0 00:00:0", "at or above"],
    ["no order", "0x5000-0x6000 rw-p 0x0 00:00:0\n0x2000-0x4000 rw-p 0x0 00:00:0", "at or above"],
  ])("maps line: %s", (_name, lines, expected) => {
    const error = errorOf(`@maps initial\n${lines}\n@ops\n@maps final\n`);
    expect(error.line).toBe(1 + lines.split("\n").length);
    expect(error.message).toContain(expected);
  });

  test.each([
    ["nothing", "", 1],
    ["no operations", "@maps initial\n", 2],
    ["no final layout", "@maps initial\n@ops\n1 brk 0x0 = 0x1000\n", 4],
  ])("a file that ends too early: %s", (_name, text, line) => {
    expect(errorOf(text)).toMatchObject({ line, found: "the end of the file" });
  });

  test.each([
    ["# vmatrace format version 2", "format version 1"],
    ["# pagesize: 16384", "pagesize: 4096"],
    ["# max_map_count: many", "max_map_count"],
    ["# overcommit_memory: 3", "overcommit_memory"],
    ["# rlimits: stack=8MB", "stack="],
    ["# mm: start_brk=12", "start_brk="],
  ])("header: %s", (line, expected) => {
    expect(errorOf(`${line}\n${traceOf()}`)).toMatchObject({ line: 1 });
    expect(errorOf(`${line}\n${traceOf()}`).message).toContain(expected);
  });

  test("damaging one line of a recorded trace gives a trace or one InputError", () => {
    const lines = recorded.find(({ name }) => name.startsWith("git"))!.text.split("\n");
    const damage = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom("@ops", "@maps final", "@maps initial", "", "= 0", "1 mmap"),
      fc.constantFrom(...CALL_NAMES).map((name) => `1 ${name} 0x0 0x0 = 0`),
    );
    fc.assert(
      fc.property(fc.nat(lines.length - 1), damage, fc.boolean(), (at, text, replace) => {
        const damaged = [...lines];
        damaged.splice(at, replace ? 1 : 0, text);
        try {
          parseVmatrace(damaged.join("\n"));
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          expect((error as InputError).message).not.toContain("\n");
        }
      }),
      { numRuns: 300 },
    );
  });
});
