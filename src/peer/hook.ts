// What a driver's hook does, in the words that the peer's program has for it.

import type { Driver } from "../catalogue/drivers.js";
import { UsageError } from "../errors.js";
import type { PeerOptions } from "./process.js";

/** Fields of a driver's record that the program can act on; `failPoint` says where the error is. */
const KNOWN: readonly string[] = ["flagsSet", "ops", "errno", "failPoint"];
/** vm_ops whose presence alone changes nothing that the VMA code does. */
const INERT: readonly string[] = [
  "fault",
  "huge_fault",
  "map_pages",
  "page_mkwrite",
  "pfn_mkwrite",
  "access",
];

/** The program's hook for a driver. UsageError for drivers that do more than set flags, install ops or fail. */
export function peerHook(driver: Driver): Pick<PeerOptions, "set" | "installsOps" | "error"> {
  const record = driver.record("mmap");
  const { ops, fails } = driver.description;
  const more = Object.entries(record).find(([name, value]) => value && !KNOWN.includes(name))?.[0];
  const lively = ops?.find((name) => !INERT.includes(name));
  const late = fails && fails.where !== "at-once" ? `fails ${fails.where}` : undefined;
  const reason = more ?? (lively && `vm_ops->${lively}`) ?? late;
  if (reason !== undefined) {
    throw new UsageError(
      `driver ${driver.id}: in the peer a hook sets flags, installs vm_ops that only serve pages, or fails ` +
        `at once; this driver has ${reason} besides`,
    );
  }
  return {
    set: record.flagsSet ?? 0,
    installsOps: (record.ops ?? 0) > 0,
    error: record.errno ?? 0,
  };
}
