// Many hooks under many protocols: how often what was found, and the shortest example of each.

import { setImmediate } from "node:timers/promises";
import type { Protocol } from "../catalogue/kernels.js";
import { Core } from "../core/core.js";
import {
  CLASS_IDS,
  type ClassId,
  FINDING_IDS,
  FINDINGS,
  type FindingId,
  REACTION_IDS,
  type ReactionId,
} from "./findings.js";
import type { Judged } from "./judge.js";
import { runWorld } from "./run.js";
import { shrunk, sizeOf } from "./shrink.js";
import { type World, worldOf } from "./world.js";

/** How often under one protocol. */
export interface Tally {
  protocol: Protocol;
  runs: number;
  classes: Record<ClassId, number>;
  findings: Record<FindingId, number>;
  reactions: Record<ReactionId, number>;
}

/** The shortest example of a finding under a kind of hook. */
export interface Example {
  finding: FindingId;
  protocol: Protocol;
  /** Number of the hook that it was made of: `--at` shows that one. */
  hook: number;
  world: World;
  judged: Judged;
}

export interface Hazards {
  seed: number;
  /** Hooks tried; each under every protocol, but for the last one where runs do not divide. */
  hooks: number;
  runs: number;
  tallies: Tally[];
  examples: Example[];
}

export interface HazardOptions {
  runs: number;
  seed: number;
  protocols: readonly Protocol[];
  progress?: (done: number) => void;
}

interface Candidate {
  hook: number;
  size: number;
  protocol: Protocol;
}

const PROGRESS_EVERY = 256;

/** Runs `runs` hooks in all, dealt out evenly: hook after hook, each under every protocol. */
export async function hazards(options: HazardOptions): Promise<Hazards> {
  const { runs, seed, protocols, progress } = options;
  const core = new Core("work");
  const tallies = protocols.map(newTally);
  const candidates = new Map<string, Candidate>();
  let done = 0;
  let hook = 0;
  for (; done < runs; hook++) {
    const world = worldOf(seed, hook);
    const size = sizeOf(world);
    for (const tally of tallies.slice(0, runs - done)) {
      const { protocol } = tally;
      const judged = runWorld(core, world, protocol);
      count(tally, judged);
      done++;
      for (const finding of judged.findings) {
        const key = `${finding} ${protocol.hook}`;
        const best = candidates.get(key);
        if (!best || size < best.size) candidates.set(key, { hook, size, protocol });
      }
    }
    if (hook % PROGRESS_EVERY === 0) {
      progress?.(done);
      await setImmediate(); // an interrupt is answered here
    }
  }
  const examples = FINDING_IDS.flatMap((finding) =>
    [...candidates]
      .filter(([key]) => key.split(" ")[0] === finding)
      .map(([, candidate]) => exampleOf(core, seed, finding, candidate)),
  );
  return { seed, hooks: hook, runs, tallies, examples };
}

function newTally(protocol: Protocol): Tally {
  const zeros = <T extends string>(ids: readonly T[]) =>
    Object.fromEntries(ids.map((id) => [id, 0])) as Record<T, number>;
  return {
    protocol,
    runs: 0,
    classes: zeros(CLASS_IDS),
    findings: zeros(FINDING_IDS),
    reactions: zeros(REACTION_IDS),
  };
}

function count(tally: Tally, { classes, findings, reactions }: Judged): void {
  tally.runs++;
  for (const id of classes) tally.classes[id]++;
  for (const id of findings) tally.findings[id]++;
  for (const id of reactions) tally.reactions[id]++;
}

function exampleOf(core: Core, seed: number, finding: FindingId, candidate: Candidate): Example {
  const { protocol, hook } = candidate;
  const world = shrunk(worldOf(seed, hook), (smaller) =>
    runWorld(core, smaller, protocol).findings.includes(finding),
  );
  return { finding, protocol, hook, world, judged: runWorld(core, world, protocol) };
}

/** The class of a finding. */
export function classOf(finding: FindingId): ClassId {
  return FINDINGS[finding].class;
}
