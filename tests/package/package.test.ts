// The package as a stranger gets it: packed, unpacked into an empty project, used by command and by import.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vmabench-package-"));
const project = join(folder, "project");
const installed = join(project, "node_modules", "vmabench");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** npm pack, unpacked where `npm install` would put it, beside what it depends on: nothing of this repository else. */
beforeAll(() => {
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  expect(statSync(join(folder, tarball)).size).toBeLessThan(10_000_000);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["xzf", join(folder, tarball), "-C", installed, "--strip-components", "1"]);
  for (const name of productionPackages()) {
    const to = join(project, "node_modules", name);
    mkdirSync(join(to, ".."), { recursive: true });
    symlinkSync(join(root, "node_modules", name), to);
  }
  writeFileSync(join(project, "package.json"), '{ "name": "stranger", "type": "module" }');
});

/** Top-level packages that are not for development only. */
function productionPackages(): string[] {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(lock.packages as Record<string, { dev?: true; devOptional?: true }>)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev)
    .map(([path]) => path.slice("node_modules/".length))
    .filter((name) => existsSync(join(root, "node_modules", name)));
}

const inProject = (args: string[]) =>
  execFileSync(process.execPath, args, { cwd: project, encoding: "utf8" });

describe("the package", () => {
  test("has both cores, schemas and types, and nothing to build or test it with", () => {
    for (const path of ["build/timing.wasm", "build/work.wasm", "dist/index.d.ts", "schemas"]) {
      expect(existsSync(join(installed, path)), path).toBe(true);
    }
    for (const path of [
      "assembly",
      "src/core",
      "tests",
      "scripts",
      "docs",
      "build/checking.wasm",
    ]) {
      expect(existsSync(join(installed, path)), path).toBe(false);
    }
  });

  test("runs the command", () => {
    const out = inProject([
      join(installed, "bin", "vmabench.js"),
      ...["run", "--filter", "append-merge/*", "--work-only", "--quiet", "--out", "report"],
    ]);
    expect(out).toMatch(/^mmap_prepare@7\.3 against mmap@6\.15: work of \d+ scenarios/);
    expect(existsSync(join(project, "report", "results.json"))).toBe(true);
    expect(readdirSync(project).sort()).toEqual(["node_modules", "package.json", "report"]);
  });

  test("replays a recorded program that came with it", () => {
    const trace = join(installed, "bench", "traces", "python3.vmatrace.gz");
    expect(
      inProject([join(installed, "bin", "vmabench.js"), "replay", "--check", trace]),
    ).toContain("agrees");
  });

  test("is a library", () => {
    writeFileSync(
      join(project, "use.js"),
      `import { runScenario } from "vmabench";
       const { work } = await runScenario("append-merge/hint-or-dump-flag/mmap@6.15?ops=64");
       console.log(work["merge.secondMerged"]);`,
    );
    expect(Number(inProject(["use.js"]))).toBe(0.875);
  });

  test("has types that a strict project accepts", () => {
    writeFileSync(
      join(project, "use.ts"),
      `import { runScenario, UsageError, type ScenarioResult } from "vmabench";
       const found: ScenarioResult = await runScenario("append-merge/vmops-only/mmap@7.3");
       export const reads: number = found.work["maple.nodeReads"];
       export const isUsage = (error: unknown): boolean => error instanceof UsageError;`,
    );
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023"];
    inProject([compiler, ...options, "use.ts"]);
  });
});

describe("what it depends on", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  type Locked = { dev?: true; hasInstallScript?: true; license?: string; resolved?: string };
  const packages = Object.entries(lock.packages as Record<string, Locked>).filter(
    ([path]) => path !== "",
  );

  const shipped = packages.filter(([, { dev }]) => !dev);

  test("needs no install script, and comes from wherever the user's registry is", () => {
    const scripted = shipped.filter(([, { hasInstallScript }]) => hasInstallScript);
    // theirs are for machines that none of their binary packages fits; both work without, and .npmrc here ignores them
    expect(scripted.map(([path]) => path)).toEqual([
      "node_modules/koffi",
      "node_modules/msgpackr-extract",
    ]);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });

  test("is listed with its licence", () => {
    const page = execFileSync(process.execPath, [join(root, "scripts", "licences.js")]);
    expect(readFileSync(join(root, "docs", "licences.md"), "utf8")).toBe(page.toString());
  });

  test("has licences that go with MIT", () => {
    const allowed =
      /^\(?(MIT|ISC|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|0BSD|Unlicense|MIT-0|CC0-1\.0|BlueOak-1\.0\.0)\b/;
    const others = shipped.filter(([, { license = "" }]) => !allowed.test(license));
    // the fonts' licence (Bitstream Vera) lets them be shipped and used
    expect(others.map(([path]) => path)).toEqual(["node_modules/dejavu-fonts-ttf"]);
  });
});

test("the version is one", () => {
  const version = inProject([join(installed, "bin", "vmabench.js"), "--version"]).trim();
  expect(version).toBe(manifest.version);
});
