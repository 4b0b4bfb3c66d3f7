// `--workload FILE`: a workload composed of generators and one recorded trace, in phases.

import { z } from "zod";
import { BATCH_LIMIT, OP_MREMAP } from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import { UsageError } from "../errors.js";
import { readDocument } from "../input/document.js";
import { addWorkload, type BuiltWorkload, type Workload, workloadOf } from "./workloads.js";

const phase = z.strictObject({
  run: z.string().min(1).max(200).describe("a workload of the catalogue, by name"),
  with: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .optional()
    .describe("its parameters"),
});

export const workloadSchema = z
  .strictObject({
    workload: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, {
        error: "expected a name of lower-case letters, digits and -, 64 at most",
      })
      .describe("the workload's name in ids of scenarios"),
    title: z.string().min(1).max(200).optional(),
    order: z
      .enum(["sequence", "interleave"])
      .optional()
      .describe("phases one after the other (default), or one operation of each in turn"),
    phases: z.array(phase).min(1).max(16),
  })
  .describe("what a program does, in phases");

/** The JSON Schema of a workload file, as shipped in schemas/workload.schema.json. */
export function workloadJsonSchema(): string {
  const schema = z.toJSONSchema(workloadSchema, { io: "input" });
  const head = { $schema: schema.$schema, title: "vmabench workload description" };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/** Reads a workload file and makes it known by its name. InputError naming line and field when it is wrong. */
export function readWorkloadFile(path: string): Workload {
  const { data, wrong } = readDocument(path, workloadSchema);
  const parts = data.phases.map(({ run, with: given = {} }, i) => {
    const query = Object.fromEntries(Object.entries(given).map(([k, v]) => [k, String(v)]));
    try {
      return workloadOf(run, query);
    } catch (error) {
      throw wrong(["phases", i], `a workload of the catalogue (${(error as Error).message})`);
    }
  });
  const traces = parts.flatMap(({ shape }, i) => (shape === "whole" ? [i] : []));
  const second = traces[1];
  if (second !== undefined) {
    throw wrong(["phases", second], "one trace at most: a process begins once");
  }
  const { workload: id, title = "described in a file", order = "sequence" } = data;
  const build = async (seed: number) => {
    const built = await Promise.all(parts.map((part, i) => part.build(seed + i)));
    const composed = compose(built, order, traces[0]);
    if (composed.operations.length > BATCH_LIMIT) {
      throw new UsageError(
        `${path}: expected at most ${BATCH_LIMIT} operations in all phases, found ${composed.operations.length}`,
      );
    }
    return composed;
  };
  const even = parts.length === 1 && traces.length === 0;
  return addWorkload({ id, title, params: {}, shape: even ? "even" : "whole", build });
}

/** Phases in one address space: each has an area and files of its own; a trace keeps its addresses. */
function compose(
  built: readonly BuiltWorkload[],
  order: "sequence" | "interleave",
  trace: number | undefined,
): BuiltWorkload {
  const files = built.flatMap((phase) => phase.files);
  const names = built.flatMap((phase) => phase.files.map((_, i) => phase.names?.[i] ?? null));
  let before = 0;
  const moved = built.map(({ setup, operations, files: own }, i) => {
    const move = mover(i === trace ? 0 : i, before);
    before += own.length;
    return { setup: setup.map(move), operations: operations.map(move) };
  });
  // the trace's set-up is what exec leaves: it comes first
  const first = trace === undefined ? [] : [moved[trace]];
  const rest = moved.filter((_, i) => i !== trace);
  const lists = moved.map(({ operations }) => operations);
  return {
    settings: trace === undefined ? {} : (built[trace]?.settings ?? {}),
    setup: [...first, ...rest].flatMap((phase) => phase?.setup ?? []),
    operations: order === "sequence" ? lists.flat() : inTurn(lists),
    files,
    ...(names.some((name) => name !== null) ? { names } : {}),
  };
}

/** What generators work in (generator-parts.ts), and how far apart two phases are. */
const AREA_BEGIN = 0x1000_0000_0000;
const REST_BEGIN = 0x7000_0000_0000;
const AREA_STEP = 2 ** 42;
const REST_STEP = 2 ** 30;

function mover(phase: number, files: number): (operation: Operation) => Operation {
  const to = (address: Operation["addr"]) => {
    if (typeof address !== "number" || phase === 0 || address < AREA_BEGIN) return address;
    return address + phase * (address < REST_BEGIN ? AREA_STEP : REST_STEP);
  };
  return (operation) => {
    const result = { ...operation };
    const addr = to(operation.addr);
    if (addr !== undefined) result.addr = addr;
    const target = operation.op === OP_MREMAP ? to(operation.pgoff) : undefined;
    if (target !== undefined) result.pgoff = target;
    if (operation.file) result.file = operation.file + files;
    return result;
  };
}

function inTurn(lists: readonly (readonly Operation[])[]): Operation[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) =>
    lists.flatMap((list) => (i < list.length ? [list[i] as Operation] : [])),
  ).flat();
}
