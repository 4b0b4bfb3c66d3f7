// What the model says of a sequence of steps: every answer, and the layout where somebody will look.

import type { VmaView } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { type Grounds, isComparable } from "./comparable.js";
import { type ChildStep, type Conditions, LOOK_AT_NOTHING } from "./messages.js";
import type { Model } from "./model.js";
import { kernelCalls, type Step } from "./steps.js";

/** The model's view of a moment. */
export interface ExpectedLayout {
  vmas: readonly VmaView[];
  locked: number;
}

/** A step with what it did in the model. */
export interface ExpectedStep {
  step: Step;
  values: number[];
  /** The operations that it is in the model: the accesses that it causes are among them. */
  operations: Operation[];
  /** LOOK_AT_* */
  look: number;
  layout: ExpectedLayout | null;
}

/** A sequence of steps under conditions, with its answers. */
export interface Expectation {
  conditions: Conditions;
  grounds: Grounds;
  steps: ExpectedStep[];
}

/** Builds an expectation step by step; the model is reset first. */
export class Forecast {
  private readonly steps: ExpectedStep[] = [];

  constructor(
    readonly model: Model,
    private readonly conditions: Conditions,
    private readonly grounds: Grounds,
  ) {
    model.reset(conditions);
  }

  /** Adds a step; false, and nothing done, when it cannot be compared. */
  add(step: Step, look: number): boolean {
    if (!isComparable(step, this.model, this.grounds)) return false;
    const { values, operations } = this.model.perform(step);
    const layout =
      look === LOOK_AT_NOTHING
        ? null
        : { vmas: this.model.layout(), locked: this.model.lockedPages() };
    this.steps.push({ step, values, operations, look, layout });
    return true;
  }

  get length(): number {
    return this.steps.length;
  }

  result(): Expectation {
    const { conditions, grounds, steps } = this;
    return { conditions, grounds, steps };
  }
}

/** What a sequence does; steps that cannot be compared in it are left out. `look` for every step. */
export function expectationOf(
  model: Model,
  conditions: Conditions,
  grounds: Grounds,
  steps: readonly Step[],
  look: number,
): Expectation {
  const forecast = new Forecast(model, conditions, grounds);
  for (const step of steps) forecast.add(step, look);
  return forecast.result();
}

/** The steps as the child takes them. */
export function childSteps({ steps }: Expectation): ChildStep[] {
  return steps.map(({ step, look }) => {
    const calls = kernelCalls(step);
    return step.limit ? { calls, limit: step.limit, look } : { calls, look };
  });
}
