// Episodes: each starts with empty windows, under conditions of its own, so that each can be run again alone.

import { Random } from "../catalogue/random.js";
import type { Grounds } from "./comparable.js";
import { type Expectation, Forecast } from "./expectation.js";
import { LEAST_ROOM } from "./filler.js";
import { Generator } from "./generate.js";
import {
  type Conditions,
  LOOK_AT_MAPS,
  LOOK_AT_NOTHING,
  LOOK_AT_SMAPS,
  type Ready,
  type Window,
} from "./messages.js";
import type { Model } from "./model.js";
import { PAGE } from "./steps.js";

/** Steps of an episode, and how many of its last ones may be mseal(2). */
export const EPISODE_STEPS = 400;
const SEALING_STEPS = 24;
/** Steps of an episode with little room for VMAs: the process soon maps something of its own. */
const CROWDED_STEPS = 100;
/** Layouts are compared after so many steps; flags too after so many layouts. */
const LAYOUT_EVERY = 8;
const FLAGS_EVERY = 8;
/** Proposals for one step, before the episode ends early. */
const PROPOSALS = 1000;

/** Pages from a base: two windows under different page tables, neither of which holds a whole huge page. */
const WINDOWS = [
  { from: 32, to: 224 },
  { from: 512 + 64, to: 512 + 160 },
];
/** Where MAP_32BIT begins to look. */
const LOW: Window = { start: 0x40000000, end: 0x40000000 + 2048 * PAGE };

/** The windows at a base. */
export function groundsAt(base: number, ready: Ready, exact: boolean): Grounds {
  const own = WINDOWS.map(({ from, to }) => ({
    start: base + from * PAGE,
    end: base + to * PAGE,
  }));
  return { own, low: ready.low ? LOW : null, exact };
}

/** What an episode is made from: the same number gives the same steps. */
export class EpisodeSource {
  /** madvise(MADV_GUARD_INSTALL) is among the steps. */
  readonly guards: boolean;

  constructor(
    private readonly model: Model,
    private readonly ready: Ready,
    private readonly seed: number,
    /** The model is that of the running release. */
    private readonly exact: boolean,
  ) {
    this.guards = guardsAgree(model, ready);
  }

  /** Whether episode `index` seals parts of its windows, which nobody can use again afterwards. */
  seals(index: number): boolean {
    return this.ready.mseal && new Random(this.seed, `verify seals ${index}`).below(10) === 0;
  }

  /** Episode `index` with `most` steps at most, in windows at `base`. */
  episode(index: number, most: number, base: number): Expectation {
    const random = new Random(this.seed, `verify ${index}`);
    const conditions = this.conditions(random);
    const count = conditions.room === null ? most : Math.min(most, CROWDED_STEPS);
    const grounds = groundsAt(base, this.ready, this.exact);
    const generator = new Generator(random, this.supply(grounds, conditions));
    const forecast = new Forecast(this.model, conditions, grounds);
    const seals = this.seals(index);
    for (let proposals = 0; forecast.length < count && proposals < PROPOSALS; proposals++) {
      const number = forecast.length + 1;
      const step = generator.next(this.model.layout(), seals && number > count - SEALING_STEPS);
      if (forecast.add(step, lookAfter(number, number === count))) proposals = 0;
    }
    return forecast.result();
  }

  private conditions(random: Random): Conditions {
    const most = this.ready.memlock.hard / PAGE;
    const limits = [0, 16, 48, 96].filter((pages) => pages < most);
    const memlock = random.below(8) === 0 && limits.length > 0 ? random.pick(limits) : null;
    const readImpliesExec = random.below(16) === 0;
    const mergeAny = this.ready.mergeAny && random.below(16) === 0;
    const crowded = this.exact && this.ready.fillable && random.below(20) === 0;
    const room = crowded ? random.between(LEAST_ROOM, 20) : null;
    return { memlock, readImpliesExec, mergeAny, room };
  }

  private supply(grounds: Grounds, { mergeAny }: Conditions) {
    const { files, mseal, droppable, names } = this.ready;
    const ids = files.flatMap(({ name }, i) => (mergeAny && name === "dev-zero" ? [] : [i + 1]));
    return { grounds, files: ids, mseal, droppable, names, guards: this.guards };
  }
}

/** Whether the kernel has guards, and marks their VMAs as the model does: the mark came to 6.18 in an update. */
export function guardsAgree(model: Model, { guards }: Ready): boolean {
  return guards !== "none" && (guards === "marked") === model.marksGuards();
}

function lookAfter(number: number, last: boolean): number {
  if (last || number % (LAYOUT_EVERY * FLAGS_EVERY) === 0) return LOOK_AT_SMAPS;
  return number % LAYOUT_EVERY === 0 ? LOOK_AT_MAPS : LOOK_AT_NOTHING;
}
