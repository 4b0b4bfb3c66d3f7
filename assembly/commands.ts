// The loop that is timed: operation records in, result records out. Every answer, errors of the kernel
// included, is a result; a limit of the model ends the batch with a status.

import {
  COMMAND_ADDR, COMMAND_AT, COMMAND_FAIL, COMMAND_FILE, COMMAND_FLAGS, COMMAND_LEN, COMMAND_OP, COMMAND_PGOFF,
  COMMAND_PROT, COMMAND_SIZE, EBADF, OP_BRK, OP_CPU, OP_EXIT, OP_FORK, OP_MADVISE, OP_MLOCK, OP_MLOCKALL, OP_MMAP,
  OP_MPROTECT, OP_MREMAP, OP_MSEAL, OP_MUNLOCK, OP_MUNLOCKALL, OP_MUNMAP, OP_NOP, OP_PLACE, OP_SET_NAME,
  OP_STACK_GROW, OP_STREAM, OP_TOUCH, RESULT_SIZE, RESULT_STATUS, RESULT_VALUE, RESULT_VMAS, STATUS_BAD_OPERATION,
  STATUS_OK, STATUS_POOL_EMPTY, STREAM_LIMIT,
} from "./abi";
import { COUNTING } from "./events";
import { COMMANDS_AT, RESULTS_AT } from "./memory";
import { answered } from "./slow";
import { STEP_END, step } from "./steps";
import { schedule } from "./tlb/cpu";
import { stream } from "./tlb/stream";
import { madvise, mseal, setName } from "./vma/advise";
import { brk, growStack } from "./vma/brk";
import { placeVma } from "./vma/exec";
import { exit, fork } from "./vma/fork";
import { mlock, mlockall, munlock, munlockall } from "./vma/lock";
import { mmap } from "./vma/map";
import { mprotect } from "./vma/protect";
import { mm } from "./vma/record";
import { mremap } from "./vma/remap";
import { presumeWritten, touch } from "./vma/touch";
import { munmap } from "./vma/unmap";

@inline function word(at: usize, offset: usize): u64 { return load<u64>(at + offset); }
@inline function asError(errno: u32): i64 { return -(<i64>errno); }

/** Executes loaded records [first, first + n); how many were done. The next one's result says why it stopped. */
export function execute(first: u32, n: u32): u32 {
  for (let i: u32 = 0; i < n; i++) {
    const at = COMMANDS_AT + <usize>(first + i) * COMMAND_SIZE;
    const result = RESULTS_AT + <usize>(first + i) * RESULT_SIZE;
    mm.failKind = load<u32>(at, COMMAND_FAIL);
    mm.failAt = load<u32>(at, COMMAND_AT);
    mm.failSeen = 0;
    mm.poolEmpty = 0;
    if (COUNTING) mm.alarms = 0;
    known = true;
    store<i64>(result, answered(perform(at)), RESULT_VALUE);
    step(STEP_END);
    store<u32>(result, <u32>mm.mapCount, RESULT_VMAS);
    const status: u32 = mm.poolEmpty ? STATUS_POOL_EMPTY : known ? STATUS_OK : STATUS_BAD_OPERATION;
    store<u32>(result, status, RESULT_STATUS);
    if (status != STATUS_OK) return i;
  }
  return n;
}

let known: bool = true;

/** One operation; what each field means stands beside the OP_* constants. */
function perform(at: usize): i64 {
  const addr = word(at, COMMAND_ADDR);
  const length = word(at, COMMAND_LEN);
  const prot = word(at, COMMAND_PROT);
  const flags = word(at, COMMAND_FLAGS);
  const pgoff = word(at, COMMAND_PGOFF);
  const file = load<u32>(at, COMMAND_FILE);
  switch (load<u32>(at, COMMAND_OP)) {
    case OP_MMAP: {
      if (file >= mm.fileNext && file != 0) return -EBADF;
      const place = mmap(addr, length, prot, flags, file, pgoff);
      if (place >= 0) presumeWritten(place, length);
      return place;
    }
    case OP_MUNMAP: return asError(munmap(addr, length));
    case OP_MPROTECT: {
      const error = mprotect(addr, length, prot);
      if (error == 0) presumeWritten(addr, length);
      return asError(error);
    }
    case OP_MREMAP: {
      const place = mremap(addr, length, prot, flags, pgoff);
      if (place >= 0) presumeWritten(place, prot);
      return place;
    }
    case OP_BRK: {
      const before = mm.brk;
      const after = brk(addr);
      if (after > before) presumeWritten(before, after - before);
      return after;
    }
    case OP_MADVISE: return asError(madvise(addr, length, <u32>prot));
    case OP_MLOCK: return asError(mlock(addr, length, flags));
    case OP_MUNLOCK: return asError(munlock(addr, length));
    case OP_MLOCKALL: return asError(mlockall(flags));
    case OP_MUNLOCKALL: return asError(munlockall());
    case OP_TOUCH: return touch(addr, length, flags != 0);
    case OP_STACK_GROW: return asError(growStack(addr));
    case OP_PLACE: {
      const error = placeVma(addr, length, prot, pgoff, file);
      if (error == 0) presumeWritten(addr, length);
      return error ? asError(error) : addr;
    }
    case OP_FORK: return asError(fork(flags != 0));
    case OP_EXIT: {
      exit();
      return 0;
    }
    case OP_SET_NAME: return asError(setName(addr, length, <u32>prot));
    case OP_MSEAL: return asError(mseal(addr, length));
    case OP_CPU: return asError(schedule(addr, <u32>flags, <u32>prot));
    case OP_STREAM: {
      if (pgoff > STREAM_LIMIT) break;
      return stream(addr, length, <u32>prot, load<u32>(at, COMMAND_AT), flags, pgoff, file);
    }
    case OP_NOP: return 0;
  }
  known = false;
  return 0;
}
