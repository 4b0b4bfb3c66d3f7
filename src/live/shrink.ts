// The shortest sequence that still differs: fewer steps first (delta debugging), then simpler ones.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import type { Difference } from "./compare.js";
import { type Expectation, expectationOf } from "./expectation.js";
import { type Conditions, LOOK_AT_SMAPS, ORDINARY } from "./messages.js";
import type { Model } from "./model.js";
import { PAGE, SIMPLEST_MAP, type Step } from "./steps.js";
import { has } from "./vmflags.js";

/** A sequence that differs, and where. */
export interface Counterexample {
  expected: Expectation;
  difference: Difference;
}

/** Runs a sequence on the kernel; null when nothing differs. */
export type Trial = (expected: Expectation) => Promise<Difference | null>;

/** Most trials of one search, and the time after which it is content with what it has, in milliseconds. */
const TRIALS = 1500;
const TIME = 20_000;

/**
 * Searches for the shortest sequence that differs. Null when the given one does not differ when it is run
 * again, looking after every step.
 */
export async function shrink(
  model: Model,
  failing: Expectation,
  trial: Trial,
): Promise<Counterexample | null> {
  const search = new Search(model, failing, trial);
  if (!(await search.try(failing.steps.map(({ step }) => step)))) return null;
  let before: number;
  do {
    before = search.size;
    await search.dropConditions();
    await search.dropSteps();
    await search.simplifySteps();
  } while (search.size < before && !search.isOver);
  return search.best;
}

class Search {
  private trials = 0;
  private readonly until = performance.now() + TIME;
  private found: Counterexample | null = null;
  private conditions: Conditions;

  constructor(
    private readonly model: Model,
    private readonly failing: Expectation,
    private readonly trial: Trial,
  ) {
    this.conditions = failing.conditions;
  }

  get best(): Counterexample {
    return this.found as Counterexample;
  }

  private get steps(): Step[] {
    return this.best.expected.steps.map(({ step }) => step);
  }

  get isOver(): boolean {
    return this.trials >= TRIALS || (this.found !== null && performance.now() > this.until);
  }

  /** What a sequence costs a reader. */
  get size(): number {
    return this.steps.reduce((sum, step) => sum + cost(step), 0);
  }

  /** Takes a sequence as the best so far when it differs; what comes after the difference is dropped. */
  async try(steps: readonly Step[], conditions = this.conditions): Promise<boolean> {
    if (this.isOver) return false;
    this.trials++;
    const { model, failing } = this;
    const expected = expectationOf(model, conditions, failing.grounds, steps, LOOK_AT_SMAPS);
    const difference = await this.trial(expected);
    if (!difference) return false;
    if (difference.kind !== "died") expected.steps.length = difference.step + 1;
    this.found = { expected, difference };
    this.conditions = conditions;
    return true;
  }

  async dropConditions(): Promise<void> {
    for (const name of Object.keys(ORDINARY) as (keyof Conditions)[]) {
      if (this.conditions[name] === ORDINARY[name]) continue;
      await this.try(this.steps, { ...this.conditions, [name]: ORDINARY[name] });
    }
  }

  /** Delta debugging: ever smaller runs of steps are left out. */
  async dropSteps(): Promise<void> {
    for (let size = Math.ceil(this.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
      let from = this.steps.length - size;
      while (from > -size && !this.isOver) {
        const { steps } = this;
        const start = Math.max(0, from);
        await this.try([...steps.slice(0, start), ...steps.slice(from + size)]);
        from = Math.min(from, this.steps.length) - size;
      }
    }
  }

  async simplifySteps(): Promise<void> {
    for (let i = this.steps.length - 1; i >= 0; i--) {
      for (let again = true; again; ) {
        again = false;
        const step = this.steps[i];
        if (!step) break;
        for (const simpler of simplerSteps(step)) {
          const steps = this.steps;
          steps[i] = simpler;
          if (cost(simpler) < cost(step) && (await this.try(steps))) {
            again = true;
            break;
          }
        }
      }
    }
  }
}

/** How much there is to a step: every part that is not the simplest counts. */
function cost({ operation, limit }: Step): number {
  const { op, len = 0, prot = 0, flags = 0, file = 0, pgoff = 0 } = operation;
  const pages = Math.min(1000, Math.ceil(Number(len) / PAGE));
  const unaligned = Number(len) % PAGE === 0 ? 0 : 1;
  let sum = 1000 + (limit ? 100 : 0) + pages + unaligned;
  if (op === abi.OP_MMAP) {
    sum += Number(flags) === SIMPLEST_MAP ? 0 : 10 * bitsOf(Number(flags));
    sum +=
      (Number(prot) === 3 ? 0 : 1 + bitsOf(Number(prot))) + file * 10 + Math.min(9, Number(pgoff));
  }
  if (op === abi.OP_MREMAP) sum += Math.min(1000, Math.ceil(Number(prot) / PAGE));
  return sum;
}

function bitsOf(flags: number): number {
  let bits = 0;
  for (let rest = flags; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}

/** Steps that say less, the simplest first. */
function simplerSteps({ operation, limit }: Step): Step[] {
  const steps: Step[] = limit ? [{ operation }] : [];
  const change = (fields: Partial<Operation>) => {
    const changed = { ...operation, ...fields };
    steps.push(limit ? { operation: changed, limit } : { operation: changed });
  };
  const { op, len = 0, prot = 0, flags = 0, file = 0, pgoff = 0 } = operation;
  if (op === abi.OP_MMAP) {
    if (file !== 0) {
      change({ file: 0, pgoff: 0, flags: Number(flags) | abi.MAP_ANONYMOUS });
      for (let simpler = 1; simpler < file; simpler++) change({ file: simpler });
    }
    if (Number(flags) !== SIMPLEST_MAP) change({ flags: SIMPLEST_MAP, file: 0, pgoff: 0 });
    if (!has(Number(flags), abi.MAP_FIXED)) change({ flags: fixed(Number(flags)) });
    for (const bit of OPTIONAL_MAP_FLAGS) {
      if (has(Number(flags), bit)) change({ flags: Number(flags) - bit });
    }
    if (Number(pgoff) !== 0) change({ pgoff: 0 });
    for (const simpler of [3, 1]) if (Number(prot) !== simpler) change({ prot: simpler });
  }
  const pages = Math.ceil(Number(len) / PAGE);
  const shorter = [1, Math.floor(pages / 2), pages - 1, pages].filter((n) => n > 0 && n <= pages);
  for (const count of new Set(shorter)) {
    if (count * PAGE === Number(len)) continue;
    if (op === abi.OP_MREMAP && prot === len) change({ len: count * PAGE, prot: count * PAGE });
    else change({ len: count * PAGE });
  }
  return steps;
}

const OPTIONAL_MAP_FLAGS = [
  abi.MAP_NORESERVE,
  abi.MAP_STACK,
  abi.MAP_LOCKED,
  abi.MAP_POPULATE,
  abi.MAP_NONBLOCK,
  abi.MAP_GROWSDOWN,
  abi.MAP_DENYWRITE,
  abi.MAP_EXECUTABLE,
  abi.MAP_ABOVE4G,
  abi.MAP_SYNC,
  abi.MAP_32BIT,
];

/** The same mapping at its place, whatever is there. */
function fixed(flags: number): number {
  const noReplace = has(flags, abi.MAP_FIXED_NOREPLACE) ? abi.MAP_FIXED_NOREPLACE : 0;
  return flags - noReplace + abi.MAP_FIXED;
}
