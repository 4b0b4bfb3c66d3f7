// A core: one instance of a WebAssembly build, with typed access to what it exports. The only file that
// knows the bytes of the core's memory; everything above speaks of operations, layouts and counters.

import { readFileSync } from "node:fs";
import * as abi from "./abi.js";
import { EVENTS, type EventName, type Field } from "./abi.js";
import { encode, type Operation } from "./operation.js";
import { type Settings, withDefaults } from "./settings.js";
import { DEFAULT_TLB, layOut, type TlbGeometry, tlbRecord } from "./tlb.js";
import {
  ACCOUNT,
  type Account,
  type Counters,
  type DigestOptions,
  type DriverRecord,
  type FileRecord,
  type OperationResult,
  SIDES,
  type Snapshot,
  type StepView,
  type TreeShape,
  type VmaView,
} from "./views.js";

export type BuildName = "timing" | "work" | "checking";

export type {
  Account,
  Counters,
  DigestOptions,
  DriverRecord,
  FileRecord,
  OperationResult,
  Snapshot,
  StepState,
  StepView,
  TreeShape,
  VmaView,
} from "./views.js";

interface Exports {
  memory: WebAssembly.Memory;
  reset(): void;
  execute(first: number, count: number): number;
  layout(): number;
  shape(at: number): void;
  check(): number;
  regions(): number;
  regionAt(region: number): number;
  usedBytes(region: number): number;
  pageTablePages(): number;
  startCpus(): void;
  accessRecorded(accesses: number): number;
  mapleDigest(
    operations: number,
    pages: number,
    mask: number,
    full: boolean,
    rcu: boolean,
    range: boolean,
    checked: boolean,
    stateLow: number,
    stateHigh: number,
    at: number,
  ): void;
}

const TWO_32 = 2 ** 32;
const DIGEST_WORDS = 17;
const buildFolder = new URL("../../build/", import.meta.url);
const modules = new Map<BuildName, WebAssembly.Module>();

/** Bytes of a build's WebAssembly. */
export function coreBytes(build: BuildName): Uint8Array {
  return readFileSync(new URL(`${build}.wasm`, buildFolder));
}

function moduleOf(build: BuildName): WebAssembly.Module {
  let module = modules.get(build);
  if (!module) {
    module = new WebAssembly.Module(coreBytes(build));
    modules.set(build, module);
  }
  return module;
}

/** Thrown when the core trapped: a bug of ours, never an answer of the kernel. */
export class CoreTrap extends Error {
  override name = "CoreTrap";
}

export class Core {
  readonly build: BuildName;
  private readonly x: Exports;
  private readonly view: DataView;
  private readonly bytes: Uint8Array;

