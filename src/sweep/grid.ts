// The grid of a plan. A point is everything but the protocol: its scenarios are what is compared. Points have
// numbers and are worked out from them, so that a grid of any size takes the memory of its axes.
//
//   point number  ->  block (a workload)  ->  its parameters, seed, caches, driver: one digit each
//
// The driver changes fastest: neighbours share the workload's operations.

import { driverFamily, driverOf, driverText } from "../catalogue/drivers.js";
import { type Protocol, parseProtocol } from "../catalogue/kernels.js";
import { type ParameterValue, queryText, splitQuery } from "../catalogue/parameters.js";
import { refusal, scenarioOf } from "../catalogue/scenario.js";
import { parseWorkload, workloadParameters } from "../catalogue/workloads.js";
import { UsageError } from "../errors.js";
import { type Axis, axisOf, listAxis } from "./axis.js";
import type { SweepPlan } from "./plan.js";

/** A driver with its parameters, and the protocols it can exist under. */
export interface Variant {
  text: string;
  params: Readonly<Record<string, ParameterValue>>;
  protocols: readonly string[];
  /** Why it is not among the other protocols'. */
  refused: readonly { protocol: string; reason: string }[];
}

export interface ParameterAxis extends Axis {
  name: string;
}

/** All points of one workload. */
export interface Block {
  workload: string;
  parameters: readonly ParameterAxis[];
  seeds: Axis<number>;
  tlbs: Axis<string>;
  variants: readonly Variant[];
  points: number;
  /** Number of its first point. */
  first: number;
}

export interface Point {
  number: number;
  workload: string;
  seed: number;
  /** Id of the translation caches. */
  tlb: string;
  driver: string;
  /** Without those that the driver has no form for, and without what the plan excludes. */
  protocols: readonly string[];
}

/** What a condition can look at. */
export interface Coordinates {
  workload: string;
  driver: string;
  tlb: string;
  seed: number;
  parameters: Readonly<Record<string, ParameterValue>>;
}

export interface Grid {
  blocks: readonly Block[];
  /** Points of the grid and those that the plan includes besides. */
  points: number;
}

/** Forms of one driver at most: every value of its parameters with every other. */
const VARIANTS_MOST = 20_000;

/** The grid of a plan whose files are known here (`enterPlan`). */
export function gridOf(plan: SweepPlan): Grid {
  const protocols = plan.protocols.map(parseProtocol);
  const blocks: Block[] = [];
  let first = 0;
  const add = (block: Omit<Block, "points" | "first">) => {
    const { parameters, seeds, tlbs, variants } = block;
    const lengths = [...parameters, seeds, tlbs, variants].map(({ length }) => length);
    const points = lengths.reduce((product, length) => product * length, 1);
    blocks.push({ ...block, points, first });
    first += points;
  };
  for (const workload of plan.workloads) {
    const open = openParameters(workload, workloadParameters(bare(workload)), plan);
    const taken = workloadParameters(bare(workload)).map(({ name }) => name);
    add({
      workload,
      parameters: open,
      seeds: axisOf(plan.seeds) as Axis<number>,
      tlbs: listAxis(plan.tlbs.map(({ id }) => id)),
      variants: variantsOf(plan, workload, taken, protocols),
    });
  }
  for (const { workload, driver, seed = 1, tlb = plan.tlbs[0]!.id } of plan.include) {
    add({
      workload,
      parameters: [],
      seeds: listAxis([seed]),
      tlbs: listAxis([tlb]),
      variants: [variantOf(driver, workload, protocols)],
    });
  }
  if (first > Number.MAX_SAFE_INTEGER / plan.protocols.length) {
    throw new UsageError(`sweep ${plan.sweep}: expected fewer than 2^53 scenarios`);
  }
  return { blocks, points: first };
}

type Declared = readonly { name: string }[];

/** The plan's parameters that an entry has and does not set itself. */
function openParameters(entry: string, declared: Declared, plan: SweepPlan): ParameterAxis[] {
  const { query } = splitQuery(entry);
  return declared
    .filter(({ name }) => Object.hasOwn(plan.parameters, name) && !Object.hasOwn(query, name))
    .map(({ name }) => ({ name, ...axisOf(plan.parameters[name]!) }));
}

