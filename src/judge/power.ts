// What the gate can see on a machine, from how its processes differ on identical code.

import { binomialAtLeast, headsNeeded } from "../stats/binomial.js";
import { normalTail } from "../stats/normal.js";
import { GATE_ALPHA } from "./gate.js";

export interface Sight {
  /** Processes that all looks have together. */
  processes: number;
  /** Scenarios the level is corrected for. */
  scenarios: number;
  /** Standard deviation of the log ratio that a process gives for identical code. */
  noise: number;
  /** Share that is allowed, 0.03 for 3 %. */
  effect: number;
}

const POWER = 0.95;

/**
 * The smallest slowdown, as a share, that is found in 95 of 100 runs: beyond the limit by so much that enough
 * processes agree. Null where so few processes could not convince even if all agreed.
 */
export function smallestSlowdown({ processes, scenarios, noise, effect }: Sight): number | null {
  const needed = headsNeeded(processes, GATE_ALPHA / 2 / scenarios);
  if (needed > processes) return null;
  let [low, high] = [0, 40];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2; // in standard deviations beyond the limit
    const each = 1 - normalTail(middle);
    if (each < 1 && binomialAtLeast(needed, processes, each) < POWER) low = middle;
    else high = middle;
  }
  return Math.expm1(Math.log1p(effect) + high * noise);
}
