// reports/baseline.json: the committed work of the gate suite. One line a group of events, so that the
// difference of two commits reads well.

import { z } from "zod";
import { readJsonIfThere } from "../input/json.js";
import type { ExactWork } from "../judge/work.js";

const counts = z.record(z.string(), z.int().nonnegative());

export const baselineSchema = z.strictObject({
  schema: z.literal("vmabench/baseline@1"),
  suite: z.string(),
  seed: z.int().nonnegative(),
  scenarios: z.record(
    z.string(),
    z
      .object({ operations: z.int().positive(), results: z.string().regex(/^[0-9a-f]{8}$/) })
      .catchall(counts),
  ),
});

export interface Baseline {
  suite: string;
  seed: number;
  scenarios: Map<string, ExactWork>;
}

/** The committed counts; null when there is no such file. InputError naming line and field when it is wrong. */
export function readBaseline(path: string): Baseline | null {
  const data = readJsonIfThere(path, baselineSchema);
  if (data === null) return null;
  const scenarios = new Map<string, ExactWork>();
  for (const [id, { operations, results, ...groups }] of Object.entries(data.scenarios)) {
    const flat = Object.entries(groups as Record<string, Record<string, number>>).flatMap(
      ([group, events]) => Object.entries(events).map(([name, n]) => [`${group}.${name}`, n]),
    );
    scenarios.set(id, { operations, results, counts: Object.fromEntries(flat) });
  }
  return { suite: data.suite, seed: data.seed, scenarios };
}

/** The file's text. The same counts always give the same text. */
export function baselineText({ suite, seed, scenarios }: Baseline): string {
  const blocks = [...scenarios].map(([id, work]) => {
    const lines = [
      `"operations": ${work.operations}`,
      `"results": "${work.results}"`,
      ...groupsOf(work.counts).map(([group, events]) => {
        const inner = events.map(([name, n]) => `"${name}": ${n}`).join(", ");
        return `"${group}": { ${inner} }`;
      }),
    ];
    return `    ${JSON.stringify(id)}: {\n${lines.map((line) => `      ${line}`).join(",\n")}\n    }`;
  });
  return `{
  "schema": "vmabench/baseline@1",
  "suite": "${suite}",
  "seed": ${seed},
  "scenarios": {
${blocks.join(",\n")}
  }
}
`;
}

function groupsOf(counts: Readonly<Record<string, number>>): [string, [string, number][]][] {
  const groups = new Map<string, [string, number][]>();
  for (const full of Object.keys(counts).sort()) {
    const [group, name] = full.split(".") as [string, string];
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group)!.push([name, counts[full]!]);
  }
  return [...groups];
}
