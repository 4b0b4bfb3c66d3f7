// A microbenchmark in the model: the work of what is timed in it, and the answers that the kernel must give too.

import * as abi from "../core/abi.js";
import type { Core, Snapshot } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { addCall, addWork, type Work } from "../predict/work.js";
import { DEFAULT_BRK } from "../runner/runner.js";
import { type Action, ANON, type Bench, FILES, map, PAGE, WINDOW, WINDOW_SIZE } from "./bench.js";
import type { Machine } from "./machine.js";

/** A benchmark as the model knows it. */
export interface Modelled {
  bench: Bench;
  /** The body with all addresses known. */
  body: readonly Action[];
  /** Answers of the body. */
  values: number[];
  /** Work of one timed action, by observation. */
  work: Map<string, Work>;
}

/** Other VMAs: single pages with gaps between, half below the window and half above. */
export function otherVmas(count: number): Operation[] {
  const below = Math.floor(count / 2);
  const gap = 3 * PAGE;
  return Array.from({ length: count }, (_, i) => {
    const at = i < below ? WINDOW - (i + 1) * gap : WINDOW + WINDOW_SIZE + (i - below) * gap;
    return map(ANON, at, 1);
  });
}

/** Runs benchmarks that share the number of other VMAs. */
export function modelSession(core: Core, machine: Machine, benches: readonly Bench[]): Modelled[] {
  machine.enter(core, DEFAULT_BRK);
  core.run(otherVmas(benches[0]?.others ?? 0));
  const begun = core.snapshot();
  return benches.map((bench) => modelOne(core, begun, bench));
}

function modelOne(core: Core, begun: Snapshot, bench: Bench): Modelled {
  core.restore(begun);
  core.run([...bench.setup]);
  if (bench.limitAs) core.configure({ limitAs: PAGE });
  if (usesLegacyHook(bench)) core.configure({ hook: abi.HOOK_MMAP });
  return { bench, ...perform(core, bench.body) };
}

/** A socket is what refuses, and sockets have `.mmap` in every release. */
function usesLegacyHook({ body }: Bench): boolean {
  return body.some(({ operation }) => operation.file === FILES.refuses);
}

function perform(core: Core, actions: readonly Action[]) {
  const work = new Map<string, Work>();
  const times = new Map<string, number>();
  const values: number[] = [];
  const body: Action[] = [];
  const placed: number[] = [];
  for (const action of actions) {
    const operation = withAddress(action.operation, placed);
    core.clearCounters();
    const value = (core.run([operation])[0] as { value: number }).value;
    values.push(value);
    body.push({ ...action, operation });
    if (operation.op === abi.OP_MMAP && value >= 0) placed.push(value);
    if (action.as === null) continue;
    const sum = work.get(action.as) ?? {};
    addWork(sum, core.counters());
    addCall(sum, operation, value, operation.file === FILES.zero ? abi.FILE_MODE_DEVZERO : 0);
    work.set(action.as, sum);
    times.set(action.as, (times.get(action.as) ?? 0) + 1);
  }
  for (const [name, sum] of work) {
    for (const event in sum) sum[event] = (sum[event] as number) / (times.get(name) as number);
  }
  return { work, values, body };
}

/** A munmap without an address is of what was placed first and is still there. */
function withAddress(operation: Operation, placed: number[]): Operation {
  if (operation.op !== abi.OP_MUNMAP || operation.addr !== undefined) return operation;
  return { ...operation, addr: placed.shift() as number };
}
