// One process of a gate run: base, head and control side by side, in several sittings. For each sitting the
// cores are compiled and instantiated anew, and the scenarios come in another order: where code and memory of a
// core happen to lie makes it some per cent faster or slower for as long as it lives, so that many short
// sittings say more than a long one. Started by gate-process.ts; one message in, one for every scenario out.

import { Random } from "../catalogue/random.js";
import { parseScenario, type Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { Core, CoreTrap } from "../core/core.js";
import { withSection } from "../core/module.js";
import { calibrate, timeVariants } from "./pairs.js";
import { BuildsDisagree, cut, Stage } from "./stage.js";

export const VARIANTS = ["base", "head", "control"] as const;
export type Variant = (typeof VARIANTS)[number];

export interface GateJob {
  cores: Record<Variant, Uint8Array>;
  scenarios: { id: string; checksum: number }[];
  /** Of the workloads, and of what is random here together with the number of the process. */
  seed: number;
  process: number;
  sittings: number;
  /** Of each sitting. */
  rounds: number;
}

/** Nanoseconds of every epoch, one sitting after the other. */
export interface ScenarioTimes extends Record<Variant, number[]> {
  id: string;
  operationsPerBatch: number;
  sittings: number;
}

/** A scenario with what stays the same from sitting to sitting. */
interface Course {
  scenario: Scenario;
  built: BuiltWorkload;
  checksum: number;
  perBatch: number | null;
  times: ScenarioTimes;
}

export type GateMessage =
  | { kind: "times"; times: ScenarioTimes }
  | { kind: "done"; involuntarySwitches: number }
  | { kind: "disagree"; message: string };

async function work(job: GateJob, send: (message: GateMessage) => void): Promise<void> {
  const random = new Random(job.seed, `gate process ${job.process}`);
  const courses: Course[] = [];
  for (const { id, checksum } of job.scenarios) courses.push(await courseOf(id, checksum, job));
  for (let sitting = 1; sitting <= job.sittings; sitting++) {
    const cores = freshCores(job, sitting, random);
    for (const course of random.shuffle([...courses])) {
      sit(course, cores, random, job.rounds);
      if (sitting === job.sittings) send({ kind: "times", times: course.times });
      await new Promise((resolve) => setImmediate(resolve)); // hears that whoever asked is gone
    }
  }
  const { involuntaryContextSwitches } = process.resourceUsage();
  send({ kind: "done", involuntarySwitches: involuntaryContextSwitches });
}

async function courseOf(id: string, checksum: number, job: GateJob): Promise<Course> {
  const scenario = parseScenario(id);
  const built = await scenario.workload.build(job.seed);
  const { sittings } = job;
  const times = { id, sittings, operationsPerBatch: 0, base: [], head: [], control: [] };
  return { scenario, built, checksum, perBatch: null, times };
}

/** Compiled and instantiated in random order: who comes first gets other pages. */
function freshCores(job: GateJob, sitting: number, random: Random): Record<Variant, Core> {
  const cores = {} as Record<Variant, Core>;
  for (const variant of random.shuffle([...VARIANTS])) {
    // other bytes each time, or V8 hands out the code it has
    const bytes = withSection(job.cores[variant], `vmabench.${variant}.${sitting}`);
    cores[variant] = new Core("timing", new WebAssembly.Module(bytes));
  }
  return cores;
}

function sit(course: Course, cores: Record<Variant, Core>, random: Random, rounds: number): void {
  const { scenario, built, checksum, times } = course;
  const ready = {} as Record<Variant, Stage>;
  for (const variant of random.shuffle([...VARIANTS])) {
    ready[variant] = new Stage(cores[variant], scenario, built);
    verify(ready[variant], checksum, variant);
  }
  const stages = VARIANTS.map((variant) => ready[variant]);
  const perBatch = course.perBatch ?? calibrate(ready.base);
  course.perBatch = perBatch;
  times.operationsPerBatch = Math.round(
    built.operations.length / (cut(built.operations.length, perBatch).length - 1),
  );
  const epochs = timeVariants(stages, random, perBatch, rounds);
  VARIANTS.forEach((variant, i) => {
    times[variant].push(...epochs[i]!);
  });
}

/** BuildsDisagree saying which variant it is, traps included. */
function verify(stage: Stage, checksum: number, variant: Variant): void {
  try {
    stage.verify(checksum);
  } catch (error) {
    if (!(error instanceof BuildsDisagree || error instanceof CoreTrap)) throw error;
    throw new BuildsDisagree(`${variant}: ${error.message}`);
  }
}

if (process.send) {
  const send = (message: GateMessage) => process.send!(message);
  process.once("disconnect", () => process.exit(1)); // whoever asked is gone
  process.once("message", (job: GateJob) => {
    work(job, send)
      .catch((error: unknown) => {
        if (!(error instanceof BuildsDisagree)) throw error;
        send({ kind: "disagree", message: error.message });
      })
      .then(() => process.disconnect());
  });
}
