// Changes that somebody meant: reports/accepted.json, reviewed like code. It names what may get dearer, by how
// much, why, and until when; a wider limit for everything is not offered.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { matches } from "../catalogue/glob.js";
import { UsageError } from "../errors.js";

const entry = z.strictObject({
  name: z.string().min(1).describe("glob over scenario ids"),
  measure: z
    .string()
    .min(1)
    .describe('"time", "work" (all events), or one event such as maple.nodeReads'),
  limit: z.number().positive().describe("per cent by which it may differ"),
  reason: z.string().min(8),
  expiry: z.iso.date().describe("last day on which this holds"),
  commit: z.string().optional(),
});

export const acceptedSchema = z.strictObject({
  schema: z.literal("vmabench/accepted@1"),
  accepted: z.array(entry),
});

export type Accepted = z.infer<typeof entry>;

/** The entries of a file. UsageError naming file and place; none when there is no such file. */
export function readAccepted(path: string): Accepted[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new UsageError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`);
  }
  const parsed = acceptedSchema.safeParse(data);
  if (parsed.success) return parsed.data.accepted;
  const issue = parsed.error.issues[0];
  throw new UsageError(`${path}: ${issue?.path.join(".") || "document"}: ${issue?.message}`);
}

/** Entries that hold on a day (YYYY-MM-DD), and those that no longer do. */
export function byExpiry(
  entries: readonly Accepted[],
  day: string,
): { valid: Accepted[]; expired: Accepted[] } {
  return {
    valid: entries.filter(({ expiry }) => expiry >= day),
    expired: entries.filter(({ expiry }) => expiry < day),
  };
}

/** The widest entry for a scenario and a measure. */
export function acceptedFor(
  entries: readonly Accepted[],
  id: string,
  measure: string,
): Accepted | null {
  const fitting = entries.filter(
    (e) =>
      matches(e.name, id) &&
      (e.measure === measure || (e.measure === "work" && measure !== "time")),
  );
  return fitting.sort((a, b) => b.limit - a.limit)[0] ?? null;
}
