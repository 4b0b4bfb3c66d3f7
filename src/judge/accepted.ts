// Changes that somebody meant: reports/accepted.json, reviewed like code. It names what may get dearer, by how
// much, why, and until when; a wider limit for everything is not offered.

import { z } from "zod";
import { matches } from "../catalogue/glob.js";
import { readJsonIfThere } from "../input/json.js";

const entry = z.strictObject({
  name: z.string().min(1).max(1000).describe("glob over scenario ids"),
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

/** The entries of a file; none when there is no such file. InputError naming line and field when it is wrong. */
export function readAccepted(path: string): Accepted[] {
  return readJsonIfThere(path, acceptedSchema)?.accepted ?? [];
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
