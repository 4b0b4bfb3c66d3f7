// What generated workloads are made of.
//
//   address            what stands there
//   0x1000_0000_0000   the area a workload works in
//   0x7000_0000_0000   the rest of the process: anonymous VMAs that never merge with one another

import * as abi from "../core/abi.js";
import type { FileRecord } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { choice, integer, type Parameter, type Parameters } from "./parameters.js";
import type { Random } from "./random.js";

/** Operations with the files they name: file id n is files[n - 1]. */
export interface Built {
  setup: Operation[];
  operations: Operation[];
  files: FileRecord[];
  /** Path of file id n at n - 1, where a recording says so. */
  names?: readonly (string | null)[];
  /** CPUs that it runs on; 1 when absent. */
  cpus?: number;
}

/** Makes operations. What it is given, and by what name the result is known, is for files to say (bench/workloads). */
export interface Generator {
  /** Its name in workload files. */
  id: string;
  does: string;
  /** All of them have to be given: the defaults are those of the workload. */
  parameters: readonly Parameter[];
  build(values: Parameters, random: Random): Built;
}

export const PAGE = Number(abi.PAGE_SIZE);
export const AREA = 0x1000_0000_0000;
export const REST = 0x7000_0000_0000;
export const READ_WRITE = abi.PROT_READ | abi.PROT_WRITE;
export const ANONYMOUS = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED;
/** Driver record that every file of a workload uses. */
export const DRIVER_INDEX = 1;

export const background = integer("background", "anonymous VMAs the process has besides", {
  low: 0,
  high: 4000,
});
export const share = choice("share", "how files are mapped", ["shared", "private"]);

export const operationCount = integer("ops", "operations", { low: 1, high: 60_000 });

function deviceFile(): FileRecord {
  return { driver: DRIVER_INDEX, mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE };
}

export function filesOf(count: number): FileRecord[] {
  return Array.from({ length: count }, deviceFile);
}

export function sharing(values: Parameters): number {
  return values.share === "private" ? abi.MAP_PRIVATE : abi.MAP_SHARED;
}

/** The rest of the process: touching VMAs whose permissions alternate, so that none merges. */
export function restOfProcess(values: Parameters): Operation[] {
  return Array.from({ length: Number(values.background) }, (_, i) => ({
    op: abi.OP_MMAP,
    addr: REST + i * 4 * PAGE,
    len: 4 * PAGE,
    prot: i % 2 === 0 ? abi.PROT_READ : READ_WRITE,
    flags: ANONYMOUS,
  }));
}
