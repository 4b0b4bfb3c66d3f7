// What exists of the mapping when a step has ended, from the step's work and from what the core says it holds.

import type { Counters, StepView } from "../core/core.js";

/** The mapping under way, and what it replaces. */
export interface ExplainedState {
  /** The VMA: none, an object of its own, a member of the tree, or grown into a neighbour's. */
  vma: "none" | "allocated" | "in tree" | "merged";
  /** The mapping holds a reference to its file. */
  fileReference: boolean;
  /** Pages of committed memory charged since the call began; less than 0: given back. */
  charged: number;
  /** Maple nodes reserved and not yet taken. */
  reservedNodes: number;
  /** Change of map_count since the call began. */
  mapCount: number;
  /** What stood in the range. */
  old: "in place" | "detached" | "emptied" | "gone";
}

/** Before the first step. */
export const NOTHING: ExplainedState = {
  vma: "none",
  fileReference: false,
  charged: 0,
  reservedNodes: 0,
  mapCount: 0,
  old: "in place",
};

/** What a step that was found to have happened changes. */
function changes(id: string, work: Partial<Counters>): Partial<ExplainedState> {
  switch (id) {
    case "unmap":
      return work["vma.freed"] ? { old: "gone" } : {};
    case "gather":
      return work["maple.sideStores"] ? { old: "detached" } : {};
    case "clean-up":
      return { old: "emptied" };
    case "allocate":
      return work["vma.allocated"] ? { vma: "allocated" } : {};
    case "reserve": // without nodes the object goes at once
      return work["vma.freed"] ? { vma: "none" } : {};
    case "file":
    case "shmem":
      return { fileReference: true };
    case "hook.prepare": // the hook hands over a file with a reference of its own
    case "hook.proto":
      return work["file.gets"] ? { fileReference: true } : {};
    case "insert":
      return { vma: "in tree" };
    case "merge.first":
      return work["merge.merged"] ? { vma: "merged" } : {};
    case "merge.second":
      return work["merge.merged"] ? { vma: "merged", fileReference: false } : {};
    case "undo.hook": // up to 6.11 the object goes here too
      return { fileReference: false, ...(work["vma.freed"] ? { vma: "none" } : {}) };
    case "undo.allocate":
      return { vma: "none" };
    case "undo.file":
      return { fileReference: false };
    case "undo.mapping":
      return { vma: "none", fileReference: false };
    case "abort.reattach":
      return { old: "in place" };
    case "abort.hole":
      return { old: "gone" };
    default:
      return {};
  }
}

/** The state after a step, from the one before it; `start` is how the core stood before the call. */
export function stateAfter(
  before: ExplainedState,
  id: string,
  { work, after }: Pick<StepView, "work" | "after">,
  start: { mapCount: number; committed: number },
): ExplainedState {
  const replaced = id === "complete" && before.old !== "in place" ? { old: "gone" as const } : {};
  return {
    ...before,
    ...changes(id, work),
    ...replaced,
    charged: after.committed - start.committed,
    reservedNodes: after.held,
    mapCount: after.mapCount - start.mapCount,
  };
}

const VMA_TEXT = {
  none: "no VMA",
  allocated: "VMA allocated, not in the tree",
  "in tree": "VMA in the tree",
  merged: "part of a neighbour's VMA",
} as const;

const OLD_TEXT = {
  "in place": "old VMAs in place",
  detached: "old VMAs detached, still in the tree",
  emptied: "old pages gone, old VMAs still in the tree",
  gone: "old VMAs gone",
} as const;

/** All that exists, or only what differs from `before`; each a short phrase. */
export function stateText(state: ExplainedState, before?: ExplainedState): string[] {
  const differs = (key: keyof ExplainedState) => !before || before[key] !== state[key];
  const shown: string[] = [];
  if (differs("vma")) shown.push(VMA_TEXT[state.vma]);
  if (differs("fileReference")) {
    shown.push(state.fileReference ? "file reference held" : "no file reference");
  }
  if (differs("charged")) {
    shown.push(state.charged === 0 ? "no charge" : `charge ${signed(state.charged)} pages`);
  }
  if (differs("reservedNodes")) {
    const n = state.reservedNodes;
    shown.push(n === 1 ? "1 node reserved" : `${n || "no"} nodes reserved`);
  }
  if (before ? differs("mapCount") : state.mapCount !== 0) {
    shown.push(`map_count ${signed(state.mapCount)}`);
  }
  if (before ? differs("old") : state.old !== "in place") shown.push(OLD_TEXT[state.old]);
  return shown;
}

function signed(n: number): string {
  return n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "±0";
}
