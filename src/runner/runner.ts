// The runner seen from the command: a fresh process for every run, with an address space that holds next to nothing.

import { spawn } from "node:child_process";
import { closeSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { endTogether } from "../cleanup.js";
import { MachineError } from "../errors.js";
import { ADDR_NO_RANDOMIZE, type Libc } from "../live/libc.js";
import { programFile } from "./elf.js";
import { decodeOutcome, encodeSteps, type Outcome, type Step } from "./records.js";

const MFD_CLOEXEC = 1;
/** Descriptor of the first file that a run is given; the records are one below. */
export const FIRST_FILE = 4;
/** Where the heap of a runner begins unless said otherwise. */
export const DEFAULT_BRK = 0x200000000000;

export interface RunOptions {
  /** Open files that the steps map: the n-th is descriptor FIRST_FILE + n there. */
  files?: readonly number[];
  /** Where the heap begins; whole pages. */
  brk?: number;
  /** What the page of data holds. */
  data?: Buffer;
}

/** A run that is over. */
export interface Run extends Outcome {
  /** Name of the signal that ended it before its end; null for none. */
  signal: string | null;
}

/** Runs steps in a process of their own. */
export type Runner = (steps: readonly Step[], options?: RunOptions) => Promise<Run>;

/** A runner that uses this C library. */
export function openRunner(libc: Libc): Runner {
  return (steps, options = {}) => run(libc, steps, options);
}

async function run(libc: Libc, steps: readonly Step[], options: RunOptions): Promise<Run> {
  const { files = [], brk = DEFAULT_BRK, data } = options;
  const program = memoryFile(libc, programFile(brk));
  const bytes = encodeSteps(steps, data);
  const records = memoryFile(libc, bytes);
  try {
    const signal = await runProgram(libc, program, [records, ...files]);
    for (let at = 0; at < bytes.length; ) at += readSync(records, bytes, at, bytes.length - at, at);
    return { ...decodeOutcome(bytes, steps), signal };
  } finally {
    closeSync(program);
    closeSync(records);
  }
}

/** Nothing of a run lies on a disk. */
function memoryFile(libc: Libc, contents: Buffer): number {
  const descriptor = libc.memfd("vmabench-runner", MFD_CLOEXEC);
  if (descriptor < 0) throw new MachineError("memfd_create failed: no place for the runner");
  ftruncateSync(descriptor, contents.length);
  for (let at = 0; at < contents.length; ) at += writeSync(descriptor, contents, at);
  return descriptor;
}

/** Without address-space randomisation where that is allowed. The signal that ended it, null for none. */
function runProgram(libc: Libc, program: number, files: number[]): Promise<string | null> {
  const personality = libc.personality();
  if (personality >= 0) libc.setPersonality(personality | ADDR_NO_RANDOMIZE);
  try {
    const child = endTogether(
      spawn(`/proc/${process.pid}/fd/${program}`, [], {
        env: {},
        stdio: ["ignore", "ignore", "ignore", ...files],
      }),
    );
    return new Promise((resolve, reject) => {
      child.once("error", (error) =>
        reject(new MachineError(`cannot start the runner: ${error.message}`)),
      );
      child.once("exit", (code, signal) => {
        if (code === 0 || signal !== null) resolve(signal);
        else reject(new MachineError(`the runner ended with exit code ${code}`));
      });
    });
  } finally {
    if (personality >= 0) libc.setPersonality(personality);
  }
}
