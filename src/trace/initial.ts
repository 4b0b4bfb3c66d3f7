// The layout that exec left behind, as OP_PLACE operations, and the limits the process started with.

import * as abi from "../core/abi.js";
import type { Operation, Word } from "../core/operation.js";
import type { Settings } from "../core/settings.js";
import type { Call } from "./calls.js";
import type { FileTable } from "./files.js";
import type { Header } from "./header.js";
import { NO_INODE, type RecordedLayout, type RecordedVma } from "./layout.js";

const PAGE = Number(abi.PAGE_SIZE);
const MAY = abi.VM_MAYREAD | abi.VM_MAYWRITE | abi.VM_MAYEXEC;
const GAP_LEAST = 128 * 2 ** 20;
const STACK_GUARD_GAP = 256 * PAGE;

/** One OP_PLACE for each VMA of the layout at the exec stop. */
export function placeOperations(initial: RecordedLayout, files: FileTable): Operation[] {
  return initial.vmas.map((vma) => ({
    op: abi.OP_PLACE,
    addr: vma.start,
    len: vma.end - vma.start,
    prot: vmFlags(vma),
    pgoff: pgoffOf(vma),
    // execve opens each file once, whatever the number of segments
    file:
      vma.inode === NO_INODE
        ? 0
        : files.id(`exec ${vma.inode}`, 1, vma.inode, initialMode(vma), vma.name || null),
  }));
}

/**
 * vm_flags of a VMA that the maps file describes, as execve, the ELF loader and the vDSO set-up make them
 * (load_elf_binary, setup_arg_pages, _install_special_mapping; 6.18). What maps does not show follows from how
 * such a mapping comes about: a private writable one is accounted for.
 */
export function vmFlags(vma: RecordedVma): number {
  const [r, w, x, share] = vma.perms;
  let flags = 0;
  if (r === "r") flags += abi.VM_READ;
  if (w === "w") flags += abi.VM_WRITE;
  if (x === "x") flags += abi.VM_EXEC;
  if (vma.name.startsWith("[vvar")) {
    return flags + abi.VM_MAYREAD + abi.VM_REMAP_FLAGS; // IO, DONTEXPAND, DONTDUMP, PFNMAP
  }
  flags += MAY;
  if (vma.name === "[vdso]") return flags + abi.VM_DONTEXPAND;
  if (share === "s") {
    // a file not opened for writing keeps neither SHARED nor MAYWRITE
    return w === "w"
      ? flags + abi.VM_SHARED + abi.VM_MAYSHARE
      : flags - abi.VM_MAYWRITE + abi.VM_MAYSHARE;
  }
  if (w === "w") flags += abi.VM_ACCOUNT;
  if (vma.name === "[stack]") flags += abi.VM_GROWSDOWN;
  return flags;
}

function pgoffOf(vma: RecordedVma): number {
  if (vma.inode !== NO_INODE) return vma.offset / PAGE;
  const special = vma.name === "[vdso]" || vma.name.startsWith("[vvar");
  return special ? 0 : vma.start / PAGE;
}

function initialMode(vma: RecordedVma): number {
  const shared = vma.perms.endsWith("s") && vma.perms[1] === "w";
  return abi.FILE_MODE_READ | (shared ? abi.FILE_MODE_WRITE : 0);
}

/** What the calls of a recording tell about its beginning; they are shown to it one after the other. */
export class Beginning {
  private readonly mapped: number;
  private firstBrk: Call | null = null;
  /** Most that one call which succeeded has locked. Bytes. */
  private mostLocked = 0;

  constructor(private readonly initial: RecordedLayout) {
    this.mapped = initial.vmas.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  see(call: Call): void {
    if (call.name === "brk") this.firstBrk ??= call;
    if (call.result < 0) return;
    this.mostLocked = Math.max(this.mostLocked, lockedBytes(call, this.mapped));
  }

  /** Settings of the address space, from the header. What it does not say keeps its default. */
  settings(header: Header): Partial<Settings> {
    const settings: Partial<Settings> = {};
    const take = <K extends keyof Settings>(key: K, value: Settings[K] | null) => {
      if (value !== null) settings[key] = value;
    };
    take("maxMapCount", header.maxMapCount);
    take("mmapMinAddr", header.mmapMinAddr);
    take("overcommit", header.overcommit);
    take("thp", header.thp);
    take("limitAs", header.limits.as);
    take("limitData", header.limits.data);
    take("limitMemlock", header.limits.memlock);
    take("limitStack", header.limits.stack);
    take("mmapBase", header.limits.stack === null ? null : mmapBase(header.limits.stack));
    const startBrk = header.startBrk ?? this.firstBreak();
    take("startBrk", startBrk);
    take("brk", this.heapEnd() ?? startBrk);
    settings.ipcLock = this.locksBeyond(header.limits.memlock);
    return settings;
  }

  /** The break of a recording that began after the heap had grown; to the page. */
  private heapEnd(): number | null {
    return this.initial.vmas.findLast(({ name }) => name === "[heap]")?.end ?? null;
  }

  /** The break that the first `brk 0x0` showed, for headers without start_brk. */
  private firstBreak(): number | null {
    const { args, result } = this.firstBrk ?? { args: [], result: 0 };
    return args[0] === 0 && typeof result === "number" ? result : null;
  }

  /**
   * Whether the process may lock more than RLIMIT_MEMLOCK allows. The header does not say; a call that locked
   * more shows it.
   */
  private locksBeyond(limit: number | null): boolean {
    return limit !== null && limit !== abi.NO_LIMIT && this.mostLocked > limit;
  }
}

/**
 * Where top-down mappings begin (x86-64 mmap_base without randomisation): the window's end less the stack
 * limit and its guard gap, at least 128 MiB and at most five sixths of the window below it. Bytes.
 */
export function mmapBase(stackLimit: number): number {
  const window = Number(abi.TASK_SIZE);
  const gap = stackLimit === abi.NO_LIMIT ? window : stackLimit + STACK_GUARD_GAP;
  const most = Math.floor(window / 6) * 5;
  return Math.ceil((window - Math.min(Math.max(gap, GAP_LEAST), most)) / PAGE) * PAGE;
}

function lockedBytes(call: Call, mapped: number): number {
  const bit = (word: Word | undefined, mask: number) => (BigInt(word ?? 0) & BigInt(mask)) !== 0n;
  switch (call.name) {
    case "mlock":
    case "mlock2":
      return Number(call.args[1]);
    case "mlockall":
      return bit(call.args[0], abi.MCL_CURRENT) ? mapped : 0;
    case "mmap":
      return bit(call.args[3], abi.MAP_LOCKED) ? Number(call.args[1]) : 0;
    default:
      return 0;
  }
}
