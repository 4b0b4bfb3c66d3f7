// What if: a program as it was recorded, and with another driver behind its file mappings.

import { driverText } from "../catalogue/drivers.js";
import type { EventName } from "../core/abi.js";
import { Core } from "../core/core.js";
import type { FinalState } from "../core/final.js";
import type { CostModel } from "../predict/model.js";
import type { Part, ProgramSource } from "../trace/program.js";
import { laneUnder, type Results, replay, type Under, type Watcher } from "./replay.js";
import { Summing, type UnderNames } from "./summary.js";

/** A driver under a protocol. */
export interface Time {
  unit: "ns/op";
  median: number;
  low: number;
  high: number;
  confidence: number;
  rounds: number;
}

/** The program under one driver and protocol. */
export interface WhatIfRun {
  driver: string;
  protocol: string;
  /** Calls that returned an error, by its name. */
  failed: Record<string, number>;
  /** Calls that returned something else than in the run as recorded: from there on a real program may do other things. */
  otherResults: number;
  vmas: { most: number; left: number };
  /** Events per operation. */
  work: Partial<Record<EventName, number>>;
  /** What a real kernel would take, per operation. */
  predicted: { ns: number; relativeError: number };
  final: FinalState;
  /** Null where no time was measured. */
  time: Time | null;
}

/** The document that `replay --driver D --json` prints. */
export interface WhatIf {
  file: string;
  operations: number;
  touch: string;
  /** Ordinary files, in the kernel that the program was recorded on. */
  recorded: WhatIfRun;
  /** The driver asked for; the first is what the others are compared with. */
  runs: WhatIfRun[];
  /** Time against the first of `runs`, round by round; empty where no time was measured. */
  timeRatios: { protocol: string; ratio: number; low: number; high: number; confidence: number }[];
}

/** Takes a program through as recorded and under each of `others`, each on a core of its own that counts work. */
export async function whatIf(
  source: ProgramSource,
  recorded: Under,
  others: readonly Under[],
  touch: string,
  model: CostModel,
): Promise<WhatIf> {
  const unders = [recorded, ...others];
  const lanes = unders.map((under) => laneUnder(new Core("work"), source, under));
  const watchers = await replay(source, lanes, () => {
    const first = new Comparing(source, null);
    return [first, ...others.map(() => new Comparing(source, first))];
  });
  const [first, ...runs] = watchers.map((watcher, i) => {
    const { driver, protocol } = unders[i] as Under;
    return watcher.run({ protocol: protocol.id, driver: driverText(driver), touch }, model);
  });
  const { file, length } = source;
  return { file, operations: length, touch, recorded: first as WhatIfRun, runs, timeRatios: [] };
}

/** Sums a run up, and counts where it differs from another that is a part ahead. */
class Comparing implements Watcher {
  private values: Float64Array = new Float64Array();
  private otherResults = 0;
  private mostVmas = 0;
  private readonly summing: Summing;

  constructor(
    source: ProgramSource,
    private readonly other: Comparing | null,
  ) {
    this.summing = new Summing(source);
  }

  part(part: Part, results: Results): void {
    this.summing.part(part, results);
    this.values = results.values;
    for (const [i, value] of results.values.entries()) {
      if (this.other && value !== this.other.values[i]) this.otherResults++;
      this.mostVmas = Math.max(this.mostVmas, results.vmas[i] as number);
    }
  }

  end(core: Core): void {
    this.summing.end(core);
  }

  run(under: UnderNames, model: CostModel): WhatIfRun {
    const { driver, protocol, failed, work, predicted, final } = this.summing.summary(under, model);
    const vmas = { most: Math.max(this.mostVmas, final.vmas), left: final.vmas };
    const { otherResults } = this;
    return { driver, protocol, failed, otherResults, vmas, work, predicted, final, time: null };
  }
}
