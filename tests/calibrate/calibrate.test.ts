// Calibrating for a second or two on this machine: what comes out is a model, whatever the times are.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { calibrate } from "../../src/calibrate/calibrate.js";
import { presetOf } from "../../src/calibrate/processor.js";
import { modelText } from "../../src/calibrate/text.js";
import { costModelSchema } from "../../src/predict/model.js";
import { colorsFor } from "../../src/render/colors.js";
import { vmabench } from "../cli/command.js";
import { onKernel, reasonToSkip } from "../live/kernel.js";

describe.skipIf(reasonToSkip() !== null)(onKernel("calibrate"), () => {
  test("a short run gives a model with errors, ranges and what was left out", async () => {
    const only = ({ others, family }: { others: number; family: string }) =>
      others === 10 && !/fork|touched|strides/.test(family);
    const model = costModelSchema.parse(await calibrate({ seconds: 1, seed: 1, only }));
    expect(model.residuals.length).toBeGreaterThan(30);
    for (const { measured, fitted } of model.residuals) {
      expect(measured).toBeGreaterThan(0);
      expect(fitted).toBeGreaterThanOrEqual(0);
    }
    for (const { low, high } of model.terms) expect(low).toBeLessThanOrEqual(high);
    // nothing was forked and no page touched: no price for that
    expect(model.absent).toEqual(expect.arrayContaining(["fork", "fault", "tlb-miss"]));
    const differing = model.notMeasured.filter(({ reason }) => reason.includes("differ"));
    expect(differing.length).toBeLessThan(model.residuals.length / 4);
    const text = modelText(model, colorsFor(process.stdout));
    expect(text).toContain("not measured: ");
    expect(text).toContain("families, each left out of the fit");
  });
});

describe("the command", () => {
  test.each([
    ["--seconds", "0"],
    ["--seconds", "soon"],
    ["--seed", "-1"],
  ])("%s %s is refused", async (option, value) => {
    const { code, stdout, stderr } = await vmabench(["calibrate", option, value]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^vmabench: --\w+ \S+: expected an integer [^\n]+\n$/);
  });

  test("a file that cannot be written is found out before anything is measured", async () => {
    const { code, stderr } = await vmabench(["calibrate", "--out", "/nowhere/at/all.json"]);
    expect(code).toBe(2);
    expect(stderr).toContain("/nowhere/at/all.json");
  });

  test("without koffi: exit code 3, and predictions still work", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vmabench-koffi-"));
    const hide = join(folder, "hide.cjs");
    writeFileSync(
      hide,
      `const Module = require("node:module");
const load = Module._load;
Module._load = (name, ...rest) => {
  if (name === "koffi") throw new Error("Cannot find module 'koffi'");
  return load(name, ...rest);
};`,
    );
    const env = { NODE_OPTIONS: `--require ${hide}` };
    try {
      const { code, stdout, stderr } = await vmabench(["calibrate", "--out", join(folder, "m")], {
        env,
      });
      expect([code, stdout]).toEqual([3, ""]);
      expect(stderr).toMatch(
        /^vmabench: calibrate needs .*; predictions use the model that ships\n$/,
      );
      const trace = "bench/traces/xz.vmatrace.gz";
      const real = await vmabench(["replay", "--real", trace], { env });
      expect(real.code).toBe(3);
      expect(real.stderr).toMatch(/^vmabench: replay --real needs /);
      const predicted = await vmabench(["replay", trace, "--json"], { env });
      expect(JSON.parse(predicted.stdout).predicted.ns).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the processor", () => {
  const cpuinfo = (vendor: string, family: number, model: number) =>
    `processor\t: 0\nvendor_id\t: ${vendor}\ncpu family\t: ${family}\nmodel\t\t: ${model}\nmodel name\t: x\n`;

  test.each([
    ["AuthenticAMD", 25, 17, "zen4"],
    ["AuthenticAMD", 25, 33, "zen3"],
    ["AuthenticAMD", 26, 2, "zen5"],
    ["GenuineIntel", 6, 85, "skylake-sp"],
    ["GenuineIntel", 6, 143, "golden-cove"],
    ["Somebody", 1, 1, "ideal"],
  ])("%s family %d model %d is %s", (vendor, family, model, id) => {
    expect(presetOf(cpuinfo(vendor, family, model)).id).toBe(id);
  });
});
