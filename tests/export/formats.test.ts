// Each format is read back by its consumer's parser or schema where the registry has one (CSV, XML), and
// otherwise by a reader written after the consumer's description. benchstat itself, Bencher and
// github-action-benchmark cannot be installed here.

import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { z } from "zod";
import { EXPORT_FORMATS, type ExportName } from "../../src/export/formats.js";
import { sampleResults } from "../render/fixture.js";
import { parseGoBenchmarks } from "./go-format.js";
import { HOSTILE_NAMES, hostileResults } from "./hostile.js";

const NAMES = Object.keys(EXPORT_FORMATS) as ExportName[];
const written = (name: ExportName, results = sampleResults()) =>
  EXPORT_FORMATS[name].write(results);

function untimed() {
  const results = sampleResults();
  for (const scenario of results.scenarios) scenario.time = null;
  for (const comparison of results.comparisons) {
    comparison.timeRatio = null;
    comparison.verdict = null;
  }
  return results;
}

describe.each(NAMES)("%s", (name) => {
  test("is the same text for the same result, and ends with a line end", () => {
    expect(written(name)).toBe(written(name));
    expect(written(name)).toMatch(/[^\n]\r?\n$/);
  });

  test("has no control character, direction mark or half a pair of a foreign name in it", () => {
    const text = written(name, hostileResults());
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202e]/);
    expect(text.isWellFormed()).toBe(true);
  });
});

describe("github-action-benchmark", () => {
  const schema = z.array(
    z.strictObject({
      name: z.string().min(1),
      unit: z.string().min(1),
      value: z.number(),
      range: z.string().optional(),
      extra: z.string().optional(),
    }),
  );
  const entries = (results = sampleResults()) =>
    schema.parse(JSON.parse(written("github-action-benchmark", results)));

  test("has one entry a timed scenario, its work beside it", () => {
    const all = entries();
    expect(all).toHaveLength(sampleResults().scenarios.length);
    expect(all[2]).toEqual({
      name: "append-merge/hint-or-dump-flag/mmap@6.15",
      unit: "ns/op",
      value: 700,
      range: "693 to 714",
      extra: expect.stringMatching(
        /^200 rounds of 100 operations\n128 VMAs left\n[\s\S]*merge\.secondMerged 1\/op/,
      ),
    });
  });

  test("has an entry for every event of a scenario that was not timed", () => {
    expect(entries(untimed())).toContainEqual({
      name: "append-merge/hint-or-dump-flag/mmap@6.15 merge.secondMerged",
      unit: "events/op",
      value: 1,
    });
  });

  test("takes any name", () => expect(entries(hostileResults()).length).toBeGreaterThan(14));
});

describe("bencher", () => {
  const metric = z.strictObject({
    value: z.number(),
    lower_value: z.number().optional(),
    upper_value: z.number().optional(),
  });
  const schema = z.record(z.string().min(1).max(1024), z.record(z.string().min(1).max(64), metric));
  const benchmarks = (results = sampleResults()) =>
    schema.parse(JSON.parse(written("bencher", results)));

  test("has time as latency with its interval, and every event as a measure", () => {
    expect(benchmarks()["append-merge/hint-or-dump-flag/mmap@6.15"]).toMatchObject({
      latency: { value: 700, lower_value: 693, upper_value: 714 },
      "merge.secondMerged": { value: 1 },
      vmas: { value: 128 },
    });
    expect(benchmarks(untimed())["append-merge/vmops-only/mmap@6.15"]).not.toHaveProperty(
      "latency",
    );
  });

  test("keeps names within Bencher's limit and still apart", () => {
    const { scenarios } = hostileResults();
    const text = written("bencher", hostileResults());
    expect(Object.getOwnPropertyNames(JSON.parse(text))).toHaveLength(scenarios.length);
    for (const name of Object.getOwnPropertyNames(JSON.parse(text)))
      expect(name.length).toBeLessThanOrEqual(1024);
  });

  test("refuses two scenarios of one name, since one would be lost", () => {
    const results = sampleResults();
    results.scenarios.push(results.scenarios[0]!);
    expect(() => written("bencher", results)).toThrow(/two scenarios are called/);
  });
});

