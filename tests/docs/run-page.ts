// Pages whose blocks are run as written.

import { describe, test } from "vitest";
import { missing } from "./needs.js";
import type { Block, Page } from "./page.js";
import { runBlock, workingCopy } from "./working-copy.js";

const isRun = ({ language }: Block) => language === "sh" || language === "js";
/** Without what cannot be seen: spaces at the end of lines, and which kind of space stands in a number. */
const plain = (text: string) =>
  text
    .replace(/[\u00a0\u202f]/g, " ")
    .replace(/ +$/gm, "")
    .trim();

/** Longest for a page, in ms: many commands, beside those of other pages. */
const LIMIT = 600_000;

/** A test for each page: its blocks in order, in one working copy. Those that cannot run here are named. */
export function runPages(pages: readonly Page[], env: (block: Block) => NodeJS.ProcessEnv): void {
  // other programs run: the pages wait beside one another
  describe.concurrent("run as written", () => {
    for (const page of pages) {
      const blocks = page.blocks.filter(isRun);
      for (const { where, needs } of blocks.filter((block) => missing(block.needs) !== null))
        test.skip(`${where}: needs ${missing(needs)}`, () => {});
      const now = blocks.filter(({ needs }) => missing(needs) === null);
      if (now.length === 0) continue;
      test(page.path, { timeout: LIMIT }, async ({ expect }) => {
        const copy = workingCopy(page);
        const wrong: string[] = [];
        let printed: string | undefined; // undefined: the last commands were left out
        for (const block of page.blocks) {
          if (now.includes(block)) {
            const ran = await runBlock(block, copy, env(block));
            wrong.push(...ran.wrong);
            printed = plain(ran.printed);
          } else if (isRun(block)) {
            printed = undefined;
          } else if (block.output && printed?.includes(plain(block.text)) === false) {
            wrong.push(
              `${block.where}: expected in the output of the commands before it:\n${printed}`,
            );
          }
        }
        copy.remove();
        expect(wrong.join("\n\n")).toBe("");
      });
    }
  });
}
