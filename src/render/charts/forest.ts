// Ratios with their intervals: one line a comparison, slowest on top, logarithmic, so that twice as fast
// and twice as slow are equally far from 1.

import type { Results } from "../../record/schema.js";
import { interval } from "../format.js";
import { candidatesOf, rowLabel, rowsOf, type Verdict, verdictCounts } from "../rows.js";
import { renderPng } from "./canvas.js";
import type { Picture } from "./picture.js";
import { heightFor, legend, ratioAxis, rowAxis, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

/** Lines drawn at most; of more comparisons those farthest from 1 are shown. */
const MOST_ROWS = 48;

interface ForestRow {
  label: string;
  verdict: Verdict;
  ratio: number;
  low: number;
  high: number;
}

/** The forest plot; null where nothing was timed. `effect`: the minimum effect, 0.03 for 3 %. */
export function forestChart(results: Results, effect: number): Picture | null {
  const candidates = candidatesOf(results);
  const all = rowsOf(results).flatMap((row): ForestRow[] => {
    const { timeRatio, verdict } = row.comparison;
    if (!timeRatio || !verdict) return [];
    const { ratio, low, high } = timeRatio;
    return [{ label: rowLabel(row, candidates.length), verdict, ratio, low, high }];
  });
  if (all.length === 0) return null;
  const far = ({ ratio }: ForestRow) => Math.abs(Math.log(ratio));
  const rows = [...all]
    .sort((a, b) => far(b) - far(a))
    .slice(0, MOST_ROWS)
    .sort((a, b) => b.ratio - a.ratio);
  const baselines = [...new Set(results.comparisons.map((c) => c.baseline))].join(", ");
  const title = `${candidates.join(", ")} against ${baselines}: ${verdictCounts(results.comparisons)}`;
  const shown =
    rows.length < all.length ? `; the ${rows.length} of ${all.length} farthest from 1` : "";
  const explanation = `median of paired rounds with its 95 % interval; grey: the minimum effect, ±${effect * 100} %${shown}`;
  return {
    name: "time",
    title,
    alt: `Ratio of times, one line a scenario. ${title}. ${extremes(rows)}`,
    draw: (theme) => draw(theme, rows, effect, title, explanation),
  };
}

/** What stands at both ends, for those who do not see it. */
function extremes(rows: readonly ForestRow[]): string {
  const said = ({ label, ratio }: ForestRow) => `${label} ${ratio.toFixed(2)}`;
  const [first, last] = [rows[0]!, rows.at(-1)!];
  return rows.length === 1 ? said(first) : `Slowest: ${said(first)}; fastest: ${said(last)}`;
}

function draw(
  theme: Theme,
  rows: readonly ForestRow[],
  effect: number,
  title: string,
  explanation: string,
): Uint8Array {
  const reach = 1.08 * Math.max(1.1, ...rows.flatMap(({ low, high }) => [high, 1 / low]));
  const low = Math.max(1 / reach, Math.min(1 / 1.12, ...rows.map((row) => row.low / 1.08)));
  const high = Math.min(reach, Math.max(1.12, ...rows.map((row) => row.high * 1.08)));
  const numbers = rows.map((row) => interval(row));

  const datasets = (Object.keys(theme.verdicts) as Verdict[])
    .filter((verdict) => rows.some((row) => row.verdict === verdict))
    .map((verdict) => {
      const { colour, shape } = theme.verdicts[verdict];
      return {
        label: verdict,
        data: rows.flatMap((row, y) =>
          row.verdict === verdict ? [{ x: row.ratio, y, xMin: row.low, xMax: row.high }] : [],
        ),
        pointStyle: shape,
        radius: 5,
        borderWidth: 2,
        backgroundColor: colour,
        borderColor: colour,
        errorBarColor: colour,
        errorBarWhiskerColor: colour,
        errorBarLineWidth: 2,
        errorBarWhiskerSize: 8,
      };
    });

  return renderPng(WIDTH, heightFor(rows.length), theme, {
    type: "scatterWithErrorBars",
    data: { datasets },
    options: {
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: ratioAxis(
          theme,
          "← faster        time, candidate ÷ baseline        slower →",
          low,
          high,
        ),
        y: rowAxis(
          theme,
          rows.map((row) => row.label),
        ),
        numbers: rowAxis(theme, numbers, "right"),
      },
      plugins: {
        ...titles(theme, title, explanation),
        legend: legend(theme),
        annotation: {
          annotations: {
            band: {
              type: "box",
              xMin: 1 / (1 + effect),
              xMax: 1 + effect,
              backgroundColor: theme.band,
              borderWidth: 0,
              drawTime: "beforeDatasetsDraw",
            },
            one: { type: "line", xMin: 1, xMax: 1, borderColor: theme.quiet, borderWidth: 1 },
          },
        },
      },
    },
  } as never);
}
