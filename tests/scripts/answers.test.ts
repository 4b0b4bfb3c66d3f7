import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
// @ts-expect-error a script without types
import { answers, block } from "../../scripts/answers.js";

test("the tables of docs/findings.md are those of today (node scripts/answers.js --write)", async () => {
  const page = readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8");
  const tables: Map<string, string> = await answers("../src/");
  expect(tables.size).toBe(3);
  for (const [id, table] of tables) expect((block(id) as RegExp).exec(page)?.[2], id).toBe(table);
});
