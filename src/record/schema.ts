// reports/latest/results.json, schema vmabench/results@1. This file is the format's definition; the JSON
// Schema in schemas/ is made from it.

import { z } from "zod";
import { EVENTS, type EventName } from "../core/abi.js";

const count = z.int().nonnegative();
const text = z.string();
const pair = z.tuple([z.number(), z.number()]);
const confidence = z.number().min(0).max(1);
const params = z
  .record(text, z.union([text, z.number()]))
  .describe("parameters of workload and driver that differ from their defaults");

/** Of a table of costs; not what every object has. */
const groupName = z.string().regex(/^(?!constructor$)[a-z]{1,20}$/);

/** One entry for every event the core counts; later releases may add events. */
function perEvent<T extends z.ZodType>(value: T) {
  const names = Object.keys(EVENTS) as EventName[];
  const shape = Object.fromEntries(names.map((name) => [name, value.optional()]));
  return z
    .object(shape as Record<EventName, z.ZodOptional<T>>)
    .catchall(value)
    .refine((counts) => Object.keys(counts).every((name) => /^\w+\.\w+$/.test(name)), {
      error: "expected names of events, such as maple.nodeReads",
    });
}

const finalNames = [
  "vmas",
  "treeHeight",
  "treeLeaves",
  "treeInner",
  "pageTablePages",
  "committedPages",
] as const;
export type FinalName = (typeof finalNames)[number];

function perFinal<T extends z.ZodType>(value: T) {
  return z.strictObject(
    Object.fromEntries(finalNames.map((name) => [name, value])) as Record<FinalName, T>,
  );
}

/** Calls of a film. */
export const MOST_STEPS = 2000;
/** Samples kept of a scenario's rounds, and of its life. */
export const MOST_BATCHES = 192;
export const MOST_SAMPLES = 48;

const time = z.strictObject({
  unit: z.literal("ns/op"),
  median: z.number().nonnegative(),
  low: z.number().nonnegative(),
  high: z.number().nonnegative(),
  confidence,
  rounds: count.describe("timed batches"),
  operationsPerBatch: count,
  batches: z
    .array(z.number().nonnegative())
    .max(MOST_BATCHES)
    .optional()
    .describe("nanoseconds per operation of rounds spread evenly over the run, in their order"),
});

const life = z
  .strictObject({
    after: z.array(count).max(MOST_SAMPLES).describe("operations done"),
    vmas: z.array(count).describe("VMAs then"),
    nodes: z.array(count).describe("maple nodes then, leaves and inner ones"),
  })
  .describe("what stood at moments spread evenly over the operations");

const predicted = z
  .strictObject({
    cycles: z.number().nonnegative().nullable().describe("estimated from a table of costs"),
    low: z.number().nonnegative().optional().describe("cycles with every cost at its lowest"),
    high: z.number().nonnegative().optional(),
    byGroup: z.record(groupName, z.number().nonnegative()).optional().describe("cycles, by group"),
    ns: z.number().nonnegative().nullable(),
    relativeError: z.number().nonnegative().nullable(),
  })
  .describe("what a real kernel would take per operation; null without a cost model");

const scenario = z.strictObject({
  id: text.describe("WORKLOAD/DRIVER/PROTOCOL?name=value&..."),
  workload: text,
  driver: text,
  protocol: text,
  params,
  operations: count,
  work: perEvent(z.number().nonnegative()).describe("events per operation"),
  time: time.nullable(),
  predicted,
  final: perFinal(z.int()).describe("what stands after the last operation"),
  life: life.optional(),
});

const comparison = z.strictObject({
  workload: text,
  driver: text,
  params,
  baseline: text,
  candidate: text,
  timeRatio: z
    .strictObject({
      ratio: z.number().positive(),
      low: z.number().positive(),
      high: z.number().positive(),
      confidence,
    })
    .nullable()
    .describe("candidate / baseline, median over paired rounds"),
  verdict: z.enum(["faster", "slower", "same", "unclear"]).nullable(),
  work: perEvent(pair).describe("[baseline, candidate], events per operation"),
  final: perFinal(pair).describe("[baseline, candidate]"),
  estimate: z
    .strictObject({
      cycles: z.number(),
      low: z.number(),
      high: z.number(),
    })
    .optional()
    .describe("estimated cycles per operation, candidate less baseline, and what costs allow"),
});

const vma = z
  .tuple([count, count, count, z.number().nonnegative(), count])
  .describe("start in bytes, pages, vm_flags, offset in pages, file number or 0");

const layoutChange = z.strictObject({
  gone: z.array(count).describe("starts of the VMAs that are no longer as they were"),
  came: z.array(vma),
});

const film = z
  .strictObject({
    workload: text,
    driver: text,
    params,
    protocols: z.tuple([text, text]).describe("baseline, candidate"),
    operations: count.describe("of the whole workload; steps may be its beginning only"),
    files: z.array(text).describe("name of file number n at n - 1"),
    initial: z.array(vma).describe("the layout before the first step, in address order"),
    steps: z
      .array(
        z.strictObject({
          call: text,
          events: pair.describe("work of the call, all events that can be added up"),
          secondMerges: pair.optional().describe("absent: none"),
          unwound: pair.optional().describe("single things undone after a failure; absent: none"),
          failed: z.tuple([z.boolean(), z.boolean()]).optional().describe("absent: neither"),
          change: layoutChange.optional().describe("absent: the layout stays"),
          candidate: layoutChange.optional().describe("absent: changes as the baseline does"),
        }),
      )
      .max(MOST_STEPS),
  })
  .describe("the address space under two protocols, call by call");

export const environmentSchema = z.strictObject({
  node: text,
  v8: text,
  os: text,
  kernelRelease: text,
  cpu: text,
  cores: count,
  memoryBytes: count,
  loadAverage: z.tuple([z.number(), z.number(), z.number()]),
  ci: text.nullable().describe("name of the CI service, null on a machine of one's own"),
});

export const toolSchema = z.strictObject({
  name: text,
  version: text,
  commit: text.nullable().describe("null outside a git checkout"),
  coreSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("of the timing build"),
});

export const resultsSchema = z.strictObject({
  schema: z.literal("vmabench/results@1"),
  tool: toolSchema,
  environment: environmentSchema,
  settings: z
    .looseObject({
      seed: count,
      rounds: count.describe("rounds wanted; 0 when nothing was timed"),
      suite: text,
    })
    .describe("what was asked for"),
  scenarios: z.array(scenario).min(1),
  comparisons: z.array(comparison),
  films: z.array(film).optional(),
});

export type Results = z.infer<typeof resultsSchema>;
export type ScenarioRecord = z.infer<typeof scenario>;
export type ComparisonRecord = z.infer<typeof comparison>;
export type LifeRecord = z.infer<typeof life>;
export type FilmRecord = z.infer<typeof film>;
export type FilmVma = z.infer<typeof vma>;
export type LayoutChange = z.infer<typeof layoutChange>;
export type TimeRecord = z.infer<typeof time>;
export type Environment = z.infer<typeof environmentSchema>;

/** The JSON Schema of a result file, as shipped in schemas/results.schema.json. */
export function resultsJsonSchema(): string {
  const schema = z.toJSONSchema(resultsSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench results, version 1" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}
