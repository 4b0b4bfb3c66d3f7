// A program as the runner and the model both carry it out: addresses as recorded, first writes made explicit, what
// cannot be replayed left out and counted.

import * as abi from "../core/abi.js";
import type { Core, VmaView } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { addCall, addWork, kindOf, type Work } from "../predict/work.js";
import { stepOf } from "../runner/calls.js";
import type { Program } from "../trace/program.js";

const PAGE = 4096;
/** Advice that installs or removes guards, which a later access would die of. */
const GUARDS = new Set([102, 103]);

/** Something that is done in both. */
export interface Item {
  operation: Operation;
  /** Its kind, where its time counts; null: an access that only prepares. */
  kind: string | null;
  /** What the model answers. */
  value: number;
  work: Work;
}

export interface Script {
  setup: Item[];
  items: Item[];
  /** Calls that were left out, by name. */
  notReplayed: Record<string, number>;
}

/**
 * Carries a program out on a core that stands where the program begins, and writes down what there is to do. Addresses
 * that the recording kernel chose are taken as recorded: where the model would choose another, it is told.
 */
export function scriptOf(core: Core, program: Program, touch: number): Script {
  const writer = new Writer(core, program, touch);
  for (const operation of program.setup) writer.perform(operation, null, undefined);
  const setup = writer.items.splice(0);
  program.operations.forEach((operation, i) => {
    const expectation = program.expectations[i];
    const name = nameOf(operation, expectation?.call.name);
    if (!isReplayable(operation)) {
      writer.notReplayed[name] = (writer.notReplayed[name] ?? 0) + 1;
      return;
    }
    const placed =
      expectation?.comparison === "placed" ? Number(expectation.call.result) : undefined;
    writer.perform(operation, kindOf(operation), placed);
  });
  return { setup, items: writer.items, notReplayed: writer.notReplayed };
}

function nameOf({ op }: Operation, call: string | undefined): string {
  if (op === abi.OP_STACK_GROW) return "growth of a stack";
  if (op === abi.OP_SET_NAME) return "name for memory";
  return call ?? `operation ${op}`;
}

function isReplayable(operation: Operation): boolean {
  const { op, prot = 0 } = operation;
  if (op === abi.OP_NOP || op === abi.OP_FORK || op === abi.OP_MSEAL) return false;
  if (op === abi.OP_MADVISE && GUARDS.has(Number(prot))) return false;
  return stepOf(operation) !== null;
}

class Writer {
  readonly items: Item[] = [];
  readonly notReplayed: Record<string, number> = {};

  constructor(
    private readonly core: Core,
    private readonly program: Program,
    private readonly touch: number,
  ) {}

  /** `placed`: where the recording kernel put it. */
  perform(operation: Operation, kind: string | null, placed: number | undefined): void {
    const value = this.run(operation, kind);
    const isElsewhere = placed !== undefined && placed >= 0 && value >= 0 && value !== placed;
    if (isElsewhere && operation.op === abi.OP_MMAP) {
      this.items.pop();
      const len = operation.len ?? 0;
      this.core.run([{ op: abi.OP_MUNMAP, addr: value, len }]);
      const flags = Number(operation.flags) | abi.MAP_FIXED;
      this.run({ ...operation, addr: placed, flags }, kind);
    }
    this.write(operation, placed ?? value);
  }

  private run(operation: Operation, kind: string | null): number {
    this.core.clearCounters();
    const value = (this.core.run([operation])[0] as { value: number }).value;
    const work: Work = {};
    addWork(work, this.core.counters());
    const mode = this.program.files[(operation.file ?? 0) - 1]?.mode;
    addCall(work, operation, value, mode);
    this.items.push({ operation, kind, value, work });
    return value;
  }

  /** The first write to what was made or made writable, where the policy says that there was one. */
  private write(operation: Operation, value: number): void {
    if (this.touch === abi.TOUCH_NONE || value < 0) return;
    const range = rangeOf(operation, value);
    if (!range) return;
    const [start, end] = range;
    for (const vma of this.core.layout()) {
      if (vma.start >= end || vma.end <= start || !this.isWritten(vma)) continue;
      this.run({ op: abi.OP_TOUCH, addr: Math.max(vma.start, start), len: PAGE, flags: 1 }, null);
    }
  }

  private isWritten({ flags, file, anonVma }: VmaView): boolean {
    const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
    if (anonVma !== 0 || !has(abi.VM_WRITE) || has(abi.VM_SHARED) || has(abi.VM_MAYSHARE))
      return false;
    return file === 0 || this.touch === abi.TOUCH_ALL;
  }
}

/** What an operation made or changed; null for one that makes nothing writable. */
function rangeOf({ op, addr = 0, len = 0, prot = 0 }: Operation, value: number) {
  switch (op) {
    case abi.OP_MMAP:
      return [value, value + Number(len)] as const;
    case abi.OP_PLACE:
    case abi.OP_MPROTECT:
      return [Number(addr), Number(addr) + Number(len)] as const;
    case abi.OP_MREMAP:
      return [value, value + Number(prot)] as const;
    case abi.OP_BRK:
      return [value - PAGE, value] as const;
    default:
      return null;
  }
}
