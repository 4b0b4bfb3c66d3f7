// This machine, ready to be measured: a runner, the files that are mapped, and the model of a runner's address space.

import { closeSync, existsSync, readFileSync } from "node:fs";
import { parseDriver } from "../catalogue/drivers.js";
import { protocolOfRelease, type ReleaseProtocol } from "../catalogue/releases.js";
import type { TlbPreset } from "../catalogue/tlbs.js";
import { temporaryFolder } from "../cleanup.js";
import * as abi from "../core/abi.js";
import type { Core, DriverRecord, FileRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import { MachineError } from "../errors.js";
import { openLibc, RLIMIT, SYS } from "../live/libc.js";
import { findFolder, modelOptions } from "../live/machine.js";
import { parseMaps } from "../live/maps.js";
import { openFiles } from "../live/open.js";
import { NUMBERS } from "../runner/calls.js";
import { DATA_AT } from "../runner/code.js";
import { FIRST_FILE, openRunner, type Runner, type RunOptions } from "../runner/runner.js";
import { vmFlags } from "../trace/initial.js";
import { NO_INODE } from "../trace/layout.js";
import { FILES } from "./bench.js";
import { ownPreset } from "./processor.js";

/** What a run and the model need to know of this machine. */
export interface Machine {
  runner: Runner;
  release: string;
  kernel: ReleaseProtocol;
  /** File system of the file on a disk; null: none was found, and a memfd stands for it. */
  fileSystem: string | null;
  /** Open files, in the order of FILES. */
  descriptors: number[];
  /** Soft and hard RLIMIT_AS, bytes. */
  limitAs: { soft: number; hard: number };
  nanosecondsPerTick: number;
  /** What the hook of ordinary files does. */
  fileDriver: DriverRecord;
  tlb: TlbPreset;
  /** The core, reset to an address space like that of a runner that has just begun. */
  enter(core: Core, brk: number): void;
  close(): void;
}

/** Long against what entering and leaving the kernel takes. Nanoseconds. */
const SLEEP = 20_000_000;
const CLOCK_MONOTONIC = 1;

/** Gets everything ready for a command. MachineError where there is no such kernel or no koffi. */
export async function openMachine(command: string): Promise<Machine> {
  const libc = openLibc(command);
  const release = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  const kernel = protocolOfRelease(release);
  if (!kernel) throw new MachineError(`no kernel release can be made out of "${release}"`);
  const folder = findFolder();
  const own = folder && temporaryFolder("calibrate", folder.path);
  const opened = openFiles(libc, own?.path ?? null);
  own?.remove();
  const named = (name: string) => opened.find((file) => file.name === name)?.descriptor;
  const memfd = named("memfd") as number;
  const descriptors = [memfd, named("file") ?? memfd, named("dev-zero") as number];
  const runner = openRunner(libc);
  const names = ["memfd", named("file") === undefined ? "memfd" : "file", "dev-zero"] as const;
  const { settings, files, driver } = modelOptions(
    kernel,
    {
      files: names.map((name) => ({ name, inode: null, noexec: false })),
      memlock: libc.limits(RLIMIT.memlock),
      ipcLock: libc.hasIpcLock(),
      softDirty: false,
      protectionKeys: true,
    },
    folder,
  );
  const places = await ownLayout(runner);
  const tlb = ownPreset();
  const refusing = parseDriver("always-reject?errno=ENODEV").record("mmap");
  return {
    runner,
    release,
    kernel,
    fileSystem: named("file") === undefined ? null : (folder?.system ?? null),
    descriptors,
    limitAs: libc.limits(RLIMIT.as),
    fileDriver: driver as DriverRecord,
    nanosecondsPerTick: await tickLength(runner),
    tlb,
    enter(core, brk) {
      core.reset({ ...settings, ...thpSetting(), startBrk: brk, brk }, tlb);
      describe(core, files, driver, refusing);
      core.run(places);
    },
    close: () => {
      for (const { descriptor } of opened) closeSync(descriptor);
    },
  };
}

/** Files and drivers as the benchmarks number them. */
function describe(
  core: Core,
  files: readonly FileRecord[],
  driver: object,
  refusing: DriverRecord,
) {
  core.setDriver(0, driver);
  core.setDriver(1, refusing);
  files.forEach((file, i) => {
    core.setFile(i + 1, file);
  });
  core.setFile(FILES.refuses, { driver: 1, mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE });
}

/** Which anonymous memory gets huge pages at a fault on this machine. */
export function thpSetting(): Partial<Settings> {
  const path = "/sys/kernel/mm/transparent_hugepage/enabled";
  const mode = existsSync(path) ? /\[(\w+)\]/.exec(readFileSync(path, "utf8"))?.[1] : "never";
  if (mode === "always") return { thpEnabled: abi.THP_ALWAYS };
  return { thpEnabled: mode === "madvise" ? abi.THP_MADVISE : abi.THP_NEVER };
}

/** The VMAs that a runner has when it begins. */
async function ownLayout(runner: Runner): Promise<Operation[]> {
  const data = Buffer.from("/proc/self/maps\0");
  const text = DATA_AT + 64;
  const run = await runner(
    [
      { number: NUMBERS.open, args: [DATA_AT, 0, 0] },
      { number: SYS.read, args: [FIRST_FILE, text, 4000] },
    ],
    { data },
  );
  const length = run.values[1] as number;
  if (run.signal !== null) throw new MachineError(`the runner ended with ${run.signal}`);
  if (!(length > 0)) {
    throw new MachineError("the runner does not work here: it cannot read its own layout");
  }
  const lines = run.data.toString("latin1", 64, 64 + length).split("\n");
  const vmas = parseMaps(lines.filter((line) => !line.endsWith("[vsyscall]")).join("\n"));
  return vmas.map((vma) => ({
    op: abi.OP_PLACE,
    addr: vma.start,
    len: vma.end - vma.start,
    prot: vmFlags(vma),
    pgoff: vma.inode === NO_INODE ? vma.start / 4096 : vma.offset / 4096,
    file: 0,
  }));
}

/** Nanoseconds of a tick, from a sleep and the clock before and after it. */
async function tickLength(runner: Runner): Promise<number> {
  const data = Buffer.alloc(64);
  data.writeBigInt64LE(BigInt(SLEEP), 8);
  const clock = (at: number) => ({
    number: NUMBERS.clockGettime,
    args: [CLOCK_MONOTONIC, DATA_AT + at],
  });
  const run = await runner(
    [clock(32), clock(16), { number: NUMBERS.nanosleep, args: [DATA_AT, 0] }, clock(32)],
    { data },
  );
  if (run.signal !== null) throw new MachineError(`the runner ended with ${run.signal}`);
  const time = (at: number) =>
    Number(run.data.readBigInt64LE(at)) * 1e9 + Number(run.data.readBigInt64LE(at + 8));
  const ticks = run.ticks[2] as number;
  if (!(ticks > 0)) throw new MachineError("the time-stamp counter does not run here");
  return (time(32) - time(16)) / ticks;
}

/** Options of a run on this machine. */
export function runOptions({ descriptors, limitAs }: Machine): RunOptions {
  const data = Buffer.alloc(32);
  const word = (bytes: number) => (Number.isFinite(bytes) ? BigInt(bytes) : 2n ** 64n - 1n);
  data.writeBigUInt64LE(4096n, 0);
  data.writeBigUInt64LE(word(limitAs.hard), 8);
  data.writeBigUInt64LE(word(limitAs.soft), 16);
  data.writeBigUInt64LE(word(limitAs.hard), 24);
  return { files: descriptors, data };
}
