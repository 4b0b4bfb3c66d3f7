// The C library, called through koffi: raw system calls with their exact -errno.

import { createRequire } from "node:module";
import type { Word } from "../core/operation.js";
import { MachineError } from "../errors.js";

/** Numbers of system calls, x86-64. */
export const SYS = {
  read: 0,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  pread: 17,
  pwrite: 18,
  mremap: 25,
  madvise: 28,
  ftruncate: 77,
  personality: 135,
  mlock: 149,
  munlock: 150,
  prctl: 157,
  memfdCreate: 319,
  mlock2: 325,
  mseal: 462,
} as const;

export const ADDR_NO_RANDOMIZE = 0x0040000;
export const READ_IMPLIES_EXEC = 0x0400000;
/** As an argument of personality(2): only asks. */
const PERSONALITY_QUERY = 0xffffffff;

export const PR_SET_PDEATHSIG = 1;
export const PR_SET_MEMORY_MERGE = 67;
export const PR_SET_VMA = 0x53564d61;
export const PR_SET_VMA_ANON_NAME = 0;

export const RLIMIT = { data: 2, memlock: 8, as: 9 } as const;
const CAP_IPC_LOCK = 14;
const CAPABILITY_VERSION_3 = 0x20080522;
const F_ADD_SEALS = 1033;
const UNLIMITED = 2n ** 64n - 1n;
/** mallopt(3): give nothing back, and take a lot at once. */
const MALLOPT = [
  [-1, 2 ** 30],
  [-2, 2 ** 24],
] as const;

/** System calls of this process. Results are those of the kernel: negative for errors. */
export interface Libc {
  /** Makes the heap of the C library large, so that it grows rarely. */
  enlargeHeap(): void;
  /** Any system call; arguments left out are 0. */
  call(number: number, ...args: Word[]): number;
  /** The same with a text, whose address is argument 4. */
  callWithText(number: number, a: Word, b: Word, c: Word, d: Word, text: string): number;
  memfd(name: string, flags: number): number;
  /** fcntl(F_ADD_SEALS) */
  seal(descriptor: number, seals: number): void;
  /** Soft and hard limit in bytes; Infinity for none. */
  limits(resource: number): { soft: number; hard: number };
  /** Sets the soft limit to a number of bytes, at most the hard one. Infinity for none. */
  setSoftLimit(resource: number, bytes: number): void;
  /**
   * One system call under a lowered limit. Nothing is allocated meanwhile, for that might fail as well.
   */
  callLimited(resource: number, bytes: number, number: number, args: readonly Word[]): number;
  hasIpcLock(): boolean;
  /** Takes CAP_IPC_LOCK into the effective set or out of it. */
  setIpcLock(on: boolean): void;
  personality(): number;
  setPersonality(value: number): boolean;
}

/** Why this machine cannot run calls of its own kernel for a command; null when it can. */
export function unsupported(
  platform: string = process.platform,
  arch: string = process.arch,
  command = "verify",
): string | null {
  if (platform === "linux" && arch === "x64") return null;
  return `${command} needs Linux on x86-64; this is ${platform} on ${arch}`;
}

/** Loads koffi and the C library. MachineError in one line when this machine has them not. */
export function openLibc(command = "verify"): Libc {
  const reason = unsupported(process.platform, process.arch, command);
  if (reason !== null) throw new MachineError(reason);
  try {
    return bind(createRequire(import.meta.url)("koffi"));
  } catch (error) {
    const message = (error as Error).message.split("\n")[0];
    throw new MachineError(`${command} needs koffi, which cannot be loaded here: ${message}`);
  }
}

function bind(koffi: typeof import("koffi")): Libc {
  const lib = koffi.load("libc.so.6");
  const words = Array(6).fill("ulong").join(", ");
  const syscall = lib.func(`long syscall(long, ${words})`);
  const withText = lib.func("long syscall(long, ulong, ulong, ulong, ulong, const char *)");
  const memfdCreate = lib.func("int memfd_create(const char *, uint)");
  const fcntl = lib.func("int fcntl(int, int, long)");
  const prlimit = lib.func("int prlimit64(int, int, void *, void *)");
  const capget = lib.func("int capget(void *, void *)");
  const capset = lib.func("int capset(void *, void *)");
  const answer = (value: number | bigint) =>
    Number(value) === -1 ? -koffi.errno() : Number(value);

  const present = Buffer.alloc(16);
  const lowered = Buffer.alloc(16);
  const getLimits = (resource: number, into: Buffer) => {
    if (prlimit(0, resource, null, into) !== 0) throw new Error("prlimit failed");
  };
  const setLimits = (resource: number, from: Buffer) => {
    if (prlimit(0, resource, from, null) !== 0) throw new Error("prlimit failed");
  };
  const bytesOf = (limit: bigint) =>
    limit === UNLIMITED ? Number.POSITIVE_INFINITY : Number(limit);
  const lower = (resource: number, bytes: number) => {
    getLimits(resource, present);
    present.copy(lowered);
    const hard = present.readBigUInt64LE(8);
    const wanted = Number.isFinite(bytes) ? BigInt(bytes) : UNLIMITED;
    lowered.writeBigUInt64LE(wanted < hard ? wanted : hard, 0);
  };
  const header = Buffer.alloc(8);
  header.writeUInt32LE(CAPABILITY_VERSION_3, 0);
  const sets = Buffer.alloc(24);
  const bit = 1 << CAP_IPC_LOCK;

  return {
    enlargeHeap() {
      const mallopt = lib.func("int mallopt(int, int)");
      for (const [option, value] of MALLOPT) mallopt(option, value);
    },
    call: (number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) =>
      answer(syscall(number, a, b, c, d, e, f)),
    callWithText: (number, a, b, c, d, text) => answer(withText(number, a, b, c, d, text)),
    memfd: (name, flags) => memfdCreate(name, flags),
    seal(descriptor, seals) {
      if (fcntl(descriptor, F_ADD_SEALS, seals) !== 0) throw new Error("F_ADD_SEALS failed");
    },
    limits(resource) {
      getLimits(resource, present);
      return {
        soft: bytesOf(present.readBigUInt64LE(0)),
        hard: bytesOf(present.readBigUInt64LE(8)),
      };
    },
    setSoftLimit(resource, bytes) {
      lower(resource, bytes);
      setLimits(resource, lowered);
    },
    callLimited(resource, bytes, number, args) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
      lower(resource, bytes);
      prlimit(0, resource, lowered, null);
      const value = syscall(number, a, b, c, d, e, f);
      const error = koffi.errno();
      prlimit(0, resource, present, null);
      return Number(value) === -1 ? -error : Number(value);
    },
    hasIpcLock() {
      if (capget(header, sets) !== 0) throw new Error("capget failed");
      return (sets.readUInt32LE(0) & bit) !== 0;
    },
    setIpcLock(on) {
      if (capget(header, sets) !== 0) throw new Error("capget failed");
      const effective = sets.readUInt32LE(0);
      sets.writeUInt32LE((on ? effective | bit : effective & ~bit) >>> 0, 0);
      if (capset(header, sets) !== 0) throw new Error("capset failed");
    },
    personality: () => answer(syscall(SYS.personality, PERSONALITY_QUERY, 0, 0, 0, 0, 0)),
    setPersonality: (value) => answer(syscall(SYS.personality, value, 0, 0, 0, 0, 0)) >= 0,
  };
}
