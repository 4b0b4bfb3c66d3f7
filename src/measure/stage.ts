// A scenario on the timing build, ready to be timed again and again from the same state.

import { enterScenario, type Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { BATCH_LIMIT } from "../core/abi.js";
import { type Core, CoreTrap, type Snapshot } from "../core/core.js";
import { encode } from "../core/operation.js";
import { checksum } from "./work.js";

export class Stage {
  readonly operations: number;
  private readonly snapshot: Snapshot;

  /** Sets the scenario up on `core`, loads its operations and keeps the state they start from. */
  constructor(
    private readonly core: Core,
    readonly scenario: Scenario,
    built: BuiltWorkload,
  ) {
    this.operations = built.operations.length;
    if (this.operations > BATCH_LIMIT) {
      throw new RangeError(`a scenario of more than ${BATCH_LIMIT} operations cannot be timed`);
    }
    enterScenario(core, scenario, built);
    this.snapshot = core.snapshot();
    core.loadBatch(encode(built.operations));
  }

  /** Back to the state before the first operation. Never part of a timing. */
  rewind(): void {
    this.core.restore(this.snapshot);
  }

  /** Milliseconds that operations [first, first + count) take, in one call of the core. */
  time(first: number, count: number): number {
    const start = performance.now();
    const done = this.core.execute(first, count);
    const elapsed = performance.now() - start;
    if (done < count) {
      throw new CoreTrap(`${this.scenario.id}: operation ${first + done + 1} met a model limit`);
    }
    return elapsed;
  }

  /** Runs one pass and compares its results with those of the work build. BuildsDisagree when not equal. */
  verify(expected: number): void {
    this.rewind();
    this.time(0, this.operations);
    const results = Array.from({ length: this.operations }, (_, i) => this.core.result(i));
    if (checksum(results) !== expected) {
      throw new BuildsDisagree(`${this.scenario.id}: timing and work build give other results`);
    }
  }
}

/** Thrown when two builds of the core answer differently: no time is worth anything then. */
export class BuildsDisagree extends Error {
  override name = "BuildsDisagree";
}

/** The pass cut into stretches that are timed one by one; the last mark is the number of operations. */
export function cut(operations: number, perBatch: number): number[] {
  const batches = Math.max(1, Math.round(operations / perBatch));
  return Array.from({ length: batches + 1 }, (_, i) => Math.floor((i * operations) / batches));
}
