// What is made of a sweep's log once every job is done.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileWhole } from "../record/file.js";
import { FILES, type Manifest, readManifest, type SweepFolder, writeManifest } from "./folder.js";
import type { Jobs } from "./jobs.js";
import { writeParquet } from "./parquet.js";
import { resultsIn, timesIn } from "./results.js";
import { type Summary, summarise } from "./summary.js";

/** Files of a report by name. */
export type Report = (manifest: Manifest, summary: Summary) => Map<string, string | Uint8Array>;

/**
 * Writes results.ndjson in the order of the scenarios, times.ndjson, Parquet and the report; last of all the log goes,
 * so that whatever stops this, --resume does it again.
 */
export async function finish(
  { path, log }: SweepFolder,
  jobs: Jobs,
  report: Report,
): Promise<void> {
  const { plan, grid } = jobs;
  const results = join(path, FILES.results);
  const times = plan.time ? join(path, FILES.times) : null;
  log.writeOrdered(results, "scenarios");
  if (times) log.writeOrdered(times, "times");
  await writeParquet(results, times, join(path, FILES.parquet), plan, grid);
  const { scenarios, failed } = log;
  const manifest = { ...(readManifest(path) as Manifest), done: { scenarios, failed } };
  const timed = times ? timesIn(times) : null;
  const summary = summarise(plan, grid, resultsIn(results, grid), timed);
  for (const [name, contents] of report(manifest, summary)) {
    writeFileWhole(join(path, name), contents);
  }
  writeManifest(path, manifest);
  log.close();
  rmSync(log.path);
}
