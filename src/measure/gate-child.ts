// One process of a gate run: base, head and control side by side, every scenario in an order of its own.
// Started by gate-process.ts; one message in, one for every scenario out.

import { Random } from "../catalogue/random.js";
import { parseScenario } from "../catalogue/scenario.js";
import { Core } from "../core/core.js";
import { timeVariants } from "./pairs.js";
import { BuildsDisagree, Stage } from "./stage.js";

export const VARIANTS = ["base", "head", "control"] as const;
export type Variant = (typeof VARIANTS)[number];

export interface GateJob {
  cores: Record<Variant, Uint8Array>;
  scenarios: { id: string; checksum: number }[];
  /** Of the workloads, and of what is random here together with the number of the process. */
  seed: number;
  process: number;
  rounds: number;
}

export interface ScenarioTimes extends Record<Variant, number[]> {
  id: string;
  operationsPerBatch: number;
}

export type GateMessage =
  | { kind: "times"; times: ScenarioTimes }
  | { kind: "done"; involuntarySwitches: number }
  | { kind: "disagree"; message: string };

async function work(job: GateJob, send: (message: GateMessage) => void): Promise<void> {
  const random = new Random(job.seed, `gate process ${job.process}`);
  // who is instantiated first gets other pages
  const order = random.shuffle([...VARIANTS]);
  const cores = {} as Record<Variant, Core>;
  for (const variant of order) {
    cores[variant] = new Core("timing", new WebAssembly.Module(job.cores[variant]));
  }
  for (const { id, checksum } of random.shuffle([...job.scenarios])) {
    const scenario = parseScenario(id);
    const built = await scenario.workload.build(job.seed);
    const stages = VARIANTS.map((variant) => new Stage(cores[variant], scenario, built));
    for (const stage of stages) stage.verify(checksum);
    const { times, operationsPerBatch } = timeVariants(stages, random, job.rounds);
    const [base, head, control] = times as [number[], number[], number[]];
    send({ kind: "times", times: { id, operationsPerBatch, base, head, control } });
  }
  const { involuntaryContextSwitches } = process.resourceUsage();
  send({ kind: "done", involuntarySwitches: involuntaryContextSwitches });
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
