// What is made of a sweep's log once every job is done.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { FILES, type Manifest, readManifest, type SweepFolder, writeManifest } from "./folder.js";

/** Writes results.ndjson in the order of the scenarios; last of all the log goes. */
export async function finish({ path, log }: SweepFolder): Promise<void> {
  log.writeOrdered(join(path, FILES.results));
  const { scenarios, failed } = log;
  writeManifest(path, { ...(readManifest(path) as Manifest), done: { scenarios, failed } });
  log.close();
  rmSync(log.path);
}
