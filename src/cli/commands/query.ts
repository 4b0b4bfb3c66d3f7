// vmabench query: SQL over the results of sweeps.

import Table from "cli-table3";
import { Command } from "commander";
import { UsageError } from "../../errors.js";
import { printable } from "../../printable.js";
import { number } from "../../render/format.js";
import { type Answer, query, type Value } from "../../sweep/query.js";
import { printJson } from "../print-json.js";

interface QueryFlags {
  json?: true;
  quiet?: true;
}

const EXAMPLE = `
The table is called results: a row for each scenario, its columns index, point, id, workload, driver, protocol,
tlb, seed, param.NAME, operations, cycles, final.NAME, error, and one for each event (in double quotes), which counts
all operations together:

  vmabench query sweeps/overlap \\
    'SELECT driver, protocol, avg("merge.secondMerged" / operations) FROM results GROUP BY ALL ORDER BY ALL'`;

export function queryCommand(): Command {
  return new Command("query")
    .description("SQL over the results of sweeps")
    .argument("<sweep...>", "folders of sweeps, and the query last")
    .option("--json", "print an array of rows")
    .option("--quiet", "print values only, a tab between them")
    .addHelpText("after", EXAMPLE)
    .action((words: string[], flags: QueryFlags) => run(words, flags));
}

async function run(words: readonly string[], { json, quiet }: QueryFlags): Promise<void> {
  const sql = words.at(-1);
  if (sql === undefined || words.length < 2) {
    throw new UsageError("query: expected folders of sweeps, and an SQL query last");
  }
  const answer = await query(words.slice(0, -1), sql);
  if (json) printJson(objects(answer));
  else process.stdout.write(quiet ? values(answer) : text(answer));
}

function objects({ columns, rows }: Answer): Record<string, Value>[] {
  return rows.map((row) =>
    Object.fromEntries(row.map((value, i) => [columns[i] as string, value])),
  );
}

function values({ rows }: Answer): string {
  return rows
    .map((row) => `${row.map((value) => printable(String(value ?? ""))).join("\t")}\n`)
    .join("");
}

function text({ columns, rows }: Answer): string {
  const isNumber = columns.map((_, i) =>
    rows.every((row) => row[i] === null || typeof row[i] === "number"),
  );
  const table = new Table({
    head: columns.map(printable),
    style: { head: [], border: [], compact: true },
    colAligns: isNumber.map((right) => (right ? "right" : "left")),
  });
  for (const row of rows) table.push(row.map(cell));
  return `${table.toString()}\n`;
}

function cell(value: Value): string {
  if (value === null) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : number(value);
  return printable(String(value));
}
