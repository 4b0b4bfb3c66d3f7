// `replay --check`: what a replay gave against what the kernel recorded.

import type { VmaView } from "../core/core.js";
import { callLine } from "../trace/calls.js";
import type { Program, Snapshot } from "../trace/program.js";
import { hexText } from "../trace/words.js";
import { compareLayouts, type LayoutComparison } from "./compare.js";
import { errnoText } from "./errno.js";
import type { Replayed } from "./replay.js";

export interface Score {
  same: number;
  total: number;
}

/** The document that `replay --check --json` prints. */
export interface CheckReport {
  file: string;
  /** Calls of the trace. */
  operations: number;
  /** Return values as recorded, but for addresses that the kernel chose. */
  results: Score;
  /** Addresses that the kernel chose: mmap without a fixed address, mremap that moved. */
  placed: Score;
  /** VMAs right after each call. */
  vmaCounts: Score;
  checkpoints: { after: number; coverage: boolean; exact: boolean }[];
  /** Null where no layout was recorded: in operation traces and in text of strace. */
  final: { coverage: boolean; exact: boolean } | null;
}

export interface Check {
  report: CheckReport;
  /** The first difference of each kind, in words; for people. */
  differences: string[];
}

/** Compares a replay with the recording it came from. */
export function check(program: Program, replayed: Replayed): Check {
  // an operation trace records nothing
  const recorded = program.recorded ?? { ...NOTHING, calls: program.operations.length };
  const differences: string[] = [];
  const scores = compareCalls(program, replayed, differences);

  const compare = (snapshot: Snapshot, model: readonly VmaView[]): LayoutComparison => {
    const comparison = compareLayouts(snapshot.layout, model, program.inodes);
    if (comparison.difference !== null) {
      const where = snapshot === recorded.final ? "final layout" : `layout after ${snapshot.after}`;
      differences.push(`${where}: ${comparison.difference}`);
    }
    return comparison;
  };
  const checkpoints = recorded.checkpoints.map((snapshot, i) => {
    const { coverage, exact } = compare(snapshot, replayed.checkpoints[i] ?? []);
    return { after: snapshot.after, coverage, exact };
  });
  const last = recorded.final ? compare(recorded.final, replayed.final) : null;
  const final = last && { coverage: last.coverage, exact: last.exact };
  const { file } = program;
  const report = { file, operations: recorded.calls, ...scores, checkpoints, final };
  return { report, differences };
}

const NOTHING = { expectations: [], checkpoints: [], final: null };

function compareCalls(program: Program, replayed: Replayed, differences: string[]) {
  const scores = {
    results: { same: 0, total: 0 },
    placed: { same: 0, total: 0 },
    vmaCounts: { same: 0, total: 0 },
  };
  const told = new Set<string>();
  const score = (kind: keyof typeof scores, same: boolean, difference: () => string) => {
    scores[kind].total++;
    if (same) scores[kind].same++;
    else if (!told.has(kind)) {
      told.add(kind);
      differences.push(difference());
    }
  };
  program.recorded?.expectations.forEach((expectation, i) => {
    if (!expectation) return;
    const { call, comparison, number } = expectation;
    const value = replayed.values[i] as number;
    const vmas = replayed.vmas[i] as number;
    const where = `operation ${number} (${program.file}:${call.line}) ${callLine(call)}`;
    if (comparison) {
      const same = value === Number(call.result);
      score(comparison, same, () => `${where}: the model's result is ${valueText(value)}`);
    }
    if (call.vmas !== undefined) {
      score("vmaCounts", vmas === call.vmas, () => `${where}: the model has ${vmas} VMAs`);
    }
  });
  return scores;
}

function valueText(value: number): string {
  return value < 0 ? errnoText(value) : hexText(value);
}

/** Whether there was anything to compare. */
export function comparesNothing({ results, placed, vmaCounts, final }: CheckReport): boolean {
  return results.total + placed.total + vmaCounts.total === 0 && final === null;
}

/**
 * Whether the model and the kernel disagree in something that the trace decides: results, addresses, or what is
 * mapped where. Where one VMA ends and the next begins (`vmaCounts`, `exact`) also depends on which pages the
 * program had written to, which no trace of calls says; it is reported and does not count.
 */
export function disagrees(report: CheckReport): boolean {
  const missed = ({ same, total }: Score) => same < total;
  const layouts = report.final ? [...report.checkpoints, report.final] : report.checkpoints;
  return missed(report.results) || missed(report.placed) || layouts.some((l) => !l.coverage);
}
