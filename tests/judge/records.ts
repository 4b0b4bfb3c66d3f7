// Gate records made by hand, with times that say what a test wants.

import { Random } from "../../src/catalogue/random.js";
import type { GateProcess, GateRecord } from "../../src/record/gate.js";
import { sampleResults } from "../render/fixture.js";

export interface Told {
  id: string;
  /** head / base of a process, and control / base. */
  head: (process: number) => number;
  control?: (process: number) => number;
}

const ROUNDS = 12;

/** `processes` of a first look in which each scenario is as told, with some noise from round to round. */
export function recordOf(told: readonly Told[], processes = 11): GateRecord {
  const { tool, environment } = sampleResults();
  const core = { name: "a core", kind: "folder", codeSha256: "c", abiVersion: "a" } as const;
  return {
    schema: "vmabench/gate@1",
    tool,
    environment,
    settings: {
      suite: "gate",
      filters: [],
      seed: 1,
      processes,
      sittings: 2,
      rounds: ROUNDS / 2,
      maxSlowdown: 3,
      alpha: 0.05,
      family: told.length,
      nodeFlags: [],
      day: "2026-01-31",
      governor: null,
    },
    base: core,
    head: core,
    accepted: [],
    work: { compared: true, scenarios: told.length, changes: [], notInBase: [] },
    disagreement: null,
    identical: false,
    timed: told.map(({ id }) => id),
    processes: Array.from({ length: processes }, (_, i) => processOf(told, i)),
    cores: { timing: "", work: null },
  };
}

function processOf(told: readonly Told[], process: number): GateProcess {
  const random = new Random(process, "records");
  const scenarios = told.map(({ id, head, control = () => 1 }) => {
    const base = Array.from({ length: ROUNDS }, () => 70_000 + random.below(2000));
    const times = (ratio: number) =>
      base.map((time) => Math.round(time * ratio) + random.below(200));
    return {
      id,
      operationsPerBatch: 100,
      sittings: 2,
      base,
      head: times(head(process)),
      control: times(control(process)),
    };
  });
  return { process, look: 1, involuntarySwitches: 0, seconds: 1, scenarios };
}
