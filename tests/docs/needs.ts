// What a block may need that not every machine has (`needs=WHAT`), and why it is not run without.

import { spawnSync } from "node:child_process";
import { reasonToSkip } from "../live/kernel.js";
import { noRedis } from "../sweep/redis.js";

const never = (reason: string) => () => reason;

const NEEDS: Readonly<Record<string, () => string | null>> = {
  hardware: never("a quiet machine and hours"),
  history: never("the repository's history, and minutes"),
  github: never("a repository on GitHub"),
  gitlab: never("a project on GitLab"),
  "kernel-tree": never("a kernel tree"),
  linux: reasonToSkip,
  strace: () =>
    spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0
      ? null
      : "a strace that may trace",
  redis: () => noRedis,
};

export const KNOWN_NEEDS: readonly string[] = Object.keys(NEEDS);

/** Why a block that needs `what` is not run here; null when it is. */
export const missing = (what: string | undefined): string | null =>
  what === undefined ? null : (NEEDS[what] as () => string | null)();
