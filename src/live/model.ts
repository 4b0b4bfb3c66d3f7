// The model of the child's address space: the core under this machine's settings.

import * as abi from "../core/abi.js";
import { Core, type FileRecord, type VmaView } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { DEFAULT_SETTINGS, type Settings } from "../core/settings.js";
import { type Conditions, type Limit, ORDINARY } from "./messages.js";
import { GUARD_INSTALL, modelOperations, PAGE, pagesOf, SIMPLEST_MAP, type Step } from "./steps.js";
import { has } from "./vmflags.js";

/** What a machine makes of the model. */
export interface ModelOptions {
  settings: Partial<Settings>;
  /** File id n is `files[n - 1]`. */
  files: readonly FileRecord[];
  driver: object;
}

/** The rest of the process stands for itself in the counters that limits look at: place, pages. */
const REST = { at: 0x600000000000, pages: 1 << 17 };
const REST_FLAGS = abi.VM_READ + abi.VM_WRITE + abi.VM_MAYREAD + abi.VM_MAYWRITE + abi.VM_MAYEXEC;

/** What a step did in the model. */
export interface Performed {
  /** One for each of the step's calls. */
  values: number[];
  /** All operations executed: an access may have made a stack grow first. */
  operations: Operation[];
}

export class Model {
  private readonly core = new Core("work");
  private vmas: VmaView[] | null = null;

  constructor(private readonly options: ModelOptions) {}

  /** An empty address space under an episode's conditions. */
  reset({ memlock, readImpliesExec, mergeAny, room }: Conditions): void {
    const { settings, files, driver } = this.options;
    const lowered = memlock === null ? {} : { limitMemlock: memlock * PAGE, ipcLock: false };
    this.core.reset({ ...settings, ...lowered, readImpliesExec, mergeAny });
    this.core.setDriver(0, driver);
    files.forEach((file, i) => {
      this.core.setFile(i + 1, file);
    });
    const { at, pages } = REST;
    this.run({ op: abi.OP_PLACE, addr: at, len: pages * PAGE, prot: REST_FLAGS });
    if (room !== null) {
      this.core.configure({ maxMapCount: this.core.account().mapCount + room });
    }
  }

  /** The VMAs of the windows, in address order. */
  layout(): readonly VmaView[] {
    if (this.vmas === null) {
      this.vmas = this.core.layout();
      this.vmas.pop(); // the rest of the process
    }
    return this.vmas;
  }

  lockedPages(): number {
    return this.core.account().lockedVm;
  }

  /** Whether the rules of the core's own state hold. */
  check(): number {
    return this.core.check();
  }

  /** Whether a file is one of a disk's file system, whose hook may have a will of its own. */
  isOnDisk(file: number): boolean {
    const mode = this.options.files[file - 1]?.mode;
    return mode !== undefined && (mode & (abi.FILE_MODE_SHMEM | abi.FILE_MODE_DEVZERO)) === 0;
  }

  /** Carries out a step. */
  perform(step: Step): Performed {
    if (step.limit) this.impose(step.limit);
    const { values, operations } = this.execute(step);
    if (step.limit) {
      const { limitAs, limitData } = DEFAULT_SETTINGS;
      this.core.configure({ limitAs, limitData });
    }
    return { values, operations };
  }

  /** Whether madvise(MADV_GUARD_INSTALL) leaves its mark on a VMA. Resets the model. */
  marksGuards(): boolean {
    this.reset(ORDINARY);
    const [addr, len] = [REST.at - 16 * PAGE, PAGE];
    this.run({ op: abi.OP_MMAP, addr, len, prot: 3, flags: SIMPLEST_MAP });
    this.run({ op: abi.OP_MADVISE, addr, len, prot: GUARD_INSTALL });
    return has(this.layout()[0]?.flags ?? 0, abi.VM_MAYBE_GUARD);
  }

  private execute(step: Step): Performed {
    if (step.operation.op === abi.OP_TOUCH) return this.touch(step.operation);
    const operations = modelOperations(step);
    return { operations, values: operations.map((operation) => this.run(operation)) };
  }

  /** Accesses page by page; below a stack the fault makes it grow first. */
  private touch(operation: Operation): Performed {
    const operations: Operation[] = [];
    const from = Math.floor(Number(operation.addr) / PAGE) * PAGE;
    const end = from + pagesOf(operation) * PAGE;
    const access = (start: number, stop: number) => {
      const part = { ...operation, addr: start, len: stop - start };
      operations.push(part);
      return this.run(part);
    };
    for (let start = from; ; ) {
      const gap = this.gapBelowStack(start, end);
      if (gap === null) {
        const value = access(start, end);
        return { operations, values: [value < 0 ? value : (end - from) / PAGE] };
      }
      const value = gap > start ? access(start, gap) : 0;
      if (value < 0) return { operations, values: [value] };
      const growth = { op: abi.OP_STACK_GROW, addr: gap };
      operations.push(growth);
      if (this.run(growth) < 0) return { operations, values: [-abi.EFAULT] };
      start = gap;
    }
  }

  /** The first page of a range where nothing is, if a stack is the next thing above it. */
  private gapBelowStack(start: number, end: number): number | null {
    let reached = start;
    for (const vma of this.layout()) {
      if (vma.end <= start) continue;
      if (vma.start > reached) {
        return reached < end && has(vma.flags, abi.VM_GROWSDOWN) ? reached : null;
      }
      reached = vma.end;
    }
    return null;
  }

  private run(operation: Operation): number {
    this.vmas = null;
    return (this.core.run([operation])[0] as { value: number }).value;
  }

  private impose({ resource, headroom }: Limit): void {
    const { totalVm, dataVm } = this.core.account();
    if (resource === "as") this.core.configure({ limitAs: (totalVm + headroom) * PAGE });
    else this.core.configure({ limitData: (dataVm + headroom) * PAGE });
  }
}