describe("go", () => {
  test("names the parts of a scenario, so that benchstat can compare by protocol", () => {
    const { configuration, units, results } = parseGoBenchmarks(written("go"));
    expect(Object.fromEntries(configuration)).toMatchObject({
      goos: "linux",
      goarch: "amd64",
      pkg: "vmabench",
      cpu: "Example CPU",
    });
    expect(units.get("merge.secondMerged/op")).toEqual(["assume=exact"]);
    expect(results[2]).toMatchObject({
      name: "Mmap/workload=append-merge/driver=hint-or-dump-flag/protocol=mmap@6.15",
      iterations: 20_000,
    });
    expect(Object.fromEntries(results[2]!.values)).toMatchObject({
      "ns/op": 700,
      "merge.secondMerged/op": 1,
      vmas: 128,
    });
    expect(results.at(6)!.name).toMatch(/\/fail-after=16$/);
  });

  test("every result has the same units, 0 where nothing happened", () => {
    const { units, results } = parseGoBenchmarks(written("go", untimed()));
    for (const { values } of results) expect([...values.keys()]).toEqual([...units.keys()]);
  });

  test("a foreign name forges no line, no field and no GOMAXPROCS", () => {
    const results = hostileResults();
    results.scenarios[0]!.params = { last: "x-7" };
    const file = parseGoBenchmarks(written("go", results));
    expect(file.results).toHaveLength(results.scenarios.length);
    expect(file.results[0]!.name).toMatch(/\/last=x%2D7$/);
    expect(file.configuration.get("cpu")).toBe("cpu\\u000aBenchmarkForged 1 1 ns/op");
    const names = file.results.map(({ name }) => name);
    expect(
      names.every((name) => /^Mmap\/workload=[^/=]*\/driver=[^/=]*\/protocol=/.test(name)),
    ).toBe(true);
  });
});

describe("junit", () => {
  const schema = readFileSync(new URL("junit.xsd", import.meta.url), "utf8");
  const check = (xml: string) =>
    validateXML({ xml: [{ fileName: "junit.xml", contents: xml }], schema: [schema] });

  test.each([
    ["a result", sampleResults()],
    ["one without time", untimed()],
    ["one without comparisons", { ...sampleResults(), comparisons: [] }],
    ["one with hostile names", hostileResults()],
  ])("%s is valid", async (_, results) => {
    const { valid, errors } = await check(written("junit", results));
    expect(errors).toEqual([]);
    expect(valid).toBe(true);
  });

  test("slower fails, unclear is skipped, the rest passes", () => {
    const text = written("junit");
    expect(text).toMatch(/<testsuites name="vmabench" tests="7" failures="1" errors="0">/);
    expect(text).toMatch(
      /name="append-merge\/vmops-only .*\n.*<failure type="time" message="slower: 1\.080 /,
    );
    expect(text).toMatch(
      /name="failing-storm\/.*fail-after=16 .*\n.*<skipped .*message="unclear: /,
    );
    expect(written("junit", untimed())).not.toContain("<failure");
  });

  test("a name closes no element", () => {
    expect(written("junit", hostileResults()).match(/<failure/g)).toHaveLength(
      1 + HOSTILE_NAMES.length,
    );
  });
});

describe("csv", () => {
  const rows = (results = sampleResults()): Record<string, string>[] =>
    parse(written("csv", results), { columns: true });

  test("has a row a scenario; a candidate's has its comparison", () => {
    const all = rows();
    expect(all).toHaveLength(sampleResults().scenarios.length);
    expect(all[2]).toMatchObject({
      id: "append-merge/hint-or-dump-flag/mmap@6.15",
      ns_per_op: "700",
      baseline: "",
      verdict: "",
      "merge.secondMerged": "1",
      "final.vmas": "128",
    });
    expect(all[3]).toMatchObject({
      baseline: "mmap@6.15",
      time_ratio: "0.46",
      verdict: "faster",
      "merge.secondMerged": "0",
    });
    expect(all[7]).toMatchObject({ params: "fail-after=16", verdict: "unclear" });
  });

  test("no cell is a formula, and lines end as RFC 4180 says", () => {
    const text = written("csv", hostileResults());
    expect(text.split("\r\n")).toHaveLength(text.split("\n").length);
    for (const row of rows(hostileResults()))
      for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
  });
});

describe("ndjson", () => {
  test("every line is a document; together they are the result", () => {
    const results = hostileResults();
    const documents = written("ndjson", results)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(documents[0]).toMatchObject({ type: "run", schema: "vmabench/results@1" });
    const of = (type: string) => documents.filter((document) => document.type === type);
    expect(of("scenario")).toHaveLength(results.scenarios.length);
    expect(of("comparison")).toHaveLength(results.comparisons.length);
    expect(of("scenario")[0]).toEqual({ type: "scenario", ...results.scenarios[0] });
  });
});
