import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { InputError } from "../../src/errors.js";
import { mmapBase, vmFlags } from "../../src/trace/initial.js";
import { parseOps } from "../../src/trace/ops.js";
import { type Program, programOf } from "../../src/trace/program.js";
import { parseVmatrace } from "../../src/trace/vmatrace.js";

const bash = gunzipSync(
  readFileSync(new URL("../../bench/traces/bash-script.vmatrace.gz", import.meta.url)),
).toString();

/** The program of a trace with these operations, without its set-up's worth of noise. */
function programWith(...lines: string[]): Program {
  return programOf(
    parseVmatrace(["@maps initial", "@ops", ...lines, "@maps final", ""].join("\n"), "t"),
  );
}

function only(line: string) {
  const program = programWith(line);
  return {
    operation: program.operations[0],
    comparison: expectationOf(program)?.comparison,
    program,
  };
}

const expectationOf = (program: Program) => program.expectations[0];

const MAY = abi.VM_MAYREAD + abi.VM_MAYWRITE + abi.VM_MAYEXEC;
const R = abi.VM_READ;
const W = abi.VM_WRITE;
const X = abi.VM_EXEC;

describe("the initial layout", () => {
  const program = programOf(parseVmatrace(bash), { driver: 3 });

  test("one OP_PLACE for each VMA, the gate area left out", () => {
    expect(program.setup).toHaveLength(13);
    expect(program.setup[0]).toEqual({
      op: abi.OP_PLACE,
      addr: 0x555555554000,
      len: 0x2f000,
      prot: R + MAY,
      pgoff: 0,
      file: 1,
    });
    expect(program.setup.map(({ file }) => file)).toEqual([1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 2, 0]);
    expect(program.setup[1]).toMatchObject({ pgoff: 0x2f });
    // anonymous memory counts its offset from address zero
    expect(program.setup[4]).toMatchObject({
      pgoff: 0x555555689,
      prot: R + W + MAY + abi.VM_ACCOUNT,
    });
  });

  test.each([
    ["r--p", "", R + MAY],
    ["r-xp", "[vdso]", R + X + MAY + abi.VM_DONTEXPAND],
    ["r--p", "[vvar]", R + abi.VM_MAYREAD + abi.VM_REMAP_FLAGS],
    ["r--p", "[vvar_vclock]", R + abi.VM_MAYREAD + abi.VM_REMAP_FLAGS],
    ["rw-p", "[stack]", R + W + MAY + abi.VM_ACCOUNT + abi.VM_GROWSDOWN],
    ["rwxp", "[stack]", R + W + X + MAY + abi.VM_ACCOUNT + abi.VM_GROWSDOWN],
    ["rw-p", "/bin/true", R + W + MAY + abi.VM_ACCOUNT],
    ["rw-s", "/x", R + W + MAY + abi.VM_SHARED + abi.VM_MAYSHARE],
    ["r--s", "/x", R + abi.VM_MAYREAD + abi.VM_MAYEXEC + abi.VM_MAYSHARE],
  ])("%s %s", (perms, name, flags) => {
    const vma = { start: 4096, end: 8192, perms, offset: 0, inode: "00:00:0", name };
    expect(vmFlags(vma)).toBe(flags);
  });

  test("settings come from the header", () => {
    expect(program.settings).toEqual({
      maxMapCount: 65530,
      mmapMinAddr: 4096,
      overcommit: abi.OVERCOMMIT_GUESS,
      thp: true,
      limitAs: abi.NO_LIMIT,
      limitData: abi.NO_LIMIT,
      limitMemlock: 0x800000,
      limitStack: 0x800000,
      mmapBase: 0x7ffff7fff000,
      startBrk: 0x555555694000,
      brk: 0x555555694000,
      ipcLock: false,
      protectionKeys: true,
      touch: abi.TOUCH_WRITTEN,
    });
  });

  test("files use the driver asked for, each description has a record, inodes are shared", () => {
    expect(program.files.every(({ driver }) => driver === 3)).toBe(true);
    const [exe, ld, cache] = program.files;
    expect(exe).toEqual({ driver: 3, mode: abi.FILE_MODE_READ, inode: 1 });
    expect(ld).toMatchObject({ inode: 2 });
    expect(cache).toEqual({
      driver: 3,
      mode: abi.FILE_MODE_READ | abi.FILE_MODE_THP_ALIGN,
      inode: 3,
    });
    expect(program.inodes.slice(0, 3)).toEqual(["fe:00:260104", "fe:00:338944", "fe:00:2247000"]);
  });

  test("mmap_base follows the stack limit between its bounds", () => {
    expect(mmapBase(8 << 20)).toBe(0x7ffff7fff000);
    expect(mmapBase(2 ** 30)).toBe(0x7ffffffff000 - 2 ** 30 - 2 ** 20);
    expect(mmapBase(abi.NO_LIMIT)).toBe(0x155555556000);
  });

  test("a call that locked more than the limit shows that the limit does not apply", () => {
    const limit = "# rlimits: stack=0x800000 memlock=0x10000";
    const lock = (line: string) =>
      programOf(parseVmatrace([limit, "@maps initial", "@ops", line, "@maps final", ""].join("\n")))
        .settings.ipcLock;
    expect(lock("1 mlock 0x1000 0x11000 = 0")).toBe(true);
    expect(lock("1 mlock 0x1000 0x11000 = -12")).toBe(false);
    expect(lock("1 mlock 0x1000 0x10000 = 0")).toBe(false);
  });
});

