// Predicted nanoseconds of a real kernel as plain data, for the terminal and the markdown report.

import type { Results } from "../record/schema.js";
import { scenarioKey } from "./estimate.js";
import { change, number } from "./format.js";
import { type Row, rowsOf } from "./rows.js";

export interface PredictedRow extends Row {
  /** Baseline → candidate, nanoseconds per operation. */
  nanoseconds: string;
  /** Candidate / baseline. */
  ratio: string;
  /** `± 45 %`, of each of them. */
  band: string;
}

export const PREDICTED_TITLE = "predicted for a real kernel, ns per operation";

/** What stands below the rows: which model it is, and what the band is not. */
export function predictedNote({ settings }: Results): string {
  const model = typeof settings.costModel === "string" ? `${settings.costModel}. ` : "";
  return `${model}The band is of each number by itself; what both have in common is wrong in both alike`;
}

/** A row for each comparison with predictions on both sides. */
export function predictedRows(results: Results): PredictedRow[] {
  const byKey = new Map(results.scenarios.map((one) => [scenarioKey(one), one.predicted]));
  return rowsOf(results).flatMap((row) => {
    const { comparison } = row;
    const base = byKey.get(scenarioKey({ ...comparison, protocol: comparison.baseline }));
    const after = byKey.get(scenarioKey({ ...comparison, protocol: comparison.candidate }));
    if (base?.ns == null || after?.ns == null) return [];
    return [
      {
        ...row,
        nanoseconds: change([base.ns, after.ns]),
        ratio: base.ns > 0 ? (after.ns / base.ns).toFixed(3) : "–",
        band: after.relativeError === null ? "–" : `± ${number(after.relativeError * 100)} %`,
      },
    ];
  });
}
