// JUnit XML as Jenkins and GitLab read it: a suite for each driver, a case for each comparison. Slower is a
// failure, unclear and untimed are skipped. Without comparisons every scenario is a case that passed.

import { printable } from "../printable.js";
import type { ComparisonRecord, Results } from "../record/schema.js";
import { change, integer, interval, number } from "../render/format.js";
import { comparisonName } from "./measures.js";
import { attributes, escapeXml } from "./xml.js";

interface Case {
  suite: string;
  name: string;
  /** Why it failed or was skipped; null when it passed. */
  outcome: { element: "failure" | "skipped"; message: string } | null;
  output: readonly string[];
}

export function junitXml(results: Results): string {
  const cases =
    results.comparisons.length > 0
      ? results.comparisons.map(comparisonCase)
      : results.scenarios.map(
          ({ driver, id, work, final }): Case => ({
            suite: driver,
            name: id,
            outcome: null,
            output: [...counted<number>(work, number), `VMAs left ${integer(final.vmas)}`],
          }),
        );
  const suites = [...new Set(cases.map(({ suite }) => suite))].map((name) =>
    suiteXml(
      name,
      cases.filter(({ suite }) => suite === name),
      results,
    ),
  );
  const { skipped: _, ...counts } = countsOf(cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: results.tool.name, ...counts })}>`,
    ...suites,
    "</testsuites>\n",
  ].join("\n");
}

function comparisonCase(comparison: ComparisonRecord): Case {
  const { driver, baseline, candidate, work, final } = comparison;
  const ratio = comparison.timeRatio ? interval(comparison.timeRatio) : "not timed";
  return {
    suite: driver,
    name: `${comparisonName(comparison)} ${candidate} against ${baseline}`,
    outcome: outcomeOf(comparison, ratio),
    output: [
      `time ratio ${ratio}`,
      ...counted<[number, number]>(work, (pair) => change(pair)),
      `VMAs left ${change(final.vmas, integer)}`,
    ],
  };
}

function outcomeOf({ verdict }: ComparisonRecord, ratio: string): Case["outcome"] {
  if (verdict === "slower") return { element: "failure", message: `slower: ${ratio}` };
  if (verdict === "unclear") return { element: "skipped", message: `unclear: ${ratio}` };
  return verdict === null ? { element: "skipped", message: "not timed" } : null;
}

/** `EVENT TEXT` for each event that occurred. */
function counted<T extends number | [number, number]>(
  work: Readonly<Partial<Record<string, T>>>,
  text: (count: T) => string,
): string[] {
  const occurred = (count: T | undefined) => [count ?? 0].flat().some((n) => n !== 0);
  return Object.entries(work)
    .filter(([, count]) => occurred(count))
    .map(([name, count]) => `${printable(name)} ${text(count as T)}`);
}

function countsOf(cases: readonly Case[]) {
  const having = (element: string) => cases.filter((c) => c.outcome?.element === element).length;
  return {
    tests: cases.length,
    failures: having("failure"),
    errors: 0,
    skipped: having("skipped"),
  };
}

function suiteXml(name: string, cases: readonly Case[], results: Results): string {
  return [
    `  <testsuite${attributes({ name: printable(name), ...countsOf(cases) })}>`,
    `    <properties>${properties(results)}</properties>`,
    ...cases.map(caseXml),
    "  </testsuite>",
  ].join("\n");
}

function properties({ tool, environment, settings }: Results): string {
  const values = {
    version: tool.version,
    commit: tool.commit ?? "unknown",
    suite: settings.suite,
    seed: settings.seed,
    node: environment.node,
    cpu: environment.cpu,
    kernel: environment.kernelRelease,
  };
  return Object.entries(values)
    .map(([name, value]) => `<property${attributes({ name, value: printable(String(value)) })}/>`)
    .join("");
}

function caseXml({ suite, name, outcome, output }: Case): string {
  const end = outcome
    ? `<${outcome.element}${attributes({ type: "time", message: outcome.message })}/>`
    : "";
  return [
    `    <testcase${attributes({ name: printable(name), classname: printable(suite) })}>`,
    `      ${end}<system-out>${escapeXml(output.join("\n"))}</system-out>`,
    "    </testcase>",
  ].join("\n");
}
