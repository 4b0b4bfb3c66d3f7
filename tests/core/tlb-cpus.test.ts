// Several CPUs that run one process: whatever they do, no CPU that is up to date holds a translation that the page
// tables do not have (rules 40 and 41 of the core's check), and interrupts go where the kernel sends them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TLBS } from "../../src/catalogue/tlbs.js";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";
import { DEFAULT_TLB, type TlbGeometry } from "../../src/core/tlb.js";

const core = new Core("checking");
const PAGE = 4096;
const BASE = 0x1000_0000_0000;
const RW = abi.PROT_READ | abi.PROT_WRITE;
const FIXED = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED;

const cpu = (addr: number, flags = abi.CPU_RUN, prot = 0): Operation => ({
  op: abi.OP_CPU,
  addr,
  flags,
  prot,
});
const map = (page: number, pages: number): Operation => ({
  op: abi.OP_MMAP,
  addr: BASE + page * PAGE,
  len: pages * PAGE,
  prot: RW,
  flags: FIXED,
});
const touch = (page: number, pages: number, write = 1): Operation => ({
  op: abi.OP_TOUCH,
  addr: BASE + page * PAGE,
  len: pages * PAGE,
  flags: write,
});
const unmap = (page: number, pages: number): Operation => ({
  op: abi.OP_MUNMAP,
  addr: BASE + page * PAGE,
  len: pages * PAGE,
});
/** A neighbour in the same 2 MiB keeps its page table: unmapping beside it frees none. */
const neighbour = [map(500, 1), touch(500, 1)];

function counted(geometry: TlbGeometry, setup: Operation[], operations: Operation[]) {
  core.reset({}, geometry);
  core.run(setup);
  core.clearCounters();
  core.run(operations);
  expect(core.check()).toBe(0);
  const c = core.counters();
  const { "tlb.shootdowns": shootdowns, "tlb.ipis": ipis, "tlb.flushesSkipped": skipped } = c;
  return { shootdowns, ipis, skipped, single: c["tlb.singleFlushes"], full: c["tlb.fullFlushes"] };
}

const four: TlbGeometry = { ...DEFAULT_TLB, cpus: 4 };
/** Everybody has seen ten pages; CPU 0 executes. */
const threads = [
  ...neighbour,
  map(0, 10),
  ...[0, 1, 2, 3].flatMap((n) => [cpu(n), touch(0, 10)]),
  cpu(0),
];

describe("shootdowns", () => {
  test("every CPU that runs the process invalidates page by page, up to 33 pages", () => {
    expect(counted(four, threads, [unmap(0, 10)])).toEqual({
      shootdowns: 1,
      ipis: 3,
      skipped: 0,
      single: 40,
      full: 0,
    });
    const many = [
      ...threads,
      map(100, 40),
      ...[1, 2, 3, 0].flatMap((n) => [cpu(n), touch(100, 34)]),
    ];
    expect(counted(four, many, [unmap(100, 33)])).toMatchObject({ ipis: 3, single: 132, full: 0 });
    expect(counted(four, many, [unmap(100, 34)])).toMatchObject({ ipis: 3, single: 0, full: 4 });
  });

  test("one CPU alone interrupts nobody", () => {
    const alone = [...neighbour, map(0, 10), touch(0, 10)];
    expect(counted(four, alone, [unmap(0, 10)])).toMatchObject({
      shootdowns: 0,
      ipis: 0,
      single: 10,
    });
  });

  test("an idle CPU is left alone and catches up, unless tables are freed", () => {
    const idle = [...threads, cpu(2, abi.CPU_IDLE), cpu(3, abi.CPU_IDLE)];
    expect(counted(four, idle, [unmap(0, 10)])).toMatchObject({ ipis: 1, skipped: 2, full: 0 });
    const back = [unmap(0, 10), cpu(2)];
    expect(counted(four, idle, back)).toMatchObject({ ipis: 1, skipped: 2, full: 1 });
    // unmapping everything frees the page table
    expect(counted(four, idle, [unmap(0, 512)])).toMatchObject({ ipis: 3, skipped: 0 });
    // and the idle CPUs have let go: the next flush does not reach them
    const again = [unmap(0, 512), ...neighbour, map(0, 1), touch(0, 1), unmap(0, 1)];
    expect(counted(four, idle, again)).toMatchObject({ shootdowns: 2, ipis: 4, skipped: 2 });
  });

  test("a CPU that runs another process is not interrupted, and drops out once it is", () => {
    const away = [...threads, cpu(3, abi.CPU_OTHER, 1)];
    expect(counted(four, away, [unmap(0, 10)])).toMatchObject({ ipis: 2, skipped: 1 });
    const twice = [unmap(0, 512), ...neighbour, map(0, 1), touch(0, 1), unmap(0, 1)];
    expect(counted(four, away, twice)).toMatchObject({ ipis: 3 + 2, skipped: 0 });
  });

  test("from four CPUs on, a processor that can broadcast interrupts nobody", () => {
    const able = { ...four, invlpgb: true };
    const first = counted(able, threads, [unmap(0, 1)]);
    expect(first).toMatchObject({ shootdowns: 1, ipis: 3 });
    expect(counted(able, [...threads, unmap(0, 1)], [unmap(1, 1)])).toMatchObject({ ipis: 0 });
    expect(core.counters()["tlb.broadcasts"]).toBe(1);
    expect(
      counted({ ...able, cpus: 3 }, threads.slice(0, -3), [unmap(0, 1), unmap(1, 1)]),
    ).toMatchObject({ ipis: 4 });
  });
});

