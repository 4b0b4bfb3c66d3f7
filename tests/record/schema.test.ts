import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.js";
import { captureEnvironment, ciService } from "../../src/record/environment.js";
import { parseResults, readResults } from "../../src/record/read.js";
import { resultsJsonSchema, resultsSchema } from "../../src/record/schema.js";
import { sampleResults } from "../render/fixture.js";

describe("result files", () => {
  test("survive being written and read", () => {
    const results = sampleResults();
    expect(parseResults(JSON.stringify(results), "r.json")).toEqual(results);
  });

  test("may lack times, verdicts and events, and may have events of later releases", () => {
    const results = sampleResults();
    results.scenarios[0]!.time = null;
    results.comparisons[0]!.timeRatio = null;
    results.comparisons[0]!.verdict = null;
    delete results.scenarios[0]!.work["unwind.steps"];
    (results.scenarios[0]!.work as Record<string, number>)["maple.dreams"] = 1;
    expect(parseResults(JSON.stringify(results), "r.json")).toEqual(results);
  });

  test.each([
    ["{", /r\.json:1: expected JSON with a close brace here/],
    ["{}", /r\.json:1: expected schema: vmabench\/results@1, found nothing/],
  ])("%j is refused by name", (text, reason) => {
    expect(() => parseResults(text, "r.json")).toThrow(UsageError);
    expect(() => parseResults(text, "r.json")).toThrow(reason);
  });

  test("a wrong field is named with its place", () => {
    const results = sampleResults() as unknown as { scenarios: { final: { vmas: unknown } }[] };
    results.scenarios[2]!.final.vmas = "many";
    const text = JSON.stringify(results, null, 1);
    const line = text.split("\n").findIndex((one) => one.includes('"many"')) + 1;
    expect(() => parseResults(text, "r.json")).toThrow(
      `r.json:${line}: expected scenarios.2.final.vmas: a number, found "many"`,
    );
  });

  test("what every object has is no event", () => {
    const results = sampleResults();
    Object.assign(results.scenarios[1]!.work, { constructor: 1 });
    expect(() => parseResults(JSON.stringify(results), "r.json")).toThrow(
      "expected scenarios.1.work: names of events, such as maple.nodeReads",
    );
  });

  test("a missing file is a usage error", () => {
    expect(() => readResults("/nowhere/results.json")).toThrow(UsageError);
  });
});

test("the JSON Schema shipped is the current one (vitest -u writes it)", async () => {
  await expect(resultsJsonSchema()).toMatchFileSnapshot("../../schemas/results.schema.json");
});

describe("the environment", () => {
  test("fits the schema", () => {
    expect(resultsSchema.shape.environment.safeParse(captureEnvironment()).success).toBe(true);
  });

  test("knows CI services, and machines that are none", () => {
    expect(ciService({ GITHUB_ACTIONS: "true", CI: "true" })).toBe("github-actions");
    expect(ciService({ CI: "1" })).toBe("unknown");
    expect(ciService({ CI: "false" })).toBeNull();
    expect(ciService({})).toBeNull();
  });
});
