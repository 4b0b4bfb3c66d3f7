// Generators after what kinds of programs do.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import {
  ANONYMOUS,
  AREA,
  background,
  filesOf,
  type Generator,
  operationCount,
  PAGE,
  READ_WRITE,
  restOfProcess,
  share,
  sharing,
} from "./generator-parts.js";
import { integer } from "./parameters.js";

const FIXED_SHARED = abi.MAP_SHARED | abi.MAP_FIXED;
const FIXED_PRIVATE = abi.MAP_PRIVATE | abi.MAP_FIXED;
const DONTNEED = 4;
const PROT_NONE = 0;
const READ_EXEC = abi.PROT_READ | abi.PROT_EXEC;

function map(addr: number, pages: number, prot: number, flags = ANONYMOUS): Operation {
  return { op: abi.OP_MMAP, addr, len: pages * PAGE, prot, flags };
}

function mapFile(addr: number, pages: number, file: number, pgoff: number, flags: number) {
  return { ...map(addr, pages, READ_WRITE, flags), file, pgoff };
}

function unmap(addr: number, pages: number): Operation {
  return { op: abi.OP_MUNMAP, addr, len: pages * PAGE };
}

function protect(addr: number, pages: number, prot: number): Operation {
  return { op: abi.OP_MPROTECT, addr, len: pages * PAGE, prot };
}

function use(addr: number, pages: number): Operation {
  return { op: abi.OP_TOUCH, addr, len: pages * PAGE, flags: 1 };
}

/** Steps until there are as many operations as asked for. */
function repeat(count: unknown, step: (i: number) => Operation[]): Operation[] {
  const operations: Operation[] = [];
  for (let i = 0; operations.length < Number(count); i++) operations.push(...step(i));
  return operations.slice(0, Number(count));
}

const threadStacks: Generator = {
  id: "thread-stacks",
  does: "threads come and go: a stack mapped, its guard page made, the top used, all unmapped",
  parameters: [
    operationCount,
    integer("threads", "threads at a time", { low: 1, high: 1000 }),
    integer("pages", "pages of a stack, its guard page included", {
      low: 2,
      high: 4096,
    }),
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const place = (slot: number) => AREA + slot * pages * PAGE;
    const alive = new Set<number>();
    const operations = repeat(values.ops, () => {
      const slot = random.below(Number(values.threads));
      const addr = place(slot);
      if (alive.delete(slot)) return [unmap(addr, pages)];
      alive.add(slot);
      const top = addr + (pages - 1) * PAGE;
      const stack = map(addr, pages, PROT_NONE, ANONYMOUS | abi.MAP_STACK);
      return [stack, protect(addr + PAGE, pages - 1, READ_WRITE), use(top, 1)];
    });
    return { setup: restOfProcess(values), operations, files: [] };
  },
};

const jit: Generator = {
  id: "jit",
  does: "a JIT: pieces of one code area made writable, written, made executable",
  parameters: [
    operationCount,
    integer("pages", "pages of the code area", { low: 16, high: 1 << 16 }),
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const operations = repeat(values.ops, () => {
      const piece = random.between(1, 8);
      const addr = AREA + random.below(pages - piece + 1) * PAGE;
      return [protect(addr, piece, READ_WRITE), use(addr, piece), protect(addr, piece, READ_EXEC)];
    });
    const setup = [...restOfProcess(values), map(AREA, pages, READ_EXEC)];
    return { setup, operations, files: [] };
  },
};

const database: Generator = {
  id: "database",
  does: "a database: segments of a few files mapped beside one another, read, and let go",
  parameters: [
    operationCount,
    integer("files", "files", { low: 1, high: 64 }),
    integer("pages", "pages of a segment", { low: 1, high: 4096 }),
    integer("segments", "segments of a file", { low: 2, high: 4096 }),
    share,
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const operations = repeat(values.ops, () => {
      const file = random.below(Number(values.files));
      const segment = random.below(Number(values.segments));
      const addr = AREA + file * 2 ** 36 + segment * pages * PAGE;
      if (random.below(3) === 0) return [unmap(addr, pages)];
      const flags = sharing(values) | abi.MAP_FIXED;
      const mapping = mapFile(addr, pages, file + 1, segment * pages, flags);
      const read = { op: abi.OP_TOUCH, addr, len: 4 * PAGE, flags: 0 };
      return pages < 4 ? [mapping] : [mapping, read];
    });
    return { setup: restOfProcess(values), operations, files: filesOf(Number(values.files)) };
  },
};