describe("address spaces", () => {
  const used = [...neighbour, map(0, 10), touch(0, 10)];
  const misses = (geometry: TlbGeometry, between: Operation[]) => {
    counted(geometry, used, [...between, touch(0, 10)]);
    return core.counters()["tlb.misses"];
  };

  test("with PCIDs a process finds its translations again, without it does not", () => {
    const away = [cpu(0, abi.CPU_OTHER, 1)];
    expect(misses(four, away)).toBe(0);
    expect(misses({ ...four, pcid: false }, away)).toBe(10);
  });

  test("six address spaces a CPU: five others in between leave it its slot, six do not", () => {
    const others = (n: number) => Array.from({ length: n }, (_, i) => cpu(0, abi.CPU_OTHER, i + 1));
    expect(misses(four, others(5))).toBe(0);
    expect(misses(four, others(6))).toBe(10);
  });

  test("what was flushed elsewhere meanwhile is not found again", () => {
    const away = [...neighbour, map(0, 10), cpu(1), touch(0, 10), cpu(0), cpu(1, abi.CPU_OTHER, 1)];
    counted(four, away, [unmap(0, 2), cpu(1), touch(2, 8)]);
    expect(core.counters()["tlb.misses"]).toBe(8);
  });

  test("epochs wrap around without old entries coming back to life", () => {
    const rounds = Array.from({ length: 8300 }, () => [map(0, 1), touch(0, 1), unmap(0, 1)]).flat();
    counted(four, neighbour, [...rounds, touch(500, 1)]);
  });
});

test("random programs on four CPUs of every kind leave no stale translation", () => {
  const page = fc.integer({ min: 0, max: 1100 });
  const pages = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constant(512));
  const on = <T extends Operation>(op: T): T => op;
  const operation: fc.Arbitrary<Operation> = fc.oneof(
    fc.tuple(page, pages).map(([at, n]) => map(at, n)),
    { arbitrary: fc.tuple(page, pages, fc.nat(1)).map(([at, n, w]) => touch(at, n, w)), weight: 3 },
    fc.tuple(page, pages).map(([at, n]) => unmap(at, n)),
    fc
      .tuple(page, pages, fc.constantFrom(0, 1, 3))
      .map(([at, n, prot]) =>
        on({ op: abi.OP_MPROTECT, addr: BASE + at * PAGE, len: n * PAGE, prot }),
      ),
    fc
      .tuple(page, pages, fc.constantFrom(4, 14, 15)) // DONTNEED, HUGEPAGE, NOHUGEPAGE
      .map(([at, n, prot]) =>
        on({ op: abi.OP_MADVISE, addr: BASE + at * PAGE, len: n * PAGE, prot }),
      ),
    fc.tuple(page, page, pages).map(([from, to, n]) =>
      on({
        op: abi.OP_MREMAP,
        addr: BASE + from * PAGE,
        len: n * PAGE,
        prot: n * PAGE,
        flags: abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED,
        pgoff: BASE + (to + 4096) * PAGE,
      }),
    ),
    fc.nat(1).map((flags) => on({ op: abi.OP_FORK, flags })),
    {
      arbitrary: fc
        .tuple(fc.nat(3), fc.nat(2), fc.nat(8))
        .map(([n, flags, prot]) => cpu(n, flags, prot)),
      weight: 3,
    },
  );
  const geometry = fc.record({
    preset: fc.constantFrom(...TLBS),
    pcid: fc.boolean(),
    invlpgb: fc.boolean(),
    levels: fc.constantFrom(4, 5),
  });
  fc.assert(
    fc.property(geometry, fc.array(operation, { maxLength: 40 }), (machine, operations) => {
      const { preset, levels, ...rest } = machine;
      core.reset({ levels }, { ...preset, ...rest, cpus: 4 });
      for (const one of operations) {
        core.run([one]);
        expect(core.check()).toBe(0);
      }
    }),
    { numRuns: Number(process.env.VMABENCH_RUNS ?? 300) },
  );
});
