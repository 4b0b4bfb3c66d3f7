// Programs in parts.

import type { Operation } from "../core/operation.js";
import type { OperationSink } from "./collect.js";
import type { Expectation, Part, Program, ProgramSource, Snapshot } from "./program.js";

/** Most operations of a part. Between parts an interrupt gets its turn. */
const PART = 8192;

/** Cuts operations into parts as they come. */
export class Parts implements OperationSink {
  count = 0;
  private readonly ready: Part[] = [];
  private operations: Operation[] = [];
  private lines: number[] = [];
  private expectations: (Expectation | null)[] = [];

  /** `setup`: how many of the operations are the set-up. */
  constructor(private readonly setup: number) {}

  operation(operation: Operation, line: number, expectation: Expectation | null | undefined): void {
    this.operations.push(operation);
    this.lines.push(line);
    if (expectation !== undefined) this.expectations.push(expectation);
    this.count++;
    if (this.count === this.setup || this.operations.length === PART) this.cut();
  }

  mark(): void {} // known beforehand

  snapshot(snapshot: Snapshot, isFinal: boolean): void {
    this.cut({ snapshot, isFinal });
  }

  /** Ends a part. */
  cut(then: Part["then"] = null): void {
    const { operations, lines, expectations } = this;
    if (operations.length === 0 && then === null) return;
    const isSetup = this.count <= this.setup && then === null;
    this.ready.push({ isSetup, operations, lines, expectations, then });
    this.operations = [];
    this.lines = [];
    this.expectations = [];
  }

  /** The parts that are ready, which are gone then. */
  taken(): Part[] {
    return this.ready.splice(0);
  }
}

/** A program in memory, to go through. */
export function sourceOf(program: Program): ProgramSource {
  const { setup, operations, lines, expectations, checkpoints, final, ...head } = program;
  const each = async (take: (part: Part) => Promise<void>) => {
    const parts = new Parts(setup.length);
    const show = async () => {
      for (const part of parts.taken()) await take(part);
    };
    setup.forEach((operation, i) => {
      parts.operation(operation, lines[i] ?? 0, undefined);
    });
    let next = 0;
    for (let i = 0; i <= operations.length; i++) {
      for (; checkpoints[next]?.executed === i; next++) {
        parts.snapshot(checkpoints[next] as Snapshot, false);
      }
      if (i === operations.length) break;
      const line = lines[setup.length + i] ?? 0;
      parts.operation(operations[i] as Operation, line, expectations[i]);
      if (i % PART === 0) await show();
    }
    if (final) parts.snapshot(final, true);
    else parts.cut();
    await show();
  };
  return { ...head, length: operations.length, each };
}
