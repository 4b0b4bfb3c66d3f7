// The child process: system calls as the command asks for them, in windows of its own address space. Whatever
// goes wrong in here, the command lives on. Started with ChildOptions as its only argument.

import type { Word } from "../core/operation.js";
import { type Filler, fill } from "./filler.js";
import {
  type Libc,
  openLibc,
  PR_SET_MEMORY_MERGE,
  PR_SET_PDEATHSIG,
  READ_IMPLIES_EXEC,
  RLIMIT,
  SYS,
} from "./libc.js";
import type { Conditions, EpisodeReply, EpisodeRequest, Reply } from "./messages.js";
import {
  type Accesses,
  type ChildOptions,
  type ChildStep,
  type Limit,
  LOOK_AT_MAPS,
  LOOK_AT_NOTHING,
  type SystemCall,
} from "./messages.js";
import { openFiles } from "./open.js";
import { probe } from "./probe.js";
import { MapsReader } from "./windows.js";

const PAGE = 4096;
const SIGKILL = 9;
const NO_DESCRIPTOR = 2 ** 31 - 1;

/** There is room for new objects now (node --expose-gc). */
function collectGarbage(type: "minor" | "major"): void {
  (globalThis as { gc?: (options: { type: string }) => void }).gc?.({ type });
}

class Child {
  private readonly libc: Libc = openLibc();
  private readonly maps = new MapsReader();
  private readonly files;
  /** One page of zeros: where accesses come from and go to. */
  private readonly scratch: number;
  private readonly hasIpcLock: boolean;

  constructor(options: ChildOptions) {
    const { libc } = this;
    libc.call(SYS.prctl, PR_SET_PDEATHSIG, SIGKILL);
    libc.enlargeHeap();
    this.hasIpcLock = libc.hasIpcLock();
    this.files = openFiles(libc, options.folder);
    this.scratch = libc.memfd("scratch", 0);
    libc.call(SYS.ftruncate, this.scratch, PAGE);
  }

  ready(): Reply {
    const { libc, maps, files, scratch } = this;
    return probe({ libc, maps, files, scratch });
  }

  episode({ windows, conditions, steps }: EpisodeRequest): EpisodeReply {
    this.empty(windows);
    const lockedBefore = this.maps.statusPages("VmLck");
    const filler = this.filler(conditions, windows);
    const leave = this.enter(conditions, lockedBefore);
    const values: number[] = [];
    const shown: EpisodeReply["shown"] = [];
    steps.forEach((step, i) => {
      this.perform(step, values);
      if (step.look === LOOK_AT_NOTHING) return;
      const text =
        step.look === LOOK_AT_MAPS ? this.maps.mapsOf(windows) : this.maps.smapsOf(windows);
      shown.push({ step: i, text, locked: this.maps.statusPages("VmLck") - lockedBefore });
    });
    leave();
    const disturbed = filler !== null && !filler.isUndisturbed();
    filler?.remove();
    this.empty(windows);
    const lockedLeft = this.maps.statusPages("VmLck");
    return { kind: "episode", values: Float64Array.from(values), shown, lockedLeft, disturbed };
  }

  /** Unmaps everything in the windows but what is sealed. */
  private empty(windows: EpisodeRequest["windows"]): void {
    for (const { start, end } of windows) this.libc.call(SYS.munmap, start, end - start);
  }

  private filler({ room }: Conditions, windows: EpisodeRequest["windows"]): Filler | null {
    if (room === null) return null;
    return fill(this.libc, this.maps, room, windows, () => collectGarbage("major"));
  }

  /**
   * Sets conditions; the function returned takes them back. `locked` pages count as locked though none of
   * them is in a window: kernels before 7.3 lose count in mremap(MREMAP_DONTUNMAP).
   */
  private enter({ memlock, readImpliesExec, mergeAny }: Conditions, locked: number): () => void {
    const { libc } = this;
    const undo: (() => void)[] = [];
    if (memlock !== null) {
      const pages = memlock === 0 ? 0 : memlock + locked; // 0 forbids locking as such
      const { soft } = libc.limits(RLIMIT.memlock);
      libc.setSoftLimit(RLIMIT.memlock, pages * PAGE);
      undo.push(() => libc.setSoftLimit(RLIMIT.memlock, soft));
      if (this.hasIpcLock) {
        libc.setIpcLock(false);
        undo.push(() => libc.setIpcLock(true));
      }
    }
    if (readImpliesExec) {
      const personality = libc.personality();
      libc.setPersonality(personality | READ_IMPLIES_EXEC);
      undo.push(() => libc.setPersonality(personality));
    }
    if (mergeAny) {
      libc.call(SYS.prctl, PR_SET_MEMORY_MERGE, 1);
      undo.push(() => libc.call(SYS.prctl, PR_SET_MEMORY_MERGE, 0));
    }
    return () => undo.reverse().forEach((step) => void step());
  }

  private perform({ calls, limit }: ChildStep, values: number[]): void {
    for (const call of calls) {
      if ("pages" in call) values.push(this.access(call));
      else if (limit) values.push(this.callLimited(call, limit));
      else values.push(this.call(call));
    }
  }

  private call({ number, args, file, text }: SystemCall): number {
    const [a = 0, b = 0, c = 0, d = 0] = args;
    if (text !== undefined) return this.libc.callWithText(number, a, b, c, d, text);
    return this.libc.call(number, ...this.withDescriptor(args, file));
  }

  /** A call when little more may be mapped than is mapped right now. */
  private callLimited({ number, args, file }: SystemCall, { resource, headroom }: Limit): number {
    const all = this.withDescriptor(args, file);
    collectGarbage("minor");
    const pages = this.maps.statusPages(resource === "as" ? "VmSize" : "VmData");
    const bytes = Math.max(0, pages + headroom) * PAGE;
    return this.libc.callLimited(RLIMIT[resource], bytes, number, all);
  }

  private withDescriptor(args: readonly Word[], file: number | undefined): Word[] {
    if (file === undefined) return [...args];
    const [a = 0, b = 0, c = 0, d = 0, , f = 0] = args;
    return [a, b, c, d, this.files[file]?.descriptor ?? NO_DESCRIPTOR, f];
  }

  /** The kernel copies a byte to or from each page: a fault as the program's own, but never a signal. */
  private access({ addr, pages, write }: Accesses): number {
    const number = write ? SYS.pread : SYS.pwrite;
    for (let page = 0; page < pages; page++) {
      const done = this.libc.call(number, this.scratch, addr + page * PAGE, 1, 0);
      if (done < 0) return done;
    }
    return pages;
  }
}

const child = new Child(JSON.parse(process.argv[2] ?? '{"folder":null}'));
process.on("message", (request: EpisodeRequest) => process.send?.(child.episode(request)));
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // the command decides
process.send?.(child.ready());
