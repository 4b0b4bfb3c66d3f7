// What a program does: the workloads of bench/workloads, and those that users describe.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { quoted, UsageError } from "../errors.js";
import { fileArgument } from "./argument.js";
import { type Parameter, queryText, splitQuery } from "./parameters.js";
import type { Workload, WorkloadEntry } from "./workload.js";
import { readWorkload } from "./workload-file.js";

export type { BuiltWorkload, Workload, WorkloadEntry } from "./workload.js";

const folder = new URL("../../bench/workloads/", import.meta.url);

/** Names of the built-in workloads, in the order in which they are listed. */
let names: readonly string[] | undefined;
/** Built-in workloads whose file has been read. */
const builtIn = new Map<string, WorkloadEntry>();
/** Workloads that users' files have described: the command line makes them known before it reads scenarios. */
const described = new Map<string, WorkloadEntry>();

function builtInNames(): readonly string[] {
  names ??= JSON.parse(readFileSync(new URL("index.json", folder), "utf8")) as string[];
  return names;
}

/** Every built-in workload: generated ones first, then the recorded programs. */
export function workloadEntries(): WorkloadEntry[] {
  return builtInNames().map(builtInEntry);
}

function builtInEntry(id: string): WorkloadEntry {
  const known = builtIn.get(id);
  if (known) return known;
  const entry = readWorkload(fileURLToPath(new URL(`${id}.yaml`, folder)), workloadEntry);
  if (entry.id !== id) throw new Error(`${id}.yaml describes ${entry.id}`);
  builtIn.set(id, entry);
  return entry;
}

/** Reads a user's workload file and makes it known by its name. InputError naming line and field when it is wrong. */
export function readWorkloadFile(path: string): WorkloadEntry {
  const entry = readWorkload(path, workloadEntry);
  if (described.has(entry.id) || builtInNames().includes(entry.id)) {
    throw new UsageError(
      `${path}: workload ${quoted(entry.id)}: there is one of that name, choose another`,
    );
  }
  described.set(entry.id, entry);
  return entry;
}

/**
 * The workload of `--workload`: one by name, or a file that describes one, with parameters behind it. UsageError for
 * an unknown name or parameter, InputError naming line and field for a wrong file.
 */
export function workloadArgument(text: string): Workload {
  const file = fileArgument(text);
  return file ? readWorkloadFile(file.path).choose(file.query) : parseWorkload(text);
}

/** A workload from `ID?name=value&...`. UsageError for an unknown id, parameter or value. */
export function parseWorkload(text: string): Workload {
  const { id, query } = splitQuery(text);
  return workloadOf(id, query);
}

/** The parameters that a workload declares. UsageError listing what there is. */
export function workloadParameters(id: string): readonly Parameter[] {
  return workloadEntry(id).parameters;
}

/** A workload with its parameters chosen. */
export function workloadOf(id: string, query: Readonly<Record<string, string>>): Workload {
  return workloadEntry(id).choose(query);
}

function workloadEntry(id: string): WorkloadEntry {
  const own = described.get(id);
  if (own) return own;
  if (builtInNames().includes(id)) return builtInEntry(id);
  const all = [...builtInNames(), ...described.keys()];
  throw new UsageError(`no workload ${quoted(id)}; there is ${all.join(", ")}`);
}

/** The workload as the command line takes it. */
export function workloadText(workload: Workload): string {
  return workload.id + queryText(workload.params);
}
