// Calibrating: microbenchmarks on the kernel and in the model, round after round, and a fit.

import { Random } from "../catalogue/random.js";
import { Core } from "../core/core.js";
import type { CostModel } from "../predict/model.js";
import { TERMS } from "../predict/terms.js";
import { captureEnvironment, captureTool } from "../record/environment.js";
import { median, percentile, quiet } from "../stats/median.js";
import type { Bench } from "./bench.js";
import { sessions } from "./benches/index.js";
import { fitTerms, type Observation } from "./fit.js";
import { type Machine, openMachine } from "./machine.js";
import { type Modelled, modelSession } from "./model.js";
import { measureSession, observationId } from "./session.js";

export interface CalibrateOptions {
  /** Time for measuring. */
  seconds: number;
  seed: number;
  /** Benchmarks that are wanted; all where absent. */
  only?: (bench: Bench) => boolean;
  /** Told while measuring, in seconds. */
  progress?: (done: number, label: string) => void;
}

/** What is spent in the kernel besides what the model counts, and that only constants stand for. */
const LEAVES_OUT = [
  "entry and exit of a system call (measured by itself: entry)",
  "security hooks, perf hooks and audit",
  "memory cgroups and the slab allocator, but for what follows the number of objects",
  "locks: mmap_lock, VMA locks, the file's and the anon_vma's",
  "page tables walked by the kernel, caches that have gone cold",
  "the end of an object for shared memory, which the model does not count",
];
/** Large benchmarks take a turn in every fourth round. */
const SELDOM = 4;
const HEAVY = 60_000;
const FEW_RESAMPLES = { under: 30, resamples: 40 };
const RESAMPLES = 200;

/** Measures and fits. MachineError when this machine cannot do it. */
export async function calibrate(options: CalibrateOptions): Promise<CostModel> {
  const machine = await openMachine("calibrate");
  try {
    const core = new Core("work");
    const wanted = sessions()
      .map((benches) => benches.filter(options.only ?? (() => true)))
      .filter((benches) => benches.length > 0);
    const modelled = wanted.map((benches) => modelSession(core, machine, benches));
    const measured = await measure(machine, modelled, options);
    return modelOf(machine, modelled, measured, options);
  } finally {
    machine.close();
  }
}

/** What all rounds measured. */
interface Rounds {
  /** One value a process, by observation. */
  times: Map<string, number[]>;
  differences: Map<string, string>;
  nullCalls: number[];
  rounds: number;
  seconds: number;
}

async function measure(
  machine: Machine,
  modelled: readonly Modelled[][],
  { seconds, seed, progress = () => {} }: CalibrateOptions,
): Promise<Rounds> {
  const random = new Random(seed, "calibrate");
  const begun = performance.now();
  const elapsed = () => (performance.now() - begun) / 1000;
  const all: Rounds = {
    times: new Map(),
    differences: new Map(),
    nullCalls: [],
    rounds: 0,
    seconds: 0,
  };
  do {
    const seldom = all.rounds % SELDOM === SELDOM - 1;
    for (const session of random.shuffle([...modelled])) {
      const now = session.filter(({ bench }) => seldom || !isHeavy(bench));
      if (now.length === 0) continue;
      progress(elapsed(), `among ${now[0]?.bench.others} VMAs`);
      const measured = await measureSession(machine, now, random);
      for (const [id, time] of measured.times) {
        all.times.set(id, [...(all.times.get(id) ?? []), time]);
      }
      for (const [id, difference] of measured.differences) all.differences.set(id, difference);
      all.nullCalls.push(measured.nullCall);
    }
    all.rounds++;
  } while (elapsed() < seconds);
  return { ...all, seconds: elapsed() };
}

function isHeavy({ others, setup, body }: Modelled["bench"]): boolean {
  const pages = [...setup, ...body.map(({ operation }) => operation)].map(
    ({ len = 0 }) => Number(len) / 4096,
  );
  return others > HEAVY || Math.max(...pages) > HEAVY;
}

function modelOf(
  machine: Machine,
  modelled: readonly Modelled[][],
  measured: Rounds,
  { seed, seconds }: CalibrateOptions,
): CostModel {
  const { observations, notMeasured } = observationsOf(modelled, measured);
  const few = seconds < FEW_RESAMPLES.under;
  const fitted = fitTerms(TERMS, observations, seed, few ? FEW_RESAMPLES.resamples : RESAMPLES);
  const { identified, residuals, errors } = fitted;
  const spreads = (id: string) => {
    const times = measured.times.get(id) ?? [];
    return (percentile(times, 0.75) - percentile(times, 0.25)) / median(times);
  };
  return {
    schema: "vmabench/cost-model@1",
    title: `fitted to Linux ${machine.release}`,
    date: new Date().toISOString(),
    tool: captureTool(),
    environment: captureEnvironment(),
    protocol: machine.kernel.protocol.id,
    fileSystem: machine.fileSystem,
    tlb: machine.tlb.id,
    seed,
    seconds: rounded(measured.seconds),
    processes: measured.rounds,
    entry: rounded(quiet(measured.nullCalls)),
    leavesOut: LEAVES_OUT,
    terms: fitted.terms.map((term) => ({
      ...term,
      counts: [...term.counts],
      nanoseconds: rounded(term.nanoseconds),
      low: rounded(term.low),
      high: rounded(term.high),
    })),
    joined: identified.joined.map(({ as, terms }) => ({ as, terms })),
    absent: identified.absent,
    errors: {
      median: rounded(errors.median, 4),
      high: rounded(errors.high, 4),
      rankCorrelation: Number.isNaN(errors.rankCorrelation)
        ? null
        : rounded(errors.rankCorrelation, 4),
      fitted: rounded(errors.fitted, 4),
    },
    residuals: residuals.map(({ id, family, measured: time, fitted: guess, leftOut }) => ({
      id,
      family,
      measured: rounded(time),
      spread: rounded(spreads(id), 3),
      fitted: rounded(guess),
      leftOut: rounded(leftOut),
    })),
    notMeasured,
  };
}

function observationsOf(modelled: readonly Modelled[][], { times, differences }: Rounds) {
  const observations: Observation[] = [];
  const notMeasured: { id: string; reason: string }[] = [];
  for (const one of modelled.flat()) {
    const { bench } = one;
    const difference = differences.get(`${bench.id} @${bench.others}`);
    for (const [as, work] of one.work) {
      const id = observationId(one, as);
      const measured = times.get(id) ?? [];
      const nanoseconds = quiet(measured);
      if (difference !== undefined)
        notMeasured.push({ id, reason: `kernel and model differ: ${difference}` });
      else if (measured.length === 0) notMeasured.push({ id, reason: "there was no time for it" });
      else if (nanoseconds <= 0) notMeasured.push({ id, reason: "no dearer than a null call" });
      else observations.push({ id, family: bench.family, work, nanoseconds });
    }
  }
  return { observations, notMeasured };
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
