// The folder of a sweep: sweep.json says what it is, sweep.log.ndjson grows, the rest is made at the end.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UsageError } from "../errors.js";
import { readJsonIfThere } from "../input/json.js";
import { captureTool } from "../record/environment.js";
import { writeFileWhole } from "../record/file.js";
import { toolSchema } from "../record/schema.js";
import { checkWritable } from "../record/store.js";
import type { Jobs } from "./jobs.js";
import { Log } from "./log.js";
import { planId } from "./plan.js";

const count = z.int().nonnegative();

export const manifestSchema = z.strictObject({
  schema: z.literal("vmabench/sweep@1"),
  sweep: z.string(),
  id: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe("of the plan and the core"),
  tool: toolSchema,
  workCoreSha256: z.string(),
  protocols: z.array(z.string()).min(1),
  scenarios: count.describe("to be run"),
  jobs: count,
  excluded: count,
  refused: z.array(z.strictObject({ reason: z.string(), scenarios: count })),
  plan: z.looseObject({}).describe("the spec, with what it names looked up"),
  done: z
    .strictObject({ scenarios: count, failed: count })
    .nullable()
    .describe("null until the last scenario is done"),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const FILES = {
  manifest: "sweep.json",
  log: "sweep.log.ndjson",
  results: "results.ndjson",
  times: "times.ndjson",
  parquet: "results.parquet",
  report: "report.md",
} as const;

/** What a sweep leaves behind, and an earlier one may have. */
const RESULTS = [FILES.results, FILES.times, FILES.parquet, FILES.report, "charts"];

export interface SweepFolder {
  path: string;
  log: Log;
}

/**
 * Opens the folder of a sweep; null when the one to be resumed has ended. UsageError when the folder holds an
 * unfinished sweep and this is not to be resumed, or another sweep than the one to be resumed.
 */
export function openFolder(path: string, jobs: Jobs, resume: boolean): SweepFolder | null {
  checkWritable(path);
  const log = join(path, FILES.log);
  const before = readManifest(path);
  if (resume) {
    if (!before) throw new UsageError(`--resume: there is no sweep in ${path}`);
    checkSame(path, before, jobs);
    if (before.done && !existsSync(log)) return null;
    removeResults(path);
    return { path, log: new Log(log) };
  }
  if (before && existsSync(log)) {
    throw new UsageError(
      `${path} holds the unfinished sweep "${before.sweep}": --resume goes on with it, --out names another folder`,
    );
  }
  writeManifest(path, manifestOf(jobs)); // where that does not fit, an earlier sweep's results stay
  removeResults(path);
  return { path, log: new Log(log) };
}

function removeResults(path: string): void {
  for (const name of RESULTS) rmSync(join(path, name), { recursive: true, force: true });
}

function manifestOf({ plan, count, tally }: Jobs): Manifest {
  return {
    schema: "vmabench/sweep@1",
    sweep: plan.sweep,
    id: planId(plan),
    tool: captureTool(),
    workCoreSha256: plan.core,
    protocols: plan.protocols,
    scenarios: tally.scenarios,
    jobs: count,
    excluded: tally.excluded,
    refused: tally.refused,
    plan: { ...plan },
    done: null,
  };
}

export function writeManifest(path: string, manifest: Manifest): void {
  writeFileWhole(join(path, FILES.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What sweep.json says; null where there is none. InputError naming line and field when it is not one. */
export function readManifest(path: string): Manifest | null {
  return readJsonIfThere(join(path, FILES.manifest), manifestSchema);
}

function checkSame(path: string, before: Manifest, { plan }: Jobs): void {
  if (before.id === planId(plan)) return;
  const what =
    before.workCoreSha256 === plan.core
      ? `its spec was another ("${before.sweep}")`
      : `its core was ${before.workCoreSha256.slice(0, 16)}, here it is ${plan.core.slice(0, 16)}`;
  throw new UsageError(`--resume: the sweep in ${path} is not this one: ${what}`);
}
