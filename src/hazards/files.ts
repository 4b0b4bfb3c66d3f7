// A folder of examples: for each finding and kind of hook a file that shows it again, and its calls as a trace.

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HookName } from "../catalogue/kernels.js";
import { HOOKS } from "../catalogue/kernels.js";
import { cannotWrite, writeFileWhole } from "../record/file.js";
import { exampleOps, exampleText } from "./example.js";
import { FINDING_IDS, type FindingId } from "./findings.js";
import type { Example } from "./hazards.js";

/** `tree-mmap`: name of an example's files, without the ending. */
export function exampleName(finding: FindingId, hook: HookName): string {
  return `${finding}-${hook.replace("+", "-and-")}`;
}

/**
 * Writes the examples, each file as a whole, and takes away those of an earlier run; other files stay. UsageError when
 * it cannot.
 */
export function writeExamples(folder: string, examples: readonly Example[]): void {
  const files = new Map<string, string>();
  for (const example of examples) {
    const name = exampleName(example.finding, example.protocol.hook);
    files.set(`${name}.json`, exampleText(example));
    files.set(`${name}.ops`, exampleOps(example));
  }
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  for (const [name, text] of files) writeFileWhole(join(folder, name), text);
  for (const name of ours(folder)) if (!files.has(name)) rmSync(join(folder, name));
}

/** Files in a folder that bear the name of an example. */
function ours(folder: string): string[] {
  const hooks = Object.keys(HOOKS) as HookName[];
  const names = FINDING_IDS.flatMap((finding) => hooks.map((hook) => exampleName(finding, hook)));
  const known = new Set(names.flatMap((name) => [`${name}.json`, `${name}.ops`]));
  return existsSync(folder) ? readdirSync(folder).filter((name) => known.has(name)) : [];
}
