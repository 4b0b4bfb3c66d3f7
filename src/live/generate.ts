// Random steps. Where VMAs meet is where merging is decided, so most ranges begin or end at a border, most
// attributes are a neighbour's, and most file offsets go on where the neighbour's end.

import type { Random } from "../catalogue/random.js";
import * as abi from "../core/abi.js";
import type { VmaView } from "../core/core.js";
import type { Operation } from "../core/operation.js";
import { type Chance, choose } from "./choose.js";
import type { Grounds } from "./comparable.js";
import { FILE_PAGES } from "./messages.js";
import { GUARD_INSTALL, PAGE, SIMPLEST_MAP, type Step } from "./steps.js";
import { has } from "./vmflags.js";

/** What there is to choose from. */
export interface Supply {
  grounds: Grounds;
  /** Ids of files to map. */
  files: readonly number[];
  /** Calls that not every kernel has. */
  mseal: boolean;
  droppable: boolean;
  names: boolean;
  guards: boolean;
}

/** No file has this id: its descriptor is not open. */
const NOT_OPEN = 65535;
const HUGE = 2n ** 64n;
const SEAL_PAGES = 4;

const PROT: Chance<number>[] = [
  [50, abi.PROT_READ | abi.PROT_WRITE],
  [18, abi.PROT_READ],
  [10, 0],
  [6, abi.PROT_READ | abi.PROT_EXEC],
  [4, abi.PROT_READ | abi.PROT_WRITE | abi.PROT_EXEC],
  [2, abi.PROT_WRITE],
  [2, abi.PROT_EXEC],
  [1, abi.PROT_WRITE | abi.PROT_EXEC],
];

/** Flags that change what a mapping is, and flags that should not. */
const MAP_EXTRAS: Chance<number>[] = [
  [6, abi.MAP_NORESERVE],
  [4, abi.MAP_STACK],
  [4, abi.MAP_LOCKED],
  [4, abi.MAP_POPULATE],
  [1, abi.MAP_POPULATE | abi.MAP_NONBLOCK],
  [1, abi.MAP_LOCKED | abi.MAP_NORESERVE],
  [3, abi.MAP_GROWSDOWN],
  [1, abi.MAP_DENYWRITE | abi.MAP_EXECUTABLE],
  [1, abi.MAP_ABOVE4G],
  [1, abi.MAP_SYNC],
];

/** madvise: NORMAL to KEEPONFORK, and what touches pages; 7 and 99 are nothing. */
const ADVICE: Chance<number>[] = [
  [3, 0],
  [3, 1],
  [3, 2],
  [1, 3],
  [3, 4],
  [1, 8],
  [1, 9],
  [3, 10],
  [3, 11],
  [2, 12],
  [2, 13],
  [2, 14],
  [3, 15],
  [3, 16],
  [3, 17],
  [2, 18],
  [2, 19],
  [1, 20],
  [1, 21],
  [2, 22],
  [2, 23],
  [1, 24],
  [0.3, 7],
  [0.3, 99],
];

/** Makes steps up, one after the other. */
export class Generator {
  private layout: readonly VmaView[] = [];

  constructor(
    private readonly random: Random,
    private readonly supply: Supply,
  ) {}

  /** A step for a layout; `sealing`: parts may be sealed now, for the windows are given up afterwards. */
  next(layout: readonly VmaView[], sealing: boolean): Step {
    this.layout = layout;
    const { mseal, names } = this.supply;
    const operation = choose<() => Operation>(this.random, [
      [26, () => this.map()],
      [10, () => this.unmap()],
      [16, () => this.protect()],
      [14, () => this.remap()],
      [12, () => this.advise()],
      [5, () => this.lock()],
      [3, () => this.unlock()],
      [14, () => this.touch()],
      [names ? 3 : 0, () => this.name()],
      [sealing && mseal ? 20 : 0, () => this.seal()],
      [3, () => this.refused()],
    ])();
    return this.limited(operation);
  }

  private limited(operation: Operation): Step {
    const grows =
      operation.op === abi.OP_MMAP ||
      operation.op === abi.OP_MREMAP ||
      operation.op === abi.OP_MPROTECT;
    if (!grows || this.random.below(40) !== 0) return { operation };
    const resource = this.random.below(2) === 0 ? "as" : "data";
    return { operation, limit: { resource, headroom: this.random.between(-4, 12) } };
  }

  private chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  /** A length in bytes, now and then no multiple of a page. */
  private length(): number {
    const { random } = this;
    const most = choose(random, [
      [55, 3],
      [30, 12],
      [12, 32],
      [3, 96],
    ]);
    const bytes = random.between(1, most) * PAGE;
    return this.chance(4) ? bytes - random.between(1, PAGE - 1) : bytes;
  }

  /** Any page of a window. */
  private page(): number {
    const { start, end } = this.random.pick(this.supply.grounds.own);
    return start + this.random.below((end - start) / PAGE) * PAGE;
  }

