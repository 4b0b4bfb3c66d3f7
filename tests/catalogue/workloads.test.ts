import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseWorkload, workloadEntries } from "../../src/catalogue/workloads.js";
import * as abi from "../../src/core/abi.js";
import { encode, type Operation } from "../../src/core/operation.js";
import { UsageError } from "../../src/errors.js";

/** Built-in workloads that are generated. */
const GENERATED = workloadEntries()
  .map(({ id }) => id)
  .filter((id) => !id.startsWith("trace-"));

const end = (o: Operation) => Number(o.addr) + Number(o.len);

describe("generated workloads", () => {
  test.each(GENERATED)("%s is the same for the same seed", async (id) => {
    const one = await parseWorkload(id).build(5);
    const two = await parseWorkload(id).build(5);
    expect(Buffer.from(encode(one.operations)).equals(encode(two.operations))).toBe(true);
    expect(Buffer.from(encode(one.setup)).equals(encode(two.setup))).toBe(true);
  });

  test.each(["holes-overlap", "mprotect-churn", "tree-1000", "failing-storm"])(
    "%s differs by seed",
    async (id) => {
      const one = await parseWorkload(id).build(5);
      const two = await parseWorkload(id).build(6);
      expect(Buffer.from(encode(one.operations)).equals(encode(two.operations))).toBe(false);
    },
  );

  test.each(GENERATED)("%s is well formed", async (id) => {
    const { setup, operations, files } = await parseWorkload(id).build(1);
    expect(operations.length).toBeLessThanOrEqual(abi.BATCH_LIMIT);
    const wrong = [...setup, ...operations].filter((o) => {
      if ([abi.OP_FORK, abi.OP_CPU, abi.OP_NOP].includes(o.op)) return false;
      if (Number(o.addr) % 4096 !== 0 || end(o) >= abi.TASK_SIZE) return true;
      // whatever maps a file goes through the driver; anonymous memory has none
      const anonymous = (Number(o.flags) & abi.MAP_ANONYMOUS) !== 0;
      if (o.op === abi.OP_MMAP && (o.file === undefined) !== anonymous) return true;
      return o.file !== undefined && files[o.file - 1]?.driver !== 1;
    });
    expect(wrong).toEqual([]);
  });

  test("append-merge continues each file where it ended, append-never leaves a page free", async () => {
    for (const [id, gap] of [
      ["append-merge", 0],
      ["append-never", 4096],
    ] as const) {
      const { operations } = await parseWorkload(`${id}?ops=64&files=4&pages=2`).build(1);
      for (let i = 4; i < operations.length; i++) {
        const [before, after] = [operations[i - 4]!, operations[i]!];
        expect(after.file).toBe(before.file);
        expect(Number(after.addr) - end(before)).toBe(gap);
        expect(Number(after.pgoff) - Number(before.pgoff)).toBe(2);
      }
    }
  });

  test("tree workloads put every mapping between two VMAs and take it away again", async () => {
    const { setup, operations } = await parseWorkload("tree-1000?ops=200").build(3);
    expect(setup).toHaveLength(1000);
    for (let i = 0; i < operations.length; i += 2) {
      const [map, unmap] = [operations[i]!, operations[i + 1]!];
      expect(unmap).toEqual({ op: abi.OP_MUNMAP, addr: map.addr, len: map.len });
      const touching = setup.some((o) => Number(o.addr) <= end(map) && Number(map.addr) <= end(o));
      expect(touching).toBe(false);
    }
  });

  test("failing-storm asks once for every range of written memory", async () => {
    const { setup, operations } = await parseWorkload("failing-storm?ops=50").build(3);
    const touched = setup.filter((o) => o.op === abi.OP_TOUCH).map((o) => o.addr);
    expect([...operations.map((o) => o.addr)].sort()).toEqual([...touched].sort());
  });
});

describe("choosing a workload", () => {
  test("there are the generators and the recorded traces", () => {
    const ids = workloadEntries().map((entry) => entry.id);
    expect(ids).toContain("append-merge");
    expect(ids.filter((id) => id.startsWith("trace-"))).toHaveLength(10);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("bench/workloads has a file for each, and one for each recorded program", () => {
    const ids = workloadEntries().map(({ id }) => id);
    const list = (folder: string, ending: string) =>
      readdirSync(new URL(`../../bench/${folder}/`, import.meta.url))
        .filter((name) => name.endsWith(ending))
        .map((name) => name.slice(0, -ending.length));
    expect(list("workloads", ".yaml").sort()).toEqual([...ids].sort());
    expect(
      list("traces", ".vmatrace.gz")
        .map((name) => `trace-${name}`)
        .sort(),
    ).toEqual(ids.filter((id) => id.startsWith("trace-")).sort());
  });

  test("generators are timed in stretches, traces as a whole", () => {
    expect(parseWorkload("append-merge").shape).toBe("even");
    expect(parseWorkload("trace-xz").shape).toBe("whole");
  });

  test.each([
    ["nothing", /no workload "nothing"; there is append-merge/],
    ["append-merge?ops=0", /ops=0: expected an integer from 1 to 60000/],
    ["append-merge?share=maybe", /expected shared or private/],
    ["trace-xz?ops=5", /no parameter "ops"; it has: none/],
  ])("%j is refused", (text, reason) => {
    expect(() => parseWorkload(text)).toThrow(UsageError);
    expect(() => parseWorkload(text)).toThrow(reason);
  });
});
