// What verifying found, in words, as an operation trace, and as the JSON document.

import type { Colors } from "../render/colors.js";
import { integer } from "../render/format.js";
import type { Difference } from "./compare.js";
import type { Expectation, ExpectedStep } from "./expectation.js";
import type { Conditions, FileName } from "./messages.js";
import { operationLine } from "./steps.js";
import type { FirstMismatch, Verified } from "./verify.js";

/** The document that `verify --json` prints. */
export interface VerifyDocument {
  kernelRelease: string;
  /** `HOOK@KERNEL` that was compared with, and whether it describes the release. */
  model: string;
  exact: boolean;
  seed: number;
  operations: number;
  checkpoints: number;
  mismatches: number;
  unsettled: number;
  /** What was not asked of this kernel, and why. */
  leftOut: string[];
  first: {
    episode: number;
    reproduced: boolean;
    kind: Difference["kind"];
    conditions: Conditions;
    /** Lines of an operation trace. */
    operations: string[];
    kernel: string[];
    model: string[];
  } | null;
}

/** The JSON document of a run. */
export function verifyDocument(verified: Verified): VerifyDocument {
  const { kernel, first, operations, checkpoints, mismatches, unsettled } = verified;
  const { kernelRelease, seed, leftOut } = verified;
  return {
    kernelRelease,
    model: kernel.protocol.id,
    exact: kernel.exact,
    seed,
    operations,
    checkpoints,
    mismatches,
    unsettled,
    leftOut,
    first: first && {
      episode: first.episode,
      reproduced: first.reproduced,
      kind: first.found.difference.kind,
      conditions: first.found.expected.conditions,
      operations: traceLines(verified, first),
      kernel: first.found.difference.kernel,
      model: first.found.difference.model,
    },
  };
}

/** A run in lines for a terminal. */
export function verifyText(verified: Verified, colors: Colors): string {
  const { kernel, first, mismatches, leftOut, unsettled } = verified;
  const mark = mismatches === 0 ? "● the same" : colors.yellow(`▲ ${mismatchesText(mismatches)}`);
  const counts = `${integer(verified.operations)} calls, ${integer(verified.checkpoints)} layouts`;
  const model = kernel.exact
    ? kernel.protocol.id
    : `${kernel.protocol.id}, the nearest to this release: what differs between releases is left out`;
  const lines = [
    `${colors.bold(`Linux ${verified.kernelRelease}`)}: ${counts}, ${mark}`,
    colors.dim(`model ${model}`),
  ];
  if (leftOut.length > 0) lines.push(colors.dim(`not asked: ${leftOut.join("; ")}`));
  if (unsettled > 0) {
    lines.push(
      colors.dim(
        `episodes that say nothing, because the process met a limit itself or was killed: ${unsettled}`,
      ),
    );
  }
  if (first) lines.push("", ...mismatchLines(verified, first, colors));
  return `${lines.join("\n")}\n`;
}

function mismatchesText(count: number): string {
  return count === 1 ? "1 mismatch" : `${integer(count)} mismatches`;
}

function mismatchLines(verified: Verified, first: FirstMismatch, colors: Colors): string[] {
  const { difference, expected } = first.found;
  const last = difference.step + 1;
  const when = first.reproduced
    ? `the shortest sequence that differs, after call ${last} of ${expected.steps.length}`
    : `seen after call ${last}; it did not come again`;
  return [
    colors.bold(`${KINDS[difference.kind]}: ${when}`),
    ...traceLines(verified, first),
    "",
    ...sideBySide(difference, colors),
  ];
}

const KINDS: Readonly<Record<Difference["kind"], string>> = {
  result: "another answer",
  layout: "another layout",
  flags: "other flags",
  locked: "other locked pages",
  died: "the child process died",
};

/** A counterexample as lines that `replay --touch none` takes; what they cannot say stands in comments. */
export function traceLines(verified: Verified, { episode, found }: FirstMismatch): string[] {
  const { expected } = found;
  const { kernelRelease, kernel, seed } = verified;
  return [
    `# Linux ${kernelRelease} against ${kernel.protocol.id}, seed ${seed}, episode ${episode}`,
    ...conditionLines(expected.conditions),
    ...fileLines(expected, verified.files),
    ...expected.steps.flatMap(stepLines),
  ];
}

function conditionLines({ memlock, readImpliesExec, mergeAny, room }: Conditions): string[] {
  const lines: string[] = [];
  if (memlock !== null) lines.push(`# without CAP_IPC_LOCK, RLIMIT_MEMLOCK of ${memlock} pages`);
  if (readImpliesExec) lines.push("# personality READ_IMPLIES_EXEC");
  if (mergeAny) lines.push("# PR_SET_MEMORY_MERGE");
  if (room !== null) lines.push(`# ${room} VMAs below vm.max_map_count`);
  return lines;
}

function fileLines({ steps }: Expectation, names: readonly FileName[]): string[] {
  const ids = new Set(steps.map(({ step }) => step.operation.file ?? 0));
  return names.flatMap((name, i) => (ids.has(i + 1) ? [`# file ${i + 1}: ${name}`] : []));
}

function stepLines({ step, operations }: ExpectedStep): string[] {
  const lines: string[] = [];
  if (step.limit) {
    const { resource, headroom } = step.limit;
    const name = resource === "as" ? "RLIMIT_AS" : "RLIMIT_DATA";
    lines.push(`# the next call under ${name} of ${headroom} pages more than there are`);
  }
  return [...lines, ...operations.map(operationLine)];
}

/** Both views in two columns; rows that differ are marked. */
export function sideBySide(difference: Difference, colors: Colors): string[] {
  const rows = rowsOf(difference);
  const width = Math.max(6, ...rows.map(([left]) => left.length));
  const row = (mark: string, left: string, right: string) =>
    `${mark} ${left.padEnd(width)}  ${right}`.trimEnd();
  return [
    colors.dim(row(" ", "kernel", "model")),
    ...rows.map(([left, right]) =>
      left === right ? row(" ", left, right) : colors.yellow(row("≠", left, right)),
    ),
  ];
}

/** Lines of both sides beside each other; VMAs where they begin at the same address. */
function rowsOf({ kind, kernel, model }: Difference): [string, string][] {
  if (kind !== "layout" && kind !== "flags") return [[kernel[0] ?? "", model[0] ?? ""]];
  const rows: [string, string][] = [];
  const startOf = (line: string | undefined) =>
    line === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(line, 16);
  for (let i = 0, j = 0; i < kernel.length || j < model.length; ) {
    const [left, right] = [startOf(kernel[i]), startOf(model[j])];
    const [ours, theirs] = [left <= right ? kernel[i++] : "", right <= left ? model[j++] : ""];
    rows.push([ours ?? "", theirs ?? ""]);
  }
  return rows;
}