  constructor(build: BuildName, module: WebAssembly.Module = moduleOf(build)) {
    this.build = build;
    const imports = {
      env: {
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new CoreTrap(`assertion failed in the core, line ${line}, column ${column}`);
        },
      },
    };
    this.x = new WebAssembly.Instance(module, imports).exports as unknown as Exports;
    this.view = new DataView(this.x.memory.buffer);
    this.bytes = new Uint8Array(this.x.memory.buffer);
    this.reset();
  }

  /**
   * An empty address space under the given settings, on CPUs with the given caches (which `tlbProblem` finds fit).
   * Files, drivers and counters are cleared too.
   */
  reset(settings: Partial<Settings> = {}, tlb: TlbGeometry = DEFAULT_TLB): void {
    this.x.reset();
    this.configure(withDefaults(settings));
    this.describeTlb(tlb);
    this.clearCounters();
  }

  private describeTlb(tlb: TlbGeometry): void {
    const { records, bytes } = layOut(tlb);
    records.forEach((record, i) => {
      this.record(abi.TLB_BANKS_AT + i * 64, abi.BANK, record);
    });
    this.record(abi.TLB_STATE_AT, abi.TLB, tlbRecord(tlb, bytes));
    this.x.startCpus();
  }

  /** Accesses recorded elsewhere, one word each: the address, with bit 0 set for a write. How many were made. */
  access(words: BigUint64Array): number {
    for (let at = 0; at < words.length; at += abi.BATCH_ACCESSES) {
      const part = words.subarray(at, at + abi.BATCH_ACCESSES);
      this.words(abi.COMMANDS_AT, part.length).set(part);
      if (this.x.accessRecorded(part.length) < 0) return -abi.EFAULT;
    }
    return words.length;
  }

  /** Writes settings into the address-space record, keeping everything else. */
  configure(settings: Partial<Settings>): void {
    for (const [name, value] of Object.entries(settings)) {
      this.put(abi.MM_AT, abi.MM[name as keyof Settings], Number(value));
    }
  }

  /** Describes file `id`, from 1. RangeError beyond the model's room. */
  setFile(id: number, file: FileRecord): void {
    if (id < 1 || id >= abi.FILE_LIMIT) throw new RangeError(`file id ${id} out of range`);
    const defaults = { mode: abi.FILE_MODE_READ, inode: id, firstPfn: id * 2 ** 20 };
    this.record(abi.FILES_AT + id * 64, abi.FILE, { ...defaults, ...file, id });
    if (this.get(abi.MM_AT, abi.MM.fileNext) <= id) {
      this.put(abi.MM_AT, abi.MM.fileNext, id + 1);
    }
  }

  /** Describes what driver `index` does. RangeError beyond the model's room. */
  setDriver(index: number, driver: DriverRecord): void {
    if (index < 0 || index >= abi.DRIVER_LIMIT)
      throw new RangeError(`driver ${index} out of range`);
    this.record(abi.DRIVERS_AT + index * 128, abi.DRIVER, driver);
  }

  /** Puts encoded operations into the command region, from record `first` on. */
  loadBatch(records: Uint8Array, first = 0): void {
    const end = first + records.byteLength / abi.COMMAND_SIZE;
    if (end > abi.BATCH_LIMIT) throw new RangeError(`a batch holds ${abi.BATCH_LIMIT} operations`);
    this.bytes.set(records, abi.COMMANDS_AT + first * abi.COMMAND_SIZE);
  }

  /** Executes loaded records. Returns how many were done: fewer than `count` only on a model limit. */
  execute(first: number, count: number): number {
    try {
      return this.x.execute(first, count);
    } catch (error) {
      if (error instanceof CoreTrap) throw error;
      throw new CoreTrap(`the core trapped: ${(error as Error).message}`);
    }
  }

  result(index: number): OperationResult {
    const at = abi.RESULTS_AT + index * abi.RESULT_SIZE;
    return {
      value: this.get(at, { at: abi.RESULT_VALUE, type: "i64" }),
      vmas: this.view.getUint32(at + abi.RESULT_VMAS, true),
      status: this.view.getUint32(at + abi.RESULT_STATUS, true),
    };
  }

  /** Runs any number of operations, in batches, and returns their results. */
  run(operations: readonly Operation[]): OperationResult[] {
    const results: OperationResult[] = [];
    for (let i = 0; i < operations.length; i += abi.BATCH_LIMIT) {
      const part = operations.slice(i, i + abi.BATCH_LIMIT);
      this.loadBatch(encode(part));
      const done = this.execute(0, part.length);
      for (let k = 0; k < part.length; k++) {
        const result = this.result(k);
        if (k >= done) throw new CoreTrap(`operation ${i + k + 1}: ${statusText(result.status)}`);
        results.push(result);
      }
    }
    return results;
  }

  /** Runs one operation and says which steps it took, in order; none in the timing build. */
  trace(operation: Operation): { result: OperationResult; steps: StepView[] } {
    this.view.setUint32(abi.STEPS_AT, 1, true);
    this.view.setUint32(abi.STEPS_AT + 4, 0, true);
    const [result] = this.run([operation]);
    this.view.setUint32(abi.STEPS_AT, 0, true);
    const records = Array.from({ length: this.view.getUint32(abi.STEPS_AT + 4, true) }, (_, i) => {
      const at = abi.STEPS_AT + 8 + i * abi.STEP_SIZE;
      return {
        step: this.view.getUint32(at, true),
        detail: this.view.getUint32(at + 4, true),
        value: this.get(at + abi.STEP_VALUE, WORD),
        counters: this.counters(at + abi.STEP_COUNTERS),
        state: {
          mapCount: this.get(at + abi.STEP_VMAS, WORD),
          committed: this.get(at + abi.STEP_COMMITTED, { at: 0, type: "i64" }),
          held: this.view.getUint32(at + abi.STEP_HELD, true),
        },
      };
    });
    const starts = records.flatMap(({ step }, i) => (SIDES.includes(step) ? [] : [i]));
    const steps = starts.slice(0, -1).map((first, i) => {
      const [begun, parts] = [records[first]!, records.slice(first + 1, starts[i + 1])];
      const next = records[starts[i + 1] as number]!;
      return {
        step: begun.step,
        work: growth(begun.counters, next.counters),
        sides: parts.map(({ step, detail, value }) => ({ side: step, refused: detail, value })),
        after: next.state,
      };
    });
    return { result: result as OperationResult, steps };
  }

  /** What one event has been counted to; 0 in the timing build. */
  counted(event: EventName): number {
    return this.get(abi.COUNTERS_AT + EVENTS[event] * 8, WORD);
  }

  /** ALARM_* that the last operation's hook set off. */
  alarms(): number {
    return this.get(abi.MM_AT, abi.MM.alarms);
  }

  clearCounters(): void {
    this.bytes.fill(0, abi.COUNTERS_AT, abi.COUNTERS_AT + abi.EVENT_COUNT * 8);
  }

  /** All counters; zero everywhere in the timing build. `events`: indices of a core of another version. */
  counters(table = abi.COUNTERS_AT, events: Readonly<Record<string, number>> = EVENTS): Counters {
    const counters = {} as Counters;
    for (const [name, index] of Object.entries(events)) {
      counters[name as EventName] = this.get(table + index * 8, WORD);
    }
    return counters;
  }

  /** All VMAs in address order. */
  layout(): VmaView[] {
    const count = this.x.layout();
    return Array.from({ length: count }, (_, i) => {
      const id = this.view.getUint32(abi.RESULTS_AT + i * 4, true);
      const { start, end, flags, pgoff, anonPgoff, file, anonVma, chain, ops, privateData } =
        abi.VMA;
      return {
        start: this.get(id, start),
        end: this.get(id, end),
        flags: this.get(id, flags),
        pgoff: this.get(id, pgoff),
        anonPgoff: this.get(id, anonPgoff),
        file: this.get(id, file),
        anonVma: this.get(id, anonVma),
        chain: this.get(id, chain),
        ops: this.get(id, ops),
        privateData: this.get(id, privateData),
        id,
      };
    });
  }

  shape(): TreeShape {
    this.x.shape(abi.RESULTS_AT);
    const word = (i: number) => this.view.getUint32(abi.RESULTS_AT + i * 4, true);
    return { height: word(0), leaves: word(1), inner: word(2), entries: word(3) };
  }

  account(): Account {
    return Object.fromEntries(
      ACCOUNT.map((name) => [name, this.get(abi.MM_AT, abi.MM[name])]),
    ) as Account;
  }

  /** References that VMAs hold on a file, VMAs in its i_mmap, and writable ones among them. */
  fileState(id: number): { refs: number; mapped: number; writable: number } {
    const at = abi.FILES_AT + id * 64;
    const { refs, mapped, writable } = abi.FILE;
    return {
      refs: this.get(at, refs),
      mapped: this.get(at, mapped),
      writable: this.get(at, writable),
    };
  }

  /** Whether the failure that the last operation asked for (`fail`, `at`) has come about. */
  failureReached(): boolean {
    const { failAt, failSeen } = abi.MM;
    const wanted = this.get(abi.MM_AT, failAt);
    return wanted > 0 && this.get(abi.MM_AT, failSeen) >= wanted;
  }

  /** A look at the core's memory, for readers that know its layout. */
  words(at: number, count: number): BigUint64Array {
    return new BigUint64Array(this.x.memory.buffer, at, count);
  }

  /** Page-table pages in use, the PGD not counted. */
  pageTablePages(): number {
    return this.x.pageTablePages();
  }

  /** 0 when every invariant holds, else the number of the broken rule (docs/model.md). */
  check(): number {
    return this.x.check();
  }

  /** The used part of every region. Taken and restored outside the timed part of a measurement. */
  snapshot(): Snapshot {
    return Array.from({ length: this.x.regions() }, (_, region) => {
      const at = this.x.regionAt(region);
      return { at, bytes: this.bytes.slice(at, at + this.x.usedBytes(region)) };
    });
  }

  /** Puts back what a core of this build has taken. RangeError, and nothing done, for regions that are not its own. */
  restore(snapshot: Snapshot): void {
    const regions = this.x.regions();
    const isOurs = snapshot.every(({ at, bytes }, region) => {
      const end = region + 1 < regions ? this.x.regionAt(region + 1) : this.bytes.length;
      return region < regions && at === this.x.regionAt(region) && at + bytes.length <= end;
    });
    if (!isOurs || snapshot.length !== regions) throw new RangeError("a snapshot of another core");
    for (const { at, bytes } of snapshot) this.bytes.set(bytes, at);
  }

  /** Runs a known-answer stream (docs/model.md) on an empty tree; the words of its answer. */
  mapleDigest(options: DigestOptions): bigint[] {
    this.reset();
    this.x.mapleDigest(
      options.operations,
      options.pages,
      options.mask,
      options.full,
      options.rcu,
      options.range,
      options.checked ?? false,
      Number(BigInt.asUintN(32, options.state)),
      Number(BigInt.asUintN(32, options.state >> 32n)),
      abi.RESULTS_AT,
    );
    return Array.from({ length: DIGEST_WORDS }, (_, i) =>
      this.view.getBigUint64(abi.RESULTS_AT + i * 8, true),
    );
  }

  private record(at: number, fields: Readonly<Record<string, Field>>, values: object): void {
    for (const [name, field] of Object.entries(fields)) {
      this.put(at, field, (values as Record<string, number>)[name] ?? 0);
    }
  }

  /** A field as a number; 64-bit ones hold no more than 53 bits that matter. */
  private get(base: number, { at, type }: Field): number {
    const low = this.view.getUint32(base + at, true);
    switch (type) {
      case "u32":
        return low;
      case "i32":
        return low | 0;
      case "u64":
        return low + this.view.getUint32(base + at + 4, true) * TWO_32;
      case "i64":
        return low + this.view.getInt32(base + at + 4, true) * TWO_32;
    }
  }

  private put(base: number, { at, type }: Field, value: number): void {
    this.view.setUint32(base + at, value % TWO_32, true);
    if (type.endsWith("64")) {
      this.view.setUint32(base + at + 4, Math.floor(value / TWO_32), true);
    }
  }
}

const WORD: Field = { at: 0, type: "u64" };

/** The counters that have grown, by how much. */
function growth(before: Counters, after: Counters): Partial<Counters> {
  const names = Object.keys(before) as EventName[];
  return Object.fromEntries(
    names.filter((name) => after[name] > before[name]).map((n) => [n, after[n] - before[n]]),
  );
}

function statusText(status: number): string {
  if (status === abi.STATUS_POOL_EMPTY) return "the model's memory is full";
  return "not an operation of the core";
}
