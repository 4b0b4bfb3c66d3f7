// Recorded calls as operations of the core.

import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import { InputError } from "../errors.js";
import type { Call } from "./calls.js";
import type { FileTable } from "./files.js";

/**
 * What a recorded return value is compared as. `placed`: an address that the kernel chose; `results`: any other
 * value; null: the operation stands in for a call that changes no VMA, and its own value means nothing.
 */
export type Comparison = "results" | "placed" | null;

export interface Translated {
  operation: Operation;
  comparison: Comparison;
}

const PAGE = Number(abi.PAGE_SIZE);
const PR_SET_VMA = 0x53564d41;
/** prctl options that read, or set what no VMA shows: PR_SET/GET_THP_DISABLE, PR_GET_MDWE, PR_GET_MEMORY_MERGE. */
const HARMLESS_PRCTL = new Set([41, 42, 66, 68]);
/** Advice of process_madvise that changes pages and no VMA: WILLNEED, DONTNEED, FREE, COLD, PAGEOUT, COLLAPSE. */
const HARMLESS_ADVICE = new Set([3, 4, 8, 20, 21, 25]);
const SHM_RDONLY = 0o10000;
const SHM_EXEC = 0o100000;

const NOTHING: Translated = { operation: { op: abi.OP_NOP }, comparison: null };

/** Translates the calls of one trace, in order: what came before decides what shmdt and names mean. */
export class Translator {
  /** Bytes of each System V segment attached, by address. */
  private readonly segments = new Map<Word, Word>();
  private readonly names = new Map<string, number>();

  constructor(
    private readonly file: string,
    private readonly files: FileTable,
  ) {}

  /**
   * The operation of a call. Failed calls are executed too, unless their arguments cannot be told to the core.
   * InputError for a call that changed VMAs in a way the model does not have.
   */
  translate(call: Call): Translated {
    const failed = call.result < 0;
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = call.args;
    const compared = (operation: Operation): Translated => ({ operation, comparison: "results" });
    switch (call.name) {
      case "mmap":
        return this.mmap(call);
      case "munmap":
        return compared({ op: abi.OP_MUNMAP, addr: a, len: b });
      case "mprotect":
        return compared({ op: abi.OP_MPROTECT, addr: a, len: b, prot: c });
      case "pkey_mprotect":
        // key 0 and no key (-1) are what every VMA has
        if (unsigned(d) === 0 || BigInt.asIntN(32, BigInt(d)) === -1n) {
          return compared({ op: abi.OP_MPROTECT, addr: a, len: b, prot: c });
        }
        return this.only(failed, call);
      case "mremap":
        return {
          operation: { op: abi.OP_MREMAP, addr: a, len: b, prot: c, flags: d, pgoff: e },
          comparison:
            !failed && !bit(d, abi.MREMAP_FIXED) && call.result !== a ? "placed" : "results",
        };
      case "brk":
        return compared({ op: abi.OP_BRK, addr: a });
      case "madvise":
        return compared({ op: abi.OP_MADVISE, addr: a, len: b, prot: unsigned(c) });
      case "mlock":
        return compared({ op: abi.OP_MLOCK, addr: a, len: b });
      case "mlock2":
        return compared({ op: abi.OP_MLOCK, addr: a, len: b, flags: c });
      case "munlock":
        return compared({ op: abi.OP_MUNLOCK, addr: a, len: b });
      case "mlockall":
        return compared({ op: abi.OP_MLOCKALL, flags: a });
      case "munlockall":
        return compared({ op: abi.OP_MUNLOCKALL });
      case "mseal":
        // flags must be 0, and the core knows none
        if (unsigned(c) !== 0) return this.only(failed, call);
        return compared({ op: abi.OP_MSEAL, addr: unsigned(a), len: unsigned(b) });
      case "shmat":
        return failed ? NOTHING : this.shmat(call);
      case "shmdt":
        return failed ? NOTHING : this.shmdt(call);
      case "prctl":
        if (!failed && a === PR_SET_VMA && b === 0) return this.setName(call);
        return this.only(failed || HARMLESS_PRCTL.has(Number(a)), call);
      case "process_madvise":
        return this.only(failed || HARMLESS_ADVICE.has(Number(d)), call);
      case "mbind":
      case "io_setup":
      case "io_destroy":
      case "remap_file_pages":
      case "set_mempolicy_home_node":
      case "map_shadow_stack":
        return this.only(failed, call);
    }
  }