describe("calls as operations", () => {
  const file = "file=/x type=reg:ext4 open=rw ino=fe:00:7 ofd=1";

  test.each([
    [
      "mmap 0x0 0x1001 0x3 0x22 -1 0x0 = 0x7000",
      { op: abi.OP_MMAP, addr: 0, len: 0x1001, prot: 3, flags: 0x22, pgoff: 0, file: 0 },
      "placed",
    ],
    [
      `mmap 0x5000 0x1000 0x1 0x11 3 0x3000 = 0x5000 ${file}`,
      { op: abi.OP_MMAP, addr: 0x5000, len: 0x1000, prot: 1, flags: 0x11, pgoff: 3, file: 1 },
      "results",
    ],
    [
      "mmap 0x5000 0x1000 0x3 0x100022 -1 0x0 = -17",
      { op: abi.OP_MMAP, flags: 0x100022 },
      "results",
    ],
    ["mmap 0x0 0x0 0x3 0x22 -1 0x0 = -22", { op: abi.OP_MMAP, len: 0 }, "results"],
    ["munmap 0x1000 0x2000 = 0", { op: abi.OP_MUNMAP, addr: 0x1000, len: 0x2000 }, "results"],
    ["mprotect 0x1000 0x2000 0x5 = 0", { op: abi.OP_MPROTECT, prot: 5 }, "results"],
    ["pkey_mprotect 0x1000 0x2000 0x1 -1 = 0", { op: abi.OP_MPROTECT, prot: 1 }, "results"],
    [
      "mremap 0x1000 0x2000 0x3000 0x1 0x0 = 0x9000",
      { op: abi.OP_MREMAP, addr: 0x1000, len: 0x2000, prot: 0x3000, flags: 1, pgoff: 0 },
      "placed",
    ],
    ["mremap 0x1000 0x2000 0x3000 0x1 0x0 = 0x1000", { op: abi.OP_MREMAP }, "results"],
    ["mremap 0x1000 0x2000 0x2000 0x3 0x9000 = 0x9000", { pgoff: 0x9000, flags: 3 }, "results"],
    ["mremap 0x1000 0x2000 0x3000 0x1 0x0 = -12", { op: abi.OP_MREMAP }, "results"],
    ["brk 0x5000 = 0x5000", { op: abi.OP_BRK, addr: 0x5000 }, "results"],
    ["madvise 0x1000 0x1000 -1 = -22", { op: abi.OP_MADVISE, prot: 2n ** 64n - 1n }, "results"],
    ["mlock2 0x1000 0x1000 0x1 = 0", { op: abi.OP_MLOCK, flags: 1 }, "results"],
    ["mlockall 0x3 = 0", { op: abi.OP_MLOCKALL, flags: 3 }, "results"],
    ["mseal 0x1000 0x1000 0x0 = 0", { op: abi.OP_MSEAL, addr: 0x1000, len: 0x1000 }, "results"],
    [
      "shmat 5 0x0 0x1000 = 0x7000 size=0x3000",
      { op: abi.OP_MMAP, addr: 0, len: 0x3000, prot: 1, flags: 1, file: 1 },
      "placed",
    ],
    [
      "prctl 0x53564d41 0x0 0x1000 0x2000 0x5 = 0 name=arena",
      { op: abi.OP_SET_NAME, addr: 0x1000, len: 0x2000, prot: 1 },
      "results",
    ],
  ])("%s", (line, operation, comparison) => {
    const translated = only(`1 ${line}`);
    expect(translated.operation).toMatchObject(operation);
    expect(translated.comparison).toBe(comparison);
  });

  test.each([
    "prctl 0x53564d41 0x0 0x1000 0x2000 0x5 = -22 name=arena",
    "prctl 41 1 0 0 0 = 0",
    "process_madvise 5 0x1000 1 20 0 = 4096",
    "mbind 0x1000 0x1000 0x2 0x0 0x0 0x0 = -14",
    "io_setup 0x80 0x1000 = -11",
    "shmat 5 0x0 0x0 = -22",
    "mmap 0x0 0x200000 0x3 0x40022 -1 0x0 = -12",
    "mmap 0x0 0x1000 0x1 0x2 9 0x0 = -9",
    "mmap 0x0 0x1000 0x1 0x2 3 0x10 = -22 ofd=1",
  ])("changes no VMA, so nothing is done and nothing compared: %s", (line) => {
    const { operation, comparison } = only(`1 ${line}`);
    expect(operation).toEqual({ op: abi.OP_NOP });
    expect(comparison).toBeNull();
  });

  test.each([
    "mbind 0x1000 0x1000 0x2 0x0 0x0 0x0 = 0",
    "io_setup 0x80 0x1000 = 0",
    "remap_file_pages 0x1000 0x1000 0x0 0x0 0x0 = 0",
    "map_shadow_stack 0x0 0x1000 0x0 = 0x7000",
    "pkey_mprotect 0x1000 0x1000 0x1 3 = 0",
    "prctl 35 1 0 0 0 = 0",
    "shmdt 0x1000 = 0",
    "mmap 0x0 0x200000 0x3 0x40022 -1 0x0 = 0x7fff00000000",
  ])("is not modelled, which is said with its line: %s", (line) => {
    expect(() => only(`1 ${line}`)).toThrow(InputError);
    expect(() => only(`1 ${line}`)).toThrow(
      /^t:3: expected a call that the model has, found .* \(not modelled\)$/,
    );
  });

  test("a file mapping that does not say of which file is refused", () => {
    expect(() => only("1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x7000")).toThrow(
      "t:3: expected ofd= or ino= of the file mapped, found neither",
    );
  });

  test("shmdt unmaps the segment that was attached there", () => {
    const { operations } = programWith(
      "1 shmat 5 0x0 0x0 = 0x7000 size=0x3000",
      "1 shmdt 0x7000 = 0",
    );
    expect(operations[1]).toEqual({ op: abi.OP_MUNMAP, addr: 0x7000, len: 0x3000 });
  });

  test("two descriptions of one file are two files of one inode", () => {
    const map = (ofd: number) =>
      `1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x7000 type=reg:ext4 open=r ino=fe:00:7 ofd=${ofd}`;
    const { operations, files } = programWith(map(1), map(2), map(1));
    expect(operations.map((o) => o.file)).toEqual([1, 2, 1]);
    expect(files.map((f) => f.inode)).toEqual([1, 1]);
  });

  test.each([
    ["type=reg:ext4 open=r", abi.FILE_MODE_READ | abi.FILE_MODE_THP_ALIGN],
    ["type=reg:overlay open=rw", abi.FILE_MODE_READ | abi.FILE_MODE_WRITE],
    ["type=memfd:tmpfs open=rw", abi.FILE_MODE_READ | abi.FILE_MODE_WRITE | abi.FILE_MODE_SHMEM],
    ["type=reg:tmpfs open=w", abi.FILE_MODE_WRITE | abi.FILE_MODE_SHMEM],
    ["type=chr:1:5 open=r", abi.FILE_MODE_READ | abi.FILE_MODE_DEVZERO],
    ["type=anon_inode open=rw", abi.FILE_MODE_READ | abi.FILE_MODE_WRITE],
  ])("%s", (keys, mode) => {
    const { program } = only(`1 mmap 0x0 0x1000 0x1 0x2 3 0x0 = 0x7000 ${keys} ofd=1`);
    expect(program.files).toEqual([{ driver: 0, mode, inode: 1 }]);
  });

  test("stack growth is executed and is no call; checkpoints know where they stand", () => {
    const program = programWith(
      "# stack-growth 0x7ffffffde000-0x7ffffffff000 -> 0x7ffffffdc000-0x7ffffffff000",
      "1 brk 0x0 = 0x1000",
      "@maps checkpoint 1",
      "@ops",
      "1 brk 0x0 = 0x1000",
    );
    expect(program.operations[0]).toEqual({ op: abi.OP_STACK_GROW, addr: 0x7ffffffdc000 });
    expect(program.expectations.map((e) => e?.number)).toEqual([undefined, 1, 2]);
    expect(program.checkpoints).toMatchObject([{ executed: 2, after: 1 }]);
    expect(program.final).toMatchObject({ executed: 3, after: 2 });
  });
});

