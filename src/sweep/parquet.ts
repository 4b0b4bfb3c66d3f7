// results.parquet: a row for each scenario, a column for each event, for SQL and data frames.

import { renameSync, rmSync } from "node:fs";
import { fileWriter, parquetWriteRows } from "hyparquet-writer";
import { orUndo } from "../cleanup.js";
import { EVENTS } from "../core/abi.js";
import { asideOf, cannotWrite } from "../record/file.js";
import type { ScenarioLine } from "./execute.js";
import type { Grid } from "./grid.js";
import type { SweepPlan } from "./plan.js";
import { isFailed, type Result, resultsIn, timesIn } from "./results.js";
import type { TimeLine } from "./time.js";

/** Rows held in memory at once. */
const ROWS = 20_000;

const FINAL = [
  "vmas",
  "treeHeight",
  "treeLeaves",
  "treeInner",
  "pageTablePages",
  "committedPages",
] as const;

type Cell = string | number | bigint | null;
type ColumnType = "STRING" | "INT64" | "DOUBLE";

interface Column {
  name: string;
  type: ColumnType;
  of(result: Result): Cell;
}

/** Writes a sweep's results as Parquet, aside and renamed; `times` is the file of times, null where there is none. */
export async function writeParquet(
  results: string,
  times: string | null,
  path: string,
  plan: SweepPlan,
  grid: Grid,
): Promise<void> {
  const columns = columnsOf(plan, grid);
  const aside = asideOf(path);
  const take = () => rmSync(aside, { force: true });
  const forget = orUndo(take);
  function* rows(): Generator<Record<string, Cell>> {
    const timeOf = times === null ? () => null : following(timesIn(times));
    for (const result of resultsIn(results, grid)) {
      const row = Object.fromEntries(columns.map(({ name, of }) => [name, of(result)]));
      const time = timeOf(result);
      for (const name of TIME) row[`time.${name}`] = time?.[name] ?? null;
      yield row;
    }
  }
  try {
    await parquetWriteRows({
      writer: fileWriter(aside),
      rows: rows(),
      columns: [
        ...columns.map(({ name, type }) => ({ name, type, nullable: true })),
        ...TIME.map((name) => ({ name: `time.${name}`, type: "DOUBLE" as const, nullable: true })),
      ],
      rowGroupSize: ROWS,
    });
    renameSync(aside, path);
  } catch (error) {
    throw cannotWrite(path, error);
  } finally {
    take();
    forget();
  }
}

const TIME = ["ratio", "low", "high"] as const;

/** Looks up times in step with results: both are in the order of the points. */
function following(times: Iterator<TimeLine>): (result: Result) => TimeLine | null {
  let next = times.next();
  let ofPoint: TimeLine[] = [];
  return ({ line }) => {
    if (ofPoint[0]?.point !== line.point) ofPoint = [];
    while (!next.done && next.value.point <= line.point) {
      if (next.value.point === line.point) ofPoint.push(next.value);
      next = times.next();
    }
    return ofPoint.find(({ candidate }) => candidate === line.protocol) ?? null;
  };
}

function columnsOf(plan: SweepPlan, grid: Grid): Column[] {
  const text = (name: "protocol" | "tlb"): Column => ({
    name,
    type: "STRING",
    of: ({ line }) => line[name],
  });
  const whole = (name: string, value: (line: ScenarioLine) => number): Column => ({
    name,
    type: "INT64",
    of: ({ line }) => (isFailed(line) ? null : BigInt(value(line))),
  });
  return [
    { name: "index", type: "INT64", of: ({ line }) => BigInt(line.index) },
    { name: "point", type: "INT64", of: ({ line }) => BigInt(line.point) },
    { name: "id", type: "STRING", of: ({ line }) => (isFailed(line) ? null : line.id) },
    {
      name: "workload",
      type: "STRING",
      of: ({ line }) => line.workload.split("?", 1)[0] as string,
    },
    { name: "driver", type: "STRING", of: ({ line }) => line.driver.split("?", 1)[0] as string },
    text("protocol"),
    text("tlb"),
    { name: "seed", type: "INT64", of: ({ line }) => BigInt(line.seed) },
    ...parameterColumns(plan, grid),
    whole("operations", ({ operations }) => operations),
    { name: "results", type: "STRING", of: ({ line }) => (isFailed(line) ? null : line.results) },
    { name: "cycles", type: "DOUBLE", of: ({ line }) => (isFailed(line) ? null : line.cycles) },
    ...FINAL.map((name) => whole(`final.${name}`, ({ final }) => final[name] ?? 0)),
    ...Object.keys(EVENTS).map((name) => whole(name, ({ work }) => work[name] ?? 0)),
    { name: "error", type: "STRING", of: ({ line }) => (isFailed(line) ? line.error : null) },
  ];
}

/** A column for each parameter that the plan sets: of numbers where all its values are. */
function parameterColumns(plan: SweepPlan, { blocks }: Grid): Column[] {
  const names = new Set(Object.keys(plan.parameters));
  const texts = new Set<string>();
  const see = (name: string, value: unknown) => {
    names.add(name);
    if (!/^\d+$/.test(String(value))) texts.add(name);
  };
  for (const [name, axis] of Object.entries(plan.parameters)) {
    if (Array.isArray(axis)) for (const value of axis) see(name, value);
  }
  for (const { workload, variants } of blocks) {
    for (const pair of workload.split("?")[1]?.split("&") ?? []) {
      const [name = "", value] = pair.split("=");
      see(name, value);
    }
    for (const { params } of variants) {
      for (const [name, value] of Object.entries(params)) see(name, value);
    }
  }
  return [...names].sort().map((name): Column => {
    const isText = texts.has(name);
    return {
      name: `param.${name}`,
      type: isText ? "STRING" : "INT64",
      of({ at }) {
        const value = at.parameters[name];
        if (value === undefined) return null;
        return isText ? String(value) : BigInt(value);
      },
    };
  });
}