  private mmap(call: Call): Translated {
    const [addr = 0, len = 0, prot = 0, flags = 0, , offset = 0] = call.args;
    const failed = call.result < 0;
    const anonymous = bit(flags, abi.MAP_ANONYMOUS);
    const hugetlb = call.type?.endsWith(":hugetlbfs") || bit(flags, abi.MAP_HUGETLB);
    // refused before there is an offset in pages: EINVAL of the system call's entry
    const halfPage = BigInt(offset) % BigInt(PAGE) !== 0n;
    if (hugetlb || halfPage) return this.only(failed, call);
    const file = anonymous ? 0 : this.files.ofCall(call);
    if (file === undefined) {
      if (failed) return NOTHING; // EBADF: there was no file
      throw new InputError(this.file, call.line, "ofd= or ino= of the file mapped", "neither");
    }
    const pgoff = typeof offset === "bigint" ? offset >> 12n : offset / PAGE;
    const fixed = bit(flags, abi.MAP_FIXED) || bit(flags, abi.MAP_FIXED_NOREPLACE);
    return {
      operation: { op: abi.OP_MMAP, addr, len, prot, flags, pgoff, file },
      comparison: failed || fixed ? "results" : "placed",
    };
  }

  /** An attach is a shared mapping of the segment through a description of its own (do_shmat). */
  private shmat(call: Call): Translated {
    const [, wanted = 0, flags = 0] = call.args;
    if (call.size === undefined) {
      throw new InputError(this.file, call.line, "size= of the segment", "none");
    }
    const readOnly = bit(flags, SHM_RDONLY);
    const mode = abi.FILE_MODE_SHMEM | abi.FILE_MODE_READ | (readOnly ? 0 : abi.FILE_MODE_WRITE);
    this.segments.set(call.result, call.size);
    let prot = abi.PROT_READ;
    if (!readOnly) prot |= abi.PROT_WRITE;
    if (bit(flags, SHM_EXEC)) prot |= abi.PROT_EXEC;
    const chosen = wanted === 0;
    const operation: Operation = {
      op: abi.OP_MMAP,
      addr: chosen ? 0 : call.result,
      len: call.size,
      prot,
      flags: abi.MAP_SHARED | (chosen ? 0 : abi.MAP_FIXED),
      file: this.files.id(`shmat line ${call.line}`, call.line, call.inode ?? null, mode),
    };
    return { operation, comparison: chosen ? "placed" : "results" };
  }

  private shmdt(call: Call): Translated {
    const addr = call.args[0] ?? 0;
    const len = this.segments.get(addr);
    if (len === undefined) return this.only(false, call);
    this.segments.delete(addr);
    return { operation: { op: abi.OP_MUNMAP, addr, len }, comparison: "results" };
  }

  /** PR_SET_VMA_ANON_NAME: addr and len are its third and fourth arguments. */
  private setName(call: Call): Translated {
    const [, , addr = 0, len = 0] = call.args.map(unsigned);
    const name = call.asked ?? "";
    const id = name === "" ? 0 : (this.names.get(name) ?? this.names.size + 1);
    if (id > 0) this.names.set(name, id);
    return { operation: { op: abi.OP_SET_NAME, addr, len, prot: id }, comparison: "results" };
  }

  /** Nothing to do when the call changed no VMA; otherwise the model does not have it. */
  private only(unchanged: boolean, call: Call): Translated {
    if (unchanged) return NOTHING;
    const { file } = this;
    throw new InputError(
      file,
      call.line,
      "a call that the model has",
      `${call.name} (not modelled)`,
    );
  }
}

function bit(word: Word, mask: number): boolean {
  return (BigInt(word) & BigInt(mask)) !== 0n;
}

/** Negative arguments as the 64-bit words that the kernel saw. */
function unsigned(word: Word): Word {
  return word < 0 ? BigInt.asUintN(64, BigInt(word)) : word;
}
