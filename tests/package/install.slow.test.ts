// The package as a stranger installs it: into an empty project, with whatever the registry gives for its dependencies,
// and without any of their scripts.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vmabench-install-"));
const project = join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** With this Node.js in front, so that npm and the command run under it too, and nothing of the npm that runs us. */
const own = Object.entries(process.env).filter(([name]) => !name.startsWith("npm_"));
const env = {
  ...Object.fromEntries(own),
  PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
};
const inProject = (command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: project, env, encoding: "utf8" });

beforeAll(() => {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, env });
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "stranger", "type": "module" }');
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
  inProject("npm", "install", ...options, join(folder, tarball));
}, 240_000);

test("the command runs, and draws its charts", () => {
  const filter = ["--filter", "append-merge/hint*/*", "--work-only", "--quiet"];
  const out = inProject("npx", "--no-install", "vmabench", "run", ...filter, "--out", "report");
  expect(out).toMatch(/^mmap_prepare@7\.3 against mmap@6\.15: work of 1 scenarios/);
  expect(existsSync(join(project, "report", "charts", "work-dark.png"))).toBe(true);
}, 60_000);

test("the library loads a core, runs a scenario, and gives work, time and layout", () => {
  writeFileSync(
    join(project, "use.js"),
    `import { runScenario } from "vmabench";
     const id = "append-merge/hint-or-dump-flag/mmap@6.15?ops=64";
     const { work, time, layout } = await runScenario(id, { milliseconds: 20 });
     console.log(process.version, work["merge.secondMerged"], time.median > 0, layout.length);`,
  );
  const words = inProject("node", "use.js").trim().split(" ");
  expect(words).toEqual([process.version, "0.875", "true", expect.stringMatching(/^[1-9]\d*$/)]);
}, 60_000);