const loader: Generator = {
  id: "loader",
  does: "a loader: libraries mapped over a reservation, relocated, protected, unloaded",
  parameters: [
    operationCount,
    integer("libraries", "libraries", { low: 1, high: 200 }),
    background,
  ],
  build(values, random) {
    const [head, text, data, bss] = [8, 64, 8, 4];
    const pages = head + text + data + bss;
    const loaded = new Set<number>();
    const operations = repeat(values.ops, () => {
      const library = random.below(Number(values.libraries));
      const addr = AREA + library * 2 * pages * PAGE;
      if (loaded.delete(library)) return [unmap(addr, pages)];
      loaded.add(library);
      const segment = (from: number, length: number, prot: number): Operation => ({
        ...mapFile(addr + from * PAGE, length, library + 1, from, FIXED_PRIVATE),
        prot,
      });
      const relocated = addr + (head + text) * PAGE;
      return [
        segment(0, pages, abi.PROT_READ),
        segment(head, text, READ_EXEC),
        segment(head + text, data, READ_WRITE),
        map(addr + (head + text + data) * PAGE, bss, READ_WRITE),
        use(relocated, 2),
        protect(relocated, 2, abi.PROT_READ),
      ];
    });
    const files = filesOf(Number(values.libraries));
    return { setup: restOfProcess(values), operations, files };
  },
};

const arenas: Generator = {
  id: "arenas",
  does: "an allocator: arenas reserved whole, grown by mprotect, pages given back, arenas dropped",
  parameters: [
    operationCount,
    integer("arenas", "arenas", { low: 1, high: 1000 }),
    integer("pages", "pages reserved for one", { low: 64, high: 16_384 }),
    background,
  ],
  build(values, random) {
    const pages = Number(values.pages);
    const grown = new Map<number, number>();
    const operations = repeat(values.ops, () => {
      const arena = random.below(Number(values.arenas));
      const addr = AREA + arena * pages * PAGE;
      const used = grown.get(arena);
      if (used === undefined) {
        grown.set(arena, 0);
        return [map(addr, pages, PROT_NONE, ANONYMOUS | abi.MAP_NORESERVE)];
      }
      if (used + 16 > pages) {
        grown.delete(arena);
        return [unmap(addr, pages)];
      }
      if (used >= 16 && random.below(4) === 0) {
        const from = addr + random.below(used - 15) * PAGE;
        return [{ op: abi.OP_MADVISE, addr: from, len: 16 * PAGE, prot: DONTNEED }];
      }
      grown.set(arena, used + 16);
      const next = addr + used * PAGE;
      return [protect(next, 16, READ_WRITE), use(next, 16)];
    });
    return { setup: restOfProcess(values), operations, files: [] };
  },
};

const media: Generator = {
  id: "media",
  does: "rings of device buffers mapped, used, and mapped anew when the format changes",
  parameters: [
    operationCount,
    integer("devices", "devices", { low: 1, high: 16 }),
    integer("buffers", "buffers of a ring", { low: 1, high: 64 }),
    integer("pages", "pages of a buffer", { low: 1, high: 2048 }),
    background,
  ],
  build(values, random) {
    const [buffers, pages] = [Number(values.buffers), Number(values.pages)];
    const mapped = new Set<number>();
    const operations = repeat(values.ops, () => {
      const device = random.below(Number(values.devices));
      const at = (i: number) => AREA + device * 2 ** 36 + i * pages * PAGE;
      const ring = Array.from({ length: buffers }, (_, i) => i);
      if (!mapped.has(device)) {
        mapped.add(device);
        return ring.map((i) => mapFile(at(i), pages, device + 1, i * pages, FIXED_SHARED));
      }
      if (random.below(16) === 0) {
        mapped.delete(device);
        return ring.map((i) => unmap(at(i), pages));
      }
      return [use(at(random.below(buffers)), pages)];
    });
    return { setup: restOfProcess(values), operations, files: filesOf(Number(values.devices)) };
  },
};

/** vm.max_map_count as kernels are built. */
const MAP_LIMIT = 65_530;

const mapLimit: Generator = {
  id: "map-limit",
  does: "a process at the map-count limit: mappings and splits that succeed by one, or fail",
  parameters: [
    operationCount,
    integer("below", "VMAs it stands below the limit", { low: 0, high: 1000 }),
    share,
  ],
  build(values, random) {
    const vmas = MAP_LIMIT - Number(values.below);
    const place = (i: number) => AREA + i * 8 * PAGE;
    const setup = Array.from({ length: vmas }, (_, i) => map(place(i), 4, READ_WRITE));
    const operations = repeat(values.ops, () => {
      const addr = place(random.below(vmas));
      switch (random.below(4)) {
        case 0:
          return [protect(addr + PAGE, 2, abi.PROT_READ)]; // two splits
        case 1:
          return [protect(addr, 4, READ_WRITE)]; // merges what a split has left
        case 2:
          return [mapFile(addr + 5 * PAGE, 2, 1, 0, sharing(values) | abi.MAP_FIXED)];
        default:
          return [unmap(addr + 5 * PAGE, 2)];
      }
    });
    return { setup, operations, files: filesOf(1) };
  },
};

/** Every mix. */
export const MIXES: readonly Generator[] = [
  threadStacks,
  jit,
  database,
  loader,
  arenas,
  media,
  mapLimit,
];
