// `replay --driver D`: a recorded program beside itself with another driver.

import { type Driver, parseDriver } from "../catalogue/drivers.js";
import { DRIVER_INDEX } from "../catalogue/generator-parts.js";
import {
  DEFAULT_BASELINE,
  DEFAULT_CANDIDATE,
  type Protocol,
  parseProtocol,
} from "../catalogue/kernels.js";
import { protocolOfRelease } from "../catalogue/releases.js";
import { checkPair, refusal } from "../catalogue/scenario.js";
import { TOUCH_ALL, TOUCH_NONE, TOUCH_WRITTEN } from "../core/abi.js";
import type { CostModel } from "../predict/model.js";
import { type WhatIf, whatIf } from "../replay/what-if.js";
import type { OpenedTrace } from "../trace/open.js";
import { type ProgramHead, withDriver } from "../trace/program.js";

export const TOUCHES = { none: TOUCH_NONE, written: TOUCH_WRITTEN, all: TOUCH_ALL };
/** Where nothing says which kernel a trace is from. */
export const DEFAULT_PROTOCOL = "mmap_prepare@7.3";
/** What an ordinary file's hook does. */
export const DEFAULT_DRIVER = "vmops-only";
/** Rounds wanted for one program, and the milliseconds that they may take. */
const TIME = { rounds: 600, budget: 4000 };

/** How ordinary files are mapped in the kernel that a program was recorded on. */
export function protocolOf({ kernel }: ProgramHead): Protocol {
  const recorded = kernel === null ? null : protocolOfRelease(kernel);
  return recorded?.protocol ?? parseProtocol(DEFAULT_PROTOCOL);
}

/** Those named; else the default pair, without what could not exist for the driver. */
export function protocolsBeside(
  driver: Driver,
  named: readonly Protocol[],
  quiet: boolean,
): readonly Protocol[] {
  for (const protocol of named) checkPair(driver, protocol);
  if (named.length > 0) return named;
  return [DEFAULT_BASELINE, DEFAULT_CANDIDATE].map(parseProtocol).filter((protocol) => {
    const reason = refusal(driver, protocol);
    if (reason && !quiet) process.stderr.write(`vmabench: left out: ${reason}\n`);
    return reason === null;
  });
}

/** A program as recorded and with a driver under each protocol: work, and time when it is asked for. */
export async function besideRecorded(
  { source, whole }: OpenedTrace,
  driver: Driver,
  protocols: readonly Protocol[],
  flags: { touch: keyof typeof TOUCHES; time?: true },
  model: CostModel,
): Promise<WhatIf> {
  const recorded = { driver: parseDriver(DEFAULT_DRIVER), protocol: protocolOf(source) };
  const others = protocols.map((protocol) => ({ driver, protocol }));
  const result = await whatIf(source, recorded, others, flags.touch, model);
  if (flags.time && whole) {
    const built = withDriver(whole, DRIVER_INDEX);
    const { timeProgram } = await import("../measure/program.js");
    const { times, ratios } = await timeProgram(built, [recorded, ...others], 1, TIME);
    [result.recorded, ...result.runs].forEach((run, i) => {
      run.time = times[i] ?? null;
    });
    result.timeRatios = ratios
      .slice(2)
      .map((ratio, i) => ({ protocol: protocols[i + 1]?.id ?? "", ...ratio }));
  }
  return result;
}
