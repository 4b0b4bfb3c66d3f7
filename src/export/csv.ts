// One row a scenario, RFC 4180, for spreadsheets and data frames. A candidate's row has its comparison too.

import { stringify } from "csv-stringify/sync";
import { queryText } from "../catalogue/parameters.js";
import { printable } from "../printable.js";
import type { FinalName, Results } from "../record/schema.js";
import { comparisonFinder, eventsOf } from "./measures.js";

type Cell = string | number | null;

export function csvText(results: Results): string {
  const events = eventsOf(results);
  const comparisonOf = comparisonFinder(results);
  const finals = Object.keys(results.scenarios[0]?.final ?? {}) as FinalName[];
  const rows = results.scenarios.map((scenario): Record<string, Cell> => {
    const { time } = scenario;
    const comparison = comparisonOf(scenario);
    return {
      id: scenario.id,
      workload: scenario.workload,
      driver: scenario.driver,
      protocol: scenario.protocol,
      params: queryText(scenario.params).slice(1),
      operations: scenario.operations,
      ns_per_op: time?.median ?? null,
      ns_low: time?.low ?? null,
      ns_high: time?.high ?? null,
      baseline: comparison?.baseline ?? null,
      time_ratio: comparison?.timeRatio?.ratio ?? null,
      ratio_low: comparison?.timeRatio?.low ?? null,
      ratio_high: comparison?.timeRatio?.high ?? null,
      verdict: comparison?.verdict ?? null,
      ...Object.fromEntries(events.map((name) => [name, scenario.work[name] ?? 0])),
      ...Object.fromEntries(finals.map((name) => [`final.${name}`, scenario.final[name]])),
    };
  });
  return stringify(rows.map(shown), {
    header: true,
    columns: Object.keys(rows[0] ?? {}).map((key) => ({ key, header: printable(key) })),
    record_delimiter: "windows",
    // a name from a file that begins with = would be a formula to a spreadsheet
    escape_formulas: true,
  });
}

function shown(row: Readonly<Record<string, Cell>>): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(row).map(([key, cell]) => [
      key,
      typeof cell === "string" ? printable(cell) : cell,
    ]),
  );
}
