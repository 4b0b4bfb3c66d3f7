// SPEC.yaml: what a sweep goes over, in the words of its author.

import { z } from "zod";
import { DEFAULT_BASELINE, DEFAULT_CANDIDATE } from "../catalogue/kernels.js";
import { DEFAULT_TLB_ID } from "../catalogue/tlbs.js";
import { VALUES_MOST } from "./axis.js";

const whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const text = z.string().min(1).max(200);
const texts = z.array(text).min(1).max(1000);
const value = z.union([text, whole], { error: "expected a text or an integer of 0 or more" });

const range = z
  .strictObject({
    from: whole,
    to: whole,
    step: z.int().min(1).optional().describe("distance of neighbours; 1 without it"),
    log: z
      .int()
      .min(2)
      .max(10_000)
      .optional()
      .describe("instead of a step: how many values, evenly spread on a logarithmic scale"),
  })
  .refine(({ from, to }) => from <= to, { error: "expected a range with from <= to" })
  .refine(({ step, log }) => step === undefined || log === undefined, {
    error: "expected step or log, not both",
  })
  .refine(({ from, log }) => log === undefined || from > 0, {
    error: "expected a logarithmic range to begin above 0",
  });

const axis = z
  .union([z.array(value).min(1).max(VALUES_MOST), range], {
    error: "expected a list of values, or a range: { from, to, step } or { from, to, log }",
  })
  .describe("a list of values, or a range");

const parameterName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
  error: "expected a parameter's name of lower-case letters, digits and -",
});

const some = z
  .union([value, z.array(value).min(1).max(1000)], { error: "expected a value or a list of them" })
  .describe("a value or a list of them; texts may have * and {a,b}");

const condition = z
  .strictObject({
    workload: some.optional(),
    driver: some.optional(),
    protocol: some.optional(),
    tlb: some.optional(),
    seed: some.optional(),
    parameters: z.record(parameterName, some).optional(),
  })
  .refine((fields) => Object.keys(fields).length > 0, {
    error: "expected at least one of workload, driver, protocol, tlb, seed, parameters",
  })
  .describe("scenarios that have all of these");

const addition = z
  .strictObject({
    workload: text,
    driver: text,
    tlb: text.optional(),
    seed: whole.optional(),
  })
  .describe("a point besides those of the grid, under the sweep's protocols");

const sample = z
  .strictObject({
    random: z.int().min(1).max(10_000_000).optional(),
    "latin-hypercube": z.int().min(1).max(10_000_000).optional(),
    seed: whole.default(1),
  })
  .refine((s) => (s.random === undefined) !== (s["latin-hypercube"] === undefined), {
    error: "expected random or latin-hypercube, with a number of points",
  })
  .describe("some points of the grid instead of all");

export const sweepSchema = z
  .strictObject({
    sweep: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: "expected a name of lower-case letters, digits and -, 64 at most",
      })
      .describe("its name in reports"),
    title: z.string().min(1).max(200).optional(),
    workloads: texts.describe("by name, with parameters, or files that describe them"),
    drivers: texts.describe("by name, with parameters, or files that describe them"),
    protocols: texts
      .default([DEFAULT_BASELINE, DEFAULT_CANDIDATE])
      .describe("the first is what reports compare the others with"),
    tlbs: texts.default([DEFAULT_TLB_ID]).describe("translation caches, by name or as files"),
    seeds: axis.default([1]),
    parameters: z
      .record(parameterName, axis)
      .default({})
      .describe(
        "each goes to the workload that has it, else to the driver; where neither has, it counts once",
      ),
    exclude: z.array(condition).max(64).default([]),
    include: z.array(addition).max(10_000).default([]),
    sample: sample.optional(),
    time: z
      .strictObject({
        rounds: z.int().min(10).max(100_000).default(60).describe("of every point, about"),
        milliseconds: z
          .int()
          .min(1)
          .max(600_000)
          .default(300)
          .describe("after which no further pass of a point begins"),
      })
      .optional()
      .describe("also time the protocols of each point against each other"),
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(1)
      .describe("how often a scenario that failed is tried again"),
    batch: z.int().min(1).max(10_000).default(32).describe("scenarios of a job, about"),
  })
  .describe("a grid of scenarios");

export type SweepSpec = z.output<typeof sweepSchema>;
export type Condition = z.output<typeof condition>;
export type Addition = z.output<typeof addition>;

/** The JSON Schema of such a file, as shipped in schemas/sweep.schema.json. */
export function sweepJsonSchema(): string {
  const schema = z.toJSONSchema(sweepSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench sweep" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}
