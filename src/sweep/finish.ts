// What is made of a sweep's log once every job is done.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileWhole } from "../record/store.js";
import { sweepReport } from "../render/sweep-report.js";
import { FILES, type Manifest, readManifest, type SweepFolder, writeManifest } from "./folder.js";
import type { Jobs } from "./jobs.js";
import { writeParquet } from "./parquet.js";
import { resultsIn } from "./results.js";
import { type Summary, summarise } from "./summary.js";

/**
 * Writes results.ndjson in the order of the scenarios, Parquet and the report; last of all the log goes, so that
 * whatever stops this, --resume does it again.
 */
export async function finish({ path, log }: SweepFolder, { plan, grid }: Jobs): Promise<Summary> {
  const results = join(path, FILES.results);
  log.writeOrdered(results);
  await writeParquet(results, join(path, FILES.parquet), plan, grid);
  const { scenarios, failed } = log;
  const manifest = { ...(readManifest(path) as Manifest), done: { scenarios, failed } };
  const summary = summarise(plan, resultsIn(results, grid));
  for (const [name, contents] of sweepReport(manifest, summary)) {
    writeFileWhole(join(path, name), contents);
  }
  writeManifest(path, manifest);
  log.close();
  rmSync(log.path);
  return summary;
}
