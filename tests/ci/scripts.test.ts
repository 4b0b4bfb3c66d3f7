// What the workflows run, on repositories and artifacts of this machine.

import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hostileResults } from "../export/hostile.js";

const script = (name: string) => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vmabench-ci-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("publish-charts.sh", () => {
  const [one, two] = ["a".repeat(40), "b".repeat(40)];
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: join(folder, "clone") }).toString();
  const files = () =>
    git("ls-tree", "-r", "--name-only", "origin/vmabench-charts").trim().split("\n");

  function publish(name: string, commit: string, env: Record<string, string> = {}) {
    const done = spawnSync(
      "bash",
      [script("publish-charts.sh"), join(folder, "charts"), name, commit],
      {
        cwd: join(folder, "clone"),
        env: { ...process.env, ...env },
        encoding: "utf8",
      },
    );
    git("fetch", "--quiet", "origin", "+vmabench-charts:refs/remotes/origin/vmabench-charts");
    return done;
  }

  beforeEach(() => {
    execFileSync("git", ["init", "--quiet", "--bare", join(folder, "origin")]);
    execFileSync("git", ["clone", "--quiet", join(folder, "origin"), join(folder, "clone")], {
      stdio: "ignore",
    });
    mkdirSync(join(folder, "charts"));
    for (const name of ["time.png", "work.png", "notes.txt"])
      writeFileSync(join(folder, "charts", name), name);
  });

  test("the branch has no parent and no other files, and stays one commit", () => {
    expect(publish("run-9", one)).toMatchObject({
      status: 0,
      stdout: `vmabench-charts/run-9/${one}\n`,
      stderr: "",
    });
    expect(files()).toEqual([`run-9/${one}/charts/time.png`, `run-9/${one}/charts/work.png`]);
    publish("run-9", two);
    publish("run-10", two);
    expect(files().map((file) => file.slice(0, 8))).toEqual([
      "run-10/b",
      "run-10/b",
      "run-9/bb",
      "run-9/bb",
    ]);
    expect(git("rev-list", "--count", "origin/vmabench-charts").trim()).toBe("1");
    expect(git("status", "--short")).toBe("");
  });

  test("the oldest go, by number", () => {
    for (const run of ["run-2", "run-10", "run-9"]) publish(run, one, { KEEP: "2" });
    expect(new Set(files().map((file) => file.split("/")[0]))).toEqual(
      new Set(["run-10", "run-9"]),
    );
  });

  test("a name or a commit that is none is refused", () => {
    const run = (...args: string[]) =>
      spawnSync("bash", [script("publish-charts.sh"), folder, ...args]).status;
    expect(run("../run-9", one)).toBe(2);
    expect(run("run-9", "HEAD")).toBe(2);
  });
});

describe("render-foreign.sh", () => {
  const from = () => join(folder, "from");
  const render = () =>
    spawnSync("bash", [script("render-foreign.sh"), from(), join(folder, "to")], {
      encoding: "utf8",
    });
  const comment = () => readFileSync(join(folder, "to", "comment.md"), "utf8");

  beforeEach(() => {
    mkdirSync(from());
    writeFileSync(join(from(), "pull.txt"), "7\n");
    writeFileSync(join(from(), "results.json"), JSON.stringify(hostileResults()));
  });

  test("renders the record again, whatever report came with it", () => {
    writeFileSync(join(from(), "report.md"), "forged");
    expect(render().status).toBe(0);
    expect(comment()).toContain("# vmabench report");
    expect(comment()).not.toContain("forged");
    expect(existsSync(join(folder, "to", "charts", "time.png"))).toBe(true);
  });

  test("says so where the record cannot be read", () => {
    writeFileSync(join(from(), "results.json"), "{}");
    expect(render().status).toBe(0);
    expect(comment()).toMatch(/^This run's record cannot be read/);
  });

  test("follows no link and takes no other number", () => {
    writeFileSync(join(from(), "pull.txt"), "7; rm -rf /\n");
    expect(render()).toMatchObject({
      status: 1,
      stderr: "pull.txt: expected the number of a pull request\n",
    });
    rmSync(join(from(), "pull.txt"));
    cpSync(join(from(), "results.json"), join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(from(), "pull.txt"));
    expect(render()).toMatchObject({
      status: 1,
      stderr: "pull.txt is not in the artifact as a plain file\n",
    });
  });
});
