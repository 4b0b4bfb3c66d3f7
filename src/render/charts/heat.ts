// A heat map: the ratio of cycles or times over two axes of a sweep.

import type { Chart as ChartJs } from "chart.js";
import { type Cell, type Comparison, type Factor, meanRatio } from "../../sweep/summary.js";
import { renderPng } from "./canvas.js";
import { heightFor, rowAxis, ticksAt, titles, WIDTH } from "./style.js";
import { LIGHT } from "./theme.js";

interface Square {
  x: number;
  y: number;
  ratio: number;
}

/** The colour of a ratio at `reach`, and all beyond. */
const LESS = LIGHT.verdicts.faster.colour;
const MORE = LIGHT.verdicts.slower.colour;

/** One square for each pair of values, with its ratio written in it. */
export function heatChart(
  comparison: Comparison,
  baseline: string,
  rows: Factor,
  columns: Factor,
): Uint8Array {
  const cells = comparison.pairs.get(`${rows.name}|${columns.name}`) as Cell[][];
  const squares = cells.flatMap((row, y) =>
    row.flatMap((cell, x) => (cell.points > 0 ? [{ x, y, ratio: meanRatio(cell) }] : [])),
  );
  const reach = Math.max(1.02, ...squares.map(({ ratio }) => Math.max(ratio, 1 / ratio)));
  const part = (side: "width" | "height", count: number) => ({
    [side]: ({ chart }: { chart: ChartJs }) =>
      Math.max(0, (chart.chartArea?.[side] ?? 0) / count - 2),
  });
  return renderPng(WIDTH, heightFor(rows.labels.length) + 40, LIGHT, {
    type: "matrix",
    data: {
      datasets: [
        {
          data: squares,
          backgroundColor: squares.map(({ ratio }) => colourOf(ratio, reach)),
          ...part("width", columns.labels.length),
          ...part("height", rows.labels.length),
        },
      ],
    },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          type: "linear",
          min: -0.5,
          max: columns.labels.length - 0.5,
          offset: false,
          grid: { display: false },
          title: { display: true, text: columns.name, color: LIGHT.ink },
          afterBuildTicks: ticksAt(columns.labels.map((_, i) => i)),
          ticks: {
            autoSkip: false,
            color: LIGHT.ink,
            callback: (value: number | string) => columns.labels[Number(value)] ?? "",
          },
        },
        y: {
          ...rowAxis(LIGHT, rows.labels, "left", undefined, {
            min: -0.5,
            max: rows.labels.length - 0.5,
          }),
          grid: { display: false },
        },
      },
      plugins: {
        ...titles(
          LIGHT,
          heatTitle(comparison, baseline, rows, columns),
          `geometric mean of ${comparison.measure} per operation, candidate / baseline; blue: less, orange: more`,
        ),
        legend: { display: false },
        annotation: { annotations: squares.map((square) => ratioLabel(square, reach)) },
      },
    },
  } as never);
}

/** What the chart is about, also its text alternative. */
export function heatTitle(
  { candidate, measure }: Comparison,
  baseline: string,
  rows: Factor,
  columns: Factor,
): string {
  return `${candidate} against ${baseline}, ${measure} by ${rows.name} and ${columns.name}`;
}

function ratioLabel({ x, y, ratio }: Square, reach: number) {
  return {
    type: "label",
    xValue: x,
    yValue: y,
    content: ratio.toFixed(2),
    font: { size: 11 },
    color: strength(ratio, reach) > 0.6 ? "#ffffff" : LIGHT.ink,
  };
}

/** How far a ratio is from 1, as a part of the farthest. */
function strength(ratio: number, reach: number): number {
  return Math.abs(Math.log(ratio)) / Math.log(reach);
}

/** White at 1, the full colour at `reach`. */
function colourOf(ratio: number, reach: number): string {
  const full = ratio < 1 ? LESS : MORE;
  const part = strength(ratio, reach);
  const channels = [1, 3, 5].map((at) => {
    const value = Number.parseInt(full.slice(at, at + 2), 16);
    return Math.round(255 + (value - 255) * part);
  });
  return `rgb(${channels.join(", ")})`;
}
