// Address spaces in the language of the kernel's documentation: page numbers, and one line a layout.

import { HOOKS, KERNELS, PROTOCOLS, parseProtocol } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import { Core, type DriverRecord, type FileRecord } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import type { Settings } from "../../src/core/settings.js";

/** Page 0 of the tests: well above mmap_min_addr, and at a 1 GiB border. */
const BASE = 0x1000_0000_0000;
const PAGE = 4096;
const RW = abi.PROT_READ | abi.PROT_WRITE;
const FIXED_PRIVATE = abi.MAP_FIXED | abi.MAP_PRIVATE;

/** Every protocol, oldest kernel first. */
export const PROTOCOL_IDS: readonly string[] = PROTOCOLS.map(({ id }) => id);

/** The protocols of a hook, from a kernel on up to another. */
export function protocols(hook: string, from = "6.11", to = "7.3"): string[] {
  const kernels = KERNELS.map(({ id }) => id);
  const range = kernels.slice(kernels.indexOf(from), kernels.indexOf(to) + 1);
  return PROTOCOLS.filter((p) => p.hook === hook && range.includes(p.kernel.id)).map((p) => p.id);
}

/** Whether the kernel of a protocol is this one or older. */
export function upTo(kernel: string, protocol: string): boolean {
  const order = KERNELS.map(({ id }) => id);
  return order.indexOf(parseProtocol(protocol).kernel.id) <= order.indexOf(kernel);
}

export interface MapOptions {
  file?: number;
  pgoff?: number;
  prot?: number;
  flags?: number;
  /** FAIL_* and which event of it, from 1. */
  fail?: number;
  at?: number;
}

/** An address space on the checking build; every call is followed by a check of all invariants. */
export class Pages {
  readonly core: Core;

  constructor(protocol: string, settings: Partial<Settings> = {}) {
    this.core = shared;
    const { profile, hook } = parseProtocol(protocol);
    this.core.reset({ profile, hook: HOOKS[hook].hook, ...settings });
  }

  file(id: number, record: FileRecord = {}): this {
    const mode = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
    this.core.setFile(id, { mode, ...record });
    return this;
  }

  driver(index: number, record: DriverRecord): this {
    this.core.setDriver(index, record);
    return this;
  }

  /** mmap of [from, to), fixed there; private and writable unless said otherwise. */
  map(from: number, to: number, options: MapOptions = {}): number {
    const { file = 0, pgoff = 0, prot = RW, flags = FIXED_PRIVATE, fail = 0, at = 0 } = options;
    return this.run({
      op: abi.OP_MMAP,
      addr: BASE + from * PAGE,
      len: (to - from) * PAGE,
      prot,
      flags: flags | (file ? 0 : abi.MAP_ANONYMOUS),
      file,
      pgoff,
      fail,
      at,
    });
  }

  unmap(from: number, to: number, failure: Pick<MapOptions, "fail" | "at"> = {}): number {
    return this.run({ op: abi.OP_MUNMAP, ...range(from, to), ...failure });
  }

  protect(from: number, to: number, prot: number): number {
    return this.run({ op: abi.OP_MPROTECT, ...range(from, to), prot });
  }

  write(from: number, to: number): number {
    return this.run({ op: abi.OP_TOUCH, ...range(from, to), flags: 1 });
  }

  read(from: number, to: number): number {
    return this.run({ op: abi.OP_TOUCH, ...range(from, to), flags: 0 });
  }

  remap(from: number, to: number, length: number, flags: number, target = 0): number {
    const { addr, len } = range(from, to);
    const pgoff = flags & (abi.MREMAP_FIXED | abi.MREMAP_DONTUNMAP) ? BASE + target * PAGE : 0;
    return this.run({ op: abi.OP_MREMAP, addr, len, prot: length * PAGE, flags, pgoff });
  }

  /** Result of an operation: an address as a page number, a count, or -errno. Throws on a broken invariant. */
  run(operation: Operation): number {
    const [result] = this.core.run([operation]);
    const rule = this.core.check();
    if (rule !== 0) throw new Error(`rule ${rule} broken by ${JSON.stringify(operation)}`);
    const value = result?.value ?? Number.NaN;
    return value >= BASE ? (value - BASE) / PAGE : value;
  }

  /** `10..20 30..40`, in pages; the file's number behind its VMAs. */
  draw(): string {
    const page = (address: number) => (address - BASE) / PAGE;
    return this.core
      .layout()
      .map(({ start, end, file }) => `${page(start)}..${page(end)}${file ? `f${file}` : ""}`)
      .join(" ");
  }

  offsets(): number[] {
    return this.core.layout().map(({ pgoff, file }) => (file ? pgoff : pgoff - BASE / PAGE));
  }

  get count(): number {
    return this.core.account().mapCount;
  }
}

/** One instance serves all tests of a file: it is reset for each. */
const shared = new Core("checking");

function range(from: number, to: number) {
  return { addr: BASE + from * PAGE, len: (to - from) * PAGE };
}
