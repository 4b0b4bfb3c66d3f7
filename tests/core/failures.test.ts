// A failure injected at every allocation, charge and hook call of many kinds of operation: the kernel's answer
// is an errno, everything counted adds up afterwards, and what must not change has not.

import { describe, expect, test } from "vitest";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import * as abi from "../../src/core/abi.js";
import type { Operation } from "../../src/core/operation.js";
import { Pages, PROTOCOL_IDS, protocols } from "./pages.js";

const BASE = 0x1000_0000_0000;
const PAGE = 4096;
const RW = abi.PROT_READ | abi.PROT_WRITE;
const OPS = abi.OPS_INSTALLED | abi.OPS_FAULT;
const FIXED = abi.MAP_FIXED | abi.MAP_PRIVATE;

const at = (from: number, to: number) => ({ addr: BASE + from * PAGE, len: (to - from) * PAGE });

/** Two files; anonymous memory, partly written; file mappings side by side; every leaf of the tree well filled. */
function scene(protocol: string): Pages {
  const space = new Pages(protocol)
    .driver(0, { ops: OPS, flagsSet: abi.VM_DONTDUMP })
    .driver(1, { ops: abi.OPS_INSTALLED, flagsSet: abi.VM_REMAP_FLAGS, eager: abi.EAGER_REMAP_PFN })
    .file(1)
    .file(2, { driver: 1 })
    .driver(2, { ops: OPS, flagsSet: abi.VM_DONTDUMP, swapFile: 1 })
    .file(3, { mode: abi.FILE_MODE_READ | abi.FILE_MODE_WRITE | abi.FILE_MODE_DEVZERO })
    .file(4, { driver: 2 });
  for (let i = 0; i < 40; i++) {
    const prot = i % 2 ? abi.PROT_READ : RW;
    space.map(1000 + i * 4, 1003 + i * 4, { prot });
  }
  space.map(10, 40);
  space.write(10, 20);
  space.map(60, 70, { file: 1, pgoff: 0 });
  space.map(80, 90, { file: 1, pgoff: 20 });
  space.map(100, 110);
  space.write(100, 110);
  space.map(7001, 7010, { flags: FIXED | abi.MAP_GROWSDOWN });
  return space;
}

const mmap = (from: number, to: number, file = 0, pgoff = 0): Operation => ({
  op: abi.OP_MMAP,
  ...at(from, to),
  prot: RW,
  flags: FIXED | (file ? 0 : abi.MAP_ANONYMOUS),
  file,
  pgoff,
});

/**
 * `overlaps`: a failure may leave a hole there, and nowhere else. `unfailing`: every failure is put up with.
 * `swaps`: the hook puts in another file, whose reference some kernels lose. `staysBehind`: a source that
 * cannot be split off stays, and keeps a charge that no VMA answers for.
 */
const OPERATIONS: {
  name: string;
  op: Operation;
  overlaps?: boolean;
  unfailing?: boolean;
  swaps?: boolean;
  staysBehind?: boolean;
}[] = [
  { name: "a new mapping", op: mmap(200, 210) },
  { name: "one that merges on both sides", op: mmap(70, 80, 1, 10) },
  { name: "one that merges below", op: mmap(110, 120) },
  { name: "one with every page set", op: mmap(300, 340, 2) },
  { name: "over the middle of another", op: mmap(15, 30), overlaps: true },
  { name: "a file over several", op: mmap(1002, 1030, 1, 5), overlaps: true },
  { name: "every page set, over written pages", op: mmap(12, 18, 2), overlaps: true },
  {
    name: "shared anonymous memory",
    op: { ...mmap(400, 410), flags: abi.MAP_FIXED | abi.MAP_SHARED | abi.MAP_ANONYMOUS },
  },
  { name: "munmap of a whole VMA", op: { op: abi.OP_MUNMAP, ...at(100, 110) } },
  { name: "munmap of a middle", op: { op: abi.OP_MUNMAP, ...at(15, 25) } },
  { name: "munmap of many", op: { op: abi.OP_MUNMAP, ...at(1001, 1100) } },
  { name: "mprotect of a middle", op: { op: abi.OP_MPROTECT, ...at(15, 25), prot: 1 } },
  {
    name: "mremap that grows in place",
    op: { op: abi.OP_MREMAP, ...at(100, 110), prot: 15 * PAGE, flags: 1 },
  },
  {
    name: "mremap of a written part elsewhere",
    op: {
      op: abi.OP_MREMAP,
      ...at(12, 18),
      prot: 6 * PAGE,
      flags: abi.MREMAP_MAYMOVE | abi.MREMAP_FIXED,
      pgoff: BASE + 5000 * PAGE,
    },
    staysBehind: true,
  },
  { name: "madvise", op: { op: abi.OP_MADVISE, ...at(14, 22), prot: 16 } },
  { name: "mlock", op: { op: abi.OP_MLOCK, ...at(14, 22) } },
  {
    name: "mlockall",
    op: { op: abi.OP_MLOCKALL, flags: abi.MCL_CURRENT | abi.MCL_FUTURE },
    unfailing: true,
  },
  {
    name: "mremap that leaves an empty mapping behind",
    op: {
      op: abi.OP_MREMAP,
      ...at(10, 20),
      prot: 10 * PAGE,
      flags: abi.MREMAP_MAYMOVE | abi.MREMAP_DONTUNMAP,
    },
  },
  {
    name: "mremap that shrinks",
    op: { op: abi.OP_MREMAP, ...at(10, 40), prot: 25 * PAGE, flags: 0 },
  },
  { name: "a name", op: { op: abi.OP_SET_NAME, ...at(14, 22), prot: 1 } },
  { name: "seal", op: { op: abi.OP_MSEAL, ...at(14, 22) } },
  { name: "brk", op: { op: abi.OP_BRK, addr: 0x5555_5560_0000 + 20 * PAGE } },
  { name: "a stack that grows", op: { op: abi.OP_STACK_GROW, addr: BASE + 7000 * PAGE } },
  { name: "fork, as the parent", op: { op: abi.OP_FORK, flags: 0 } },
  { name: "fork, as the child", op: { op: abi.OP_FORK, flags: 1 } },
  {
    name: "/dev/zero, shared",
    op: { ...mmap(500, 510, 3), flags: abi.MAP_FIXED | abi.MAP_SHARED },
  },
  { name: "/dev/zero, private", op: mmap(500, 510, 3) },
  { name: "a hook that swaps its file", op: mmap(500, 510, 4), swaps: true },
  { name: "one whose new file merges", op: mmap(70, 80, 4, 10), swaps: true },
  { name: "a first write", op: { op: abi.OP_TOUCH, ...at(1000, 1003), flags: 1 } },
];

