// A script as the runner's steps: pass after pass, each in an address space emptied before it.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import { MachineError } from "../errors.js";
import { SYS } from "../live/libc.js";
import { NUMBERS, stepOf } from "../runner/calls.js";
import { DATA_AT, NOTHING, RECORDS_LIMIT } from "../runner/code.js";
import { CODE_AT } from "../runner/elf.js";
import { MOST_STEPS, type Step } from "../runner/records.js";
import { FIRST_FILE } from "../runner/runner.js";
import type { Program } from "../trace/program.js";
import type { Script } from "./script.js";

const PAGE = 4096;
const USER_END = 0x7ffffffff000;
const LOWEST = 0x10000;
/** Pages in the file of what must not merge, from one piece to the next. */
const APART = 64;
/** Calls between two null calls. */
const TRIAL_EVERY = 8;

/** All steps of a process, and which of them are what. */
export interface Steps {
  all: Step[];
  /** For each pass, the step of each item. */
  passes: number[][];
  /** Steps that only read the counter; each is followed by a system call that does nothing. */
  trials: number[];
}

/** The steps of so many passes. MachineError for more than the runner takes. */
export function stepsOf(script: Script, program: Program, passes: number): Steps {
  const steps: Steps = { all: [], passes: [], trials: [] };
  const { all } = steps;
  const beginning = [
    ...emptying(program),
    ...script.setup.flatMap(({ operation }, i) => placeSteps(operation, i, program)),
  ];
  const trial = () => {
    steps.trials.push(all.length);
    all.push({ number: NOTHING, args: [] }, { number: NUMBERS.getppid, args: [] });
  };
  for (let pass = 0; pass < passes; pass++) {
    all.push(...beginning);
    steps.passes.push(
      script.items.map(({ operation, value }, i) => {
        if (i % TRIAL_EVERY === 0) trial();
        const step = stepOf(operation) as Step;
        all.push(isPlaced(operation, value) ? { ...step, expected: value } : step);
        return all.length - 1;
      }),
    );
  }
  if (all.length <= MOST_STEPS) return steps;
  throw new MachineError(
    `${program.file}: too long to be replayed for real: ${all.length} steps, at most ${MOST_STEPS}`,
  );
}

function isPlaced({ op, flags = 0 }: Operation, value: number): boolean {
  const fixed = abi.MAP_FIXED | abi.MAP_FIXED_NOREPLACE;
  return op === abi.OP_MMAP && value > 0 && (Number(flags) & fixed) === 0;
}

/** Everything but the runner goes; the heap first, while it can still shrink. */
function emptying({ settings: { startBrk } }: Program): Step[] {
  const unmap = (from: number, to: number) => ({ number: SYS.munmap, args: [from, to - from] });
  return [
    { number: NUMBERS.munlockall, args: [] },
    ...(startBrk === undefined ? [] : [{ number: NUMBERS.brk, args: [startBrk] }]),
    unmap(LOWEST, CODE_AT),
    unmap(CODE_AT + PAGE, DATA_AT),
    unmap(DATA_AT + RECORDS_LIMIT, USER_END),
  ];
}

/**
 * What exec left behind, as calls can make it: the heap by brk; the vDSO and its data, which merge with nothing, as
 * pieces of a file that do not continue each other.
 */
function placeSteps(operation: Operation, index: number, { settings, files }: Program): Step[] {
  if (operation.op !== abi.OP_PLACE) return [stepOf(operation)].filter((step) => step !== null);
  const { addr = 0, len = 0, prot = 0, pgoff = 0, file = 0 } = operation;
  const [start, end] = [Number(addr), Number(addr) + Number(len)];
  if (start === settings.startBrk && end === settings.brk) {
    return [{ number: NUMBERS.brk, args: [end] }];
  }
  const has = (bit: number) => Math.floor(Number(prot) / bit) % 2 === 1;
  const access =
    (has(abi.VM_READ) ? abi.PROT_READ : 0) |
    (has(abi.VM_WRITE) ? abi.PROT_WRITE : 0) |
    (has(abi.VM_EXEC) ? abi.PROT_EXEC : 0);
  const type = has(abi.VM_SHARED) || has(abi.VM_MAYSHARE) ? abi.MAP_SHARED : abi.MAP_PRIVATE;
  const map = (more: number, descriptor: number | bigint, page: number): Step[] => {
    const flags = type | abi.MAP_FIXED | more;
    return [{ number: SYS.mmap, args: [addr, len, access, flags, descriptor, page * PAGE] }];
  };
  if (file) return map(0, FIRST_FILE + file - 1, Number(pgoff));
  if (has(abi.VM_DONTEXPAND)) return map(0, FIRST_FILE + files.length, index * APART);
  return map(abi.MAP_ANONYMOUS | (has(abi.VM_GROWSDOWN) ? abi.MAP_GROWSDOWN : 0), -1n, 0);
}
