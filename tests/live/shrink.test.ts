// Shrinking, on a trial that needs no kernel.

import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import * as abi from "../../src/core/abi.js";
import type { Grounds } from "../../src/live/comparable.js";
import type { Difference } from "../../src/live/compare.js";
import { type Expectation, Forecast } from "../../src/live/expectation.js";
import { Generator } from "../../src/live/generate.js";
import { LOOK_AT_SMAPS, ORDINARY } from "../../src/live/messages.js";
import { Model } from "../../src/live/model.js";
import { shrink } from "../../src/live/shrink.js";
import { operationLine } from "../../src/live/steps.js";

const BASE = 0x10020000;
const grounds: Grounds = {
  own: [
    { start: BASE, end: BASE + 0xc0000 },
    { start: BASE + 0x200000, end: BASE + 0x260000 },
  ],
  low: null,
  exact: true,
};
const driver = { ops: abi.OPS_INSTALLED | abi.OPS_FAULT | abi.OPS_MAP_PAGES };
const modes = abi.FILE_MODE_READ | abi.FILE_MODE_WRITE;
const model = new Model({
  settings: { profile: abi.PROFILE_7_3, ipcLock: true },
  files: [{ mode: modes }],
  driver,
});

function episode(count: number): Expectation {
  const conditions = { ...ORDINARY, readImpliesExec: true };
  const forecast = new Forecast(model, conditions, grounds);
  const supply = {
    grounds,
    files: [1],
    mseal: false,
    droppable: false,
    names: false,
    guards: false,
  };
  const generator = new Generator(new Random(1, "shrink"), supply);
  while (forecast.length < count)
    forecast.add(generator.next(model.layout(), false), LOOK_AT_SMAPS);
  return forecast.result();
}

const difference = (step: number): Difference => ({ step, kind: "result", kernel: [], model: [] });

describe("shrink", () => {
  test("leaves the steps that matter, simplified, and no conditions", async () => {
    let trials = 0;
    const found = await shrink(model, episode(300), async ({ steps }) => {
      trials++;
      // "wrong" is an munmap that takes a locked page away
      const step = steps.findIndex(
        ({ step: { operation }, values }, i) =>
          operation.op === abi.OP_MUNMAP &&
          values[0] === 0 &&
          (steps[i - 1]?.layout?.locked ?? 0) > (steps[i]?.layout?.locked ?? 0),
      );
      return step < 0 ? null : difference(step);
    });
    const lines = found?.expected.steps.flatMap(({ operations }) => operations.map(operationLine));
    expect(found?.expected.conditions).toEqual(ORDINARY);
    expect(found?.expected.steps.length).toBeLessThanOrEqual(3);
    expect(lines?.at(-1)).toMatch(/^munmap [0-9a-f]+ 1000$/);
    expect(trials).toBeLessThan(1500);
  });

  test("gives up when it does not differ again", async () => {
    expect(await shrink(model, episode(20), async () => null)).toBeNull();
  });
});
