// The model spoken to in page numbers, as the fact sheet's examples are written. For tests only.

import * as abi from "../../src/core/abi.js";
import type { DriverRecord, FileRecord } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import type { Settings } from "../../src/core/settings.js";
import { type ModelVma, ReferenceModel } from "./reference.js";

export const R = abi.PROT_READ;
export const RW = abi.PROT_READ | abi.PROT_WRITE;
export const RX = abi.PROT_READ | abi.PROT_EXEC;

export const V615: Partial<Settings> = { profile: abi.PROFILE_6_15, hook: abi.HOOK_MMAP };
export const V73: Partial<Settings> = { profile: abi.PROFILE_7_3, hook: abi.HOOK_MMAP };
export const PREPARE: Partial<Settings> = { ...V73, hook: abi.HOOK_MMAP_PREPARE };
export const ERAS: [string, Partial<Settings>][] = [
  ["6.15", V615],
  ["7.3", V73],
];
export const PROTOCOLS: [string, Partial<Settings>][] = [...ERAS, ["7.3 prepare", PREPARE]];

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

  constructor(settings: Partial<Settings> = {}) {
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
