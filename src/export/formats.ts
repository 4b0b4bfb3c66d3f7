// The formats of other tools that a result can be written in.

import type { Results } from "../record/schema.js";
import { bencherJson } from "./bencher.js";
import { csvText } from "./csv.js";
import { githubActionBenchmarkJson } from "./github-action-benchmark.js";
import { goBenchmarkText } from "./go.js";
import { junitXml } from "./junit.js";
import { ndjsonText } from "./ndjson.js";

export interface ExportFormat {
  title: string;
  /** The whole text, with a line end at its end. The same for the same result. */
  write: (results: Results) => string;
}

export const EXPORT_FORMATS = {
  "github-action-benchmark": {
    title: "JSON of github-action-benchmark, tool customSmallerIsBetter",
    write: githubActionBenchmarkJson,
  },
  bencher: { title: "Bencher Metric Format (JSON)", write: bencherJson },
  go: { title: "Go benchmark text, for benchstat", write: goBenchmarkText },
  junit: { title: "JUnit XML", write: junitXml },
  csv: { title: "a table, one row a scenario", write: csvText },
  ndjson: { title: "one JSON document a line", write: ndjsonText },
} as const satisfies Record<string, ExportFormat>;

export type ExportName = keyof typeof EXPORT_FORMATS;
