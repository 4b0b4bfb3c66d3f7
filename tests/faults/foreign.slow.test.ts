// Foreign strings: whatever stands in a file, each medium shows it as text.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse as parseCsv } from "csv-parse/sync";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { vmabench } from "../cli/command.js";
import { missing, startBrowser } from "../page/browser.js";
import { noRedis, PASSWORD, type TestServer, testServer } from "../sweep/redis.js";
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

/** A file or folder of a name that is nasty too, as far as file systems take it. */
const named = (name: string) => at(`${NASTY.replaceAll("/", "").slice(0, 150)}\n${name}`);

describe("a terminal is sent nothing that it obeys", () => {
  beforeAll(() => {
    const bench = fileURLToPath(new URL("../../bench/", import.meta.url));
    cpSync(`${bench}traces/bash-script.vmatrace.gz`, named("trace.vmatrace.gz"));
    const title = `title: ${JSON.stringify(NASTY.slice(0, 190))}\n`;
    writeFileSync(named("driver.yaml"), `driver: mine\n${title}ops: [fault]\n`);
    writeFileSync(
      named("workload.yaml"),
      `workload: mine\n${title}phases:\n  - run: append-merge\n`,
    );
    const [driver, workload] = ["driver.yaml", "workload.yaml"].map((name) =>
      JSON.stringify(named(name)),
    );
    const axes = `workloads: [append-merge, ${workload}]\ndrivers: [vmops-only, ${driver}]\n`;
    const parameters = "parameters:\n  ops: [64]\n";
    writeFileSync(named("sweep.yaml"), `sweep: small\n${title}${axes}${parameters}`);
    const [entry] = readFileSync(`${bench}../reports/history.ndjson`, "utf8").split("\n");
    const { scenarios, ...rest } = JSON.parse(entry as string);
    const renamed = Object.entries(scenarios).map(([id, times]) => [id + NASTY, times]);
    const nasty = JSON.stringify({ ...rest, scenarios: Object.fromEntries(renamed) });
    writeFileSync(named("history.ndjson"), `${nasty}\n`);
  });

  const report = () => ["--out", named("report")];
  const driver = () => ["--driver", named("driver.yaml")];
  test.each<[string, number, () => string[]]>([
    ["report", 0, () => ["report", at("nasty.json"), "--out", named("again")]],
    ["report --format mail", 0, () => ["report", at("nasty.json"), "--format", "mail"]],
    ["compare", 3, () => ["compare", at("nasty.json"), at("plain.json")]],
    ["compare --json", 3, () => ["compare", at("nasty.json"), at("plain.json"), "--json"]],
    ["comment", 0, () => ["comment", ...COMMENT, "--body", at("nasty/report.md"), "--dry-run"]],
    [
      "run",
      0,
      () => ["run", "--work-only", ...driver(), "--workload", "append-merge", ...report()],
    ],
    [
      "run --json",
      0,
      () => [
        ...["run", "--work-only", "--json", ...driver(), ...report()],
        ...["--workload", named("workload.yaml")],
      ],
    ],
    ["run --suite", 2, () => ["run", "--suite", NASTY]],
    ["explain", 2, () => ["explain", `append-merge/${NASTY}/mmap@7.3`]],
    ["replay", 0, () => ["replay", named("trace.vmatrace.gz"), ...driver()]],
    ["replay --check", 0, () => ["replay", named("trace.vmatrace.gz"), "--check"]],
    ["replay --json", 0, () => ["replay", named("trace.vmatrace.gz"), "--json"]],
    ["hazards", 0, () => ["hazards", "--runs", "300", "--out", named("examples")]],
    ["gate --base", 2, () => ["gate", "--base", NASTY]],
    ["gate --baseline", 3, () => ["gate", "--baseline", named("none.json")]],
    ["history", 0, () => ["history", "--file", named("history.ndjson")]],
    ["sweep --dry-run", 0, () => ["sweep", named("sweep.yaml"), "--dry-run"]],
    ["sweep", 0, () => ["sweep", named("sweep.yaml"), "--out", named("sweep")]],
    ["query", 0, () => ["query", named("sweep"), `select 'a${NASTY.replaceAll("'", "")}' as x`]],
    ["peer", 2, () => ["peer", "--kernel-source", named("none")]],
    ["calibrate", 2, () => ["calibrate", "--out", named("none/model.json")]],
    ["list", 2, () => ["list", NASTY]],
    ["a command", 2, () => [`x${NASTY}`]],
    ["an option", 2, () => ["run", `--x${NASTY}`]],
  ])("%s", async (_, expected, args) => {
    const { code, stdout, stderr } = await vmabench(args(), { cwd: folder });
    expect(code, stderr).toBe(expected);
    expect(stdout + stderr).not.toBe("");
    expect(stdout + stderr).not.toMatch(OBEYED);
  });
});

