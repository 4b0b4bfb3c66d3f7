import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDriver } from "../../src/catalogue/drivers.js";
import { matches } from "../../src/catalogue/glob.js";
import { parseProtocol } from "../../src/catalogue/kernels.js";
import { parseScenario, scenarioOf } from "../../src/catalogue/scenario.js";
import {
  groupsOf,
  readSuite,
  refusals,
  suiteNames,
  suiteSchema,
} from "../../src/catalogue/suites.js";
import { parseWorkload } from "../../src/catalogue/workloads.js";
import { UsageError } from "../../src/errors.js";
import { parseJson } from "../../src/input/json.js";

const protocols = ["mmap@6.15", "mmap_prepare@7.3"].map(parseProtocol);

/** Braces close, and commas stand in some. */
function isBalanced(filter: string): boolean {
  let depth = 0;
  for (const c of filter) {
    if (c === "{") depth++;
    else if ((c === "}" && --depth < 0) || (c === "," && depth === 0)) return false;
  }
  return depth === 0;
}

describe("scenario ids", () => {
  test("carry the parameters of workload and driver, in name order, defaults left out", () => {
    const scenario = scenarioOf(
      parseWorkload("failing-storm?pages=64&share=private"),
      parseDriver("pfnmap-eager-full?fail-after=16"),
      parseProtocol("mmap@6.15"),
    );
    expect(scenario.id).toBe("failing-storm/pfnmap-eager-full/mmap@6.15?fail-after=16&pages=64");
    expect(scenario.params).toEqual({ "fail-after": 16, pages: 64 });
  });

  test("and parsing them are inverse", () => {
    for (const id of [
      "append-merge/vmops-only/mmap@6.15",
      "append-merge/always-reject/mmap_prepare@7.3?errno=EIO&ops=12",
    ]) {
      expect(parseScenario(id).id).toBe(id);
    }
  });

  test.each([
    ["append-merge/vmops-only", /expected WORKLOAD\/DRIVER\/PROTOCOL/],
    ["x/vmops-only/mmap@6.15", /no workload "x"/],
    ["append-merge/x/mmap@6.15", /no driver "x"/],
    ["append-merge/vmops-only/mmap_prepare@6.15", /never existed/],
    ["append-never/pfnmap-eager-full/mmap_prepare@6.18", /sets PTEs.*only since 7\.0/],
    ["append-never/pfnmap-eager-full/mmap_proto@rfc", /mmap_proto\+mmap@rfc/],
    ["append-merge/vmops-only/mmap@6.15?x=1", /driver vmops-only has no parameter "x"/],
  ])("%j is refused", (id, reason) => {
    expect(() => parseScenario(id)).toThrow(UsageError);
    expect(() => parseScenario(id)).toThrow(reason);
  });
});

describe("filters", () => {
  const id = "tree-1000/vmops-only/mmap@6.15";
  const withParams = "failing-storm/pfnmap-eager-full/mmap@6.15?fail-after=16";

  test.each([
    ["tree-*", true],
    ["tree-1000", true],
    ["tree", false],
    ["*/vmops-only", true],
    ["*/vmops-only/*", true],
    ["*/*/mmap@6.15", true],
    ["**/mmap@6.15", true],
    ["*mmap@6.15", true],
    ["tree*6.15", true],
    ["{append,tree}-*/**", true],
    ["{append,holes}-*/**", false],
    ["", false],
  ])("%j selects it: %j", (filter, selected) => {
    expect(matches(filter, id)).toBe(selected);
  });

  test("parameters are left out unless the filter names them", () => {
    expect(matches("failing-storm/*/mmap@6.15", withParams)).toBe(true);
    expect(matches("**?fail-after=16", withParams)).toBe(true);
    expect(matches("**?fail-after=1", withParams)).toBe(false);
    expect(matches("**?fail-after=16", id)).toBe(false);
  });

  const any = fc.string({ unit: fc.constantFrom(..."ab/*{},"), maxLength: 12 });
  const word = fc.string({ unit: fc.constantFrom(..."ab/"), maxLength: 8 });

  test("choose as regular expressions would", () => {
    fc.assert(
      fc.property(any, word, (filter, text) => {
        fc.pre(isBalanced(filter));
        const source = filter.replace(
          /[*{},]/g,
          (c) => ({ "*": ".*", "{": "(?:", "}": ")", ",": "|" })[c] ?? c,
        );
        // a query takes the whole id as it is
        expect(matches(`${filter}?`, `${text}?`)).toBe(
          new RegExp(`^${source}[?]$`).test(`${text}?`),
        );
      }),
      { numRuns: 5000 },
    );
  });

  test("with many ways to match take no longer", () => {
    expect(matches(`${"*".repeat(1000)}x`, id)).toBe(false);
    expect(matches(`${"{*,*a}".repeat(1000)}x`, id)).toBe(false);
    expect(matches("{".repeat(10_000) + "}".repeat(10_000), id)).toBe(false);
  });

  test("are no regular expressions", () => {
    expect(matches("tree-1000/vmops-only/mmap@6x15", id)).toBe(false);
    expect(matches(".*", id)).toBe(false);
    expect(matches("(", id)).toBe(false);
    expect(matches("{tree-1000", id)).toBe(false);
  });
});

describe("suites", () => {
  test("there are quick and full, and every part of them exists", () => {
    expect(suiteNames()).toEqual(expect.arrayContaining(["full", "quick"]));
    for (const name of suiteNames()) {
      const groups = groupsOf(readSuite(name), protocols, []);
      expect(groups.length).toBeGreaterThan(5);
      const ids = groups.flatMap((group) => group.scenarios.map((scenario) => scenario.id));
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  test("a filter takes single protocols out of a group", () => {
    const groups = groupsOf(readSuite("quick"), protocols, ["tree-1000/*/mmap@6.15"]);
    expect(groups.map((g) => g.scenarios.map((s) => s.id))).toEqual([
      ["tree-1000/vmops-only/mmap@6.15"],
    ]);
    expect(groupsOf(readSuite("quick"), protocols, ["nothing"])).toEqual([]);
  });

  test("a driver that a protocol does not allow is left out there, with the reason", () => {
    const both = ["mmap@6.15", "mmap_prepare@6.18"].map(parseProtocol);
    const suite = readSuite("quick");
    const ids = groupsOf(suite, both, []).flatMap((g) => g.scenarios.map((s) => s.id));
    expect(ids.some((id) => id.includes("/pfnmap-eager-full/mmap@6.15"))).toBe(true);
    expect(ids.some((id) => id.includes("/pfnmap-eager-full/mmap_prepare@6.18"))).toBe(false);
    expect(refusals(suite, both)).toEqual([expect.stringContaining("only since 7.0")]);
    expect(refusals(suite, protocols)).toEqual([]);
  });

  test("a wrong file is named with the place", () => {
    expect(() => readSuite("none")).toThrow(/no suite "none"; there is full, gate, quick/);
    const text = '{"title": "t",\n"groups": [\n{"workloads": ["a"]}]}';
    expect(() => parseJson(text, "s.json", suiteSchema)).toThrow(
      "s.json:3: expected groups.0.drivers: a list, found nothing",
    );
  });
});
