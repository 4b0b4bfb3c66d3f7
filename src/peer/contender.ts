// What is timed: the model's core, or a program built with a kernel tree, under one hook.

import { parseProtocol } from "../catalogue/kernels.js";
import type { Scenario } from "../catalogue/scenario.js";
import type { BuiltWorkload } from "../catalogue/workloads.js";
import { Core } from "../core/core.js";
import { settle } from "../measure/alone.js";
import { Stage } from "../measure/stage.js";
import { checksum } from "../measure/work.js";
import { layoutLines } from "../replay/layout.js";
import { peerHook } from "./hook.js";
import type { PeerGroup } from "./plan.js";
import { Peer } from "./process.js";

/** The hooks of 7.3; both are timed on every workload. */
export const PEER_HOOKS = ["mmap", "mmap_prepare"] as const;
export type PeerHook = (typeof PEER_HOOKS)[number];

/** `base` is what the other's time is divided by. */
export type Side = "base" | "other";

export interface Contender {
  /** For messages. */
  name: string;
  hook: PeerHook;
  side: Side;
  /** Back to where the operations start. */
  rewind(): Promise<void>;
  /** Nanoseconds of operations [first, first + count). */
  time(first: number, count: number): Promise<number>;
  /** What a whole pass has answered and left behind, at its end. */
  outcome(): Promise<{ checksum: number; layout: string[] }>;
  stop(): void;
}

/** A program built with a kernel tree. PeerFailed when it does not start. */
export async function nativeContender(
  { driver }: PeerGroup,
  operations: string,
  hook: PeerHook,
  program: string,
  side: Side,
): Promise<Contender> {
  const peer = await Peer.start({ program, operations, hook, ...peerHook(driver) });
  return {
    name: side === "base" ? "the kernel's code" : "the other tree's",
    hook,
    side,
    rewind: () => peer.rewind(),
    time: (first, count) => peer.run(first, count),
    outcome: async () => ({ checksum: await peer.checksum(), layout: await peer.layout() }),
    stop: () => peer.stop(),
  };
}

/** The timing build of the core, warmed up. */
export function modelContender(
  { workload, driver }: PeerGroup,
  built: BuiltWorkload,
  hook: PeerHook,
): Contender {
  const protocol = parseProtocol(`${hook}@7.3`);
  const id = `${workload.id}/${driver.id}/${protocol.id}`;
  const scenario: Scenario = { id, workload, driver, protocol, params: {} };
  const core = new Core("timing");
  const stage = new Stage(core, scenario, built);
  settle(stage);
  return {
    name: "the model",
    hook,
    side: "other",
    rewind: async () => stage.rewind(),
    time: async (first, count) => stage.time(first, count) * 1e6,
    async outcome() {
      const results = Array.from({ length: stage.operations }, (_, i) => core.result(i));
      const numbers = built.files.map((_, i) => i + 1);
      return { checksum: checksum(results), layout: layoutLines(core.layout(), numbers) };
    },
    stop: () => {},
  };
}
