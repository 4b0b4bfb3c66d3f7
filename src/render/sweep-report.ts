// report.md of a sweep, and its charts.

import type { Manifest } from "../sweep/folder.js";
import {
  type Cell,
  type Comparison,
  type Factor,
  meanRatio,
  type Summary,
} from "../sweep/summary.js";
import { heatChart, heatTitle } from "./charts/heat.js";
import { integer } from "./format.js";
import { table, cell as text } from "./markdown-parts.js";
import { leftOutLines } from "./sweep-text.js";

/** Heat maps for each protocol compared. */
const MAPS = 3;
/** Wider or higher than this a map says nothing. */
const VALUES_MOST = 32;

/** report.md and the charts that it links, by file name. The same bytes for the same results. */
export function sweepReport(
  manifest: Manifest,
  summary: Summary,
): Map<string, string | Uint8Array> {
  const charts = summary.comparisons.flatMap((comparison, i) => heatMaps(summary, comparison, i));
  const sections = [
    `# Sweep ${manifest.sweep}`,
    overview(manifest, summary),
    ...summary.comparisons.map((comparison) => effects(summary, comparison)),
    ...charts.map(({ file, alt }) => `![${alt}](${file})`),
    errors(summary),
    howToRead(manifest),
  ];
  const text = `${sections.filter((section) => section !== "").join("\n\n")}\n`;
  return new Map<string, string | Uint8Array>([
    ["report.md", text],
    ...charts.map(({ file, png }) => [file, png] as const),
  ]);
}

function overview({ done, excluded, refused }: Manifest, summary: Summary): string {
  const counts = `${integer(done?.scenarios ?? 0)} scenarios, ${integer(summary.failed)} failed.`;
  const findings = summary.comparisons.map(
    (comparison) => `**${finding(comparison, summary.baseline)}**`,
  );
  const left = leftOutLines({ excluded, refused }).map((line) => `- ${text(line)}`);
  return [...findings, counts, left.join("\n")].filter((part) => part !== "").join("\n\n");
}

/** One line. */
export function finding({ candidate, measure, all }: Comparison, baseline: string): string {
  if (all.points === 0) return `${candidate} against ${baseline}: no point has both`;
  return (
    `${candidate} against ${baseline}: ${meanRatio(all).toFixed(3)} of the ${measure}; ` +
    `less at ${integer(all.less)}, more at ${integer(all.more)} of ${integer(all.points)} points`
  );
}

/** A table of each axis: what the ratio is at each of its values, all else averaged. */
function effects({ factors, baseline }: Summary, comparison: Comparison): string {
  if (comparison.all.points === 0 || factors.length === 0) return "";
  const tables = factors.map((factor) => {
    const cells = comparison.marginal.get(factor.name) as Cell[];
    const rows = factor.labels.flatMap((label, i) => {
      const cell = cells[i] as Cell;
      if (cell.points === 0) return [];
      return [
        [label, meanRatio(cell).toFixed(3), ...[cell.less, cell.more, cell.points].map(integer)],
      ];
    });
    return table([factor.name, "ratio", "less at", "more at", "points"], 1, rows).join("\n");
  });
  return [
    `## ${comparison.candidate} against ${baseline}: ${comparison.measure}, along each axis`,
    ...tables,
  ].join("\n\n");
}

interface Chart {
  file: string;
  alt: string;
  png: Uint8Array;
}

/** Drivers against workloads first, then the pairs of axes between which the ratio differs most. */
function heatMaps({ factors, baseline }: Summary, comparison: Comparison, number: number): Chart[] {
  const fits = factors.filter(({ labels }) => labels.length <= VALUES_MOST);
  const pairs = fits.flatMap((rows, i) => fits.slice(i + 1).map((columns) => ({ rows, columns })));
  const chosen = pairs
    .map((pair) => ({ ...pair, spread: spreadOf(comparison, pair.rows, pair.columns) }))
    .filter(({ spread }) => spread !== null)
    .sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)) || (b.spread ?? 0) - (a.spread ?? 0))
    .slice(0, MAPS);
  return chosen.map(({ rows, columns }, i) => ({
    file: `charts/heat-${number * MAPS + i + 1}.png`,
    alt: heatTitle(comparison, baseline, rows, columns),
    png: heatChart(comparison, baseline, rows, columns),
  }));
}

function isFirst({ rows, columns }: { rows: Factor; columns: Factor }): boolean {
  return rows.name === "driver" && columns.name === "workload";
}

/** Largest less smallest mean logarithm; null where nothing was compared. */
function spreadOf({ pairs }: Comparison, rows: Factor, columns: Factor): number | null {
  const cells = pairs.get(`${rows.name}|${columns.name}`)?.flat() ?? [];
  const logs = cells.filter(({ points }) => points > 0).map(({ logs, points }) => logs / points);
  return logs.length === 0 ? null : Math.max(...logs) - Math.min(...logs);
}

function errors({ errors, failed }: Summary): string {
  if (failed === 0) return "";
  const more = failed > errors.length ? [`- and ${integer(failed - errors.length)} more`] : [];
  const items = errors.map(({ id, error }) => `- ${text(id)}: ${text(error)}`);
  return ["## What failed", "", ...items, ...more].join("\n");
}

function howToRead({ tool, workCoreSha256, id }: Manifest): string {
  return [
    "## How to read this",
    "",
    "- A *point* is everything but the protocol. *Ratio* is the geometric mean over points of candidate / baseline; " +
      "*less* and *more* are beyond half a per cent.",
    "- A point's time ratio is the median over paired rounds in one process, of the model, not of a kernel; its " +
      "interval is in times.ndjson. With all cores busy it is less certain than `vmabench run`'s.",
    "- Along one axis all others are averaged as the sweep has them; where two axes act together, the maps show it.",
    "- Cycles are weighted counts (docs/translation.md), not a prediction; the counts themselves are in results.ndjson.",
    `- ${tool.name} ${tool.version}, commit ${tool.commit ?? "unknown"}, core ${workCoreSha256.slice(0, 16)}, sweep ${id}`,
  ].join("\n");
}
