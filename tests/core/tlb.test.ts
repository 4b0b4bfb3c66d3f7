// The TLB against known answers of an independent simulator (docs/model.md): streams of page numbers, each
// starting with empty caches. L1 16 x 4, L2 128 x 12, structure caches 32/4/2, LRU.

import { expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { Core } from "../../src/core/core.js";
import type { Operation } from "../../src/core/operation.js";

const BASE = 0x1000_0000_0000; // at a 512 GiB border, so that sets and tags are those of the page numbers
const ELSEWHERE = 0x2000_0000_0000;
const PAGE = 4096;

/** Values of the 64-bit xorshift generator of the known answers. */
function* xorshift(count: number): Generator<bigint> {
  let x = 88172645463325252n;
  for (let i = 0; i < count; i++) {
    x ^= BigInt.asUintN(64, x << 13n);
    x ^= x >> 7n;
    x ^= BigInt.asUintN(64, x << 17n);
    yield x;
  }
}

const STREAMS: Record<string, { length: number; page: (r: bigint) => bigint }> = {
  U256: { length: 100_000, page: (r) => (r >> 8n) % 256n },
  U2048: { length: 200_000, page: (r) => (r >> 8n) % 2048n },
  HOT: {
    length: 200_000,
    page: (r) => ((r & 15n) < 14n ? (r >> 8n) % 64n : 64n + ((r >> 8n) % 4096n)),
  },
  WIDE: {
    length: 200_000,
    page: (r) => {
      const k = r & 7n;
      if (k < 5n) return (r >> 8n) % 48n;
      return k < 7n ? 4096n + ((r >> 8n) % 1200n) : 2n ** 20n + ((r >> 8n) % 2n ** 18n);
    },
  },
  DEEP: {
    length: 200_000,
    page: (r) =>
      ((r >> 8n) % 4n) * 2n ** 27n +
      ((r >> 16n) % 4n) * 2n ** 18n +
      ((r >> 24n) % 8n) * 2n ** 9n +
      ((r >> 32n) % 64n),
  },
};

/** L1 misses, walks, walk steps. */
const ANSWERS: Record<string, [number, number, number]> = {
  U256: [74873, 256, 259],
  U2048: [193798, 50852, 50858],
  HOT: [58723, 16133, 16144],
  WIDE: [112497, 41229, 64928],
  DEEP: [198402, 181229, 486941],
};

const core = new Core("work");
const touch = (addr: number): Operation => ({ op: abi.OP_TOUCH, addr, len: PAGE, flags: 1 });

function anonymous(addr: number, len: number): Operation {
  const flags = abi.MAP_PRIVATE | abi.MAP_ANONYMOUS | abi.MAP_FIXED | abi.MAP_NORESERVE;
  return { op: abi.OP_MMAP, addr, len, prot: abi.PROT_READ | abi.PROT_WRITE, flags };
}

test.each(Object.keys(ANSWERS))("%s", (name) => {
  const { length, page } = STREAMS[name]!;
  const pages = Array.from(xorshift(length), (r) => Number(page(r)));
  core.reset();
  core.run([anonymous(BASE, 2 ** 41), anonymous(ELSEWHERE, 64 * PAGE)]);
  core.run(Array.from(new Set(pages), (v) => touch(BASE + v * PAGE)));
  // unmapping more than 33 touched pages flushes everything
  core.run([{ ...touch(ELSEWHERE), len: 64 * PAGE }]);
  core.run([{ op: abi.OP_MUNMAP, addr: ELSEWHERE, len: 64 * PAGE }]);
  core.clearCounters();
  core.run(pages.map((v) => touch(BASE + v * PAGE)));
  const c = core.counters();
  expect(c["page.faults"]).toBe(0);
  expect([c["tlb.l2Hits"] + c["tlb.misses"], c["page.walks"], c["page.walkSteps"]]).toEqual(
    ANSWERS[name],
  );
  expect(c["tlb.l1Hits"] + c["tlb.l2Hits"] + c["tlb.misses"]).toBe(length);
});
