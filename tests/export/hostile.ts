// A result whose names were written by somebody who means harm.

import type { Results } from "../../src/record/schema.js";
import { sampleResults } from "../render/fixture.js";

export const HOSTILE_NAMES = [
  `=HYPERLINK("http://example.invalid/","click")`,
  "</system-out><failure/>]]>&amp;<!--",
  "\u0000\u001b[2J\u001b]0;title\u0007",
  "two\nlines\r\nand\ttab",
  "right\u202eto left",
  "half \ud800 a pair",
  "__proto__",
  "ends-in-7",
  "x".repeat(2000),
];

/** Every hostile name as a workload, with a comparison. */
export function hostileResults(): Results {
  const results = sampleResults();
  const [base, candidate] = results.scenarios;
  const comparison = results.comparisons[0];
  if (!base || !candidate || !comparison) throw new Error("the sample is empty");
  for (const name of HOSTILE_NAMES) {
    for (const side of [base, candidate]) {
      results.scenarios.push({ ...side, workload: name, id: `${name}/${name}/${side.protocol}` });
    }
    results.comparisons.push({ ...comparison, workload: name, driver: name });
  }
  results.scenarios.push({ ...base, id: "__proto__" });
  results.environment.cpu = "cpu\nBenchmarkForged 1 1 ns/op";
  return results;
}
