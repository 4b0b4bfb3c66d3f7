// Workloads as files: those of bench/workloads, and those of `--workload FILE`.

import { BATCH_LIMIT, FILE_LIMIT, TOUCH_ALL, TOUCH_NONE, TOUCH_WRITTEN } from "../core/abi.js";
import { quoted, UsageError } from "../errors.js";
import { type Read, readDocument } from "../input/document.js";
import { compose } from "./compose.js";
import { type Parameter, type Parameters, parseParameters } from "./parameters.js";
import { checkedValue, type Phase, phaseOf } from "./phases.js";
import type { BuiltWorkload, Workload, WorkloadEntry } from "./workload.js";
import { type WorkloadDescription, workloadSchema } from "./workload-schema.js";

const TOUCHES = { none: TOUCH_NONE, written: TOUCH_WRITTEN, all: TOUCH_ALL };

/**
 * The workload that a file describes; `lookUp` finds those that it names. UsageError when the file cannot be read,
 * InputError naming line and field when it is wrong. Traces are read when the workload is built.
 */
export function readWorkload(path: string, lookUp: (id: string) => WorkloadEntry): WorkloadEntry {
  const file = readDocument(path, workloadSchema);
  const phases = file.data.phases.map((_, i) => phaseOf(i, { path, file, lookUp }));
  const { workload: id, title = "described in a file" } = file.data;
  const parameters = parametersOf(file, phases);
  const even = phases.length === 1 && phases[0]?.shape === "even";
  return {
    id,
    title,
    parameters,
    choose(query): Workload {
      const { values, params } = parseParameters(`workload ${id}`, parameters, query);
      return {
        id,
        title,
        params,
        shape: even ? "even" : "whole",
        phases: phases.length,
        build: (seed) => build(path, file, phases, values, seed),
      };
    },
  };
}

/** One id is none, one stands for the file that a driver puts in place of others. */
const MOST_FILES = FILE_LIMIT - 2;

function checkSize(path: string, what: string, found: number, most: number): void {
  if (found <= most) return;
  throw new UsageError(`${path}: expected at most ${most} ${what} in all phases, found ${found}`);
}

/** The workload's parameters: each is one of its phases', with the default that the file gives. */
function parametersOf(file: Read<WorkloadDescription>, phases: readonly Phase[]): Parameter[] {
  return Object.entries(file.data.parameters ?? {}).map(([name, value]) => {
    const field = ["parameters", name];
    const takers = phases.flatMap(({ open }) => open.filter((p) => p.name === name));
    const [first] = takers;
    if (!first) {
      throw file.wrong(field, "a parameter that a phase has and does not set itself", quoted(name));
    }
    const [initial] = takers.map((parameter) => checkedValue(parameter, value, field, file));
    return {
      ...first,
      default: initial,
      parse: (text) => takers.map((parameter) => parameter.parse(text))[0] as string | number,
    };
  });
}

async function build(
  path: string,
  file: Read<WorkloadDescription>,
  phases: readonly Phase[],
  values: Parameters,
  seed: number,
): Promise<BuiltWorkload> {
  const { order = "sequence", touch } = file.data;
  const built: BuiltWorkload[] = [];
  for (const [i, phase] of phases.entries()) {
    const own = Object.fromEntries(
      Object.entries(values).filter(([name]) => phase.open.some((p) => p.name === name)),
    );
    built.push(await phase.build(own, seed + i));
  }
  const recordings = built.flatMap(({ trace }, i) => (trace === "recording" ? [i] : []));
  if (recordings[1] !== undefined) {
    throw file.wrong(
      ["phases", recordings[1]],
      "one recording at most: each begins in the address space that its program began in",
    );
  }
  const composed = compose(built, order);
  checkSize(path, "operations", composed.operations.length, BATCH_LIMIT);
  checkSize(path, "files", composed.files.length, MOST_FILES);
  const chosen = touch ?? (built.some(({ trace }) => trace === "operations") ? "written" : null);
  if (chosen === null) return composed;
  return { ...composed, settings: { ...composed.settings, touch: TOUCHES[chosen] } };
}
