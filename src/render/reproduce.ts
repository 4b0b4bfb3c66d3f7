// The command line that measures something of a result again.

import type { Results } from "../record/schema.js";

/** What of a run's settings its command says. */
export type RunSettings = Pick<Results["settings"], "suite" | "seed"> & Record<string, unknown>;

/** The command for the whole run, or with `ids` for some of its scenarios only. */
export function reproduce(
  { settings }: { settings: RunSettings },
  ids: readonly string[] = [],
): string {
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  const drivers = texts(settings.drivers);
  const workloads = texts(settings.workloads);
  const words = ["npx", "vmabench", "run"];
  if (drivers.length + workloads.length === 0) words.push("--suite", settings.suite);
  for (const driver of drivers) words.push("--driver", driver);
  for (const workload of workloads) words.push("--workload", workload);
  for (const filter of ids.length > 0 ? ids : texts(settings.filters))
    words.push("--filter", filter);
  if (typeof settings.baseline === "string") words.push("--baseline", settings.baseline);
  for (const candidate of texts(settings.candidates)) words.push("--candidate", candidate);
  words.push("--seed", String(settings.seed));
  if (settings.workOnly === true) words.push("--work-only");
  return words.map(shellWord).join(" ");
}

/** A word as a shell takes it, in quotes where it has to be. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
