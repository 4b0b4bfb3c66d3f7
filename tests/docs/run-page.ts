// Pages whose blocks are run as written.

import { describe, test } from "vitest";
import { missing } from "./needs.js";
import type { Block, Page } from "./page.js";
import { runBlock, workingCopy } from "./working-copy.js";

const isRun = ({ language }: Block) => language === "sh" || language === "js";

/** A test for each page: its blocks in order, in one working copy. Those that cannot run here are named. */
export function runPages(
  pages: readonly Page[],
  slow: boolean,
  env: (block: Block) => NodeJS.ProcessEnv,
): void {
  // other programs run: the pages wait beside one another
  describe.concurrent("run as written", () => {
    for (const page of pages) {
      const blocks = page.blocks.filter(isRun).filter((block) => slow || !block.slow);
      for (const { where, needs } of blocks.filter((block) => missing(block.needs) !== null))
        test.skip(`${where}: needs ${missing(needs)}`, () => {});
      const now = blocks.filter(({ needs }) => missing(needs) === null);
      if (now.length === 0) continue;
      test(page.path, async ({ expect }) => {
        const copy = workingCopy(page);
        const wrong: string[] = [];
        for (const block of now) wrong.push(...(await runBlock(block, copy, env(block))));
        copy.remove();
        expect(wrong.join("\n\n")).toBe("");
      });
    }
  });
}
