// Text of strace as a trace: every way in which it writes a call, and real programs.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import { InputError } from "../../src/errors.js";
import { disagrees } from "../../src/replay/check.js";
import { sourceOf } from "../../src/trace/parts.js";
import { programOf } from "../../src/trace/program.js";
import { readTrace, readTraceBytes } from "../../src/trace/read.js";
import { parseStrace } from "../../src/trace/strace.js";
import { argumentsOf, wordOf } from "../../src/trace/strace-values.js";
import { checked } from "../replay/through.js";

const MMAP =
  "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000001000";
const ARGS = [0, 8192, 3, 0x22, -1, 0];

describe("a call is read", () => {
  test.each([
    ["plain", MMAP],
    ["with the pid of -o", `4711  ${MMAP}`],
    ["with the pid of a terminal", `[pid  4711] ${MMAP}`],
    ["with -t", `12:00:01 ${MMAP}`],
    ["with -tt and a pid", `4711 12:00:01.123456 ${MMAP}`],
    ["with -ttt", `1795550284.052226 ${MMAP}`],
    ["with -r", `     0.000161 ${MMAP}`],
    ["with -r, [pid]", `[pid 4711]      0.000161 ${MMAP}`],
    ["with -T", `${MMAP} <0.000012>`],
    ["with -i", `[00007f5ed6e1a5d7] ${MMAP}`],
    ["with -n", `[   9] ${MMAP}`],
    ["raw", "mmap(NULL, 8192, 0x3, 0x22, -1, 0) = 0x7f0000001000"],
    [
      "verbose",
      "mmap(NULL, 8192, 0x3 /* PROT_READ|PROT_WRITE */, 0x22 /* MAP_, x */, -1, 0) = 0x7f0000001000",
    ],
    [
      "octal and numbers among names",
      "mmap(NULL, 020000, 03, MAP_PRIVATE|0x20, -1, 0) = 0x7f0000001000",
    ],
    ["padded", MMAP.replace(") =", ")             =")],
  ])("%s", (_, line) => {
    const [call] = parseStrace(`${line}\n`).calls;
    expect(call).toMatchObject({ name: "mmap", args: ARGS, result: 0x7f0000001000 });
  });

  test("a call in parts is at most two lines long", () => {
    const part = `1 <... mmap resumed>${"a".repeat(60_000)} <unfinished ...>`;
    const text = ["1 mmap(NULL <unfinished ...>", part, part, part].join("\n");
    expect(() => parseStrace(text)).toThrow(/^strace:4: expected a call of at most 131072 char/);
  });

  // a look back from each of them would take minutes
  test.each([" ", "/*", "<", '"', "[", "{("])("long lines of %j are read in one pass", (piece) => {
    const line = `1 write(${piece.repeat(60_000 / piece.length)}x, 1, <unfinished ...> ) = 1`;
    const flags = `1 mmap(NULL, 4096, PROT_READ, ${"/* ".repeat(20_000)}*/0x22, -1, 0) = 0x7f0000000000`;
    const text = [...new Array<string>(60).fill(line), flags].join("\n");
    expect(parseStrace(text).calls).toHaveLength(1);
  });

  test("unfinished and resumed; a munmap counts from its beginning, the rest from its end", () => {
    const { calls } = parseStrace(
      [
        "1 brk(NULL) = 0x1000000",
        "1 munmap(0x7f0000000000, 4096 <unfinished ...>",
        "2 mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>",
        "1 <... munmap resumed>) = 0 <0.000010>",
        "2 <... mmap resumed>) = 0x7f0000000000",
        "1 munmap(0x7f0000000000, 4096 <unfinished ...>",
      ].join("\n"),
    );
    const text = calls.map(({ name, task, result }) => `${task} ${name} ${result}`);
    expect(text).toEqual(["1 brk 16777216", "1 munmap 0", `2 mmap ${0x7f0000000000}`]);
  });

  test("errors by name; answers that are none leave the call out", () => {
    const { calls } = parseStrace(
      [
        "mmap(0x1, 0, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL (Invalid argument)",
        "brk(0x1) = ?",
        "munmap(0x1000, 4096) = ? <unavailable>",
        "madvise(0x1000, 4096, MADV_DONTNEED) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
        "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = -1 ENOMEM (Cannot allocate memory)",
        'prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x7f0000000000, 4096, "heap, (a)") = 0',
        "syscall_0x1ce(0x7f0000000000, 0x1000, 0, 0, 0, 0) = 0",
        "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=NULL} ---",
        "+++ killed by SIGSEGV (core dumped) +++",
        "a program's own line: mmap(",
      ].join("\n"),
    );
    expect(calls.map(({ name, result }) => [name, result])).toEqual([
      ["mmap", -abi.EINVAL],
      ["mremap", -abi.ENOMEM],
      ["prctl", 0],
      ["mseal", 0],
    ]);
    expect(calls[2]?.asked).toBe("heap, (a)");
  });

  test.each([
    ["PROT_READ|PROT_EXEC", 5],
    ["MAP_PRIVATE|MAP_HUGETLB|21<<MAP_HUGE_SHIFT", 2 + 0x40000 + 21 * 2 ** 26],
    ["18446744073709551615", 18446744073709551615n],
    ["0755", 0o755],
    ["0x7 /* A|B */", 7],
    ["SOMETHING", undefined],
  ])("value %s", (text, value) => {
    expect(wordOf(text)).toEqual(value);
  });

  test("arguments are split outside paths, strings and structures", () => {
    const text = '3</a,b (c)<char 1:5>>, "x, \\"y", {a=1, b=[2, 3]}, 1<<26, 5</p>';
    expect(argumentsOf(text)).toEqual([
      "3</a,b (c)<char 1:5>>",
      '"x, \\"y"',
      "{a=1, b=[2, 3]}",
      "1<<26",
      "5</p>",
    ]);
  });

  test.each([
    ["mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3) = 0x1000", /t:1: expected 6 arguments of mmap/],
    ["munmap(0x1000, LENGTH) = 0", /t:1: expected len of munmap, found "LENGTH"/],
    ["brk(NULL) = 0x1000\nmprotect(0x1000, 4096", /t:2: expected mprotect\(\.\.\.\) = RESULT/],
    ["+++ exited with 0 +++", /t:2: expected a memory call/],
  ])("%j is refused", (text, message) => {
    expect(() => parseStrace(text, "t")).toThrow(InputError);
    expect(() => parseStrace(text, "t")).toThrow(message);
  });
});

