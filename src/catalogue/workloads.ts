// What a program does: generated workloads and recorded traces behind one interface.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Settings } from "../core/settings.js";
import type { TlbGeometry } from "../core/tlb.js";
import { UsageError } from "../errors.js";
import { type Built, DRIVER_INDEX, type Generator } from "./generator-parts.js";
import { GENERATORS } from "./generators.js";
import {
  type Parameter,
  type Parameters,
  parseParameters,
  queryText,
  splitQuery,
} from "./parameters.js";

export interface BuiltWorkload extends Built {
  /** What the address space starts with; the protocol adds profile and hook. */
  settings: Partial<Settings>;
  /** What translates its addresses; the default where absent. */
  tlb?: TlbGeometry;
}

/** A workload, ready to be built. */
export interface Workload {
  id: string;
  title: string;
  /** The parameters that differ from their default. */
  params: Parameters;
  /**
   * `even`: any stretch of the operations is like any other, so short stretches are timed;
   * `whole`: the operations tell one story and are timed from the first to the last.
   */
  shape: "even" | "whole";
  /** The operations, the same for the same seed. A recorded trace ignores the seed. */
  build(seed: number): Promise<BuiltWorkload>;
}

/** What there is to choose from. */
export interface WorkloadEntry {
  id: string;
  title: string;
  parameters: readonly Parameter[];
}

const traceFolder = new URL("../../bench/traces/", import.meta.url);
const TRACE = /^(.+)\.vmatrace\.gz$/;
const PREFIX = "trace-";

function traceNames(): string[] {
  return readdirSync(traceFolder)
    .map((file) => TRACE.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** Workloads that files have described, by name: the command line makes them known before it reads scenarios. */
const described = new Map<string, Workload>();

/** Makes a described workload known. UsageError when its name stands for another. */
export function addWorkload(workload: Workload): Workload {
  if (described.has(workload.id) || workloadEntries().some(({ id }) => id === workload.id)) {
    throw new UsageError(`workload "${workload.id}": there is one of that name, choose another`);
  }
  described.set(workload.id, workload);
  return workload;
}

/** Every workload, generators first, then the recorded traces. */
export function workloadEntries(): WorkloadEntry[] {
  const traces = traceNames().map((name) => ({
    id: PREFIX + name,
    title: `recorded: the memory calls of ${name}, every file mapping through the driver`,
    parameters: [],
  }));
  return [...GENERATORS, ...traces];
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

function workloadEntry(id: string): WorkloadEntry {
  const own = described.get(id);
  if (own) return { id, title: own.title, parameters: [] };
  const entries = workloadEntries();
  const entry = entries.find((e) => e.id === id);
  if (entry) return entry;
  throw new UsageError(`no workload "${id}"; there is ${entries.map((e) => e.id).join(", ")}`);
}

/** A workload with its parameters chosen. */
export function workloadOf(id: string, query: Readonly<Record<string, string>>): Workload {
  const own = described.get(id);
  if (own) {
    parseParameters(`workload ${id}`, [], query);
    return own;
  }
  const generator = GENERATORS.find((g) => g.id === id);
  return generator ? generated(generator, query) : recorded(workloadEntry(id), query);
}

function generated(generator: Generator, query: Readonly<Record<string, string>>): Workload {
  const owner = `workload ${generator.id}`;
  const { values, params } = parseParameters(owner, generator.parameters, query);
  return {
    id: generator.id,
    title: generator.title,
    params,
    shape: "even",
    build: async (seed) => ({ settings: {}, ...generator.build(values, seed) }),
  };
}

function recorded(entry: WorkloadEntry, query: Readonly<Record<string, string>>): Workload {
  const { params } = parseParameters(`workload ${entry.id}`, entry.parameters, query);
  const path = fileURLToPath(new URL(`${entry.id.slice(PREFIX.length)}.vmatrace.gz`, traceFolder));
  return {
    id: entry.id,
    title: entry.title,
    params,
    shape: "whole",
    build: async () => {
      const { readTrace } = await import("../trace/read.js");
      const { programOf } = await import("../trace/program.js");
      return programOf(await readTrace(path), { driver: DRIVER_INDEX });
    },
  };
}

/** The workload as the command line takes it. */
export function workloadText(workload: Workload): string {
  return workload.id + queryText(workload.params);
}
