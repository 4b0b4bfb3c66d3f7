// report.html in Chromium: what a reader clicks, types and sees.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { picturesOf } from "../../src/render/charts/index.js";
import { pageDocument } from "../../src/render/page/document.js";
import { FILE, richResults } from "../render/rich.js";
import { missing, startBrowser } from "./browser.js";

const results = richResults();
results.films![0]!.workload = "<script>alert(2)</script>";
const html = pageDocument(results, picturesOf(results));

describe.skipIf(missing)(`report.html in a browser${missing ? `: ${missing}` : ""}`, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.stop());

  test("shows every comparison, asks for nothing and complains of nothing", async () => {
    const { page, complaints } = await browser.open({ html });
    expect(await page.locator("tr.row").count()).toBe(10);
    expect(await page.locator("#count").textContent()).toBe("10 of 10 comparisons");
    await page.waitForSelector("#work canvas");
    expect(await page.locator("canvas").count()).toBe(3);
    // every chart has ink on it
    const blank = await page.$$eval(
      "canvas",
      (all) =>
        all.filter((canvas) => {
          const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
          return !data.some((value) => value > 0);
        }).length,
    );
    expect(blank).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("filters by words, workload, driver and verdict, and says how many are left", async () => {
    const { page, complaints } = await browser.open({ html });
    const left = () => page.locator("#count").textContent();
    await page.fill("input[name=text]", "tree");
    expect(await left()).toBe("3 of 10 comparisons");
    await page.selectOption("#verdict", "faster");
    expect(await left()).toBe("2 of 10 comparisons");
    await page.click("button[type=reset]");
    await page.waitForFunction(() => document.querySelectorAll("tr.row").length === 10);
    await page.selectOption("#driver", "hint-or-dump-flag");
    expect(await page.locator("tr.row").count()).toBe(1);
    await page.fill("input[name=text]", "no such thing");
    expect(await page.locator("#nothing").isVisible()).toBe(true);
    expect(await page.getAttribute("#count", "aria-live")).toBe("polite");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("sorts by a column, and the other way at a second click", async () => {
    const { page } = await browser.open({ html });
    const first = () => page.locator("tr.row a.key").first().textContent();
    await page.click("th.column-workload button");
    expect(await first()).toBe("append-merge");
    expect(await page.getAttribute("th.column-workload", "aria-sort")).toBe("ascending");
    await page.click("th.column-workload button");
    expect(await first()).toBe("tree-60000");
    expect(await page.getAttribute("th.column-ratio", "aria-sort")).toBe("none");
    await page.close();
  });

  test("a row opens by its link, tells everything, and closes again", async () => {
    const { page, complaints } = await browser.open({ html });
    const link = page.locator("a.key", { hasText: "failing-storm" });
    await link.click();
    await page.waitForSelector("tr.detail canvas");
    expect(page.url()).toContain("#failing-storm");
    expect(await page.locator("tr.detail code").first().textContent()).toBe(
      "npx vmabench run --suite quick --filter 'failing-storm/pfnmap-eager-full/mmap@6.15?fail-after=16' " +
        "--filter 'failing-storm/pfnmap-eager-full/mmap_prepare@7.3?fail-after=16' --seed 1",
    );
    expect(await page.locator("tr.detail").textContent()).toMatch(/unwind\.steps59/);
    expect(await page.locator("tr.detail canvas").count()).toBe(2);
    await link.click();
    expect(await page.locator("tr.detail").count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a link to a scenario opens it, whatever is filtered", async () => {
    const hash = "#append-merge%2Fhint-or-dump-flag%2Fmmap_prepare%407.3";
    const { page } = await browser.open({ html, hash });
    expect(await page.locator("tr.open a.key").getAttribute("aria-expanded")).toBe("true");
    expect(await page.locator("tr.detail h3").textContent()).toBe(
      "append-merge / hint-or-dump-flag",
    );
    await page.fill("input[name=text]", "tree");
    await page.evaluate(() => {
      location.hash = "#append-merge/vmops-only/mmap_prepare@7.3";
    });
    await page.waitForFunction(
      () => document.querySelector("tr.detail h3")?.textContent === "append-merge / vmops-only",
    );
    await page.close();
  });

  test("steps through the address space with keys and buttons", async () => {
    const { page, complaints } = await browser.open({ html });
    const text = (id: string) => page.locator(id).textContent();
    expect(await text("#step-number")).toBe("1 of 5");
    await page.focus("#next");
    await page.keyboard.press("ArrowRight");
    expect(await text("#step-number")).toBe("2 of 5");
    expect(await text("#step-note")).toBe(
      "3 VMAs under mmap@6.15, 4 under mmap_prepare@7.3; 40 → 21 events; 1 → 0 second merges.",
    );
    expect(await page.locator("#strips rect").count()).toBe(7);
    expect(await page.locator("#space-rows tr.apart").count()).toBe(2);
    await page.keyboard.press("End");
    expect(await text("#step-number")).toBe("5 of 5");
    await page.keyboard.press("Home");
    expect(await text("#call")).toBe("before the first call");
    await page.click("#difference");
    expect(await text("#step-number")).toBe("2 of 5");
    await page.click("#difference");
    expect(await text("#step-note")).toContain("5 → 6 things undone; the call fails");
    // the slider has its own keys
    await page.focus("#step");
    await page.keyboard.press("ArrowLeft");
    expect(await text("#step-number")).toBe("3 of 5");
    expect(await page.getAttribute("#step", "aria-valuetext")).toBe("3 of 5: brk(0)");
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("a script in a file's name or a workload's is only text", async () => {
    const { page, complaints } = await browser.open({ html });
    expect(await page.locator("#call").textContent()).toContain(FILE);
    expect(await page.locator("#space-rows").textContent()).toContain("script>.so");
    expect(await page.locator("#film option").first().textContent()).toContain("<script>");
    expect(await page.locator("script").count()).toBe(2);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("is dark when the system is, and when the reader says so", async () => {
    const { page } = await browser.open({ html, dark: true });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = (colour: string) =>
      colour
        .match(/\d+/g)!
        .map(Number)
        .every((value) => value > 200);
    expect(light(await paper())).toBe(false);
    await page.waitForSelector("#work canvas");
    const pixels = () =>
      page.$eval("#work canvas", (canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const before = await pixels();
    await page.click("#theme");
    expect(light(await paper())).toBe(true);
    expect(await pixels()).not.toBe(before);
    await page.click("#theme");
    expect(light(await paper())).toBe(false);
    await page.close();
  });

  test.each([360, 768, 1280])("nothing is wider than a screen of %d pixels", async (width) => {
    const { page, complaints } = await browser.open({ html, width });
    await page.click("a.key");
    await page.waitForSelector("tr.detail canvas");
    await page.click("#difference");
    const widest = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(widest).toBeLessThanOrEqual(width);
    if (width < 600) {
      await page.selectOption("#sort", "workload");
      expect(await page.locator("tr.row a.key").first().textContent()).toBe("append-merge");
    }
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("every control has a name, every number cell a head", async () => {
    const { page } = await browser.open({ html });
    const tree = await page.locator("main").ariaSnapshot();
    expect(tree).toMatch(/search "Filter"/);
    expect(tree).toMatch(/columnheader "VMAs left"/);
    expect(tree).toMatch(/rowheader "tree-60000"/);
    expect(tree).toMatch(/slider "Call 1 of 5"/);
    expect(tree).toMatch(/img "From 1.000 to 60.000 VMAs/);
    const nameless = await page.$$eval(
      "button, select, input",
      (all) =>
        all.filter(
          (control) =>
            !control.textContent?.trim() && !control.closest("label") && !control.ariaLabel,
        ).length,
    );
    expect(nameless).toBe(0);
    await page.close();
  });

  test("prints without what only works on a screen", async () => {
    const { page } = await browser.open({ html, dark: true });
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#filters").isVisible()).toBe(false);
    expect(await page.locator("tr.row").first().isVisible()).toBe(true);
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).toBe("rgb(0, 0, 0)");
    await page.close();
  });

  test("thousands of comparisons: some at once, the rest when asked for", async () => {
    const many = richResults();
    const [base, candidate] = many.scenarios;
    many.scenarios = Array.from({ length: 5000 }, (_, i) => ({
      ...(i % 2 === 0 ? base! : candidate!),
      workload: `w-${i >> 1}`,
    }));
    many.comparisons = Array.from({ length: 2500 }, (_, i) => ({
      ...many.comparisons[0]!,
      workload: `w-${i}`,
    }));
    const { page, complaints } = await browser.open({ html: pageDocument(many, []) });
    expect(await page.locator("tr.row").count()).toBe(200);
    await page.fill("input[name=text]", "w-2499");
    expect(await page.locator("tr.row").count()).toBe(1);
    await page.fill("input[name=text]", "");
    await page.click("#more");
    expect(await page.locator("tr.row").count()).toBe(2500);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
