// The record of a gate run, schema vmabench/gate@1: every raw time in order, and the head's core, so that the
// verdicts can be worked out again and the head can be the base of a later run.

import { gzipSync } from "node:zlib";
import { z } from "zod";
import { parseJson, readJson } from "../input/json.js";
import { acceptedSchema } from "../judge/accepted.js";
import { environmentSchema, toolSchema } from "./schema.js";

const nanoseconds = z.array(z.int().nonnegative()).min(1);
const value = z.union([z.number(), z.string(), z.null()]);

const core = z.strictObject({
  name: z.string(),
  kind: z.enum(["working tree", "revision", "folder", "record"]),
  codeSha256: z.string(),
  abiVersion: z.string(),
});

const processSchema = z.strictObject({
  process: z.int().nonnegative(),
  look: z.union([z.literal(1), z.literal(2)]),
  involuntarySwitches: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  scenarios: z.array(
    z
      .strictObject({
        id: z.string().max(10_000),
        operationsPerBatch: z.int().positive(),
        sittings: z.int().positive().describe("one after the other, of equal numbers of rounds"),
        base: nanoseconds,
        head: nanoseconds,
        control: nanoseconds,
      })
      .refine((s) => s.base.length === s.head.length && s.base.length === s.control.length, {
        message: "expected as many rounds of head and control as of base",
      })
      .refine((s) => s.base.length % s.sittings === 0, {
        message: "expected as many rounds in each sitting",
      }),
  ),
});

export const gateSchema = z.strictObject({
  schema: z.literal("vmabench/gate@1"),
  tool: toolSchema,
  environment: environmentSchema,
  settings: z.strictObject({
    suite: z.string(),
    filters: z.array(z.string()),
    seed: z.int().nonnegative(),
    processes: z.int().positive().describe("of the first look"),
    sittings: z.int().positive().describe("of each process"),
    rounds: z.int().positive().describe("of each sitting"),
    maxSlowdown: z.number().positive().describe("per cent"),
    alpha: z.number().positive(),
    family: z.int().positive().max(100_000).describe("scenarios that the correction is for"),
    nodeFlags: z.array(z.string()),
    day: z.iso.date().describe("on which accepted changes were looked up"),
    governor: z.string().nullable(),
  }),
  base: core,
  head: core,
  accepted: acceptedSchema.shape.accepted,
  work: z.strictObject({
    compared: z.boolean().describe("false when a core came without a work build"),
    scenarios: z.int().nonnegative(),
    changes: z.array(
      z.strictObject({ id: z.string(), measure: z.string(), base: value, head: value }),
    ),
    notInBase: z.array(z.string()),
  }),
  disagreement: z
    .string()
    .nullable()
    .describe("which timing build gave other results than the work build, and where"),
  identical: z.boolean().describe("the cores run the same code, and were not timed"),
  timed: z.array(z.string()).describe("ids of the scenarios that were to be timed"),
  processes: z.array(processSchema),
  cores: z
    .strictObject({ timing: z.string(), work: z.string().nullable() })
    .describe("of the head, gzip in base64"),
});

export type GateRecord = z.infer<typeof gateSchema>;
export type GateProcess = z.infer<typeof processSchema>;

/** A core's bytes as a record keeps them. */
export function packCore(bytes: Uint8Array): string {
  return gzipSync(bytes, { level: 9 }).toString("base64");
}

/** A record read back. UsageError when it cannot be read, InputError naming line, field and what was expected. */
export function readGateRecord(path: string): GateRecord {
  return readJson(path, gateSchema);
}

/** The same for text in memory; `name` stands for the file. */
export function parseGateRecord(text: string, name: string): GateRecord {
  return parseJson(text, name, gateSchema);
}
