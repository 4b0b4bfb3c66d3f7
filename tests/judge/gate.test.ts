// The gate's rules as pure functions, on medians whose truth is known.

import { describe, expect, test } from "vitest";
import { Random } from "../../src/catalogue/random.js";
import {
  type GateScenario,
  judgeTimes,
  processesFor,
  secondLookProcesses,
} from "../../src/judge/gate.js";
import { outcomeOf } from "../../src/judge/outcome.js";
import { recordOf } from "./records.js";

const EFFECT = 0.03;
const FAMILY = 26;

function simulation(seed: number) {
  const random = new Random(seed, "gate rules");
  const uniform = () => (random.next() + 0.5) / 2 ** 32;
  /** Skewed: mostly near the truth, now and then far above. */
  const noise = (spread: number) =>
    spread * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()) +
    (random.below(20) === 0 ? spread * 6 * uniform() : 0);
  const medians = (count: number, shift: number, spread: number) => ({
    head: Array.from({ length: count }, () => shift + noise(spread)),
    control: Array.from({ length: count }, () => noise(spread)),
  });
  /** A run of the whole suite; the second look only at what stayed open, as the gate does. */
  return (shift: number, spread: number) => {
    const processes = processesFor(FAMILY);
    const none = { head: [], control: [] };
    const scenarios: GateScenario[] = Array.from({ length: FAMILY }, (_, i) => ({
      id: `s${i}`,
      effect: EFFECT,
      first: medians(processes, i === 0 ? shift : 0, spread),
      second: none,
    }));
    const open = judgeTimes(scenarios).scenarios.flatMap(({ verdict }, i) =>
      verdict === "undecided" ? [i] : [],
    );
    const again = secondLookProcesses(Math.max(1, open.length), processes);
    for (const i of open) {
      scenarios[i]!.second = medians(again, i === 0 ? shift : 0, spread);
    }
    return judgeTimes(scenarios);
  };
}

describe("over many runs of a suite", () => {
  test("identical code is not found slower or faster, even with much noise", () => {
    const run = simulation(1);
    let alarms = 0;
    for (let i = 0; i < 300; i++) {
      const { scenarios } = run(0, 0.03);
      if (scenarios.some(({ verdict }) => verdict === "slower" || verdict === "faster")) alarms++;
    }
    expect(alarms).toBe(0);
  });

  test("a slowdown just at the limit fails in no more than alpha of runs", () => {
    const run = simulation(2);
    let alarms = 0;
    for (let i = 0; i < 300; i++) {
      if (run(Math.log1p(EFFECT), 0.01).scenarios[0]!.verdict === "slower") alarms++;
    }
    expect(alarms / 300).toBeLessThan(0.05);
  });

  test("five per cent in one scenario is found, ten even where processes differ by two", () => {
    const run = simulation(3);
    let [five, ten] = [0, 0];
    for (let i = 0; i < 200; i++) {
      if (run(Math.log(1.05), 0.009).scenarios[0]!.verdict === "slower") five++;
      if (run(Math.log(1.1), 0.02).scenarios[0]!.verdict === "slower") ten++;
    }
    expect(five).toBeGreaterThanOrEqual(190);
    expect(ten).toBe(200);
  });
});

test("a first look has the processes that let a scenario be found, one fewer would not", () => {
  const all = (count: number) => ({
    head: Array.from({ length: count }, () => 0.1),
    control: Array.from({ length: count }, () => 0),
  });
  const none = { head: [], control: [] };
  for (const family of [1, 10, 26, 200]) {
    const processes = processesFor(family);
    const verdict = (count: number) =>
      judgeTimes([{ id: "s", effect: EFFECT, first: all(count), second: none }], 0.05, family)
        .scenarios[0]!.verdict;
    expect([verdict(processes), verdict(processes - 1)]).toEqual(["slower", "undecided"]);
  }
});

test("the second look is the closer the fewer scenarios are open, within a bound", () => {
  expect([1, 13, 26, 60, 200].map((open) => secondLookProcesses(open, 11))).toEqual([
    44, 44, 23, 11, 11,
  ]);
});

describe("a record", () => {
  const told = (head: number, control = 1) =>
    recordOf([
      { id: "a/b/c", head: () => head, control: () => control },
      { id: "d/e/f", head: () => 1 },
    ]);

  test.each([
    ["the same", told(1), 0, "nothing is slower"],
    ["slower", told(1.08), 1, "slower: a/b/c"],
    ["faster", told(0.92), 0, "nothing is slower"],
    [
      "wrong on its control",
      told(1, 1.2),
      3,
      "too noisy: the control, a copy of the base, is found",
    ],
  ])("that is %s ends so", (_what, record, exitCode, reason) => {
    const outcome = outcomeOf(record);
    expect(outcome.exitCode).toBe(exitCode);
    expect(outcome.reason).toContain(reason);
  });

  test("with a control that lies beyond the limit now here, now there is too noisy", () => {
    const wild = recordOf([
      { id: "a/b/c", head: () => 1, control: (process) => (process % 2 ? 1.2 : 0.8) },
    ]);
    expect(outcomeOf(wild)).toMatchObject({ exitCode: 3, controlBeyond: 1 });
  });

  test("where base and control differ by luck, the head is measured against both", () => {
    const lucky = recordOf([{ id: "a/b/c", head: () => 1.01, control: () => 1.02 }]);
    expect(outcomeOf(lucky).times[0]!.ratio.median).toBeCloseTo(1.01 / Math.sqrt(1.02), 2);
  });

  test("with one bad sitting of several keeps the median of its sittings", () => {
    const record = told(1);
    for (const { scenarios } of record.processes) {
      // three sittings of four rounds, the last one twice as slow on the head
      scenarios[0]!.sittings = 3;
      scenarios[0]!.head = scenarios[0]!.head.map((time, i) => (i < 8 ? time : 2 * time));
    }
    expect(outcomeOf(record).times[0]).toMatchObject({ verdict: "same" });
  });
});
