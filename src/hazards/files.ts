// A folder of examples: for each finding and kind of hook a file that shows it again, and its calls as a trace.

import type { HookName } from "../catalogue/kernels.js";
import { HOOKS } from "../catalogue/kernels.js";
import { writeFolder } from "../record/store.js";
import { exampleOps, exampleText } from "./example.js";
import { FINDING_IDS, type FindingId } from "./findings.js";
import type { Example } from "./hazards.js";

/** `tree-mmap`: name of an example's files, without the ending. */
export function exampleName(finding: FindingId, hook: HookName): string {
  return `${finding}-${hook.replace("+", "-and-")}`;
}

/**
 * Writes the examples, all of them or none, and takes away those of an earlier run; other files stay. UsageError or
 * MachineError when it cannot.
 */
export function writeExamples(folder: string, examples: readonly Example[]): void {
  const files = new Map<string, string>();
  for (const example of examples) {
    const name = exampleName(example.finding, example.protocol.hook);
    files.set(`${name}.json`, exampleText(example));
    files.set(`${name}.ops`, exampleOps(example));
  }
  const ours = exampleFiles();
  writeFolder(folder, files, (name) => ours.has(name));
}

/** The name of every file that an example may have. */
function exampleFiles(): ReadonlySet<string> {
  const hooks = Object.keys(HOOKS) as HookName[];
  const names = FINDING_IDS.flatMap((finding) => hooks.map((hook) => exampleName(finding, hook)));
  return new Set(names.flatMap((name) => [`${name}.json`, `${name}.ops`]));
}
