// What a workload is, before anything is known of where it comes from.

import type { Settings } from "../core/settings.js";
import type { TlbGeometry } from "../core/tlb.js";
import type { Built } from "./generator-parts.js";
import type { Parameter, Parameters } from "./parameters.js";

export interface BuiltWorkload extends Built {
  /** What the address space starts with; the protocol adds profile and hook. */
  settings: Partial<Settings>;
  /**
   * Where the operations come from; absent: a generator. Those of traces stay at their addresses; a `recording`
   * (vmatrace, strace) begins with an address space of its own as well, `operations` do not.
   */
  trace?: "recording" | "operations";
  /** What translates its addresses; the default where absent. */
  tlb?: TlbGeometry;
}

/** A workload, ready to be built. */
export interface Workload {
  id: string;
  title: string;
  /** The parameters that differ from their default. */
  params: Parameters;
  /**
   * `even`: any stretch of the operations is like any other, so short stretches are timed;
   * `whole`: the operations tell one story and are timed from the first to the last.
   */
  shape: "even" | "whole";
  phases: number;
  /** The operations, the same for the same seed. A recorded trace ignores the seed. */
  build(seed: number): Promise<BuiltWorkload>;
}

/** A workload's operations on a processor with these translation caches; the default ones where absent. */
export async function buildOn(
  tlb: TlbGeometry | undefined,
  workload: Workload,
  seed: number,
): Promise<BuiltWorkload> {
  const built = await workload.build(seed);
  return tlb ? { ...built, tlb } : built;
}

/** A workload before its parameters are chosen. */
export interface WorkloadEntry {
  id: string;
  title: string;
  parameters: readonly Parameter[];
  /** With parameters from `name=value&...`. UsageError for one that it does not have, or a wrong value. */
  choose(query: Readonly<Record<string, string>>): Workload;
}
