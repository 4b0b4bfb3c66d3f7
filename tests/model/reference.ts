// The reference model: the VMA layer of the kernel once more, naive and written apart from the
// core, so that the two can be compared after every call. Every kernel profile with the hooks it
// can have, and every operation; era.ts says what differs between the kernels. FAIL_ALLOCATION is
// ignored.

import * as abi from "../../src/core/abi.js";
import type { Account, DriverRecord, FileRecord } from "../../src/core/core.js";
import type { Operation, Word } from "../../src/core/operation.js";
import type { Settings } from "../../src/core/settings.js";
import { madvise, setName } from "./advise.js";
import { brk } from "./brk.js";
import { placeVma } from "./exec.js";
import type { FileState } from "./files.js";
import { has, pageUp, u64 } from "./flags.js";
import { exit, fork } from "./fork.js";
import { growStack } from "./grow.js";
import { mlock, mlockall, munlock, munlockall } from "./lock.js";
import { doMmap } from "./map.js";
import { mprotect, mseal } from "./protect.js";
import { Refused } from "./refuse.js";
import { mremap } from "./remap.js";
import { Space } from "./space.js";
import { touch, touchAfterCall } from "./touch.js";
import { munmap } from "./unmap.js";

export interface ModelVma {
  start: number;
  end: number;
  flags: number;
  pgoff: number;
  anonPgoff: number;
  file: number;
  /** Id of the VMA's own anon_vma, 0 = none. */
  anonVma: number;
  /** Length of the anon_vma chain: more than 1 after a fork. */
  chain: number;
  ops: number;
}

/** An operation with every field there, as the system call gets it. */
interface Call {
  op: number;
  addr: bigint;
  len: bigint;
  prot: bigint;
  flags: bigint;
  pgoff: bigint;
  file: number;
}

export class ReferenceModel {
  private readonly space: Space;

  /** RangeError for a hook that no driver of the profile's kernel can have. */
  constructor(settings: Partial<Settings> = {}) {
    this.space = new Space(settings);
  }

  setFile(id: number, file: FileRecord): void {
    this.space.files.set(id, file);
  }

  setDriver(index: number, driver: DriverRecord): void {
    this.space.files.setDriver(index, driver);
  }

  /** Runs one operation: an address, a count or -errno, and map_count after it. */
  execute(operation: Operation): { value: number; vmas: number } {
    const { space } = this;
    space.failKind = operation.at ? (operation.fail ?? 0) : 0;
    space.failAt = operation.at ?? 0;
    space.chargesSeen = 0;
    space.hooksSeen = 0;
    let value: number;
    try {
      value = Number(run(space, callOf(operation)));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      value = 0 - error.errno;
    }
    return { value, vmas: space.mapCount };
  }

  /** All VMAs in address order. `anonPgoff` means nothing before 7.3. */
  layout(): ModelVma[] {
    return this.space.vmas.map((vma) => ({
      start: Number(vma.start),
      end: Number(vma.end),
      flags: Number(vma.flags),
      pgoff: Number(vma.pgoff),
      anonPgoff: Number(vma.anonPgoff),
      file: vma.file,
      anonVma: vma.anonVma?.id ?? 0,
      chain: vma.chain.length,
      ops: vma.ops,
    }));
  }

  account(): Account {
    const { space } = this;
    return {
      mapCount: space.mapCount,
      totalVm: Number(space.totalVm),
      dataVm: Number(space.dataVm),
      execVm: Number(space.execVm),
      stackVm: Number(space.stackVm),
      lockedVm: Number(space.lockedVm),
      committed: Number(space.committed),
      brk: Number(space.brk),
    };
  }

  /** References and i_mmap places that VMAs hold, counted step by step as the kernel does. */
  fileState(id: number): FileState {
    return this.space.files.state(id);
  }

  get hookCalls(): number {
    return this.space.hookCalls;
  }

  get hookFailures(): number {
    return this.space.hookFailures;
  }

  /** vm_ops->open and vm_ops->close calls. */
  get openCalls(): number {
    return this.space.openCalls;
  }

  get closeCalls(): number {
    return this.space.closeCalls;
  }

  get secondAttempts(): number {
    return this.space.secondAttempts;
  }

  get secondMerged(): number {
    return this.space.secondMerged;
  }
}

function callOf(operation: Operation): Call {
  const word = (given: Word | undefined) => u64(BigInt(given ?? 0));
  return {
    op: operation.op,
    addr: word(operation.addr),
    len: word(operation.len),
    prot: word(operation.prot),
    flags: word(operation.flags),
    pgoff: word(operation.pgoff),
    file: operation.file ?? 0,
  };
}

function run(space: Space, call: Call): bigint {
  const { addr, len, prot, flags, pgoff, file } = call;
  switch (call.op) {
    case abi.OP_MMAP:
      return runMmap(space, call);
    case abi.OP_MUNMAP:
      munmap(space, addr, len);
      return 0n;
    case abi.OP_MPROTECT:
      mprotect(space, addr, len, prot);
      touchAfterCall(space, addr, addr + pageUp(len));
      return 0n;
    case abi.OP_MREMAP: {
      const result = mremap(space, {
        address: addr,
        oldLength: len,
        newLength: prot,
        remapFlags: flags,
        newAddress: pgoff,
      });
      touchAfterCall(space, result.address, result.address + result.length);
      return result.address;
    }
    case abi.OP_BRK: {
      const before = pageUp(space.brk);
      brk(space, addr);
      touchAfterCall(space, before, pageUp(space.brk)); // empty unless the heap grew
      return space.brk;
    }
    case abi.OP_MADVISE:
      madvise(space, addr, len, prot);
      return 0n;
    case abi.OP_MLOCK:
      mlock(space, addr, len, flags);
      return 0n;
    case abi.OP_MUNLOCK:
      munlock(space, addr, len);
      return 0n;
    case abi.OP_MLOCKALL:
      mlockall(space, flags);
      return 0n;
    case abi.OP_MUNLOCKALL:
      munlockall(space);
      return 0n;
    case abi.OP_TOUCH:
      return touch(space, addr, len, has(flags, 1n));
    case abi.OP_STACK_GROW:
      growStack(space, addr);
      return 0n;
    case abi.OP_PLACE:
      placeVma(space, { start: addr, length: len, flags: prot, pgoff, file });
      touchAfterCall(space, addr, addr + pageUp(len));
      return addr;
    case abi.OP_FORK:
      fork(space, has(flags, 1n));
      return 0n;
    case abi.OP_EXIT:
      exit(space);
      return 0n;
    case abi.OP_SET_NAME:
      setName(space, addr, len, prot);
      return 0n;
    case abi.OP_MSEAL:
      mseal(space, addr, len);
      return 0n;
    case abi.OP_NOP:
      return 0n;
    default:
      throw new RangeError(`the model has no operation ${call.op}`);
  }
}

function runMmap(space: Space, call: Call): bigint {
  // With MAP_ANONYMOUS the system call does not look at the file descriptor.
  const anonymous = has(call.flags, BigInt(abi.MAP_ANONYMOUS));
  const { address, length } = doMmap(space, {
    address: call.addr,
    length: call.len,
    prot: call.prot,
    mapFlags: call.flags,
    pgoff: call.pgoff,
    file: anonymous ? 0 : call.file,
  });
  touchAfterCall(space, address, address + length);
  return address;
}
