// Threads of one process on several CPUs: what one of them unmaps, the others must forget.

import * as abi from "../core/abi.js";
import type { Operation } from "../core/operation.js";
import {
  AREA,
  background,
  filesOf,
  type Generator,
  PAGE,
  READ_WRITE,
  restOfProcess,
  share,
  sharing,
} from "./generator-parts.js";
import { integer } from "./parameters.js";

/** How many mappings may stand side by side, and how far apart they are. */
const PLACES = 64;
const PLACE_PAGES = 8192;

/**
 * A round:
 *
 *   CPU a   maps a file, writes the pages
 *   CPU b   reads them, and so do as many as `readers` says
 *   CPU a   unmaps: everybody who runs the process is interrupted, everybody idle is left alone
 */
export const threads: Generator = {
  id: "share-and-unmap",
  does: "threads on several CPUs: one maps and writes, others read, the first unmaps",
  parameters: [
    integer("ops", "rounds", { low: 1, high: 8192 }),
    integer("cpus", "CPUs that run the process", { low: 1, high: abi.CPU_LIMIT }),
    integer("readers", "CPUs that read what was written", {
      low: 0,
      high: abi.CPU_LIMIT - 1,
    }),
    integer(
      "idle",
      "share of rounds in which the other CPUs are idle when it is unmapped, in per cent",
      {
        low: 0,
        high: 100,
      },
    ),
    integer("pages", "pages of a mapping", { low: 1, high: 4096 }),
    share,
    background,
  ],
  build(values, random) {
    const cpus = Number(values.cpus);
    const len = Number(values.pages) * PAGE;
    const readers = Math.min(cpus - 1, Number(values.readers));
    const run = (cpu: number): Operation => ({ op: abi.OP_CPU, addr: cpu, flags: abi.CPU_RUN });
    const touch = (addr: number, write: number): Operation => ({
      op: abi.OP_TOUCH,
      addr,
      len,
      flags: write,
    });

    const setup = restOfProcess(values);
    // everybody has run the process once
    for (let cpu = cpus - 1; cpu >= 0; cpu--) setup.push(run(cpu));

    const operations: Operation[] = [];
    for (let i = 0; i < Number(values.ops); i++) {
      const addr = AREA + random.below(PLACES) * PLACE_PAGES * PAGE;
      const owner = random.below(cpus);
      const other = (n: number) => (owner + n) % cpus;
      operations.push(
        run(owner),
        {
          op: abi.OP_MMAP,
          addr,
          len,
          prot: READ_WRITE,
          flags: sharing(values) | abi.MAP_FIXED,
          file: 1,
          pgoff: random.below(1 << 20),
        },
        touch(addr, 1),
      );
      for (let n = 1; n <= readers; n++) operations.push(run(other(n)), touch(addr, 0));
      if (readers > 0) operations.push(run(owner));
      if (random.below(100) < Number(values.idle)) {
        for (let n = 1; n < cpus; n++) {
          operations.push({ op: abi.OP_CPU, addr: other(n), flags: abi.CPU_IDLE });
        }
      }
      operations.push({ op: abi.OP_MUNMAP, addr, len });
    }
    return { setup, operations, files: filesOf(1), cpus };
  },
};