test("a sweep's report has no link out of foreign names", () => {
  const html = rendered(readFileSync(named("sweep/report.md"), "utf8"));
  expect(html).not.toMatch(OBEYED);
  expect(html).not.toMatch(/<a |<img (?!data-src="charts)|<script|<title/);
});

describe("other formats", () => {
  const text = async (format: string) =>
    (await vmabench(["export", at("nasty.json"), "--format", format])).stdout;
  const ids = dressedResults(NASTY).scenarios.map(({ id }) => id);

  test("CSV has a row for each scenario, and no cell that a spreadsheet computes", async () => {
    const rows = parseCsv(await text("csv"), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(ids.length);
    expect(rows[0]?.workload).toContain("</script>");
    for (const cell of rows.flatMap((row) => Object.values(row))) expect(cell).not.toMatch(/^[=@]/);
  });

  test("NDJSON has the very names", async () => {
    const lines = (await text("ndjson")).trimEnd().split("\n");
    const documents = lines.map((line) => JSON.parse(line) as { id?: string });
    expect(documents.flatMap(({ id }) => id ?? [])).toEqual(expect.arrayContaining(ids));
  });

  test("JUnit is XML without characters that XML forbids", async () => {
    const schema = readFileSync(new URL("../export/junit.xsd", import.meta.url), "utf8");
    const xml = await text("junit");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    const parsed = await validateXML({
      xml: [{ fileName: "junit.xml", contents: xml }],
      schema: [schema],
    });
    expect(parsed.errors).toEqual([]);
  });
});

describe("a password in an address is never printed", () => {
  const SECRET = "s3cret-of-redis";
  let server: TestServer | null = null;
  beforeAll(async () => {
    if (noRedis) return;
    server = await testServer(folder);
    await server.start();
  });
  afterAll(() => server?.kill());

  test.each([
    ["nobody listens", () => `redis://user:${SECRET}@127.0.0.1:1/0`],
    ["no such host", () => `redis://user:${SECRET}@host.invalid:6379/0`],
    ["no such scheme", () => `http://user:${SECRET}@127.0.0.1/0`],
    ["no address", () => `redis//user:${SECRET}@`],
    ["a wrong password", () => server?.url.replace(PASSWORD, SECRET) ?? null],
    ["a wrong user", () => server?.url.replace(`:${PASSWORD}`, `${SECRET}:${SECRET}`) ?? null],
  ])("%s", async (_, address) => {
    const url = address();
    if (url === null) return;
    const spec = fileURLToPath(new URL("../../examples/sweeps/overlap.yaml", import.meta.url));
    const commands = [["worker"], ["sweep", spec, "--out", at("never")]];
    const env = { VMABENCH_DEBUG: "1" };
    const all = commands.map((args) => vmabench([...args, "--queue", url], { env }));
    for (const { code, stdout, stderr } of await Promise.all(all)) {
      expect([2, 3]).toContain(code);
      expect(stdout + stderr).not.toContain(SECRET);
    }
  });
});

const COMMENT = ["--repo", "a/b", "--pull", "1"];

/** Tags and the names of their attributes, as a browser has parsed them; the addresses of links and pictures. */
async function structure(html: string, browser: Awaited<ReturnType<typeof startBrowser>>) {
  const { page, complaints } = await browser.open({ html });
  const found = await page.locator("body *").evaluateAll((elements) =>
    elements.map((element) => {
      const names = element
        .getAttributeNames()
        .filter((name: string) => name !== "style")
        .sort();
      const address = element.getAttribute("href") ?? element.getAttribute("src") ?? "";
      return `${element.tagName} ${names.join(" ")} ${address.replace(/^#.*/, "#").slice(0, 40)}`;
    }),
  );
  await page.close();
  return { found, complaints };
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
