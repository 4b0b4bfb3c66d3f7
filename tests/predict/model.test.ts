// Cost models as files, and what is predicted from them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as abi from "../../src/core/abi.js";
import { EVENTS } from "../../src/core/abi.js";
import { type CostModel, costModelJsonSchema, readModel } from "../../src/predict/model.js";
import { parts, predict, unpriced } from "../../src/predict/predict.js";
import { TERMS } from "../../src/predict/terms.js";
import { addCall, callsOf } from "../../src/predict/work.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-model-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A model that may be spoilt. */
interface Loose {
  [field: string]: unknown;
  terms: { [field: string]: unknown }[];
}

/** Writes the shipped model with something changed, and reads it. */
function changed(change: (model: Loose) => void): CostModel {
  const model = structuredClone(readModel()) as unknown as Loose;
  change(model);
  const path = join(folder, "model.json");
  writeFileSync(path, JSON.stringify(model, null, 2));
  return readModel(path);
}

describe("a cost model's file", () => {
  test("the schema that ships is the one that is checked", async () => {
    await expect(costModelJsonSchema()).toMatchFileSnapshot("../../schemas/cost-model.schema.json");
  });

  test("the model that ships can be read, and says where it comes from", () => {
    const model = readModel();
    expect(model.environment.kernelRelease).toMatch(/^6\.18\./);
    expect(model.errors.median).toBeLessThan(0.2);
    expect(model.residuals.length).toBeGreaterThan(200);
  });

  test.each([
    ["schema", (m: Loose) => (m.schema = "vmabench/cost-model@2"), /schema/],
    ["a price", (m: Loose) => Object.assign(m.terms[0] ?? {}, { nanoseconds: -1 }), /terms/],
    [
      "a price's range",
      (m: Loose) => Object.assign(m.terms[1] ?? {}, { low: 1e9 }),
      /at most high/,
    ],
    [
      "a count twice",
      (m: Loose) => Object.assign(m.terms[1] ?? {}, { counts: m.terms[0]?.counts }),
      /each count in one term/,
    ],
    ["no terms", (m: Loose) => (m.terms = []), /terms/],
    ["an unknown field", (m: Loose) => (m.colour = "red"), /colour/],
  ])("%s that is wrong is named with its line", (_, change, message) => {
    expect(() => changed(change)).toThrow(message);
    expect(() => changed(change)).toThrow(/model\.json:\d+: expected/);
  });

  test("a file that is not there", () => {
    expect(() => readModel(join(folder, "none.json"))).toThrow(
      /cannot read .*none\.json: no such file/,
    );
  });
});

describe("predictions", () => {
  test("are the sum of prices, and of the entry for each call", () => {
    const model = changed((m) => {
      m.entry = 100;
      m.terms = [
        { id: "call", title: "a call", counts: ["call"], nanoseconds: 50, low: 40, high: 60 },
        {
          id: "node",
          title: "a node",
          counts: ["maple.nodeReads"],
          nanoseconds: 7,
          low: 0,
          high: 9,
        },
      ];
    });
    const work = { call: 2, "maple.nodeReads": 10, "vma.freed": 1 };
    expect(predict(model, work)).toEqual({
      nanoseconds: 2 * 150 + 70,
      entry: 200,
      relativeError: model.errors.high,
    });
    expect(parts(model, work).map(({ id }) => id)).toEqual(["call", "node"]);
    expect(unpriced(model, work)).toEqual(["vma.freed"]);
  });

  test("terms count events that the core has, each in one term only", () => {
    const counts = TERMS.flatMap((term) => term.counts);
    expect(new Set(counts).size).toBe(counts.length);
    for (const name of counts.filter((one) => one.includes(".") && !one.startsWith("call."))) {
      expect(Object.keys(EVENTS)).toContain(name);
    }
  });

  test("a call that failed is a call, but not one of its kind", () => {
    const work = {};
    addCall(work, { op: abi.OP_MMAP, len: 4096 }, -abi.ENOMEM);
    addCall(work, { op: abi.OP_TOUCH, len: 8192 }, 2);
    expect(work).toEqual({ call: 1, access: 2 });
  });

  test("shared memory without a file is an object of its own", () => {
    const operation = { op: abi.OP_MMAP, flags: abi.MAP_SHARED, file: 1 };
    const zero = [{ mode: abi.FILE_MODE_DEVZERO }];
    expect(callsOf([operation], [4096], zero)).toMatchObject({ "call.memory-object": 1 });
    expect(callsOf([operation], [4096], [{ mode: 0 }])).not.toHaveProperty("call.memory-object");
  });
});
