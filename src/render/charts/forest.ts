// Ratios with their intervals: one line a comparison, slowest on top, logarithmic, so that twice as fast
// and twice as slow are equally far from 1.

import type { Results } from "../../record/schema.js";
import { interval } from "../format.js";
import { candidatesOf, rowLabel, rowsOf, type Verdict, verdictCounts } from "../rows.js";
import { renderPng } from "./canvas.js";
import {
  FAINT,
  heightFor,
  INK,
  ratioTicks,
  rowAxis,
  ticksAt,
  titles,
  VERDICT_STYLE,
  WIDTH,
} from "./style.js";

/** The forest plot; null where nothing was timed. `effect`: the minimum effect, 0.03 for 3 %. */
export function forestChart(results: Results, effect: number): Uint8Array | null {
  const candidates = candidatesOf(results);
  const rows = rowsOf(results)
    .flatMap((row) => {
      const { timeRatio, verdict } = row.comparison;
      return timeRatio && verdict
        ? [{ label: rowLabel(row, candidates.length), verdict, ...timeRatio }]
        : [];
    })
    .sort((a, b) => b.ratio - a.ratio);
  if (rows.length === 0) return null;

  const reach = 1.08 * Math.max(1.1, ...rows.flatMap(({ low, high }) => [high, 1 / low]));
  const low = Math.max(1 / reach, Math.min(1 / 1.12, ...rows.map((row) => row.low / 1.08)));
  const high = Math.min(reach, Math.max(1.12, ...rows.map((row) => row.high * 1.08)));
  const numbers = rows.map((row) => interval(row));

  const datasets = (Object.keys(VERDICT_STYLE) as Verdict[])
    .filter((verdict) => rows.some((row) => row.verdict === verdict))
    .map((verdict) => {
      const { colour, shape } = VERDICT_STYLE[verdict];
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

  const baselines = [...new Set(results.comparisons.map((c) => c.baseline))].join(", ");
  return renderPng(WIDTH, heightFor(rows.length), {
    type: "scatterWithErrorBars",
    data: { datasets },
    options: {
      layout: { padding: { left: 8, right: 8 } },
      scales: {
        x: {
          type: "logarithmic",
          min: low,
          max: high,
          title: {
            display: true,
            text: "← faster        time, candidate ÷ baseline        slower →",
          },
          grid: { color: FAINT },
          afterBuildTicks: ticksAt(ratioTicks(low, high)),
          ticks: {
            color: INK,
            callback: (value: string | number) => String(Number(Number(value).toFixed(2))),
          },
        },
        y: rowAxis(rows.map((row) => row.label)),
        numbers: rowAxis(numbers, "right"),
      },
      plugins: {
        ...titles(
          `${candidates.join(", ")} against ${baselines}: ${verdictCounts(results.comparisons)}`,
          `median of paired rounds with its 95 % interval; grey: the minimum effect, ±${effect * 100} %`,
        ),
        legend: { position: "bottom", labels: { usePointStyle: true, color: INK } },
        annotation: {
          annotations: {
            band: {
              type: "box",
              xMin: 1 / (1 + effect),
              xMax: 1 + effect,
              backgroundColor: "rgba(0,0,0,0.09)",
              borderWidth: 0,
              drawTime: "beforeDatasetsDraw",
            },
            one: { type: "line", xMin: 1, xMax: 1, borderColor: "#555555", borderWidth: 1 },
          },
        },
      },
    },
  } as never);
}
