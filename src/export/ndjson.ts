// One JSON document a line: the run, then its scenarios, then its comparisons, each as in the result file and
// with a `type`. For jq, log stores and databases that load lines.

import type { Results } from "../record/schema.js";

export function ndjsonText(results: Results): string {
  const { schema, tool, environment, settings, scenarios, comparisons } = results;
  const lines = [
    { type: "run", schema, tool, environment, settings },
    ...scenarios.map((scenario) => ({ type: "scenario", ...scenario })),
    ...comparisons.map((comparison) => ({ type: "comparison", ...comparison })),
  ];
  return lines.map((line) => `${asciiJson(line)}\n`).join("");
}

/** JSON with every other character than ASCII's as `\uXXXX`: safe on a terminal, and the same when read back. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
