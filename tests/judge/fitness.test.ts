import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import { diagnose } from "../../src/judge/fitness.js";
import { judgeTimes } from "../../src/judge/gate.js";
import { smallestSlowdown } from "../../src/judge/power.js";
import type { Checkup } from "../../src/measure/doctor.js";
import { colorsFor } from "../../src/render/colors.js";
import { doctorReport } from "../../src/render/doctor.js";
import { sampleResults } from "../render/fixture.js";

function checkup(change: (checkup: Checkup) => void = () => {}): Checkup {
  const healthy: Checkup = {
    environment: sampleResults().environment,
    clock: { tick: 20, cost: 30 },
    processors: 2,
    load: 0.2,
    governor: "performance",
    turbo: false,
    virtualisation: null,
    busy: [],
    memory: { total: 2 ** 33, available: 2 ** 32 },
    noise: {
      scenarios: ["a/b/c"],
      processes: 11,
      secondsEach: 0.1,
      typical: 0.005,
      worst: 0.009,
      controlBeyond: 0,
      noisy: null,
      involuntarySwitches: 3,
    },
    gateScenarios: 26,
  };
  change(healthy);
  return healthy;
}

describe("a machine", () => {
  test("that nothing is wrong with is fit", () => {
    expect(diagnose(checkup())).toMatchObject({ verdict: "fit", findings: [] });
  });

  test.each<[string, (c: Checkup) => void, RegExp]>([
    ["fit with caveats", (c) => (c.load = 1.7), /load 1\.7 on 2 processors/],
    ["fit with caveats", (c) => c.busy.push({ name: "cc1", share: 0.93 }), /cc1 93 %/],
    ["fit with caveats", (c) => (c.governor = "powersave"), /governor is powersave/],
    ["fit with caveats", (c) => (c.turbo = true), /turbo/],
    ["fit with caveats", (c) => (c.virtualisation = "KVM"), /^KVM/],
    ["fit with caveats", (c) => (c.processors = 1), /one processor/],
    ["fit with caveats", (c) => (c.environment.ci = "gitlab"), /CI machine \(gitlab\)/],
    ["fit with caveats", (c) => (c.clock.tick = 100), /ticks every 100 ns/],
    ["fit with caveats", (c) => (c.noise.worst = 0.04), /differs by 4\.0 %/],
    ["unfit", (c) => (c.clock.tick = 100_000), /too coarse/],
    ["unfit", (c) => (c.memory.available = 2 ** 27), /128 MiB/],
    ["unfit", (c) => (c.noise.noisy = "the control wanders"), /the control wanders/],
  ])("is %s: %s", (verdict, change, reason) => {
    const diagnosis = diagnose(checkup(change));
    expect(diagnosis.verdict).toBe(verdict);
    expect(diagnosis.findings).toHaveLength(1);
    expect(diagnosis.findings[0]!.text).toMatch(reason);
  });

  test("that says nothing about itself gets no finding for it", () => {
    const unknown = checkup((c) => Object.assign(c, { governor: null, turbo: null }));
    unknown.memory.available = null;
    expect(diagnose(unknown).verdict).toBe("fit");
    expect(doctorReport(unknown, diagnose(unknown), colorsFor({}))).toContain("unknown");
  });

  test("is described in 100 columns", () => {
    const bad = checkup((c) => {
      c.busy = Array.from({ length: 9 }, (_, i) => ({ name: `some-process-${i}`, share: 0.5 }));
      c.environment.cpu = "A processor with a name ".repeat(6);
      c.noise.noisy = "the control, a copy of the base, is found slower ".repeat(3);
    });
    const lines = doctorReport(bad, diagnose(bad), colorsFor({})).split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe("the smallest slowdown that shows", () => {
  const sight = { scenarios: 26, noise: 0.006, effect: 0.03 };

  test("gets smaller with more processes and less noise, and never below the limit", () => {
    const of = (processes: number, noise = 0.006) =>
      smallestSlowdown({ ...sight, processes, noise })!;
    expect(of(10)).toBeNull();
    expect(of(11)).toBeGreaterThan(of(22));
    expect(of(22)).toBeGreaterThan(of(55));
    expect(of(55)).toBeGreaterThan(0.03);
    expect(of(22, 0.02)).toBeGreaterThan(of(22));
  });

  test("is found in about 95 of 100 simulated runs", () => {
    const random = new Random(2, "power");
    const uniform = () => (random.next() + 0.5) / 2 ** 32;
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const shift = Math.log1p(smallestSlowdown({ ...sight, processes: 22 })!);
    let found = 0;
    for (let run = 0; run < 1000; run++) {
      const head = Array.from({ length: 22 }, () => shift + sight.noise * normal());
      const control = head.map(() => 0);
      const first = { head: head.slice(0, 11), control: control.slice(0, 11) };
      const second = { head: head.slice(11), control: control.slice(11) };
      const scenario = { id: "a", effect: 0.03, first, second };
      if (judgeTimes([scenario], 0.05, 26).scenarios[0]!.verdict === "slower") found++;
    }
    expect(found).toBeGreaterThan(930);
    expect(found).toBeLessThan(980);
  });
});
