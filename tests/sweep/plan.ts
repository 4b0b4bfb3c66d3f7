// Sweeps for the tests, written as their authors would.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { readPlan } from "../../src/sweep/plan.js";

/** A folder that lasts as long as the tests of the file. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-sweep-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The plan of a spec's text. */
export function planOf(folder: string, text: string) {
  const path = join(folder, "spec.yaml");
  writeFileSync(path, text);
  return readPlan(path);
}
