// reports/history.ndjson: one line for each commit that was measured, schema vmabench/history@1. Its times are ratios
// to a fixed reference build, measured in the same processes, so that lines of different machines and years may
// stand in one series.

import { z } from "zod";
import { JSON_BYTES, parseJson, readJson } from "../input/json.js";
import { readTextIfThere } from "../input/text.js";
import { writeFileWhole } from "./file.js";

const commit = z.string().regex(/^[0-9a-f]{40}$/);
const ratio = z.strictObject({
  ratio: z.number().positive().describe("time of the commit / time of the reference"),
  low: z.number().positive(),
  high: z.number().positive(),
  processes: z.int().positive(),
});

const entrySchema = z.strictObject({
  schema: z.literal("vmabench/history@1"),
  commit,
  date: z.iso.datetime({ offset: true }).describe("of the commit"),
  reference: z.strictObject({ commit, codeSha256: z.string() }),
  codeSha256: z.string().describe("of the commit's core"),
  machine: z.strictObject({ cpu: z.string(), node: z.string(), ci: z.string().nullable() }),
  settings: z.strictObject({
    suite: z.string(),
    seed: z.int().nonnegative(),
    processes: z.int().positive(),
    sittings: z.int().positive(),
    rounds: z.int().positive(),
  }),
  scenarios: z
    .record(z.string(), ratio)
    .describe("without those that give other results than the reference"),
});

export type HistoryEntry = z.infer<typeof entrySchema>;

/** Entries by date of their commits; none when there is no such file. InputError naming line and field. */
export function readHistory(path: string): HistoryEntry[] {
  const lines = readTextIfThere(path, JSON_BYTES)?.split("\n") ?? [];
  const entries = lines.flatMap((line, i) =>
    line.trim() === "" ? [] : [parseJson(line, path, entrySchema, i + 1)],
  );
  return entries.sort((a, b) => Date.parse(a.date) - Date.parse(b.date));
}

/** Adds an entry; the file is the old one or the new one, never half of it. */
export function appendHistory(path: string, entry: HistoryEntry): void {
  const entries = [...readHistory(path), entry].sort(
    (a, b) => Date.parse(a.date) - Date.parse(b.date),
  );
  writeFileWhole(path, entries.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

const referenceSchema = z.strictObject({
  schema: z.literal("vmabench/reference@1"),
  commit,
  reason: z.string().min(8),
});

export type Reference = z.infer<typeof referenceSchema>;

/** reports/reference.json: the commit whose core every other is measured against. InputError when it is wrong. */
export function readReference(path: string): Reference {
  return readJson(path, referenceSchema);
}
