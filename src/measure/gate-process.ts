// Starts the processes that a gate run is made of, one after the other.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Random } from "../catalogue/random.js";
import { endTogether } from "../cleanup.js";
import { MachineError } from "../errors.js";
import type { GateJob, GateMessage, ScenarioTimes } from "./gate-child.js";
import { BuildsDisagree } from "./stage.js";

export interface ProcessTimes {
  process: number;
  involuntarySwitches: number;
  seconds: number;
  scenarios: ScenarioTimes[];
}

/** V8's optimising compiler from the first call: which tier runs would otherwise be a matter of luck. */
export const NODE_FLAGS = ["--no-liftoff"];

const child = fileURLToPath(new URL("./gate-child.js", import.meta.url));
/** A longer environment moves the stack; results must not hang on one place of it (Mytkowicz et al.). */
const PADDING = 4096;

/**
 * Runs one process to its end. BuildsDisagree when a variant gives other results; MachineError when it dies.
 */
export function runProcess(job: GateJob, onScenario: () => void): Promise<ProcessTimes> {
  const padding = new Random(job.seed, `padding ${job.process}`).below(PADDING);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const running = endTogether(
      fork(child, [], {
        execArgv: NODE_FLAGS,
        serialization: "advanced",
        env: { ...process.env, VMABENCH_PADDING: "x".repeat(padding) },
      }),
    );
    const scenarios: ScenarioTimes[] = [];
    let switches: number | null = null;
    running.on("message", (message: GateMessage) => {
      if (message.kind === "times") {
        scenarios.push(message.times);
        onScenario();
      } else if (message.kind === "done") {
        switches = message.involuntarySwitches;
      } else {
        reject(new BuildsDisagree(message.message));
      }
    });
    running.on("error", ({ message }) =>
      reject(new MachineError(`a process of the gate cannot be run: ${message}`)),
    );
    running.on("exit", (code, killed) => {
      if (switches === null) {
        reject(
          new MachineError(`a process of the gate ended early (${killed ?? `exit code ${code}`})`),
        );
        return;
      }
      const seconds = Math.round((performance.now() - started) / 10) / 100;
      resolve({ process: job.process, involuntarySwitches: switches, seconds, scenarios });
    });
    running.send(job, () => {}); // one that has died already ends with "exit"
  });
}
