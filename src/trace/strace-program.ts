// A strace text as something to execute. The program's memory at its start is not in such a text: the address space
// starts empty, what the kernel placed goes where it was placed, and calls about other memory are left out.

import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import type { Call } from "./calls.js";
import { FileTable } from "./files.js";
import { Beginning } from "./initial.js";
import { KnownMemory } from "./known.js";
import type { Expectation, Program, ProgramOptions } from "./program.js";
import type { StraceTrace } from "./strace.js";
import { Translator } from "./translate.js";

const NOTHING: Operation = { op: abi.OP_NOP };

/** The program of a strace text. InputError for calls that changed memory in a way the model does not have. */
export function straceProgram(trace: StraceTrace, options: ProgramOptions): Program {
  const files = new FileTable(trace.file, options.driver ?? 0);
  const translator = new Translator(trace.file, files);
  const known = new KnownMemory();
  const operations: Operation[] = [];
  const expectations: (Expectation | null)[] = [];
  const beginning = new Beginning({ vmas: [], gate: null });
  trace.calls.forEach((call, i) => {
    beginning.see(call);
    const executed = isExecuted(call, known);
    const { operation, comparison } = executed
      ? translator.translate(call)
      : { operation: NOTHING, comparison: null };
    if (comparison === "placed") putWhereItWas(operation, call);
    // an address the kernel chose is given to the model: what is left to compare is that the call succeeds
    operations.push(operation);
    const compared = comparison === "placed" ? "results" : comparison;
    expectations.push({ number: i + 1, call, comparison: compared });
    if (executed && call.result >= 0) known.learn(call);
  });
  const brk = firstBreak(trace.calls);
  return {
    file: trace.file,
    kernel: trace.header.kernel,
    settings: {
      protectionKeys: true,
      ...beginning.settings(trace.header),
      ...(brk === null ? {} : { startBrk: brk, brk }),
      touch: options.touch ?? abi.TOUCH_WRITTEN,
    },
    files: files.files,
    inodes: files.inodes,
    names: files.names,
    fileNumbers: files.files.map((_, i) => i + 1),
    setup: [],
    operations,
    lines: trace.calls.map(({ line }) => line),
    isRecorded: true,
    expectations,
    checkpoints: [],
    final: null,
  };
}

/**
 * Whether a call means the same in the model. A failed one does when its arguments alone were wrong; limits, memory
 * and permissions that it ran into are not in the text. A call about memory that was there before the text
 * begins has nothing to act on.
 */
function isExecuted(call: Call, known: KnownMemory): boolean {
  const { name, args, result } = call;
  if (result < 0) return result === -abi.EINVAL && name === "mmap";
  const at = (address: number, length: number) =>
    known.covers(args[address] ?? 0, args[length] ?? 0);
  switch (name) {
    case "mprotect":
    case "pkey_mprotect":
    case "madvise":
    case "mlock":
    case "mlock2":
    case "munlock":
    case "mseal":
      return at(0, 1);
    case "mremap":
      // a length of 0 maps the same pages a second time
      return known.covers(args[0] ?? 0, Number(args[1]) || 1);
    case "prctl":
      return args.length < 4 || at(2, 3);
    case "shmat":
      return call.size !== undefined;
    case "shmdt":
      return known.covers(args[0] ?? 0, 1);
    default:
      return true;
  }
}

/** Turns a placement that the kernel chose into one that the model is told. */
function putWhereItWas(operation: Operation, { result }: Call): void {
  const fixed = operation.op === abi.OP_MREMAP ? abi.MREMAP_FIXED : abi.MAP_FIXED;
  operation.flags = withBits(operation.flags ?? 0, fixed);
  if (operation.op === abi.OP_MREMAP) operation.pgoff = result;
  else operation.addr = result;
}

function withBits(word: Word, bits: number): Word {
  const all = BigInt(word) | BigInt(bits);
  const number = Number(all);
  return Number.isSafeInteger(number) ? number : all;
}

/** The break before the first call that moved it. Bytes; null when no call shows it. */
function firstBreak(calls: readonly Call[]): number | null {
  const first = calls.find(({ name, result }) => name === "brk" && result >= 0);
  if (!first) return null;
  const [asked = 0] = first.args.map(Number);
  const shown = Number(first.result);
  return asked === 0 ? shown : Math.min(asked, shown);
}
