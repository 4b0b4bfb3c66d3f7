// The address space as a whole: empty it, look at it, save it.

import {
  ANON_AT, CONTROL_AT, CONTROL_SIZE, DRIVERS_AT, DRIVERS_SIZE, FILES_AT, LINKS_AT, NODES_AT, RESULTS_AT, TABLES_AT,
  TLB_AT, VMAS_AT,
} from "./memory";
import { scan, TREE_ALLOC, TREE_RCU, vmaTree } from "./maple/cursor";
import { shapeOf } from "./maple/digest";
import { nodeBytes, TOP } from "./maple/node";
import { find } from "./maple/walk";
import { liveTables, tableBytes } from "./paging/tables";
import { tlbBytes } from "./tlb/geometry";
import { anonBytes, linkBytes } from "./vma/anon";
import { vmaBytes } from "./vma/pool";
import { mm } from "./vma/record";

/** An empty address space without files and drivers; settings are the shell's to write. */
export function reset(): void {
  memory.fill(DRIVERS_AT, 0, DRIVERS_SIZE);
  memory.fill(FILES_AT, 0, <usize>mm.fileNext << 6);
  memory.fill(TLB_AT, 0, <usize>tlbBytes());
  memory.fill(CONTROL_AT, 0, CONTROL_SIZE);
  memory.fill(TABLES_AT, 0, 8192); // the two roots
  mm.fileNext = 1;
  vmaTree.flags = TREE_ALLOC | TREE_RCU;
}

/** Writes the addresses of all VMA records, in address order, as u32 into the result region. How many. */
export function layout(): u32 {
  let n: u32 = 0;
  scan.enter(vmaTree, 0);
  for (let id = find(scan, TOP); id; id = find(scan, TOP)) {
    store<u32>(RESULTS_AT + ((<usize>n) << 2), id);
    n++;
  }
  return n;
}

/** Writes height, leaves, inner nodes and entries of the VMA tree as four u32. */
export function shape(at: usize): void { shapeOf(vmaTree, at); }

/** Page-table pages in use, the PGD not counted. */
export function pageTablePages(): u32 { return liveTables(); }

// Regions that make up the state, in the order of the shell's snapshot -----------------------------------
export function regions(): u32 { return 9; }

export function regionAt(region: u32): usize {
  switch (region) {
    case 0: return CONTROL_AT;
    case 1: return TLB_AT;
    case 2: return FILES_AT;
    case 3: return DRIVERS_AT;
    case 4: return NODES_AT;
    case 5: return VMAS_AT;
    case 6: return ANON_AT;
    case 7: return LINKS_AT;
    default: return TABLES_AT;
  }
}

/** Bytes of a region that were ever used since the last reset. */
export function usedBytes(region: u32): u32 {
  switch (region) {
    case 0: return <u32>CONTROL_SIZE;
    case 1: return tlbBytes();
    case 2: return mm.fileNext << 6;
    case 3: return <u32>DRIVERS_SIZE;
    case 4: return nodeBytes();
    case 5: return vmaBytes();
    case 6: return anonBytes();
    case 7: return linkBytes();
    default: return tableBytes();
  }
}