/** What is mapped at every page, whatever VMA it belongs to. */
function coverage(space: Pages): string[] {
  return space.core
    .layout()
    .flatMap(({ start, end, flags, file, pgoff }) =>
      Array.from(
        { length: (end - start) / PAGE },
        (_, i) => `${start + i * PAGE} ${flags} ${file} ${pgoff + i}`,
      ),
    );
}

/** Every file has the references of its VMAs; `kept` more where a kernel is known to lose one. */
function filesAddUp(space: Pages, kept: number): void {
  const layout = space.core.layout();
  for (const file of [1, 2]) {
    const vmas = layout.filter((vma) => vma.file === file).length;
    const { refs, mapped } = space.core.fileState(file);
    expect(mapped).toBe(vmas);
    expect(refs).toBeGreaterThanOrEqual(vmas);
    expect(refs).toBeLessThanOrEqual(vmas + kept);
  }
}

/** Pages charged beyond those of ACCOUNT VMAs. */
function overcharge(space: Pages): number {
  const accounted = space.core
    .layout()
    .filter(({ flags }) => flags & abi.VM_ACCOUNT)
    .reduce((sum, { start, end }) => sum + (end - start) / PAGE, 0);
  return space.core.account().committed - accounted;
}

const KINDS = [abi.FAIL_ALLOCATION, abi.FAIL_CHARGE, abi.FAIL_HOOK];
/** No operation here has more events of a kind. */
const MOST_EVENTS = 400;

describe.each(PROTOCOL_IDS)("%s", (protocol) => {
  const { profile } = parseProtocol(protocol);
  const exactCharge = profile === abi.PROFILE_6_11 || profile >= abi.PROFILE_7_3;
  const loses =
    protocols("mmap_prepare", "7.0").includes(protocol) ||
    protocols("compat", "7.0").includes(protocol);

  test.each(OPERATIONS)("$name", ({ op, overlaps, unfailing, swaps, staysBehind }) => {
    const kept = swaps && loses ? 1 : 0;
    const expected = scene(protocol).run(op);
    expect(expected).toBeGreaterThanOrEqual(0);
    let failures = 0;
    for (const fail of KINDS) {
      for (let n = 1; ; n++) {
        expect(n).toBeLessThan(MOST_EVENTS);
        const space = scene(protocol);
        const before = coverage(space);
        const result = space.run({ ...op, fail, at: n }); // checks every invariant
        filesAddUp(space, kept);
        if (!space.core.failureReached()) {
          expect(result).toBe(expected);
          expect(overcharge(space)).toBe(0);
          break;
        }
        // up to 7.0 a mapping that fails once its place is cleared loses charge
        const mayLose = staysBehind || (op.op === abi.OP_MMAP && !exactCharge && result < 0);
        if (mayLose) expect(overcharge(space)).toBeGreaterThanOrEqual(0);
        else expect(overcharge(space)).toBe(0);
        if (result === expected) continue; // the kernel could do without
        failures++;
        const after = new Set(coverage(space));
        const lost = before.filter((page) => !after.has(page));
        expect(lost.filter((page) => !overlaps || !inside(page, op))).toEqual([]);
      }
    }
    if (!unfailing) expect(failures).toBeGreaterThan(0);
  });
});

function inside(page: string, op: Operation): boolean {
  const address = Number(page.split(" ")[0]);
  return address >= Number(op.addr) && address < Number(op.addr) + Number(op.len);
}
