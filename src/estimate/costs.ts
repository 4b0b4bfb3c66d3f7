// What events cost on a real processor: a table of weights, each with its range and where it comes from. The shipped
// one is bench/costs/default.json.

import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { TlbPreset } from "../catalogue/tlbs.js";
import { EVENTS, type EventName } from "../core/abi.js";
import { readDocument } from "../input/document.js";

const eventNames = Object.keys(EVENTS) as [EventName, ...EventName[]];
const cycles = z.number().min(0).max(1e9).multipleOf(0.1);

const term = z.strictObject({
  group: z
    .string()
    .regex(/^(?!constructor$)[a-z]{1,20}$/)
    .describe("what it is added up under"),
  name: z.string().min(1).max(100),
  events: z.array(z.enum(eventNames)).min(1).describe("each of these events costs so much"),
  cycles: cycles.describe("in tenths at the finest, so that totals are the same everywhere"),
  low: cycles.describe("the least that is plausible"),
  high: cycles,
  basis: z
    .enum(["measured", "published", "documented", "estimate"])
    .describe("how the figure is known; an estimate is what nobody has measured in public"),
  source: z.string().min(1).max(400),
});

export const costsSchema = z
  .strictObject({
    schema: z.literal("vmabench/costs@1"),
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
    title: z.string().min(1).max(200),
    leavesOut: z.array(z.string().min(1).max(200)).describe("what no term stands for"),
    terms: z.array(term).min(1).max(500),
  })
  .describe("cycles of a processor for each event that the model counts");

export type Costs = z.infer<typeof costsSchema>;
export type CostTerm = z.infer<typeof term>;

/** The JSON Schema of a cost table, as shipped in schemas/costs.schema.json. */
export function costsJsonSchema(): string {
  const schema = z.toJSONSchema(costsSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench cost table, version 1" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/** The table that ships. */
export const DEFAULT_COSTS = fileURLToPath(
  new URL("../../bench/costs/default.json", import.meta.url),
);

/** A cost table in JSON or YAML. InputError naming line and field when it is wrong. */
export function readCosts(path: string = DEFAULT_COSTS): Costs {
  const { data, wrong } = readDocument(path, costsSchema);
  for (const [i, { cycles, low, high }] of data.terms.entries()) {
    if (low > cycles || cycles > high) {
      throw wrong(["terms", i, "cycles"], `at least low and at most high`, String(cycles));
    }
  }
  return data;
}

/**
 * The table for a processor: with its own figure for an L2 TLB hit, and without the cost of any walk step where its
 * description says which cache each step reads from.
 */
export function costsOf(costs: Costs, tlb: TlbPreset): Costs {
  const hasLines = tlb.banks.some(({ holds }) => holds.includes("lines-l1"));
  const terms = costs.terms
    .filter(({ events }) => !(hasLines && isOnly(events, "page.walkSteps")))
    .map((term) => (isOnly(term.events, "tlb.l2Hits") ? within(term, tlb.l2HitCycles) : term));
  return { ...costs, terms };
}

function isOnly(events: readonly EventName[], name: EventName): boolean {
  return events.length === 1 && events[0] === name;
}

function within(term: CostTerm, cycles: number): CostTerm {
  return {
    ...term,
    cycles,
    low: Math.min(term.low, cycles),
    high: Math.max(term.high, cycles),
  };
}
