// Where the walker finds page-table entries: data caches that hold 64-byte lines of them, if the shell describes any.
// Lines of other data are not modelled: a description gives the share of each cache that is left for tables.

import {
  count, COUNTING, PAGE_STEPS_FROM_L1, PAGE_STEPS_FROM_L2, PAGE_STEPS_FROM_L3, PAGE_STEPS_FROM_MEMORY, PAGE_WALK_STEPS,
} from "../events";
import { place, search, setOf, touchWay } from "./bank";
import { bankAt, KIND_LINE, LINE_TAG, tagOf, tlb } from "./geometry";

/** The walker reads the entry at `at`. Which cache has it only changes what is counted, so the timing build does not ask. */
@inline export function visit(at: usize): void {
  count(PAGE_WALK_STEPS);
  if (COUNTING && tlb.lineL1) readLine(<u64>at >> 6);
}

/** Reads a line from the first cache that has it; those before it have it afterwards. */
function readLine(line: u64): void {
  if (has(tlb.lineL1, line)) {
    count(PAGE_STEPS_FROM_L1);
    return;
  }
  const isInL2 = has(tlb.lineL2, line);
  if (isInL2) {
    count(PAGE_STEPS_FROM_L2);
  } else {
    if (has(tlb.lineL3, line)) {
      count(PAGE_STEPS_FROM_L3);
    } else {
      count(PAGE_STEPS_FROM_MEMORY);
      bring(tlb.lineL3, line);
    }
    bring(tlb.lineL2, line);
  }
  bring(tlb.lineL1, line);
}

function has(number: u32, line: u64): bool {
  if (number == 0) return false;
  const bank = bankAt(number - 1);
  const set = setOf(bank, line);
  const at = search(set, bank.ways, tagOf(line, KIND_LINE, LINE_TAG));
  if (at) touchWay(bank, set, at);
  return at != 0;
}

function bring(number: u32, line: u64): void {
  if (number) place(bankAt(number - 1), line, tagOf(line, KIND_LINE, LINE_TAG), 1);
}
