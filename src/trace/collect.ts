// What takes the operations of a program as they are read: kept, as long as they are few; counted in any case.

import type { Operation } from "../core/operation.js";
import type { Expectation, Program, ProgramHead, Snapshot } from "./program.js";

/** Takes the operations of a program in order. */
export interface OperationSink {
  /** `expectation` is null for what is no call, undefined where nothing was recorded. */
  operation(operation: Operation, line: number, expectation: Expectation | null | undefined): void;
  /** What came before is the set-up. */
  mark(): void;
  snapshot(snapshot: Snapshot, isFinal: boolean): void;
}

type Held = Pick<
  Program,
  "setup" | "operations" | "lines" | "expectations" | "checkpoints" | "final"
>;

const nothing = (): Held => ({
  setup: [],
  operations: [],
  lines: [],
  expectations: [],
  checkpoints: [],
  final: null,
});

export class Collector implements OperationSink {
  /** Operations, those of the set-up among them. */
  count = 0;
  setupCount = 0;
  private held: Held | null = nothing();
  /** VMAs of layouts held. */
  private vmas = 0;

  /** `most`: operations, and VMAs of layouts, to keep; when there are more, all are let go. */
  constructor(private readonly most: number) {}

  operation(operation: Operation, line: number, expectation: Expectation | null | undefined): void {
    this.count++;
    if (this.count > this.most) this.held = null;
    if (!this.held) return;
    this.held.operations.push(operation);
    this.held.lines.push(line);
    if (expectation !== undefined) this.held.expectations.push(expectation);
  }

  mark(): void {
    this.setupCount = this.count;
    if (this.held) {
      this.held.setup = this.held.operations;
      this.held.operations = [];
      this.held.expectations = [];
    }
  }

  snapshot(snapshot: Snapshot, isFinal: boolean): void {
    this.vmas += snapshot.layout.vmas.length;
    if (this.vmas > this.most) this.held = null;
    if (!this.held) return;
    if (isFinal) this.held.final = snapshot;
    else this.held.checkpoints.push(snapshot);
  }

  /** Whether everything is still there. */
  get isWhole(): boolean {
    return this.held !== null;
  }

  /** The program with its head. */
  program(head: ProgramHead): Program {
    if (!this.held) throw new Error("too long to be held");
    return { ...head, ...this.held };
  }
}