function variantsOf(
  plan: SweepPlan,
  workload: string,
  taken: readonly string[],
  protocols: readonly Protocol[],
): Variant[] {
  return plan.drivers.flatMap((driver) => {
    const declared = driverFamily(bare(driver)).parameters;
    const free = declared.filter(({ name }) => !taken.includes(name));
    const axes = openParameters(driver, free, plan);
    const count = axes.reduce((product, { length }) => product * length, 1);
    if (count > VARIANTS_MOST) {
      throw new UsageError(
        `sweep ${plan.sweep}: expected at most ${VARIANTS_MOST} forms of driver ${driver}, found ${count}`,
      );
    }
    return Array.from({ length: count }, (_, i) =>
      variantOf(withParameters(driver, chosen(axes, i).values), workload, protocols),
    );
  });
}

function variantOf(text: string, workload: string, protocols: readonly Protocol[]): Variant {
  const refused: { protocol: string; reason: string }[] = [];
  const { id, query } = splitQuery(text);
  try {
    const driver = driverOf(driverFamily(id), query);
    // both may have a parameter of one name: then no protocol helps
    if (protocols[0]) scenarioOrRefused(workload, driver, protocols);
    for (const protocol of protocols) {
      const reason = refusal(driver, protocol);
      if (reason) refused.push({ protocol: protocol.id, reason });
    }
    const allowed = protocols.filter((p) => !refused.some(({ protocol }) => protocol === p.id));
    const protocolIds = allowed.map((protocol) => protocol.id);
    return { text: driverText(driver), params: query, protocols: protocolIds, refused };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const reason = error.message;
    const all = protocols.map((protocol) => ({ protocol: protocol.id, reason }));
    return { text, params: query, protocols: [], refused: all };
  }
}

function scenarioOrRefused(
  workload: string,
  driver: ReturnType<typeof driverOf>,
  protocols: readonly Protocol[],
): void {
  const possible = protocols.find((protocol) => refusal(driver, protocol) === null);
  if (possible) scenarioOf(parseWorkload(workload), driver, possible);
}

/** The values that a number stands for, one digit an axis, the last axis fastest; and what is left of it. */
function chosen(axes: readonly ParameterAxis[], number: number) {
  const values: Record<string, ParameterValue> = {};
  let rest = number;
  for (const axis of [...axes].reverse()) {
    values[axis.name] = axis.at(rest % axis.length);
    rest = Math.floor(rest / axis.length);
  }
  return { values, rest };
}

/** `ID?name=value&...` with more parameters. */
export function withParameters(
  text: string,
  more: Readonly<Record<string, ParameterValue>>,
): string {
  const { id, query } = splitQuery(text);
  return id + queryText({ ...query, ...more });
}

/** The block of a point. */
export function blockOf({ blocks }: Grid, number: number): Block {
  let [low, high] = [0, blocks.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (blocks[middle]!.first <= number) low = middle;
    else high = middle - 1;
  }
  return blocks[low] as Block;
}

/** Where a point lies. */
export function coordinatesOf(
  grid: Grid,
  number: number,
): { at: Coordinates; variant: Variant; workload: string } {
  const block = blockOf(grid, number);
  let rest = number - block.first;
  const digit = (length: number) => {
    const value = rest % length;
    rest = Math.floor(rest / length);
    return value;
  };
  const variant = block.variants[digit(block.variants.length)] as Variant;
  const tlb = block.tlbs.at(digit(block.tlbs.length));
  const seed = block.seeds.at(digit(block.seeds.length));
  const { values } = chosen(block.parameters, rest);
  const workload = withParameters(block.workload, values);
  const parameters = { ...splitQuery(block.workload).query, ...variant.params, ...values };
  return {
    at: { workload: block.workload, driver: variant.text, tlb, seed, parameters },
    variant,
    workload,
  };
}

/** A text without its parameters. */
export function bare(text: string): string {
  return text.split("?", 1)[0] as string;
}
