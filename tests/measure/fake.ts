// A core that does nothing but take time, on a clock of its own: what the measuring code does with times
// can then be asserted to the digit. The real builds are tested in suite.test.ts.

import { vi } from "vitest";
import { COMMAND_SIZE, PROFILE_6_15 } from "../../src/core/abi.js";
import type { Core, OperationResult, Snapshot } from "../../src/core/core.js";
import type { Settings } from "../../src/core/settings.js";

export class FakeClock {
  milliseconds = 1000;

  install(): void {
    vi.spyOn(performance, "now").mockImplementation(() => {
      this.milliseconds += 20e-6; // reading a clock takes time too, and lets loops on a deadline end
      return this.milliseconds;
    });
  }
}

export interface FakeCost {
  /** Nanoseconds of one operation. */
  baseline: number;
  candidate: number;
  /** Factor on everything, by the time on the clock: a machine that slows down and recovers. */
  machine?: (milliseconds: number) => number;
  /** Factor for one core: pages that lie badly. */
  place?: number;
}

/** Every batch executed by any core: which side, from where, how many. */
export type FakeLog = {
  side: "baseline" | "candidate";
  first: number;
  count: number;
  core: number;
}[];

export function fakeCore(clock: FakeClock, cost: FakeCost, log: FakeLog, core: number): Core {
  let side: "baseline" | "candidate" = "baseline";
  let loaded = 0;
  let answer = 0;
  const fake = {
    build: "timing",
    reset(settings: Partial<Settings>) {
      side = settings.profile === PROFILE_6_15 ? "baseline" : "candidate";
      loaded = 0;
      answer = 0;
    },
    setDriver() {},
    setFile() {},
    run: () => [],
    clearCounters() {},
    snapshot: (): Snapshot => [],
    restore() {
      answer = 0;
    },
    loadBatch(records: Uint8Array) {
      loaded = records.byteLength / COMMAND_SIZE;
    },
    execute(first: number, count: number): number {
      if (first !== answer) throw new Error(`batch ${first} after ${answer}: state does not fit`);
      answer = first + count;
      const factor = (cost.machine?.(clock.milliseconds) ?? 1) * (cost.place ?? 1);
      clock.milliseconds += cost[side] * count * factor * 1e-6;
      log.push({ side, first, count, core });
      return Math.min(count, loaded - first);
    },
    result: (index: number): OperationResult => ({ value: index, vmas: 1, status: 0 }),
  };
  return fake as unknown as Core;
}
