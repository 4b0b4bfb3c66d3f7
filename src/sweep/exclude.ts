// What a plan leaves out, asked of one point and counted over a grid without walking it.

import { matches } from "../catalogue/glob.js";
import { splitQuery } from "../catalogue/parameters.js";
import type { Block, Coordinates, Grid, Point } from "./grid.js";
import { coordinatesOf } from "./grid.js";
import type { SweepPlan } from "./plan.js";
import type { Condition } from "./spec.js";

type Wanted = string | number | readonly (string | number)[];

/** Whether a condition allows a value. Absent conditions allow all. */
function allows(wanted: Wanted | undefined, value: string | number | undefined): boolean {
  if (wanted === undefined) return true;
  if (value === undefined) return false;
  const list = typeof wanted === "object" ? wanted : [wanted];
  return list.some((one) => matches(String(one), String(value)));
}

/** Whether a condition is about this point under a protocol. */
function holds(condition: Condition, at: Coordinates, protocol: string): boolean {
  return (
    allows(condition.workload, at.workload) &&
    allows(condition.driver, at.driver) &&
    allows(condition.protocol, protocol) &&
    allows(condition.tlb, at.tlb) &&
    allows(condition.seed, at.seed) &&
    Object.entries(condition.parameters ?? {}).every(([name, wanted]) =>
      allows(wanted, at.parameters[name]),
    )
  );
}

/** The point with a number. Its list of protocols is empty when nothing of it is to be run. */
export function pointOf(plan: SweepPlan, grid: Grid, number: number): Point {
  const { at, variant, workload } = coordinatesOf(grid, number);
  const protocols = variant.protocols.filter(
    (protocol) => !plan.exclude.some((condition) => holds(condition, at, protocol)),
  );
  return { number, workload, seed: at.seed, tlb: at.tlb, driver: at.driver, protocols };
}

export interface Tally {
  /** To be run. */
  scenarios: number;
  excluded: number;
  refused: { reason: string; scenarios: number }[];
}

/** How many scenarios a grid has, and how many are left out and why. */
export function tally(plan: SweepPlan, { blocks }: Grid): Tally {
  const reasons = new Map<string, number>();
  const sum: Tally = { scenarios: 0, excluded: 0, refused: [] };
  for (const block of blocks) {
    const each = block.points / block.variants.length;
    for (const { refused } of block.variants) {
      for (const { reason } of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + each);
    }
    const possible =
      each * block.variants.reduce((count, { protocols }) => count + protocols.length, 0);
    const excluded = excludedOf(plan.exclude, block);
    sum.excluded += excluded;
    sum.scenarios += possible - excluded;
  }
  sum.refused = [...reasons].map(([reason, scenarios]) => ({ reason, scenarios }));
  return sum;
}

/** Values of an axis that the same conditions allow: which (one bit each), and how many there are. */
type Classes = Map<bigint, number>;

/**
 * Scenarios of a block that a condition excludes. Each axis falls into classes of values that meet the same
 * conditions; only classes are combined.
 */
function excludedOf(conditions: readonly Condition[], block: Block): number {
  if (conditions.length === 0) return 0;
  const fixed = splitQuery(block.workload).query;
  const axisNames = new Set(block.parameters.map(({ name }) => name));
  const bits = (allowed: (condition: Condition) => boolean) =>
    conditions.reduce((set, c, i) => (allowed(c) ? set | (1n << BigInt(i)) : set), 0n);

  let combined: Classes = new Map([[bits((c) => allows(c.workload, block.workload)), 1]]);
  const cross = (classes: Classes) => {
    const next: Classes = new Map();
    for (const [a, m] of combined) {
      for (const [b, n] of classes) next.set(a & b, (next.get(a & b) ?? 0) + m * n);
    }
    combined = next;
  };
  for (const axis of block.parameters) {
    if (conditions.every((c) => c.parameters?.[axis.name] === undefined)) {
      cross(new Map([[bits(() => true), axis.length]]));
    } else cross(classesOf(axis, (value) => bits((c) => allows(c.parameters?.[axis.name], value))));
  }
  if (conditions.every(({ seed }) => seed === undefined)) {
    cross(new Map([[bits(() => true), block.seeds.length]]));
  } else cross(classesOf(block.seeds, (seed) => bits((c) => allows(c.seed, seed))));
  cross(classesOf(block.tlbs, (tlb) => bits((c) => allows(c.tlb, tlb))));

  const scenarios: Classes = new Map();
  for (const { text, params, protocols } of block.variants) {
    const own = { ...fixed, ...params };
    const ofVariant = bits(
      (c) =>
        allows(c.driver, text) &&
        Object.entries(c.parameters ?? {}).every(
          ([name, wanted]) => axisNames.has(name) || allows(wanted, own[name]),
        ),
    );
    for (const protocol of protocols) {
      const set = ofVariant & bits((c) => allows(c.protocol, protocol));
      scenarios.set(set, (scenarios.get(set) ?? 0) + 1);
    }
  }
  cross(scenarios);
  return [...combined].reduce((sum, [set, count]) => (set === 0n ? sum : sum + count), 0);
}

function classesOf<T>(
  axis: { length: number; at(index: number): T },
  bitsOf: (value: T) => bigint,
): Classes {
  const classes: Classes = new Map();
  for (let i = 0; i < axis.length; i++) {
    const set = bitsOf(axis.at(i));
    classes.set(set, (classes.get(set) ?? 0) + 1);
  }
  return classes;
}
