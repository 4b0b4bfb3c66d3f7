// Whether a machine is fit to measure on, and why not.

import type { Checkup } from "../measure/doctor.js";
import { smallestSlowdown } from "./power.js";

export type Fitness = "fit" | "fit with caveats" | "unfit";

export interface Finding {
  weight: "caveat" | "unfit";
  text: string;
}

/** What the gate would see of a slowdown in a run of so many seconds; null: nothing yet. */
export interface Visible {
  seconds: number;
  /** Share, in 95 of 100 runs: of a typical scenario, and of the noisiest. */
  typical: number | null;
  worst: number | null;
}

export interface Diagnosis {
  verdict: Fitness;
  findings: Finding[];
  visible: Visible[];
}

/** Nanoseconds of an epoch: a tick should be a thousandth of it, and must not be a hundredth. */
const EPOCH = 70_000;
const LEAST_MEMORY = 256 * 2 ** 20;
const LIMIT = 0.03;
const RUNS = [30, 60, 180, 600];

/** The verdict of a check-up. */
export function diagnose(checkup: Checkup): Diagnosis {
  const findings = [
    ...clockFindings(checkup),
    ...machineFindings(checkup),
    ...noiseFindings(checkup),
  ];
  const verdict = findings.some(({ weight }) => weight === "unfit")
    ? "unfit"
    : findings.length > 0
      ? "fit with caveats"
      : "fit";
  return { verdict, findings, visible: RUNS.map((seconds) => visibleIn(seconds, checkup)) };
}

const caveat = (text: string): Finding => ({ weight: "caveat", text });
const unfit = (text: string): Finding => ({ weight: "unfit", text });

function clockFindings({ clock }: Checkup): Finding[] {
  const share = clock.tick / EPOCH;
  if (share > 0.01) {
    return [
      unfit(`the clock ticks every ${Math.round(clock.tick)} ns: too coarse for epochs of 70 µs`),
    ];
  }
  if (share > 0.001) return [caveat(`the clock ticks every ${Math.round(clock.tick)} ns`)];
  return [];
}

function machineFindings(checkup: Checkup): Finding[] {
  const { processors, load, busy, governor, turbo, virtualisation, memory, environment } = checkup;
  const found: Finding[] = [];
  if (processors < 2) found.push(caveat("one processor: whatever else runs, runs in between"));
  if (load > processors / 2) {
    found.push(caveat(`load ${load.toFixed(1)} on ${processors} processors`));
  }
  if (busy.length > 0) {
    const names = busy.slice(0, 3).map(({ name, share }) => `${name} ${Math.round(share * 100)} %`);
    found.push(caveat(`busy with other things: ${names.join(", ")}`));
  }
  if (governor !== null && governor !== "performance") {
    found.push(caveat(`the frequency governor is ${governor}, not performance`));
  }
  if (turbo) found.push(caveat("turbo is on: the clock frequency depends on heat and neighbours"));
  if (virtualisation)
    found.push(caveat(`${virtualisation}: neighbours on the same machine do not show`));
  if (environment.ci) found.push(caveat(`a CI machine (${environment.ci}), another one next time`));
  if (memory.available !== null && memory.available < LEAST_MEMORY) {
    found.push(unfit(`${Math.round(memory.available / 2 ** 20)} MiB of memory are left`));
  }
  return found;
}

function noiseFindings({ noise }: Checkup): Finding[] {
  if (noise.noisy) return [unfit(`identical code differs too much: ${noise.noisy}`)];
  if (noise.worst > LIMIT) {
    return [
      caveat(
        `one scenario of identical code differs by ${percent(noise.worst)} from process to process`,
      ),
    ];
  }
  return [];
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

function visibleIn(seconds: number, { noise, gateScenarios }: Checkup): Visible {
  const processes = Math.floor(seconds / (noise.secondsEach * gateScenarios));
  const of = (spread: number) =>
    smallestSlowdown({ processes, scenarios: gateScenarios, noise: spread, effect: LIMIT });
  return { seconds, typical: of(noise.typical), worst: of(noise.worst) };
}
