// What is wrong in a page is found.

import { afterAll, beforeAll, expect, test } from "vitest";
import { unknownIn } from "./mentions.js";
import { type Block, type Page, resolves } from "./page.js";
import { commandsOf, runBlock, type WorkingCopy, workingCopy } from "./working-copy.js";

const PAGE: Page = { path: "page.md", blocks: [], spans: [], links: [], anchors: new Set() };
const sh = (text: string): Block => ({
  where: "page.md:1",
  language: "sh",
  output: false,
  unknown: [],
  text,
});

test.each([
  ["vmabench rum", /no command rum/],
  ["vmabench run --fliter x", /run has no --fliter/],
  ["vmabench list drivers --svg x", /list has no --svg/],
  ["npx vmabench run \\\n  --fliter x", /run has no --fliter/],
  ["npm run benhc", /no script/],
  ["node scripts/nothing.js", /no file scripts\/nothing\.js/],
  ["--fliter", /no command has --fliter/],
])("%j names what does not exist", (code, reason) => {
  expect(unknownIn({ ...PAGE, spans: [code] }).join()).toMatch(reason);
});

test.each([
  "vmabench run --filter x",
  "vmabench record -- ls --color",
  "npm run bench",
  "node scripts/mutate.js",
  "--filter",
])("%j names what exists", (code) => {
  expect(unknownIn({ ...PAGE, blocks: [sh(code)], spans: [code] })).toEqual([]);
});

test("a link leads to a file, and to a heading in it", () => {
  expect(resolves("drivers.md#describe-a-hook", "docs/ci.md")).toBe(true);
  expect(resolves("../README.md", "docs/ci.md")).toBe(true);
  expect(resolves("drivers.md#described-hooks", "docs/ci.md")).toBe(false);
  expect(resolves("driver.md", "docs/ci.md")).toBe(false);
});

test("commands are lines, those that go on put together, comments left out", () => {
  expect(commandsOf("# first\na \\\n  b # exits with 1\n\nc | d")).toEqual([
    "a  b # exits with 1",
    "c | d",
  ]);
});

let copy: WorkingCopy;
beforeAll(() => {
  copy = workingCopy({ ...PAGE, blocks: [{ ...sh("x: 1"), language: "yaml", title: "x.yaml" }] });
});
afterAll(() => copy.remove());

test("a command that ends otherwise than it says is found; a pipeline ends as its worst part", async () => {
  const { wrong } = await runBlock(sh("true\nfalse\nfalse | cat\nexit 3 # exits with 3"), copy);
  expect(wrong.map((text) => text.split("\n")[0])).toEqual([
    "page.md:1: false",
    "page.md:1: false | cat",
  ]);
});

test("the working copy has the page's files, the built command, and an `npm ci` that takes nothing away", async () => {
  const { wrong, printed } = await runBlock(
    sh("cat x.yaml\nvmabench --version\nnpm ci && ls -d node_modules/vitest"),
    copy,
  );
  expect(wrong).toEqual([]);
  expect(printed).toMatch(/^x: 1\n\d+\.\d+\.\d+\nnode_modules\/vitest\n$/);
});
