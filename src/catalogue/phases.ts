// The phases of a workload file: what each of them is, and where its parameters come from.

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { quoted, UsageError } from "../errors.js";
import type { Read } from "../input/document.js";
import { DRIVER_INDEX, type Generator } from "./generator-parts.js";
import { GENERATORS } from "./generators.js";
import type { Parameter, Parameters, ParameterValue } from "./parameters.js";
import { Random } from "./random.js";
import type { BuiltWorkload, WorkloadEntry } from "./workload.js";
import type { PhaseDescription, WorkloadDescription } from "./workload-schema.js";

/** A phase before the workload's parameters are chosen. */
export interface Phase {
  /** Parameters that it leaves to the workload. */
  open: readonly Parameter[];
  shape: "even" | "whole";
  build(values: Parameters, seed: number): Promise<BuiltWorkload>;
}

export interface PhaseContext {
  path: string;
  file: Read<WorkloadDescription>;
  /** The workload of a name. UsageError when there is none. */
  lookUp(id: string): WorkloadEntry;
}

/** The `index`th phase of a workload file. InputError naming the field that is wrong. */
export function phaseOf(index: number, context: PhaseContext): Phase {
  const { file } = context;
  const phase = file.data.phases[index] as PhaseDescription;
  const kinds = (["generate", "run", "trace"] as const).filter((kind) => phase[kind] !== undefined);
  if (kinds.length !== 1) {
    const found = kinds.length === 0 ? "none" : kinds.join(" and ");
    throw file.wrong(["phases", index], "one of generate, run and trace", found);
  }
  if (phase.generate !== undefined) return generated(phase, index, context);
  if (phase.run !== undefined) return another(phase, index, context);
  return traced(phase, index, context);
}

function generated({ generate = "" }: PhaseDescription, index: number, context: PhaseContext) {
  const { parameters, build } = GENERATORS.get(generate) as Generator;
  const given = givenValues(parameters, index, context, `generator ${generate}`);
  const { workload: name, parameters: own = {} } = context.file.data;
  const missing = parameters.find((p) => !Object.hasOwn({ ...given, ...own }, p.name));
  if (missing) {
    const expected = `"${missing.name}", ${missing.meaning}, here or among the parameters of the workload`;
    throw context.file.wrong(["phases", index, "with"], expected);
  }
  return {
    open: parameters.filter((p) => !Object.hasOwn(given, p.name)),
    shape: "even" as const,
    build: async (values: Parameters, seed: number) => ({
      settings: {},
      ...build({ ...values, ...given }, new Random(seed, name)),
    }),
  };
}

function another({ run = "" }: PhaseDescription, index: number, context: PhaseContext): Phase {
  const { wrong } = context.file;
  const entry = entryOf(run, index, context);
  const given = givenValues(entry.parameters, index, context, `workload ${run}`);
  const { shape, phases } = entry.choose({});
  if (phases > 1) throw wrong(["phases", index, "run"], "a workload of one phase", quoted(run));
  const open = entry.parameters.filter((p) => !Object.hasOwn(given, p.name));
  return {
    open,
    shape,
    build(values, seed) {
      const query: Record<string, string> = {};
      for (const [name, value] of Object.entries(given)) query[name] = String(value);
      for (const { name } of open) {
        if (values[name] !== undefined) query[name] = String(values[name]);
      }
      return entry.choose(query).build(seed);
    },
  };
}

function entryOf(run: string, index: number, { file, lookUp }: PhaseContext): WorkloadEntry {
  try {
    return lookUp(run);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw file.wrong(["phases", index, "run"], `the name of a workload (${error.message})`);
  }
}

function traced(phase: PhaseDescription, index: number, { path, file }: PhaseContext): Phase {
  const { trace = "", with: given } = phase;
  if (given !== undefined) {
    throw file.wrong(["phases", index, "with"], "no parameters: a trace has none");
  }
  const place = resolve(dirname(path), trace);
  if (!existsSync(place)) {
    const expected = "a trace, its path relative to this file";
    throw file.wrong(["phases", index, "trace"], expected, `no file ${quoted(trace)}`);
  }
  return {
    open: [],
    shape: "whole",
    build: async () => {
      const { readTrace } = await import("../trace/read.js");
      const { programOf } = await import("../trace/program.js");
      const recording = await readTrace(place);
      const { settings, setup, operations, files, names } = programOf(recording, {
        driver: DRIVER_INDEX,
      });
      const kind = recording.format === "ops" ? "operations" : "recording";
      return { settings, setup, operations, files, names, trace: kind };
    },
  };
}

/** What `with` sets, checked against what there is to set. */
function givenValues(
  declared: readonly Parameter[],
  index: number,
  { file }: PhaseContext,
  owner: string,
): Record<string, ParameterValue> {
  const given = file.data.phases[index]?.with ?? {};
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const field = ["phases", index, "with", name];
      const parameter = declared.find((p) => p.name === name);
      if (!parameter) {
        const known = declared.map((p) => p.name).join(", ") || "none";
        throw file.wrong(field, `one of the parameters of ${owner}: ${known}`, quoted(name));
      }
      return [name, checkedValue(parameter, value, field, file)];
    }),
  );
}

/** A parameter's value out of a file. InputError when it is not one. */
export function checkedValue(
  parameter: Parameter,
  value: ParameterValue,
  field: readonly PropertyKey[],
  file: Read<WorkloadDescription>,
): ParameterValue {
  try {
    return parameter.parse(String(value));
  } catch (error) {
    const expected = (error as Error).message.replace(/^expected /, "");
    throw file.wrong(field, expected, quoted(String(value)));
  }
}
