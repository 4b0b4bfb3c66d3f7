// What can go wrong on purpose: failure injection, and the end of the model's own memory.

import { mm } from "./vma/record";

/** Whether this event is the one that the operation under way wants to fail (COMMAND_FAIL, COMMAND_AT). */
@inline export function failsHere(kind: u32): bool {
  if (mm.failKind != kind) return false;
  return ++mm.failSeen == mm.failAt;
}

/** A pool of the model ran out: the operation ends as if the kernel had no memory, and says so. */
export function ranOut(): void {
  mm.poolEmpty = 1;
}
