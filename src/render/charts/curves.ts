// Cost against size, a line a protocol: what the scaling and the unwinding chart share.

import { fitComplexity, MODELS } from "../../stats/complexity.js";
import { integer } from "../format.js";
import { renderPng } from "./canvas.js";
import { axis, legend, protocolStyle, ticksAt, titles, WIDTH } from "./style.js";
import type { Theme } from "./theme.js";

export interface Point {
  x: number;
  y: number;
  /** Interval of y. */
  yMin: number;
  yMax: number;
}

export interface Curve {
  protocol: string;
  /** By x. */
  points: Point[];
}

export interface Axes {
  x: string;
  y: string;
  /** Whether costs differ by orders of magnitude. */
  logarithmic: boolean;
}

/** `O(log n)`, or why it has no name. */
export function order({ points }: Curve): { label: string | null; reason: string | null } {
  if (points.some(({ y }) => y <= 0)) return { label: null, reason: "a cost of 0 has no order" };
  const sizes = points.map(({ x }) => x);
  const { label, reason } = fitComplexity(
    sizes,
    points.map(({ y }) => y),
  );
  return { label, reason };
}

/** The order of growth of all curves in a clause: `O(log n)`, or what keeps it open. */
export function orders(curves: readonly Curve[]): string {
  const found = curves.map((curve) => ({ protocol: curve.protocol, ...order(curve) }));
  const texts = found.map(({ label, reason }) => label ?? `order open, ${reason}`);
  if (new Set(texts).size === 1) return texts[0]!;
  return found.map(({ protocol }, i) => `${protocol} ${texts[i]}`).join("; ");
}

/** A line a protocol, measured points with their intervals, and dashed the fitted order where it has a name. */
export function drawCurves(
  theme: Theme,
  curves: readonly Curve[],
  axes: Axes,
  title: string,
  explanation: string,
): Uint8Array {
  const lines = curves.map(({ protocol, points }, i) => {
    const { colour, shape } = protocolStyle(theme, i);
    return {
      label: protocol,
      data: points,
      showLine: true,
      pointStyle: shape,
      radius: 6,
      borderWidth: 2,
      borderColor: colour,
      backgroundColor: i === 0 ? theme.paper : colour,
      errorBarColor: colour,
      errorBarWhiskerColor: colour,
    };
  });
  const fits = curves.flatMap((curve, i) => fitted(theme, curve, i));
  const sizes = [...new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const tick = (value: string | number) => integer(Number(value));
  return renderPng(WIDTH, 460, theme, {
    type: "scatterWithErrorBars",
    data: { datasets: [...lines, ...fits] },
    options: {
      layout: { padding: { left: 8, right: 24 } },
      scales: {
        x: {
          ...axis(theme, axes.x),
          type: "logarithmic",
          min: sizes[0]! / 1.3,
          max: sizes.at(-1)! * 1.3,
          afterBuildTicks: ticksAt(sizes),
          ticks: { color: theme.ink, callback: tick },
        },
        y: {
          ...axis(theme, axes.y),
          type: axes.logarithmic ? "logarithmic" : "linear",
          beginAtZero: !axes.logarithmic,
          ticks: { color: theme.ink, callback: axes.logarithmic ? onlyRound : tick },
        },
      },
      plugins: { ...titles(theme, title, explanation), legend: legend(theme) },
    },
  } as never);
}

/** 1, 2, 5 of every power of ten. */
function onlyRound(value: string | number): string {
  const number = Number(value);
  const lead = number / 10 ** Math.floor(Math.log10(number) + 1e-9);
  return [1, 2, 5].some((n) => Math.abs(n - lead) < 1e-6) ? integer(number) : "";
}

function fitted(theme: Theme, curve: Curve, i: number): object[] {
  const { label } = order(curve);
  if (label === null) return [];
  const { fits } = fitComplexity(
    curve.points.map(({ x }) => x),
    curve.points.map(({ y }) => y),
  );
  const { model, coefficient } = fits[0]!;
  const [first, last] = [curve.points[0]!.x, curve.points.at(-1)!.x];
  const data = Array.from({ length: 40 }, (_, k) => {
    const x = first * (last / first) ** (k / 39);
    return { x, y: coefficient * MODELS[model](x) };
  });
  return [
    {
      type: "line",
      label: `fit ${label}`,
      data,
      pointRadius: 0,
      pointStyle: "line",
      borderColor: protocolStyle(theme, i).colour,
      borderWidth: 1.5,
      borderDash: [6, 5],
    },
  ];
}
