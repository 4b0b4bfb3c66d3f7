// Phases in one address space: each has an area and files of its own; traces keep their addresses.

import { OP_MREMAP } from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import { AREA, REST } from "./generator-parts.js";
import type { BuiltWorkload } from "./workload.js";

export type Order = "sequence" | "interleave";

/** How far apart two phases work, and how far apart what they have besides is. */
const AREA_STEP = 2 ** 42;
const REST_STEP = 2 ** 30;

/** The phases as one workload. Of recordings, there is one at most. */
export function compose(phases: readonly BuiltWorkload[], order: Order): BuiltWorkload {
  const [first] = phases;
  if (first && phases.length === 1) return first;
  let files = 0;
  const moved = phases.map((phase, i) => {
    const move = mover(phase.trace ? 0 : i, files);
    files += phase.files.length;
    return { ...phase, setup: phase.setup.map(move), operations: phase.operations.map(move) };
  });
  // the recording's set-up is what exec leaves: it comes first
  const recording = moved.find(({ trace }) => trace === "recording");
  const rest = moved.filter((phase) => phase !== recording);
  const inOrder = recording ? [recording, ...rest] : rest;
  const lists = moved.map(({ operations }) => operations);
  const names = phases.flatMap((phase) => phase.files.map((_, i) => phase.names?.[i] ?? null));
  return {
    settings: recording?.settings ?? {},
    setup: inOrder.flatMap(({ setup }) => setup),
    operations: order === "sequence" ? lists.flat() : inTurn(lists),
    files: phases.flatMap((phase) => phase.files),
    ...(names.some((name) => name !== null) ? { names } : {}),
    cpus: Math.max(...phases.map(({ cpus = 1 }) => cpus)),
  };
}

/** Moves a phase's operations to its own area, its files behind those of the phases before. */
function mover(phase: number, files: number): (operation: Operation) => Operation {
  const to = (address: Operation["addr"]) => {
    if (typeof address !== "number" || phase === 0 || address < AREA) return address;
    return address + phase * (address < REST ? AREA_STEP : REST_STEP);
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