  /** An address for `length` bytes: mostly so that the range touches a border. */
  private place(length: number): number {
    const { random, layout } = this;
    if (layout.length === 0 || this.chance(20)) return this.page();
    const { start, end } = random.pick(layout);
    const size = Math.ceil(length / PAGE) * PAGE;
    return Math.max(0, random.pick([start, end, end, start - size, end - size]));
  }

  /** A range of what is mapped: a whole VMA, a part of one, or several. */
  private range(): { addr: number; len: number } {
    const { random, layout } = this;
    if (layout.length === 0 || this.chance(10)) {
      return { addr: this.page(), len: this.length() };
    }
    const first = random.below(layout.length);
    const { start, end } = layout[first] as VmaView;
    const pages = (end - start) / PAGE;
    return choose<() => { addr: number; len: number }>(random, [
      [20, () => ({ addr: start, len: end - start })],
      [20, () => ({ addr: start, len: random.between(1, pages) * PAGE })],
      [
        20,
        () => {
          const len = random.between(1, pages) * PAGE;
          return { addr: end - len, len };
        },
      ],
      [
        20,
        () => {
          const from = random.below(pages);
          return { addr: start + from * PAGE, len: random.between(1, pages - from) * PAGE };
        },
      ],
      [
        20,
        () => {
          const last = layout[Math.min(layout.length - 1, first + random.between(1, 4))] as VmaView;
          const addr = random.pick([start, start + random.below(pages) * PAGE]);
          const cut = random.pick([0, 0, random.below((last.end - last.start) / PAGE) * PAGE]);
          return { addr, len: Math.max(PAGE, last.end - cut - addr) };
        },
      ],
    ])();
  }

  private map(): Operation {
    const { random, supply } = this;
    const len = this.length();
    const addr = this.place(len);
    const below = this.layout.find(({ end }) => end === addr);
    const above = this.layout.find(({ start }) => start === addr + Math.ceil(len / PAGE) * PAGE);
    const like = this.chance(50) ? (below ?? above) : undefined;
    const operation: Operation = { op: abi.OP_MMAP, addr, len, prot: choose(random, PROT) };
    let flags = choose(random, [
      [70, abi.MAP_FIXED],
      [12, abi.MAP_FIXED_NOREPLACE],
      [14, 0],
      [4, abi.MAP_32BIT],
    ]);
    if (flags === abi.MAP_32BIT && this.chance(70)) operation.addr = 0;
    if (like) {
      operation.prot = like.flags % 8;
      flags |= has(like.flags, abi.VM_MAYSHARE) ? abi.MAP_SHARED : abi.MAP_PRIVATE;
      flags |= has(like.flags, abi.VM_NORESERVE) ? abi.MAP_NORESERVE : 0;
      flags |= has(like.flags, abi.VM_NOHUGEPAGE) ? abi.MAP_STACK : 0;
      flags |= has(like.flags, abi.VM_LOCKED) && this.chance(80) ? abi.MAP_LOCKED : 0;
      if (supply.files.includes(like.file)) {
        operation.file = like.file;
        const pages = Math.ceil(len / PAGE);
        const next =
          like === below ? like.pgoff + (like.end - like.start) / PAGE : like.pgoff - pages;
        operation.pgoff = Math.max(0, next);
      }
    } else {
      flags |= choose(random, [
        [60, abi.MAP_PRIVATE],
        [30, abi.MAP_SHARED],
        [2, abi.MAP_SHARED_VALIDATE],
        [supply.droppable ? 2 : 0, abi.MAP_DROPPABLE],
        [0.5, 0],
      ]);
      if (this.chance(45)) {
        operation.file = this.chance(1) ? NOT_OPEN : random.pick(supply.files);
        // Also across the file's end, where accesses fail.
        operation.pgoff = this.chance(10) ? FILE_PAGES - random.below(12) : random.below(32);
      }
    }
    if (this.chance(like ? 5 : 20)) flags |= choose(random, MAP_EXTRAS);
    if (!operation.file) flags |= abi.MAP_ANONYMOUS;
    return { ...operation, flags };
  }

  private unmap(): Operation {
    return { op: abi.OP_MUNMAP, ...this.range() };
  }

  private protect(): Operation {
    const extra = this.chance(3)
      ? this.random.pick([8, 0x10, abi.PROT_GROWSDOWN, abi.PROT_GROWSUP])
      : 0;
    const prot = choose(this.random, PROT) + extra;
    return { op: abi.OP_MPROTECT, ...this.range(), prot };
  }

