// A model fitted to one machine's kernel, as a file: prices of terms, how sure they are, and what they were fitted to.

import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readDocument } from "../input/document.js";
import { environmentSchema, toolSchema } from "../record/schema.js";

const text = z.string().min(1).max(400);
const id = z.string().regex(/^[a-z0-9][a-z0-9+-]{0,199}$/);
const nanoseconds = z.number().min(0).max(1e12);
/** Not what every object has. */
const count = z.string().regex(/^(?!constructor$)[a-z]+(?:\.[A-Za-z0-9-]+)?$/);

const term = z.strictObject({
  id,
  title: text,
  counts: z.array(count).min(1).describe("events of the model, and calls: each costs so much"),
  nanoseconds,
  low: nanoseconds.describe(
    "95 % of fits to resampled benchmarks lie between; 0: it may be nothing",
  ),
  high: nanoseconds,
});

const residual = z.strictObject({
  id: text,
  family: text,
  measured: z.number().describe("nanoseconds of a call, the null call taken off"),
  spread: z.number().min(0).describe("interquartile range over processes / median"),
  fitted: z.number(),
  leftOut: z.number().describe("predicted without any benchmark of the family"),
});

export const costModelSchema = z
  .strictObject({
    schema: z.literal("vmabench/cost-model@1"),
    title: text,
    date: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/),
    tool: toolSchema,
    environment: environmentSchema,
    protocol: text.describe("the model's profile for the kernel measured"),
    fileSystem: text.nullable().describe("of the file on a disk; null: a memfd stood for it"),
    tlb: text.describe("translation caches that were assumed"),
    seed: z.int().min(0),
    seconds: z.number().min(0),
    processes: z.int().min(1).describe("each benchmark ran in so many"),
    entry: nanoseconds.describe("of a system call that does nothing: in no term"),
    leavesOut: z.array(text).describe("what no term stands for by itself"),
    terms: z.array(term).min(1).max(200),
    joined: z
      .array(z.strictObject({ as: id, terms: z.array(id).min(2) }))
      .describe("terms that the measurements could not tell apart"),
    absent: z.array(id).describe("terms that nothing measured contains"),
    errors: z
      .strictObject({
        median: z.number().min(0),
        high: z.number().min(0).describe("nine of ten are below"),
        rankCorrelation: z.number().min(-1).max(1).nullable(),
        fitted: z.number().min(0).describe("median when nothing is left out"),
      })
      .describe("relative errors where a benchmark's whole family was left out of the fit"),
    residuals: z.array(residual).min(1).max(1000),
    notMeasured: z.array(z.strictObject({ id: text, reason: text })),
  })
  .describe("prices in nanoseconds for what the model counts, fitted to a kernel");

export type CostModel = z.infer<typeof costModelSchema>;

/** The JSON Schema of a cost model, as shipped in schemas/cost-model.schema.json. */
export function costModelJsonSchema(): string {
  const schema = z.toJSONSchema(costModelSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench cost model, version 1" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/** Most bytes of a model: it holds every residual. */
const MODEL_BYTES = 1 << 17;

/** The model that ships. */
export const DEFAULT_MODEL = fileURLToPath(
  new URL("../../bench/costs/kernel-6.18.json", import.meta.url),
);

/** A cost model of a file. InputError naming line and field when it is wrong. */
export function readModel(path: string = DEFAULT_MODEL): CostModel {
  return readJson(path) ?? readWithPlaces(path);
}

/** The model of a file that is JSON and right, in a hundredth of the time; null for any other. */
function readJson(path: string): CostModel | null {
  try {
    if (statSync(path).size > MODEL_BYTES) return null;
    const parsed = costModelSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return parsed.success && problem(parsed.data) === null ? parsed.data : null;
  } catch {
    return null; // what is wrong, and where, is said by the other way of reading it
  }
}

function readWithPlaces(path: string): CostModel {
  const { data, wrong } = readDocument(path, costModelSchema, MODEL_BYTES);
  const found = problem(data);
  if (found) throw wrong(found.field, found.expected, found.found);
  return data;
}

interface Problem {
  field: PropertyKey[];
  expected: string;
  found: string;
}

/** What no schema says: ranges in order, each count in one term. */
function problem({ terms }: CostModel): Problem | null {
  const seen = new Set<string>();
  for (const [i, { counts, low, high }] of terms.entries()) {
    if (low > high)
      return { field: ["terms", i, "low"], expected: "at most high", found: `${low}` };
    for (const [k, name] of counts.entries()) {
      const field = ["terms", i, "counts", k];
      if (seen.has(name)) return { field, expected: "each count in one term", found: name };
      seen.add(name);
    }
  }
  return null;
}

/** What a report says of the model behind its predictions. */
export function modelNote({ title, environment, entry, errors }: CostModel): string {
  const [median, high] = [errors.median, errors.high].map((error) => Math.round(error * 100));
  return (
    `${title} (${environment.cpu}): ${Math.round(entry)} ns of every call are entry and exit; ` +
    `benchmarks unlike the others were off by ${median} % in the median, nine of ten by less than ${high} %`
  );
}

/** Whether a price can be told from nothing. */
export function isSure({ low }: { low: number }): boolean {
  return low > 0;
}
