// What a sweep says on the terminal.

import { printable } from "../printable.js";
import type { Colors } from "./colors.js";
import { duration, integer, number } from "./format.js";

export interface LeftOut {
  excluded: number;
  refused: readonly { reason: string; scenarios: number }[];
}

export interface Finished {
  sweep: string;
  scenarios: number;
  failed: number;
  leftOut: LeftOut;
  seconds: number;
  out: string;
}

export interface DryRun {
  sweep: string;
  scenarios: number;
  jobs: number;
  leftOut: LeftOut;
  estimate: {
    workers: number;
    sampled: number;
    millisecondsPerScenario: number;
    seconds: number;
  } | null;
}

/** One line for each reason. */
export function leftOutLines({ excluded, refused }: LeftOut): string[] {
  return [
    ...(excluded > 0 ? [`left out: ${integer(excluded)} as the spec says`] : []),
    ...refused.map(
      ({ reason, scenarios }) => `left out: ${integer(scenarios)}: ${printable(reason)}`,
    ),
  ];
}

export function dryRunText(run: DryRun): string {
  const { estimate } = run;
  const time = estimate
    ? `about ${duration(estimate.seconds)} with ${plural(estimate.workers, "worker")} like this one ` +
      `(${number(estimate.millisecondsPerScenario)} ms a scenario, from ${estimate.sampled} of them)`
    : "how long they take could not be sampled";
  return `${[
    `${run.sweep}: ${integer(run.scenarios)} scenarios in ${integer(run.jobs)} jobs`,
    time,
    ...leftOutLines(run.leftOut),
  ].join("\n")}\n`;
}

export function finishedText(run: Finished, colors: Colors): string {
  const rate = run.seconds > 0 ? `, ${duration(run.seconds)}` : "";
  const failed =
    run.failed > 0
      ? `${colors.red(`${integer(run.failed)} failed`)}: "error" in ${printable(run.out)}/results.ndjson says why\n`
      : "";
  return `${run.sweep}: ${integer(run.scenarios)} scenarios${rate}\n${failed}${colors.dim(`results: ${printable(run.out)}`)}\n`;
}

function plural(count: number, what: string): string {
  return `${integer(count)} ${what}${count === 1 ? "" : "s"}`;
}