  private remap(): Operation {
    const { random } = this;
    const { addr, len } = this.range();
    const op = abi.OP_MREMAP;
    const other = choose<() => number>(random, [
      [55, () => len],
      [20, () => Math.max(PAGE, len - random.between(1, 4) * PAGE)],
      [25, () => len + random.between(1, 6) * PAGE],
    ])();
    const target = this.place(other);
    const { MREMAP_MAYMOVE: move, MREMAP_FIXED: fixed, MREMAP_DONTUNMAP: keep } = abi;
    return choose<() => Operation>(random, [
      [50, () => ({ op, addr, len, prot: other, flags: move + fixed, pgoff: target })],
      [15, () => ({ op, addr, len, prot: other, flags: random.pick([0, move]) })],
      [12, () => this.growth()],
      [12, () => ({ op, addr, len, prot: len, flags: move + fixed + keep, pgoff: target })],
      [6, () => ({ op, addr, len, prot: len, flags: move + keep, pgoff: this.place(len) })],
      [3, () => ({ op, addr, len: 0, prot: other, flags: move + fixed, pgoff: target })],
      [2, () => ({ op, addr, len, prot: other, flags: random.below(16), pgoff: target })],
    ])();
  }

  /** A VMA, or the end of one, grows into the gap above it. */
  private growth(): Operation {
    const { random, layout } = this;
    const gaps = layout.filter((vma, i) => layout[i + 1]?.start !== vma.end);
    if (gaps.length === 0) return this.remap();
    const { start, end } = random.pick(gaps);
    const next = layout.find((vma) => vma.start > end)?.start ?? end + 8 * PAGE;
    const len = random.pick([end - start, random.between(1, (end - start) / PAGE) * PAGE]);
    const room = Math.min(24, (next - end) / PAGE);
    const delta = random.pick([room, random.between(1, room)]) * PAGE;
    const flags = random.pick([0, abi.MREMAP_MAYMOVE]);
    return { op: abi.OP_MREMAP, addr: end - len, len, prot: len + delta, flags };
  }

  private advise(): Operation {
    const guard = this.supply.guards && this.chance(5);
    const prot = guard ? GUARD_INSTALL : choose(this.random, ADVICE);
    return { op: abi.OP_MADVISE, ...this.range(), prot };
  }

  private lock(): Operation {
    const flags = choose(this.random, [
      [60, 0],
      [38, abi.MLOCK_ONFAULT],
      [2, 2],
    ]);
    return { op: abi.OP_MLOCK, ...this.range(), flags };
  }

  private unlock(): Operation {
    return { op: abi.OP_MUNLOCK, ...this.range() };
  }

  private touch(): Operation {
    const { random } = this;
    const flags = this.chance(75) ? 1 : 0;
    const allowed = this.layout.filter(({ flags: vm }) =>
      has(vm, flags === 1 ? abi.VM_WRITE : abi.VM_READ),
    );
    if (allowed.length === 0 || this.chance(25)) {
      const { addr, len } = this.range();
      return { op: abi.OP_TOUCH, addr, len: Math.min(len, random.between(1, 8) * PAGE), flags };
    }
    const { start, end } = random.pick(allowed);
    const pages = (end - start) / PAGE;
    const from = random.below(pages);
    const count = random.between(1, Math.min(8, pages - from));
    return { op: abi.OP_TOUCH, addr: start + from * PAGE, len: count * PAGE, flags };
  }

  private name(): Operation {
    return { op: abi.OP_SET_NAME, ...this.range(), prot: this.random.below(3) };
  }

  private seal(): Operation {
    const { addr, len } = this.range();
    return { op: abi.OP_MSEAL, addr, len: Math.min(len, SEAL_PAGES * PAGE) };
  }

  /** Something that is wrong by itself: unaligned, empty, too long. */
  private refused(): Operation {
    const { random } = this;
    const { addr, len } = this.range();
    const wrong = random.pick([
      { addr: addr + random.between(1, PAGE - 1), len },
      { addr, len: 0 },
      { addr, len: HUGE - BigInt(PAGE) },
      { addr, len: HUGE - 1n },
      { addr, len: 2n ** 63n },
    ]);
    const fixed = abi.MAP_FIXED | abi.MAP_PRIVATE;
    return random.pick([
      { op: abi.OP_MMAP, ...wrong, prot: 3, flags: SIMPLEST_MAP },
      { op: abi.OP_MMAP, ...wrong, prot: 3, flags: fixed, file: random.pick(this.supply.files) },
      { op: abi.OP_MUNMAP, ...wrong },
      { op: abi.OP_MPROTECT, ...wrong, prot: random.below(8) },
      { op: abi.OP_MADVISE, ...wrong, prot: random.pick([4, 16, 17]) },
      { op: abi.OP_MLOCK, ...wrong, flags: 0 },
      { op: abi.OP_MUNLOCK, ...wrong },
      {
        op: abi.OP_MREMAP,
        addr: wrong.addr,
        len,
        prot: wrong.len,
        flags: abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED,
        pgoff: this.place(len),
      },
    ]);
  }
}
