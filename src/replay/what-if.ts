// What if: a program as it was recorded, and with another driver behind its file mappings.

import { driverText } from "../catalogue/drivers.js";
import type { EventName } from "../core/abi.js";
import type { Core } from "../core/core.js";
import type { FinalState } from "../core/final.js";
import type { CostModel } from "../predict/model.js";
import type { Program } from "../trace/program.js";
import { type Replayed, replayWith, type Under } from "./replay.js";
import { summarise } from "./summary.js";

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

/** Replays a program as recorded and under each of `others`, one after the other, on a core that counts work. */
export async function whatIf(
  core: Core,
  program: Program,
  recorded: Under,
  others: readonly Under[],
  touch: string,
  model: CostModel,
): Promise<WhatIf> {
  const first = await runUnder(core, program, recorded, touch, model, null);
  const runs: WhatIfRun[] = [];
  for (const under of others) {
    runs.push((await runUnder(core, program, under, touch, model, first.values)).run);
  }
  const { file, operations } = program;
  return {
    file,
    operations: operations.length,
    touch,
    recorded: first.run,
    runs,
    timeRatios: [],
  };
}

async function runUnder(
  core: Core,
  program: Program,
  { driver, protocol }: Under,
  touch: string,
  model: CostModel,
  recorded: Float64Array | null,
): Promise<{ run: WhatIfRun; values: Float64Array }> {
  const replayed = await replayWith(core, program, { driver, protocol });
  const under = { protocol: protocol.id, driver: driverText(driver), touch };
  const { failed, work, predicted, final } = summarise(core, program, replayed, under, model);
  const run: WhatIfRun = {
    driver: under.driver,
    protocol: under.protocol,
    failed,
    otherResults: recorded ? differing(recorded, replayed.values) : 0,
    vmas: { most: mostVmas(replayed, final), left: final.vmas },
    work,
    predicted,
    final,
    time: null,
  };
  return { run, values: replayed.values };
}

function differing(a: Float64Array, b: Float64Array): number {
  return a.reduce((count, value, i) => (value === b[i] ? count : count + 1), 0);
}

/** A loop: spread arguments have a limit that long traces exceed. */
function mostVmas({ vmas }: Replayed, { vmas: left }: FinalState): number {
  return vmas.reduce((most, count) => Math.max(most, count), left);
}
