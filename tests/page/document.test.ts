// report.html as text: what a parser would make of it.

import { describe, expect, test } from "vitest";
import type { PageData } from "../../src/page/data.js";
import { picturesOf } from "../../src/render/charts/index.js";
import { pageDocument } from "../../src/render/page/document.js";
import { FILE, richResults } from "../render/rich.js";

const page = (results = richResults()) => pageDocument(results, picturesOf(results));

function dataOf(text: string): PageData {
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text) ?? [];
  return JSON.parse(json ?? "");
}

describe("report.html", () => {
  test("is the same bytes for the same result", () => {
    expect(page()).toBe(page());
  });

  test("asks nobody for anything", () => {
    const text = page();
    expect(text).toContain("default-src 'none'");
    const [head = ""] = text.split("<script type");
    expect(head).not.toMatch(/(src|href)=(?!"#)|url\(|@import/);
    expect(text).not.toMatch(/<(link|iframe|img|object|embed)\b/);
  });

  test("names from traces and results are text, in the page and in its data", () => {
    const results = richResults();
    const evil = "</script><script>alert(1)</script>\u2028\u2029";
    results.settings.suite = evil;
    results.environment.cpu = `<img src=x onerror="alert(1)">`;
    for (const scenario of results.scenarios.slice(0, 2)) scenario.workload = evil;
    results.comparisons[0]!.workload = evil;
    const text = page(results);
    expect(text).not.toContain("<script>alert");
    expect(text).not.toContain("<img");
    expect(text.match(/<\/script>/g)).toHaveLength(2);
    const [, embedded = ""] = text.split('id="data">');
    expect(embedded.split("</script>")[0]).not.toMatch(/[<\u2028\u2029]/);
    const data = dataOf(text);
    expect(data.rows[0]!.workload).toBe(evil);
    expect(data.films[0]!.files).toEqual([FILE]);
  });

  test("has landmarks, one title, and a name for everything that scrolls", () => {
    const text = page();
    for (const tag of ["header", "main", "footer", "h1"]) {
      expect(text.match(new RegExp(`<${tag}[ >]`, "g"))).toHaveLength(1);
    }
    for (const [, attributes] of text.matchAll(/<section([^>]*)>/g)) {
      expect(attributes).toContain("aria-labelledby=");
    }
    expect(text).toContain('<html lang="en">');
    expect(text).toContain("<noscript>");
  });

  test("without comparisons lists scenarios, and without films has no empty view's data", () => {
    const results = { ...richResults(), comparisons: [] };
    delete results.films;
    expect(page(results)).toContain(">Scenarios</h2>");
    expect(dataOf(page(results)).films).toEqual([]);
  });

  test("grows with scenarios, not with what nobody sees of them", () => {
    const results = richResults();
    const [base, candidate] = results.scenarios;
    const count = 5000;
    results.scenarios = Array.from({ length: count }, (_, i) => ({
      ...(i % 2 === 0 ? base! : candidate!),
      workload: `w-${i >> 1}`,
    }));
    results.comparisons = Array.from({ length: count / 2 }, (_, i) => ({
      ...results.comparisons[0]!,
      workload: `w-${i}`,
    }));
    expect(page(results).length).toBeLessThan(8e6);
  });
});