describe("operation traces", () => {
  const program = programOf(
    parseOps(
      "mmap 1000 1000 3 0x22 - 0\n#MARK\nmmap 0 2000 1 0x1 7 2\nmmap 0 1000 1 0x1 0 0\nbrk 0\n",
    ),
    { driver: 1, touch: abi.TOUCH_NONE },
  );

  test("#MARK ends the set-up, and lines are kept for messages", () => {
    expect(program.setup).toEqual([
      { op: abi.OP_MMAP, addr: 0x1000, len: 0x1000, prot: 3, flags: 0x22, pgoff: 0, file: 0 },
    ]);
    expect(program.operations).toHaveLength(3);
    expect(program.lines).toEqual([1, 3, 4, 5]);
    expect(program).toMatchObject({ isRecorded: false, expectations: [], final: null });
    expect(program.settings).toEqual({ touch: abi.TOUCH_NONE });
  });

  test("file numbers, 0 among them, are files opened for both", () => {
    expect(program.operations.map(({ file }) => file)).toEqual([1, 2, undefined]);
    expect(program.fileNumbers).toEqual([7, 0]);
    const mode = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
    expect(program.files).toEqual([
      { driver: 1, mode, inode: 1 },
      { driver: 1, mode, inode: 2 },
    ]);
  });
});
