// SQL over the results of sweeps, by DuckDB: an optional package, since it is large.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { MachineError, UsageError } from "../errors.js";
import { FILES } from "./folder.js";

export type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

export interface Answer {
  columns: string[];
  rows: Value[][];
}

/**
 * The answer of a query in which `results` stands for all files together. UsageError for files that hold no results
 * and for SQL that is wrong; MachineError where DuckDB is not installed.
 */
export async function query(paths: readonly string[], sql: string): Promise<Answer> {
  const sources = paths.map(sourceOf);
  const { DuckDBInstance } = await duckdb();
  const instance = await DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false", // nothing is ever downloaded
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  try {
    const all = sources.map((source) => `SELECT * FROM ${source}`).join(" UNION ALL BY NAME ");
    await connection.run(`CREATE VIEW results AS ${all}`);
    const reader = await connection.runAndReadAll(sql);
    return {
      columns: reader.deduplicatedColumnNames(),
      rows: reader.getRows().map((row) => row.map(plain)),
    };
  } catch (error) {
    const [what] = (error as Error).message.split("\n\nLINE");
    throw new UsageError(`query: ${what}`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A sweep's folder, its Parquet, or any other Parquet file, as DuckDB reads it. */
function sourceOf(path: string): string {
  if (!existsSync(path)) throw new UsageError(`cannot read ${path}: no such file or folder`);
  const file = statSync(path).isDirectory() ? join(path, FILES.parquet) : path;
  if (!existsSync(file)) {
    const running = existsSync(join(path, FILES.log));
    throw new UsageError(
      running
        ? `${path}: this sweep has not ended; its results can be asked when it has (--resume)`
        : `${path}: expected the folder of a sweep, with ${FILES.parquet}`,
    );
  }
  if (!file.endsWith(".parquet")) {
    throw new UsageError(`${file}: expected the folder of a sweep, or a .parquet file`);
  }
  return `read_parquet('${file.replaceAll("'", "''")}')`;
}

async function duckdb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch {
    throw new MachineError(
      "query needs DuckDB, which is not installed here: npm install @duckdb/node-api",
    );
  }
}

/** A value as JSON has it; integers beyond 2^53 and DuckDB's own types as text. */
function plain(value: unknown): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  }
  return String(value);
}
