// Foreign strings: whatever stands in a file, each medium shows it as text.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vmabench } from "../cli/command.js";
import { missing, startBrowser } from "../page/browser.js";
import { dressedResults, HARMLESS, NASTY, OBEYED } from "./nasty.js";

const folder = mkdtempSync(join(tmpdir(), "vmabench-foreign-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  for (const [name, addition] of [
    ["nasty", NASTY],
    ["plain", HARMLESS],
  ] as const) {
    writeFileSync(at(`${name}.json`), JSON.stringify(dressedResults(addition)));
    const { code, stderr } = await vmabench([
      ...["report", at(`${name}.json`), "--out", at(name), "--quiet"],
    ]);
    expect([code, stderr]).toEqual([0, ""]);
  }
});

/** What a command prints, with every exit code. */
async function printed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await vmabench(args, { cwd: folder });
  expect([0, 1, 2, 3], stderr).toContain(code);
  return stdout + stderr;
}

describe("a terminal is sent nothing that it obeys", () => {
  const results = () => at("nasty.json");
  test.each([
    ["report --format mail", () => ["report", results(), "--format", "mail"]],
    ["compare", () => ["compare", results(), at("plain.json")]],
    ["compare --json", () => ["compare", results(), at("plain.json"), "--json"]],
    [
      "comment --dry-run",
      () => ["comment", ...COMMENT, "--body", at("nasty/report.md"), "--dry-run"],
    ],
  ])("%s", async (_, args) => {
    const text = await printed(...args());
    expect(text.length).toBeGreaterThan(1000);
    expect(text).not.toMatch(OBEYED);
  });
});

const COMMENT = ["--repo", "a/b", "--pull", "1"];

/** Tags and the names of their attributes, as a browser has parsed them; the addresses of links and pictures. */
async function structure(html: string, browser: Awaited<ReturnType<typeof startBrowser>>) {
  const { page, complaints } = await browser.open({ html });
  const found = await page.evaluate(() =>
    [...(globalThis as any).document.querySelectorAll("body *")].map((element) => {
      const names = element
        .getAttributeNames()
        .filter((name: string) => name !== "style")
        .sort();
      const address = (element.getAttribute("href") ?? element.getAttribute("src") ?? "").replace(
        /^#.*/,
        "#",
      );
      return `${element.tagName} ${names.join(" ")} ${address.slice(0, 40)}`;
    }),
  );
  await page.close();
  return { found: found as string[], complaints };
}

describe.skipIf(missing)(`HTML in a browser (skipped where ${missing})`, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.stop());

  test("report.html has the elements that it has with harmless names", async () => {
    const [nasty, plain] = await Promise.all(
      ["nasty", "plain"].map((name) =>
        structure(readFileSync(at(`${name}/report.html`), "utf8"), browser),
      ),
    );
    expect(plain?.found.length).toBeGreaterThan(100);
    expect(nasty?.complaints).toEqual([]);
    expect(beyond(nasty?.found, plain?.found)).toEqual([]);
  });

  test("report.md, rendered, has the elements that it has with harmless names", async () => {
    const [nasty, plain] = await Promise.all(
      ["nasty", "plain"].map((name) =>
        structure(rendered(readFileSync(at(`${name}/report.md`), "utf8")), browser),
      ),
    );
    expect(plain?.found.length).toBeGreaterThan(100);
    expect(nasty?.found.filter((one) => /evil|javascript|onerror/.test(one))).toEqual([]);
    expect(beyond(nasty?.found, plain?.found)).toEqual([]);
  });
});

/** Elements of one page that the other has not, or not so often; a few of them. */
function beyond(one: string[] = [], other: string[] = []): string[] {
  const left = [...other];
  return one
    .filter((element) => {
      const i = left.indexOf(element);
      if (i >= 0) left.splice(i, 1);
      return i < 0;
    })
    .slice(0, 5);
}

/** As GitHub does it, with HTML and addresses that become links, for a browser. */
function rendered(markdown: string): string {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  return `<!doctype html><html data-ready><body>${html.replace(/ src="charts/g, ' data-src="charts').replace(/ srcset="/g, ' data-srcset="')}</body></html>`;
}
