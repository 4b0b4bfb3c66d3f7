// A result as the files of a report folder.

import type { Results } from "../record/schema.js";
import type { ReportFiles } from "../record/store.js";
import { resultsText } from "../record/text.js";
import { chartsOf } from "./charts/index.js";
import { markdownReport } from "./markdown.js";

/** results.json, report.md and the charts. The same bytes for the same result. */
export function reportFiles(results: Results): ReportFiles {
  const charts = chartsOf(results);
  return new Map<string, string | Uint8Array>([
    ["results.json", `${resultsText(results)}\n`],
    ["report.md", markdownReport(results, charts)],
    ...charts.map(({ file, png }) => [file, png] as const),
  ]);
}
