// The machine and the tool a result belongs to.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { coreBytes } from "../core/core.js";
import type { Environment, Results } from "./schema.js";

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));

/** What the machine looks like now. */
export function captureEnvironment(): Environment {
  const [one, five, fifteen] = loadavg() as [number, number, number];
  const processors = cpus();
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    os: `${platform()} ${arch()}`,
    kernelRelease: release(),
    cpu: processors[0]?.model.trim() || "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    loadAverage: [one, five, fifteen],
    ci: ciService(process.env),
  };
}

/** The CI service a process runs in, by the variables that services document; null for none. */
export function ciService(variables: NodeJS.ProcessEnv): string | null {
  if (variables.GITHUB_ACTIONS) return "github-actions";
  if (variables.GITLAB_CI) return "gitlab";
  if (variables.BUILDKITE) return "buildkite";
  if (variables.CIRCLECI) return "circleci";
  return variables.CI && variables.CI !== "false" ? "unknown" : null;
}

/** Name, version, commit and core of this tool. */
export function captureTool(): Results["tool"] {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return {
    name: manifest.name,
    version: manifest.version,
    commit: commitOf(packageFolder),
    coreSha256: createHash("sha256").update(coreBytes("timing")).digest("hex"),
  };
}

/** HEAD of the checkout whose top is `folder`; null when it is none, or has no commit. */
function commitOf(folder: string): string | null {
  try {
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", folder, ...args], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    // an installed package may lie inside somebody else's repository
    if (realpathSync(git("rev-parse", "--show-toplevel")) !== realpathSync(folder)) return null;
    return git("rev-parse", "--verify", "HEAD");
  } catch {
    return null;
  }
}
