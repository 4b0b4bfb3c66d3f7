// The model spoken to in page numbers, as the fact sheet's examples are written. For tests only.

import * as abi from "../../src/core/abi.js";
import type { DriverRecord, FileRecord } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import type { Settings } from "../../src/core/settings.js";
import { type ModelVma, ReferenceModel } from "./reference.js";

export const R = abi.PROT_READ;
export const RW = abi.PROT_READ | abi.PROT_WRITE;
export const RX = abi.PROT_READ | abi.PROT_EXEC;

/** A kernel and the hook its drivers have. */
export type Protocol = Pick<Settings, "profile" | "hook">;

const withMmap = (profile: number): Protocol => ({ profile, hook: abi.HOOK_MMAP });
const prepared = ({ profile }: Protocol): Protocol => ({ profile, hook: abi.HOOK_MMAP_PREPARE });
const stacked = ({ profile }: Protocol): Protocol => ({ profile, hook: abi.HOOK_COMPAT });

export const V611 = withMmap(abi.PROFILE_6_11);
export const V612 = withMmap(abi.PROFILE_6_12);
export const V615 = withMmap(abi.PROFILE_6_15);
export const RFC = withMmap(abi.PROFILE_RFC);
export const V616 = withMmap(abi.PROFILE_6_16);
export const V618 = withMmap(abi.PROFILE_6_18);
export const V70 = withMmap(abi.PROFILE_7_0);
export const V73 = withMmap(abi.PROFILE_7_3);
export const PREPARE_616 = prepared(V616);
export const PREPARE_618 = prepared(V618);
export const PREPARE_70 = prepared(V70);
export const PREPARE = prepared(V73);
export const COMPAT_616 = stacked(V616);
export const COMPAT_618 = stacked(V618);
export const COMPAT_70 = stacked(V70);
export const COMPAT = stacked(V73);
export const PROTO: Protocol = { profile: abi.PROFILE_RFC, hook: abi.HOOK_MMAP_PROTO };
export const BOTH: Protocol = { profile: abi.PROFILE_RFC, hook: abi.HOOK_BOTH };

/** Every kernel, oldest first, with drivers that have `.mmap`. */
export const ERAS: [string, Protocol][] = [
  ["6.11", V611],
  ["6.12", V612],
  ["6.15", V615],
  ["RFC", RFC],
  ["6.16", V616],
  ["6.18", V618],
  ["7.0", V70],
  ["7.3", V73],
];
/** Every kernel with every hook. */
export const PROTOCOLS: [string, Protocol][] = [
  ...ERAS,
  ["RFC proto", PROTO],
  ["RFC both", BOTH],
  ["6.16 prepare", PREPARE_616],
  ["6.18 prepare", PREPARE_618],
  ["7.0 prepare", PREPARE_70],
  ["7.3 prepare", PREPARE],
  ["6.16 compat", COMPAT_616],
  ["6.18 compat", COMPAT_618],
  ["7.0 compat", COMPAT_70],
  ["7.3 compat", COMPAT],
];

/** The hook works on a descriptor before the first merge. */
export const isEarlyHook = ({ hook }: Protocol) =>
  hook === abi.HOOK_MMAP_PREPARE || hook === abi.HOOK_MMAP_PROTO || hook === abi.HOOK_BOTH;

const READ_WRITE_FILE = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;

interface MapOptions {
  prot?: number;
  flags?: number;
  file?: number;
  pgoff?: number;
  fail?: number;
  at?: number;
}

export class Pages {
  readonly model: ReferenceModel;

  constructor(readonly settings: Partial<Settings> = {}) {
    this.model = new ReferenceModel({ mmapMinAddr: 4096, ...settings });
  }

  /** File `id` with a driver of its own. */
  file(id: number, driver: DriverRecord = {}, file: FileRecord = {}): this {
    this.model.setFile(id, { driver: id, mode: READ_WRITE_FILE, ...file });
    this.model.setDriver(id, driver);
    return this;
  }

  run(operation: Operation): number {
    return this.model.execute(operation).value;
  }

  /** mmap of [start, end) pages, private and MAP_FIXED unless said. Page number or -errno. */
  map(start: number, end: number, options: MapOptions = {}): number {
    const { prot = RW, file = 0, pgoff = 0, fail = 0, at = 0 } = options;
    const anonymous = file === 0 ? abi.MAP_ANONYMOUS : 0;
    const flags = (options.flags ?? abi.MAP_PRIVATE | abi.MAP_FIXED) | anonymous;
    const [addr, len] = span(start, end);
    return page(this.run({ op: abi.OP_MMAP, addr, len, prot, flags, pgoff, file, fail, at }));
  }

  unmap(start: number, end: number): number {
    return this.ranged(abi.OP_MUNMAP, start, end);
  }

  protect(start: number, end: number, prot: number, extra: Partial<Operation> = {}): number {
    return this.ranged(abi.OP_MPROTECT, start, end, { prot, ...extra });
  }

  advise(start: number, end: number, advice: number): number {
    return this.ranged(abi.OP_MADVISE, start, end, { prot: advice });
  }

  write(start: number, end = start + 1): number {
    return this.ranged(abi.OP_TOUCH, start, end, { flags: 1 });
  }

  /** mremap of [start, end) to `length` pages, to page `to` if given. Page number or -errno. */
  remap(start: number, end: number, length: number, flags = 0, to = 0): number {
    return page(
      this.ranged(abi.OP_MREMAP, start, end, { prot: length * 4096, flags, pgoff: to * 4096 }),
    );
  }

  place(start: number, end: number, vmFlags: number, pgoff = start, file = 0): number {
    return page(this.ranged(abi.OP_PLACE, start, end, { prot: vmFlags, pgoff, file }));
  }

  /** fork, after which the parent (0) or the child (1) goes on. */
  fork(as: 0 | 1, extra: Partial<Operation> = {}): number {
    return this.run({ op: abi.OP_FORK, flags: as, ...extra });
  }

  ranged(op: number, start: number, end: number, rest: Partial<Operation> = {}): number {
    const [addr, len] = span(start, end);
    return this.run({ op, addr, len, ...rest });
  }

  /** The layout in pages: `10..20 20..30`. */
  get ranges(): string {
    return this.vmas.map((v) => `${v.start / 4096}..${v.end / 4096}`).join(" ");
  }

  get vmas(): ModelVma[] {
    return this.model.layout();
  }

  get pgoffs(): number[] {
    return this.vmas.map((vma) => vma.pgoff);
  }

  /** The VMA that covers a page. */
  at(page: number): ModelVma {
    const found = this.vmas.find((v) => v.start <= page * 4096 && v.end > page * 4096);
    if (!found) throw new Error(`nothing mapped at page ${page}`);
    return found;
  }

  /** Whether the VMA at a page has all of the given vm_flags. */
  has(page: number, flags: number): boolean {
    return (BigInt(this.at(page).flags) & BigInt(flags)) === BigInt(flags);
  }

  get account() {
    return this.model.account();
  }
}

function span(start: number, end: number): [number, number] {
  return [start * 4096, (end - start) * 4096];
}

function page(value: number): number {
  return value < 0 ? value : value / 4096;
}