describe("what belongs to the program", () => {
  const names = (text: string) =>
    parseStrace(text).calls.map(({ task, name }) => `${task} ${name}`);
  const brk = (pid: number, at: string) => `${pid} brk(NULL) = ${at}`;

  test("threads do, children of fork and programs that they start do not", () => {
    const text = [
      brk(10, "0x1000000"),
      "10 clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_THREAD) = 11",
      "10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 12",
      "10 clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD}, 88) = 13",
      "11 munmap(0x1000, 4096) = 0",
      "12 munmap(0x1000, 4096) = 0",
      "13 munmap(0x1000, 4096) = 0",
      brk(14, "0x2000000"), // its making was not traced
      "14 munmap(0x1000, 4096) = 0",
    ].join("\n");
    expect(names(text)).toEqual(["1 brk", "2 munmap"]);
  });

  test("an execve begins anew, seen or not", () => {
    expect(
      names(
        `${brk(1, "0x1000000")}\n1 execve("/a", ["a"], 0x7 /* 1 vars */) = 0\n1 munmap(0x1000, 4096) = 0`,
      ),
    ).toEqual(["1 munmap"]);
    expect(
      names(`${brk(1, "0x1000000")}\n${MMAP.replace(/^/, "1 ")}\n${brk(1, "0x3000000")}`),
    ).toEqual(["1 brk"]);
  });

  test("descriptors are followed through open, close and dup", () => {
    const map = (fd: string) =>
      `mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ${fd}, 0) = 0x7f0000000000`;
    const files = (lines: string[]) =>
      parseStrace(lines.join("\n")).calls.map(({ ofd, open }) => `${ofd}${open}`);
    const openat = 'openat(AT_FDCWD, "a", O_RDONLY|O_CLOEXEC) = 3';
    expect(
      files([openat, map("3"), "dup(3) = 4", map("4"), "close(3) = 0", openat, map("3")]),
    ).toEqual(["1r", "1r", "2r"]);
    // without them: -y tells by the path, else a mapping at offset 0 begins another file
    expect(files([map("3</a>"), map("3</a>"), map("3</b>")])).toEqual(["1rw", "1rw", "2rw"]);
    expect(
      files([map("3"), map("3").replace("MAP_PRIVATE", "MAP_PRIVATE|MAP_FIXED"), map("3")]),
    ).toEqual(["1rw", "1rw", "2rw"]);
  });
});

describe("a program of it", () => {
  const core = new Core("checking");
  const run = async (text: string) => {
    const program = programOf(await readTraceBytes(Buffer.from(text), "t.strace"));
    const { left, ...result } = await checked(core, sourceOf(program), {
      profile: abi.PROFILE_7_3,
      hook: abi.HOOK_MMAP_PREPARE,
      driver: { ops: abi.OPS_INSTALLED | abi.OPS_FAULT },
    });
    return { ...result, layout: left };
  };

  test("puts mappings where they were, and leaves out what was there before", async () => {
    const { report, layout } = await run(
      [
        "brk(NULL) = 0x1000000",
        MMAP,
        "mprotect(0x400000, 4096, PROT_READ) = 0",
        "mprotect(0x7f0000001000, 4096, PROT_READ) = 0",
        "mremap(0x7f0000002000, 4096, 16384, MREMAP_MAYMOVE) = 0x7f0000100000",
        "brk(0x1003000) = 0x1003000",
        "mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM (Cannot allocate memory)",
      ].join("\n"),
    );
    expect(disagrees(report)).toBe(false);
    expect(report).toMatchObject({ operations: 7, results: { same: 5, total: 5 }, final: null });
    const ranges = layout.map(({ start, end }) => `${start.toString(16)}-${end.toString(16)}`);
    expect(ranges).toEqual([
      "1000000-1003000",
      "7f0000001000-7f0000002000",
      "7f0000100000-7f0000104000",
    ]);
  });

  test("a result that the model does not give is a mismatch", async () => {
    const { report } = await run(`${MMAP}\nmprotect(0x7f0000001001, 4096, PROT_READ) = 0\n`);
    expect(report.results).toEqual({ same: 1, total: 2 });
    expect(disagrees(report)).toBe(true);
  });

  const folder = fileURLToPath(new URL("strace/", import.meta.url));
  test.each(readdirSync(folder))("recorded: %s", async (name) => {
    const program = programOf(await readTrace(folder + name));
    const { report, left } = await checked(core, sourceOf(program), {
      profile: abi.PROFILE_6_18,
      hook: abi.HOOK_MMAP_PREPARE,
      driver: { ops: abi.OPS_INSTALLED | abi.OPS_FAULT },
    });
    expect(core.check()).toBe(0);
    expect(report.results.total).toBeGreaterThan(20);
    expect(report.results.same).toBe(report.results.total);
    expect(left.length).toBeGreaterThan(10);
  });
});
