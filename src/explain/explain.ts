// One mmap, step by step, under each protocol: the same call after the same operations.

import { diffArrays } from "diff";
import type { Driver } from "../catalogue/drivers.js";
import type { Protocol } from "../catalogue/kernels.js";
import { enterScenario, scenarioOf } from "../catalogue/scenario.js";
import type { Workload } from "../catalogue/workloads.js";
import * as abi from "../core/abi.js";
import { Core, type Counters } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { UsageError } from "../errors.js";
import type { CostModel } from "../predict/model.js";
import { parts, predict } from "../predict/predict.js";
import { addCall, addWork, type Work } from "../predict/work.js";
import { type ExplainedSide, explainedSides } from "./sides.js";
import { type ExplainedState, NOTHING, stateAfter } from "./state.js";
import { runsHook, stepName } from "./steps.js";

/** A step as it is shown. */
export interface ExplainedStep {
  id: string;
  title: string;
  kernel: string;
  unwinding: boolean;
  /** The driver's code runs in this step. */
  hook: boolean;
  /** Events counted until the next step began. */
  work: Partial<Counters>;
  /** A merge attempt: what each side said. */
  sides: ExplainedSide[];
  /** What exists when the step has ended. */
  state: ExplainedState;
}

/** Nanoseconds that a cost model expects. */
export interface ExplainedPrediction {
  ns: number;
  relativeError: number;
  /** Part of it that no term stands for: entry and exit. */
  entryNs: number;
  /** The dearest terms. */
  largest: { term: string; ns: number }[];
}

/** What one protocol made of the call. */
export interface ExplainedRun {
  protocol: string;
  /** An address, or -errno. */
  result: number;
  steps: ExplainedStep[];
  /** What a real kernel would take for the call. */
  predicted: ExplainedPrediction;
  /** VMAs that share a page or a border with the call's range, before and after it. */
  before: string[];
  after: string[];
}

export interface Explained {
  workload: string;
  driver: string;
  /** Which mmap of the workload, from 1, and how many there are. */
  call: number;
  calls: number;
  operation: Operation;
  runs: ExplainedRun[];
}

/** Calls among which the default one is looked for. */
const LOOK_AT = 64;

/**
 * Explains the `call`-th mmap of a workload's timed operations under the protocols; without `call`, the first
 * one that finds something to merge with or to replace. UsageError when there is no such call.
 */
export async function explain(
  workload: Workload,
  driver: Driver,
  protocols: readonly Protocol[],
  { call, seed, model }: { call?: number | undefined; seed: number; model: CostModel },
): Promise<Explained> {
  const built = await workload.build(seed);
  const places = built.operations.flatMap(({ op }, i) => (op === abi.OP_MMAP ? [i] : []));
  const core = new Core("work");
  const own = protocols[0];
  if (own) enterScenario(core, scenarioOf(workload, driver, own), built);
  const wanted = call ?? 1 + firstMeeting(core, built.operations, places.slice(0, LOOK_AT));
  const at = places[wanted - 1];
  if (at === undefined) {
    throw new UsageError(
      `workload ${workload.id} has ${places.length} mmap calls: there is none to explain at ${wanted}`,
    );
  }
  const operation = built.operations[at] as Operation;
  const runs = protocols.map((protocol) => {
    enterScenario(core, scenarioOf(workload, driver, protocol), built);
    core.run(built.operations.slice(0, at));
    const mode = built.files[(operation.file ?? 0) - 1]?.mode;
    return traced(core, protocol, operation, { model, mode });
  });
  return {
    workload: workload.id,
    driver: driver.id,
    call: wanted,
    calls: places.length,
    operation,
    runs,
  };
}

/** Index in `places` of the first mmap whose range overlaps or touches a mapping; 0 when none does. */
function firstMeeting(core: Core, operations: readonly Operation[], places: readonly number[]) {
  let done = 0;
  for (const [i, place] of places.entries()) {
    core.run(operations.slice(done, place));
    done = place;
    const { addr = 0, len = 0 } = operations[place] ?? {};
    const start = Number(addr);
    const end = start + Number(len);
    if (core.layout().some((vma) => vma.start <= end && vma.end >= start)) return i;
  }
  return 0;
}

/** The dearest terms that are named. */
const LARGEST = 4;

function predictedFor(
  { model, mode }: Pricing,
  operation: Operation,
  value: number,
  steps: readonly { work: Partial<Counters> }[],
): ExplainedPrediction {
  const work: Work = {};
  for (const step of steps) addWork(work, step.work as Work);
  addCall(work, operation, value, mode);
  const { nanoseconds, relativeError, entry } = predict(model, work);
  const largest = parts(model, work).slice(0, LARGEST);
  return {
    ns: nanoseconds,
    relativeError,
    entryNs: entry,
    largest: largest.map(({ id, nanoseconds: ns }) => ({ term: id, ns })),
  };
}

interface Pricing {
  model: CostModel;
  /** FILE_MODE_* of the file mapped. */
  mode: number | undefined;
}

function traced(
  core: Core,
  protocol: Protocol,
  operation: Operation,
  pricing: Pricing,
): ExplainedRun {
  const before = core.layout();
  const accountBefore = core.account();
  const { result, steps } = core.trace(operation);
  let state = NOTHING;
  const start = result.value >= 0 ? result.value : Number(operation.addr ?? 0);
  const end = start + Number(operation.len ?? 0);
  const near = (layout: typeof before) =>
    layout
      .filter((vma) => vma.start <= end && vma.end >= start)
      .map((vma) => {
        const file = vma.file ? ` file ${vma.file} page ${vma.pgoff}` : " anonymous";
        return `${vma.start.toString(16)}-${vma.end.toString(16)}${file}`;
      });
  return {
    protocol: protocol.id,
    result: result.value,
    predicted: predictedFor(pricing, operation, result.value, steps),
    steps: steps.map((step) => {
      const { id, title, kernel, unwinding = false } = stepName(step.step);
      state = stateAfter(state, id, step, accountBefore);
      return {
        id,
        title,
        kernel,
        unwinding,
        hook: runsHook(id),
        work: step.work,
        sides: explainedSides(step),
        state,
      };
    }),
    before: near(before),
    after: near(core.layout()),
  };
}

/** Rows of steps that correspond, one column a run; null where a run has no such step. */
export function align(runs: readonly (readonly ExplainedStep[])[]): (ExplainedStep | null)[][] {
  let rows: (ExplainedStep | null)[][] = (runs[0] ?? []).map((step) => [step]);
  for (const [column, steps] of runs.entries()) {
    if (column > 0) rows = merge(rows, steps, column);
  }
  return rows;
}

/** Adds a column; every run keeps its own order. */
function merge(
  rows: readonly (ExplainedStep | null)[][],
  steps: readonly ExplainedStep[],
  column: number,
): (ExplainedStep | null)[][] {
  const left = [...rows];
  const right = [...steps];
  const ids = rows.map((row) => row.find((step) => step !== null)?.id ?? "");
  const parts = diffArrays(
    ids,
    steps.map(({ id }) => id),
  );
  return parts.flatMap(({ value, added, removed }) =>
    value.map(() => {
      const row = added ? new Array<null>(column).fill(null) : (left.shift() ?? []);
      return [...row, removed ? null : (right.shift() ?? null)];
    }),
  );
}
