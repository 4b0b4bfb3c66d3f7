// The lines of an operation trace as operations of the core, one after the other.

import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import type { OperationSink } from "./collect.js";
import { FileTable } from "./files.js";
import type { OpsCall, OpsSink } from "./ops.js";
import type { ProgramHead, ProgramOptions } from "./program.js";

export class OpsOperations implements OpsSink {
  private readonly files: FileTable;
  /** FILE of file id n at n - 1. */
  private readonly numbers: number[] = [];

  constructor(
    private readonly file: string,
    private readonly options: ProgramOptions,
    private readonly out: OperationSink,
  ) {
    this.files = new FileTable(file, options.driver ?? 0);
  }

  call(call: OpsCall): void {
    const operation = operationOf(call, (number, line) => this.idOf(number, line));
    this.out.operation(operation, call.line, undefined);
  }

  mark(): void {
    this.out.mark();
  }

  /** What the program needs before it begins, which only its end tells. */
  end(): ProgramHead {
    const { files, inodes, names } = this.files;
    return {
      file: this.file,
      kernel: null,
      settings: { touch: this.options.touch ?? abi.TOUCH_WRITTEN },
      files,
      inodes,
      names,
      fileNumbers: this.numbers,
      isRecorded: false,
    };
  }

  private idOf(number: Word | null, line: number): number {
    if (number === null) return 0;
    const mode = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
    const id = this.files.id(`file ${number}`, line, null, mode);
    this.numbers[id - 1] = Number(number);
    return id;
  }
}

function operationOf(
  { name, args, line }: OpsCall,
  fileOf: (number: Word | null, line: number) => number,
): Operation {
  const [a, b, c, d, e, f] = args.map((value) => value ?? 0) as [
    Word,
    Word,
    Word,
    Word,
    Word,
    Word,
  ];
  switch (name) {
    case "mmap":
      // FILE is the one argument that may be null
      return {
        op: abi.OP_MMAP,
        addr: a,
        len: b,
        prot: c,
        flags: d,
        pgoff: f,
        file: fileOf(args[4] ?? null, line),
      };
    case "munmap":
      return { op: abi.OP_MUNMAP, addr: a, len: b };
    case "mprotect":
      return { op: abi.OP_MPROTECT, addr: a, len: b, prot: c };
    case "mremap":
      return { op: abi.OP_MREMAP, addr: a, len: b, prot: c, flags: d, pgoff: e };
    case "touch":
      return { op: abi.OP_TOUCH, addr: a, len: b, flags: c };
    case "madvise":
      return { op: abi.OP_MADVISE, addr: a, len: b, prot: c };
    case "brk":
      return { op: abi.OP_BRK, addr: a };
    case "mlock":
      return { op: abi.OP_MLOCK, addr: a, len: b, flags: c };
    case "munlock":
      return { op: abi.OP_MUNLOCK, addr: a, len: b };
    case "mlockall":
      return { op: abi.OP_MLOCKALL, flags: a };
    case "munlockall":
      return { op: abi.OP_MUNLOCKALL };
    case "mseal":
      return { op: abi.OP_MSEAL, addr: a, len: b };
  }
}
