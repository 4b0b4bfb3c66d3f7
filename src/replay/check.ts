// `replay --check`: what a replay gave against what the kernel recorded.

import type { Core, VmaView } from "../core/core.js";
import { callLine } from "../trace/calls.js";
import type { Expectation, Part, ProgramHead, Snapshot } from "../trace/program.js";
import { hexText } from "../trace/words.js";
import { compareLayouts } from "./compare.js";
import { errnoText } from "./errno.js";
import type { Results, Watcher } from "./replay.js";

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

/** Compares a replay with the recording it came from, as it goes on. */
export class Checker implements Watcher {
  private operations = 0;
  private readonly scores = { results: score(), placed: score(), vmaCounts: score() };
  private readonly checkpoints: CheckReport["checkpoints"] = [];
  private final: CheckReport["final"] = null;
  private readonly differences: string[] = [];
  private readonly told = new Set<string>();
  /** The layout at the end. */
  left: VmaView[] = [];

  constructor(private readonly source: ProgramHead) {}

  part({ operations, expectations }: Part, results: Results): void {
    // an operation trace records nothing; what is no call of a recording has no expectation
    const { isRecorded } = this.source;
    this.operations += isRecorded ? expectations.filter(Boolean).length : operations.length;
    expectations.forEach((expectation, i) => {
      if (expectation)
        this.call(expectation, results.values[i] as number, results.vmas[i] as number);
    });
  }

  layout(snapshot: Snapshot, model: VmaView[], isFinal: boolean): void {
    const { inodes } = this.source;
    const { coverage, exact, difference } = compareLayouts(snapshot.layout, model, inodes);
    const { after } = snapshot;
    if (difference !== null) {
      this.differences.push(`${isFinal ? "final layout" : `layout after ${after}`}: ${difference}`);
    }
    if (isFinal) this.final = { coverage, exact };
    else this.checkpoints.push({ after, coverage, exact });
  }

  end(core: Core): void {
    this.left = core.layout();
  }

  /** What came out, at the end. */
  check(): Check {
    const { operations, scores, checkpoints, final, differences } = this;
    const report = { file: this.source.file, operations, ...scores, checkpoints, final };
    return { report, differences };
  }

  private call({ call, comparison, number }: Expectation, value: number, vmas: number): void {
    const where = () => `operation ${number} (${this.source.file}:${call.line}) ${callLine(call)}`;
    if (comparison) {
      const isSame = value === Number(call.result);
      this.score(comparison, isSame, () => `${where()}: the model's result is ${valueText(value)}`);
    }
    if (call.vmas !== undefined) {
      this.score("vmaCounts", vmas === call.vmas, () => `${where()}: the model has ${vmas} VMAs`);
    }
  }

  private score(kind: keyof typeof this.scores, isSame: boolean, difference: () => string): void {
    this.scores[kind].total++;
    if (isSame) {
      this.scores[kind].same++;
    } else if (!this.told.has(kind)) {
      this.told.add(kind);
      this.differences.push(difference());
    }
  }
}

function score(): Score {
  return { same: 0, total: 0 };
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
