// Hooks that break the rules: what a driver can write into the VMA or the descriptor it is given, past every helper
// (Driver.writes), and what the kernel makes of it. `vmabench hazards` asks; docs/hazards.md says what a real kernel
// does where ALARM_* is raised. Every call stands behind COUNTING: the timing build has nothing of it.

import {
  ALARM_MAYWRITE, ALARM_MOVED_START, ALARM_NOTHING_STORED, ALARM_NULL_FILE, ALARM_PTES_ELSEWHERE,
  ALARM_STORED_ELSEWHERE, ALARM_ZAPPED_ELSEWHERE, EAGER_NONE, HOOK_COMPAT, PROFILE_7_3, TASK_SIZE, VM_MAYWRITE,
  WRITE_END, WRITE_FILE, WRITE_FILE_HELD, WRITE_FLAGS_CLEAR, WRITE_FLAGS_SET, WRITE_LATE, WRITE_LIMIT, WRITE_OPS,
  WRITE_PGOFF, WRITE_PRIVATE, WRITE_START,
} from "../abi";
import { vmi } from "../maple/cursor";
import { storeNow } from "../maple/store";
import { getFile } from "../vma/file";
import { Driver, mm, Vma, vmaOf } from "../vma/record";
import { Mapping } from "./mapping";

export function alarm(what: u32): void { mm.alarms |= what; }

@inline function codeOf(driver: Driver, i: u32): u32 { return (driver.writes >> (i << 3)) & 0xff; }

@inline function valueOf(driver: Driver, i: u32): u64 {
  return load<u64>(changetype<usize>(driver) + offsetof<Driver>("written0") + ((<usize>i) << 3));
}

/** The writes of a moment into the VMA. `rangeOnly`: what a descriptor has was written there already. */
export function writeVma(driver: Driver, vma: Vma, late: bool, rangeOnly: bool): void {
  for (let i: u32 = 0; i < WRITE_LIMIT; i++) {
    const code = codeOf(driver, i);
    const field = code & ~WRITE_LATE;
    if (((code & WRITE_LATE) != 0) == late && (!rangeOnly || field <= WRITE_END)) writeField(vma, field, valueOf(driver, i));
  }
}

function writeField(vma: Vma, field: u32, value: u64): void {
  switch (field) {
    case WRITE_START: vma.start += value << 12; break;
    case WRITE_END: vma.end += value << 12; break;
    case WRITE_FLAGS_SET: vma.flags |= value; break;
    case WRITE_FLAGS_CLEAR: vma.flags &= ~value; break;
    case WRITE_PGOFF: vma.pgoff = value; break;
    case WRITE_FILE_HELD: getFile(<u32>value); // and on
    case WRITE_FILE: vma.file = <u32>value; break;
    case WRITE_OPS: vma.ops = <u32>value; break;
    case WRITE_PRIVATE: vma.privateData = <u32>value; break;
    default: break;
  }
}

/** The writes of a moment into the descriptor. */
export function writeDescriptor(driver: Driver, m: Mapping, late: bool): void {
  for (let i: u32 = 0; i < WRITE_LIMIT; i++) {
    const code = codeOf(driver, i);
    if (((code & WRITE_LATE) != 0) == late) describeField(m, code & ~WRITE_LATE, valueOf(driver, i));
  }
}

function describeField(m: Mapping, field: u32, value: u64): void {
  switch (field) {
    case WRITE_FLAGS_SET: m.flags |= value; break;
    case WRITE_FLAGS_CLEAR: m.flags &= ~value; break;
    case WRITE_PGOFF: m.pgoff = value; break;
    case WRITE_FILE_HELD: getFile(<u32>value); // and on
    case WRITE_FILE: m.file = <u32>value; break;
    case WRITE_OPS: {
      m.ops = <u32>value;
      // NULL counts as "not given", but in 7.3 and in the compatibility layer, which takes it as it is
      m.opsGiven = value != 0 || mm.hook == HOOK_COMPAT ? 1 : 0;
      break;
    }
    case WRITE_PRIVATE: m.privateData = <u32>value; break;
    default: break;
  }
}

/** Whether a hook has left its VMA elsewhere than it was asked for. */
export function isMoved(m: Mapping, vma: Vma): bool { return vma.start != m.start || vma.end != m.end; }

/** A hook that succeeded: what the kernel finds wrong at once. The VMA is taken as it is. */
export function inspect(m: Mapping, vma: Vma): void {
  if (vma.start != m.start) alarm(ALARM_MOVED_START);
  if (mm.profile >= PROFILE_7_3 && vma.flags & VM_MAYWRITE && (m.flags & VM_MAYWRITE) == 0) alarm(ALARM_MAYWRITE);
}

/** A hook that is about to set PTEs. False where it has left no range to set them in. */
export function inspectEager(driver: Driver, m: Mapping, vma: Vma): bool {
  if (driver.eager != EAGER_NONE && isMoved(m, vma)) alarm(ALARM_PTES_ELSEWHERE);
  return isRange(vma);
}

/** A hook that failed: its pages are cleared over whatever range it has left. False when that is no range at all. */
export function inspectUndo(m: Mapping, vma: Vma): bool {
  if (vma.file == 0) alarm(ALARM_NULL_FILE);
  if (!isRange(vma)) return false;
  const below = m.prev != 0 && vma.start < vmaOf(m.prev).end;
  const above = m.next != 0 && vma.end > vmaOf(m.next).start;
  if (below || above) alarm(ALARM_ZAPPED_ELSEWHERE);
  return true;
}

@inline function isRange(vma: Vma): bool { return vma.start < vma.end && vma.end <= TASK_SIZE; }

/**
 * Stores a VMA over the range it has now. The nodes were reserved for another one; the kernel makes the store that it
 * has worked out for that, whatever comes of it: here the tree itself stays whole.
 */
export function storeMoved(vma: Vma): void {
  vmi.release();
  if (!isRange(vma)) {
    alarm(ALARM_NOTHING_STORED);
    return;
  }
  alarm(ALARM_STORED_ELSEWHERE);
  const kind = mm.failKind;
  mm.failKind = 0;
  vmi.set(vma.start, vma.end - 1);
  storeNow(vmi, vma.id);
  mm.failKind = kind;
}
