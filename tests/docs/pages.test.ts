// The documentation does what it says: every block is run or read, everything it names exists, every link leads
// somewhere. What blocks may say is in docs/contributing.md.

import { describe, expect, test } from "vitest";
import { unknownIn } from "./mentions.js";
import { KNOWN_NEEDS, missing } from "./needs.js";
import { type Block, PAGES, readPage, resolves } from "./page.js";
import { commandsOf, runBlock, workingCopy } from "./working-copy.js";

const pages = PAGES.map(readPage);
const RUN = ["sh", "js"];
const SHOWN = ["yaml", "json", "ops"];
const LANGUAGES = [...RUN, ...SHOWN, "diff", "text"];

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
        if (!title.startsWith(".github/"))
          expect(
            commands.some((command) => command.includes(title)),
            where,
          ).toBe(true);
    });
});

// other programs run: the pages wait beside one another
describe.concurrent("run as written", () => {
  for (const { path, blocks } of pages) {
    const toRun = blocks.filter((block) => RUN.includes(block.language) && !block.slow);
    const skipped = (block: Block) => missing(block.needs) !== null;
    for (const block of toRun.filter(skipped))
      test.skip(`${block.where}: needs ${missing(block.needs)}`, () => {});
    const now = toRun.filter((block) => !skipped(block));
    if (now.length > 0)
      test(path, async ({ expect }) => {
        const copy = workingCopy({ path, blocks } as (typeof pages)[number]);
        const wrong: string[] = [];
        for (const block of now) wrong.push(...(await runBlock(block, copy)));
        copy.remove();
        expect(wrong.join("\n\n")).toBe("");
      });
  }
});
