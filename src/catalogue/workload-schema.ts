// What a workload file may say.

import { z } from "zod";
import { GENERATORS } from "./generators.js";

const values = z.record(
  z.string(),
  z.union([z.string(), z.number()], { error: "expected a text or a number" }),
);

const phase = z
  .strictObject({
    generate: z
      .enum([...GENERATORS.keys()] as [string, ...string[]])
      .optional()
      .describe("a generator, by name"),
    run: z.string().min(1).max(200).optional().describe("a workload of one phase, by name"),
    trace: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .describe(
        "a vmatrace, an operation trace or text of strace; the path is relative to this file",
      ),
    with: values.optional().describe("parameters of the generator or workload"),
  })
  .describe("generate, run or trace");

export const workloadSchema = z
  .strictObject({
    workload: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: "expected a name of lower-case letters, digits and -, 64 at most",
      })
      .describe("the workload's name in ids of scenarios"),
    title: z.string().min(1).max(200).optional(),
    parameters: values
      .optional()
      .describe(
        "what may stand behind the name, with defaults: handed to each phase that has such a parameter and does not set it",
      ),
    order: z
      .enum(["sequence", "interleave"])
      .optional()
      .describe("phases one after the other (default), or one operation of each in turn"),
    touch: z
      .enum(["none", "written", "all"])
      .optional()
      .describe(
        "which private writable VMAs count as written once made (default: written with a trace, else none)",
      ),
    phases: z.array(phase).min(1).max(16),
  })
  .describe("what a program does, in phases");

export type WorkloadDescription = z.output<typeof workloadSchema>;
export type PhaseDescription = WorkloadDescription["phases"][number];

/** The JSON Schema of a workload file, as shipped in schemas/workload.schema.json. */
export function workloadJsonSchema(): string {
  const schema = z.toJSONSchema(workloadSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench workload description" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}
